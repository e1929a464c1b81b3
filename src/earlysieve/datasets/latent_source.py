"""The data source of two latents."""

from earlysieve.datasets.made_tables import SIZES, latent_table, opening
from earlysieve.datasets.source import Source

SOURCE = Source(
    "latents",
    "a table of two latents, one more predictive, one, the cue, more available",
    opening(latent_table),
    ("split", "seed"),
    path="optional",
    splits=lambda _: tuple(SIZES),
    groups="4: class x what the cue says",
    metric="accuracy where the cue misleads",
    licence="made by earlysieve",
    citation="Hermann et al., On the Foundations of Shortcut Learning, ICLR 2024",
    layout="the correlation, or nothing",
    sizes=SIZES,
)
