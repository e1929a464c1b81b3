"""The data sources of planted cues: digits or garments with a cue that tells their class."""

from collections.abc import Callable

import numpy as np

from earlysieve.datasets import cues
from earlysieve.datasets.embedded_digits import digits
from earlysieve.datasets.fashion_files import fashion_mnist
from earlysieve.datasets.images import ArrayImages
from earlysieve.datasets.planted import Painter, PlantedImages
from earlysieve.datasets.published import chosen
from earlysieve.datasets.source import Source
from earlysieve.errors import InputError

SPLITS = ("train", "test")
VALUES = 10
# The cue, as a painter for ten values.
CUES: dict[str, Callable[[int], Painter]] = {
    "mark": lambda seed: cues.Mark(VALUES, seed=seed),
    "stripes": lambda seed: cues.Stripes(VALUES, seed=seed),
    "texture": lambda seed: cues.Texture(VALUES, seed=seed),
    "border": lambda seed: cues.Border(VALUES, seed=seed),
    "size": lambda seed: cues.Size(VALUES, seed=seed),
    "watermark": lambda seed: cues.Watermark(seed=seed),
}
BASES = ("digits", "fashion-mnist")
_USUAL = 0.95


def cue_images(
    path: str | None, *, split: str | None = None, variant: str | None = None, seed: int = 0
) -> PlantedImages:
    """Images of ten classes with a cue on each that tells the class.

    Args:
        path: CUE or CUE,CORRELATION, such as "stripes,0.9"; the correlation is 0.95 by default.
        split: "train" (by default) or "test".
        variant: what the cue is put on, "digits" (by default) or "fashion-mnist".
        seed: of the cue.

    Raises:
        DataError: Fashion-MNIST is not installed.
        InputError: there is no such cue, split or variant, or the correlation is no probability.
    """
    name, _, share = (path or "").partition(",")
    if name not in CUES:
        raise InputError(
            f"Expected one of the cues {', '.join(CUES)} after the colon, but got '{name}'; "
            f"choose one, such as cues:{next(iter(CUES))}"
        )
    part = chosen(split, SPLITS, "split")
    base = _base(chosen(variant, BASES, "variant"), part)
    return cues.plant(base, CUES[name](seed), correlation_in(share), seed=_stream(seed, part))


def domino_images(path: str | None, *, split: str | None = None, seed: int = 0) -> PlantedImages:
    """Garments of Fashion-MNIST below a digit that tells their class, as dominoes.

    Args:
        path: the correlation, 0.95 by default.
        split: "train" (by default) or "test"; digits come from the same split of theirs.
        seed: of the choice of digits.

    Raises:
        DataError: Fashion-MNIST is not installed.
        InputError: there is no such split, or the correlation is no probability.
    """
    share, part = correlation_in(path or ""), chosen(split, SPLITS, "split")
    above = cues.Companion(digits(part, channels=3), seed=_stream(seed, part))
    return cues.plant(_base("fashion-mnist", part), above, share, seed=_stream(seed, part))


def correlation_in(text: str) -> float:
    """The correlation that a specification names, 0.95 without one.

    Raises:
        InputError: it is no number.
    """
    try:
        share = float(text or _USUAL)
    except ValueError:
        share = np.nan
    if not 0 <= share <= 1:
        raise InputError(
            f"Expected a correlation from 0 to 1, such as 0.95, but got '{text}'; correct it or "
            "leave it out"
        )
    return share


def _base(name: str, split: str) -> ArrayImages:
    return digits(split, channels=3) if name == "digits" else fashion_mnist(split, channels=3)


def _stream(seed: int, split: str) -> int:
    """A seed of its own for each split."""
    return 2 * seed + (split == "test")


SOURCE = Source(
    "cues",
    "digits or garments with a mark, stripes, ... that tells the class",
    cue_images,
    ("split", "variant", "seed"),
    splits=lambda _: SPLITS,
    variants=BASES,
    groups="20: class x whether the cue holds",
    metric="accuracy where the cue fails",
    licence="made by earlysieve from digits (MNIST) or Fashion-MNIST (MIT)",
    sizes={"train": 4000, "test": 1000},
    layout="CUE or CUE,CORRELATION with a CUE of " + ", ".join(CUES),
)
