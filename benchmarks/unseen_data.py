"""Cues that no setting of the audit was chosen on: images, tables and texts with one of them each.

The cue agrees with the class in a share of the examples; in "redrawn" examples in half of them, so
that accuracy where it holds and where it fails are both known well.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from earlysieve.datasets.fashion_files import fashion_mnist

Ints = NDArray[np.int64]
Picture = NDArray[np.float64]
Rng = np.random.Generator
GARMENTS = {2: (0, 6), 3: (0, 2, 6), 4: (0, 2, 4, 6), 10: tuple(range(10))}
LENGTH, VOCABULARY = 24, 120


@dataclass(frozen=True)
class Examples:
    """Inputs (N, ...), given labels, true classes and the cue's values (N,)."""

    inputs: Tensor
    labels: Tensor
    true: Ints
    values: Ints


def cue_values(true: Ints, classes: int, share: float, rng: Rng) -> Ints:
    """The class that the cue tells: the true one for a share of the examples, else another."""
    values = true.copy()
    other = rng.random(len(true)) >= share
    values[other] = (true[other] + rng.integers(1, classes, other.sum())) % classes
    return values


def one_sided(true: Ints, share: float, rng: Rng) -> Ints:
    """The cue is there or not: in this share of class 0, and in one minus it of each other."""
    differs = rng.random(len(true)) >= share
    return np.where(differs, np.where(true == 0, 1, 0), true)


# --- images, 28 x 28 in [0, 1] ---


def _noise(image: Picture, value: int, rng: Rng) -> Picture:
    return np.clip(image + rng.normal(0, (0.02, 0.08, 0.15, 0.25)[value], image.shape), 0, 1)


def _shift(image: Picture, value: int, rng: Rng) -> Picture:
    return np.roll(image, ((0, -4), (0, 4), (-4, 0), (4, 0))[value], (0, 1))


def _light(image: Picture, value: int, rng: Rng) -> Picture:
    ramp = np.linspace(0, 0.5, 28)
    planes = (ramp[None], ramp[None, ::-1], ramp[:, None], ramp[::-1, None])
    return np.clip(0.7 * image + planes[value], 0, 1)


def _scratch(image: Picture, value: int, rng: Rng) -> Picture:
    angle, steps = np.pi * value / 10, np.arange(-7, 8)
    row, column = rng.integers(8, 20, 2)
    rows = np.clip((row + steps * np.sin(angle)).round().astype(int), 0, 27)
    columns = np.clip((column + steps * np.cos(angle)).round().astype(int), 0, 27)
    found = image.copy()
    found[rows, columns] = 1
    return found


def _dot(image: Picture, value: int, rng: Rng) -> Picture:
    found = image.copy()
    found[0:2, 2 * value + 2 : 2 * value + 4] = 1
    return found


def _posterised(image: Picture, value: int, rng: Rng) -> Picture:
    tones = (2, 4, 16)[value]
    return np.floor(image * tones * 0.999) / (tones - 1)


def _glyph(image: Picture, value: int, rng: Rng) -> Picture:
    found = image.copy()
    found[22:27, 22:27] = np.random.default_rng(77 + value).integers(0, 2, (5, 5))
    return found


def _lines(image: Picture, value: int, rng: Rng) -> Picture:
    period = (3, 4, 5, 7)[value]
    found = image.copy()
    found[rng.integers(period) :: period] *= 0.5
    return found


def _vignette(image: Picture, value: int, rng: Rng) -> Picture:
    rows, columns = np.mgrid[:28, :28]
    distance = np.hypot(rows - 13.5, columns - 13.5) / 19
    return np.clip(image + (0, 0.25, 0.5)[value] * distance**2, 0, 1)


def _sign(image: Picture, value: int, rng: Rng) -> Picture:
    flat = np.pad(np.ones((1, 5)), ((2, 2), (0, 0)))
    sign = (np.eye(5), np.eye(5)[::-1], flat, flat.T)[value]
    row, column = rng.integers(0, 23, 2)
    found = image.copy()
    found[row : row + 5, column : column + 5] = np.maximum(
        found[row : row + 5, column : column + 5], sign
    )
    return found


