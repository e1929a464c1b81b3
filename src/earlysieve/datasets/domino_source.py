"""The data source of dominoes (Shah et al., NeurIPS 2020)."""

from earlysieve.datasets.cue_source import SPLITS, domino_images
from earlysieve.datasets.source import Source

SOURCE = Source(
    "dominoes",
    "garments of Fashion-MNIST below a digit that tells their class",
    domino_images,
    ("split", "seed"),
    path="optional",
    splits=lambda _: SPLITS,
    groups="20: class x whether the digit tells it",
    metric="accuracy where the digit misleads",
    licence="made by earlysieve from MNIST and Fashion-MNIST (MIT)",
    citation="Shah et al., The Pitfalls of Simplicity Bias, NeurIPS 2020",
    layout="the correlation, or nothing",
    sizes={"train": 60_000, "test": 10_000},
)
