"""The data source of slabs."""

from earlysieve.datasets.made_tables import SIZES, opening, slab_table
from earlysieve.datasets.source import Source

SOURCE = Source(
    "slabs",
    "a table with one linear coordinate, the cue, beside 49 of five slabs (LMS-5)",
    opening(slab_table),
    ("split", "seed"),
    path="optional",
    splits=lambda _: tuple(SIZES),
    groups="4: class x what the linear coordinate says",
    metric="accuracy where the linear coordinate misleads",
    licence="made by earlysieve",
    citation="Shah et al., The Pitfalls of Simplicity Bias, NeurIPS 2020",
    layout="the correlation, or nothing",
    sizes=SIZES,
)