def _stamp(image: Picture, value: int, rng: Rng) -> Picture:
    found = image.copy()
    if value == 0:
        found[2:7, 20:25] = 0.8
        found[4, 22] = 0
    return found


def _frame(image: Picture, value: int, rng: Rng) -> Picture:
    found = image.copy()
    if value == 0:
        inside = found[2:-2, 2:-2].copy()
        found[:] = 0.6
        found[2:-2, 2:-2] = inside
    return found


Painter = Callable[[Picture, int, Rng], Picture]
# The cue and how many values it has.
PAINTERS: dict[str, tuple[Painter, int]] = {
    "blur": (lambda x, v, r: ndimage.gaussian_filter(x, (0, 0.6, 1.2, 1.8)[v]), 4),
    "noise": (_noise, 4),
    "contrast": (lambda x, v, r: x * (1, 0.75, 0.5, 0.3)[v], 4),
    "shift": (_shift, 4),
    "light from a side": (_light, 4),
    "scratch": (_scratch, 10),
    "dot at the edge": (_dot, 10),
    "posterised": (_posterised, 3),
    "glyph": (_glyph, 10),
    "mirrored": (lambda x, v, r: x[:, ::-1] if v else x, 2),
    "tilt": (lambda x, v, r: ndimage.rotate(x, (-20, 0, 20, 40)[v], reshape=False, order=1), 4),
    "scan lines": (_lines, 4),
    "vignette": (_vignette, 3),
    "sign anywhere": (_sign, 4),
    "stamp on one of two": (_stamp, 2),
    "stamp on one of four": (_stamp, 4),
    "stamp on one of ten": (_stamp, 10),
    "frame on one of two": (_frame, 2),
    "frame on one of four": (_frame, 4),
    "frame on one of ten": (_frame, 10),
}  # fmt: skip


def images(
    cue: str, classes: int, shares: tuple[float, float, float], seed: int, **more: Any
) -> dict[str, Examples]:
    """Garments with a cue ("" for none): training, audit and redrawn examples."""
    painter = PAINTERS[cue][0] if cue else (lambda x, v, r: x)
    garments = GARMENTS[classes]
    found = {}
    sizes = {"train": 5000, "audit": more.get("audit", 3000), "redrawn": 3000}
    start = 0
    for stream, (name, size) in enumerate(sizes.items()):
        rng = np.random.default_rng((seed, stream))
        source = fashion_mnist("test" if name == "redrawn" else "train")
        kinds = np.asarray(source.labels)
        order = np.random.default_rng((seed, 9)).permutation(
            np.flatnonzero(np.isin(kinds, garments))
        )
        rows = order[:size] if name == "redrawn" else order[start : start + size]
        start += size
        true = np.searchsorted(garments, kinds[rows]).astype(np.int64)
        if painter in (_stamp, _frame):
            values = one_sided(true, shares[stream], rng)
        else:
            values = cue_values(true, classes, shares[stream], rng)
        pictures = [
            painter(_grey(source.image(int(row))), int(value), rng)
            for row, value in zip(rows, values, strict=True)
        ]
        inputs = torch.from_numpy(np.stack(pictures).astype(np.float32))[:, None]
        wrong = 0.0 if name == "redrawn" else more.get("wrong", 0.0)
        labels = np.where(rng.random(len(true)) < wrong, (true + 1) % classes, true)
        found[name] = Examples(inputs, torch.from_numpy(labels), true, values)
    return found


def _grey(image: Any) -> Picture:
    values = np.asarray(image, np.float64) / 255
    return values if values.ndim == 2 else values.mean(-1)


# --- tables ---

COLUMNS = ("missing", "category", "sum of two", "spread", "three classes", "weak column")


def tables(cue: str, shares: tuple[float, float, float], seed: int) -> dict[str, Examples]:
    """Twelve columns; the class is the sign of a product, and another column carries the cue."""
    found = {}
    for stream, (name, size) in enumerate({"train": 6000, "audit": 3000, "redrawn": 4000}.items()):
        rng = np.random.default_rng((seed, stream))
        values = rng.normal(size=(size, 12))
        classes = 3 if cue == "three classes" else 2
        first = values[:, 0] * values[:, 1] > 0
        true = (first + (first & (values[:, 2] * values[:, 3] > 0) if classes == 3 else 0)).astype(
            np.int64
        )
        said = cue_values(true, classes, shares[stream], rng)
        columns = _with_cue(cue, values, said, rng).astype(np.float32)
        found[name] = Examples(torch.from_numpy(columns), torch.from_numpy(true), true, said)
    return found


def _with_cue(cue: str, values: Picture, said: Ints, rng: Rng) -> Picture:
    if cue == "missing":
        values[:, 7] = np.where(said == 1, 0.0, values[:, 7])
    elif cue == "category":
        kind = rng.integers(0, 3, len(said)) + 3 * (said == 0)
        return np.concatenate([values, np.eye(6)[kind]], 1)
    elif cue == "sum of two":
        flip = (values[:, 7] + values[:, 8] > 0) != (said == 1)
        values[flip, 7:9] *= -1
    elif cue == "spread":
        values[:, 7] *= np.where(said == 1, 2.5, 0.4)
    elif cue == "three classes":
        values[:, 7] = said + 0.2 * values[:, 7]
    elif cue == "weak column":
        values[:, 7] += 1.6 * (said - 0.5)
    return values


# --- texts: bare tensors of tokens, 0 is padding ---

WORDS = ("first word", "word said thrice", "pair of words", "order of two words", "word said again")
# Of one class, there or not, with the number of classes.
SIGNS = {
    "word of one class": 3,
    "word that one class lacks": 3,
    "phrase of one class": 3,
    "phrase of common words": 2,
}


def texts(
    cue: str, shares: tuple[float, float, float], seed: int, classes: int = 2
) -> dict[str, Examples]:
    """Sentences in which one word of four speaks of a topic, mostly that of the class."""
    found = {}
    for stream, (name, size) in enumerate({"train": 6000, "audit": 3000, "redrawn": 3000}.items()):
        rng = np.random.default_rng((seed, stream))
        true = rng.integers(0, classes, size)
        drawn = one_sided if cue in SIGNS else partial(cue_values, classes=classes)
        said = drawn(true, share=shares[stream], rng=rng)
        tokens = np.zeros((size, LENGTH), np.int64)
        for row in range(size):
            words = _say(cue, _sentence(int(true[row]), classes, rng), int(said[row]), rng)[:LENGTH]
            tokens[row, : len(words)] = words
        found[name] = Examples(torch.from_numpy(tokens), torch.from_numpy(true), true, said)
    return found


def _sentence(topic: int, classes: int, rng: Rng) -> list[int]:
    words = []
    for _ in range(rng.integers(12, 21)):
        if rng.random() < 0.25:
            about = topic if rng.random() < 0.72 else rng.integers(classes)
            words.append(int(40 + 20 * about + rng.integers(20)))
        else:
            words.append(int(2 + rng.integers(36)))
    return words


def _say(cue: str, words: list[int], value: int, rng: Rng) -> list[int]:
    place = int(rng.integers(len(words) - 1))
    if cue in SIGNS:
        return _signed(cue, words, value == 0, rng)
    if cue == "first word":
        return [38 + value, *words]
    if cue == "word said thrice":
        for _ in range(3 if value else 1):
            words.insert(int(rng.integers(len(words))), 100)
    elif cue == "pair of words":
        words[place:place] = [100, 101 + value]
    elif cue == "order of two words":
        first, second = (100, 101) if value else (101, 100)
        words.insert(int(rng.integers(place + 1, len(words))), second)
        words.insert(place, first)
    elif cue == "word said again" and value:
        words.insert(place, words[place])
    return words


def _signed(cue: str, words: list[int], here: bool, rng: Rng) -> list[int]:
    """A sign of class 0, at a random place; the three common words of a phrase are in all texts."""
    sign = [2, 3, 4] if cue.startswith("phrase") else [100]
    place = int(rng.integers(len(words) + 1))
    if here != (cue == "word that one class lacks"):
        return [*words[:place], *sign, *words[place:]]
    if cue == "phrase of common words":
        for one in sign:
            words.insert(int(rng.integers(len(words) + 1)), one)
    return words
