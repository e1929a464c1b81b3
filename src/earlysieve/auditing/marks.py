"""A mark: something light, dark or of one colour that lies in one place of the images of a class.

A logo, a stamp, a ruler. It is looked for as single telling words are: of all places and colours
the one that goes with one class most. What else images show says nothing about it, so that its
reader speaks only where it is sure.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from earlysieve._arrays import Bools, Floats, Ints
from earlysieve._readable import VALUES
from earlysieve.auditing.doubt import SURE
from earlysieve.auditing.evidence import chance
from earlysieve.auditing.readers import Reader

MARK = "mark"
# A frame around the image or a bar along its side, see `earlysieve.auditing.edges`.
EDGE = "edge"
# Something small anywhere in the image, see `earlysieve.auditing.spots`.
SPOT = "spot"
# Of texts, see `earlysieve.auditing.class_signs`.
ONE_WORD, PHRASE = "one word", "phrase"
# Properties whose readers say one thing of an example, or nothing: they speak only where they are
# sure, and what they say of accuracy is about those examples alone.
OF_ONE_CLASS = " of one class"
RESERVED = frozenset({MARK, EDGE, SPOT, ONE_WORD, PHRASE})
CELLS = 8
_CHANNELS = 3
_QUANTILES = (0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98)
# A second number is asked of images that hold the mark by the first, of which most are to be kept.
_RATHER_ALL, _BETTER = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6), 0.01
LEAST, ALONE, _NEAR, FEWEST = 0.5, 0.2, 2, 30
_SILENT = 1e-3
# Of places that tell nearly as much as the best: a mark fills a few, an object in the middle many.
_ALIKE, _LARGE, _LARGE_ASIDE = 0.8, 6, 12
_MIDDLE = slice(CELLS // 2 - 1, CELLS // 2 + 1)
_DOWN, _ACROSS = ("top", "", "bottom"), ("left", "", "right")


@dataclass(frozen=True)
class Mark:
    """One place and one colour.

    Attributes:
        column: of the features of `mark_features`.
        threshold: an image holds the mark where its number there is at least this.
        kind: the class that it goes with.
        besides: another number near it that has to be as large as this, too, so that what looks
            like half of the mark is none; None: nothing.
    """

    column: int
    threshold: float
    kind: int
    besides: tuple[int, float] | None = None

    @property
    def cell(self) -> tuple[int, int]:
        """Row and column of its place among `CELLS` x `CELLS`."""
        return self.column % CELLS**2 // CELLS, self.column % CELLS

    def held_by(self, values: Floats) -> Bools:
        """Which rows of features (N, F) hold it, shape (N,)."""
        found: Bools = values[:, self.column] >= self.threshold
        if self.besides is not None:
            found &= values[:, self.besides[0]] >= self.besides[1]
        return found


Marks = tuple[Mark, ...]


def held(values: Floats, marks: Marks) -> Bools:
    """Which rows of features (N, F) hold which mark, shape (N, K)."""
    return np.stack([one.held_by(values) for one in marks], 1)


def shape(values: Floats, marks: Marks) -> Floats:
    """The same as numbers, for a reader."""
    return held(values, marks).astype(np.float64)


def mark_features(images: Tensor) -> Tensor:
    """The strongest of each cell by brightness and by colour, either way: (B, F), F up to 512."""
    some = images[:, :_CHANNELS]
    grey = some.mean(1, keepdim=True)
    ends = [grey, -grey]
    if some.shape[1] > 1:
        ends += [some - grey, grey - some]
    return functional.adaptive_max_pool2d(torch.cat(ends, 1), CELLS).flatten(1)


def telling_marks(
    values: Floats,
    labels: Ints,
    classes: int,
    weights: Floats | None = None,
    alone: float = ALONE,
) -> Marks:
    """For each class the mark that it holds more often than the others do; none for most classes.

    What a class is about lies in many places, and so does its ground; what lies in one place
    alone, and no other place tells nearly as much, is a mark. Objects that always lie in the middle
    are none, though their colour tells nothing elsewhere: they fill more of the image.

    Args:
        values: from `mark_features`, shape (N, F).
        labels: shape (N,), values in [0, classes).
        classes: C.
        weights: how many examples each stands for, shape (N,); None: one.
        alone: how much more its place must tell than any that is far from it.
    """
    best, at = most_telling(values, labels, classes, weights)
    mine = _of_classes(labels, classes, weights)
    found = (_mark(best[kind], at[kind], kind, alone) for kind in kinds_to_tell(labels, classes))
    return tuple(_whole(one, values, mine[:, one.kind], mine.sum(1)) for one in found if one)


def kinds_to_tell(labels: Ints, classes: int) -> list[int]:
    """The classes that have, and leave to the others, enough examples to tell what is theirs."""
    counts = np.bincount(labels, minlength=classes)
    often = np.minimum(counts, len(labels) - counts) >= FEWEST
    return [int(kind) for kind in np.flatnonzero(often)]


def grid_of(values: Floats) -> Floats:
    """Features by brightness or colour, row and column: (N, F) -> (N, E, `CELLS`, `CELLS`)."""
    return values.reshape(len(values), -1, CELLS, CELLS)


def most_telling(
    values: Floats, labels: Ints, classes: int, weights: Floats | None = None
) -> tuple[Floats, Floats]:
    """How much more often a class holds a number above some threshold than the others do.

    Args:
        values: shape (N, F).
        labels: shape (N,), values in [0, classes).
        classes: C.
        weights: how many examples each stands for, shape (N,); None: one.

    Returns:
        The most, and the threshold of it; shape (C, F) each.
    """
    mine = _of_classes(labels, classes, weights)
    sizes, total = mine.sum(0)[:, None], mine.sum()
    best = np.zeros((classes, values.shape[1]), np.float32)
    at = np.zeros_like(best)
    for thresholds in np.quantile(values, _QUANTILES, axis=0):
        holds = (values >= thresholds).astype(np.float32)
        sums = mine.T @ holds
        rest = (sums.sum(0) - sums) / np.maximum(total - sizes, 1)
        more = sums / np.maximum(sizes, 1) - rest
        at = np.where(more > best, thresholds, at)
        best = np.maximum(best, more)
    return best, at


def _of_classes(labels: Ints, classes: int, weights: Floats | None) -> Floats:
    """The weight of each example in its class, 0 in others, shape (N, C)."""
    mine = np.eye(classes, dtype=np.float32)[labels]
    return mine if weights is None else mine * weights[:, None].astype(np.float32)


def _mark(more: Floats, thresholds: Floats, kind: int, alone: float) -> Mark | None:
    """The best of a class, where it tells much and far from it nothing tells as much."""
    column = int(more.argmax())
    mark = Mark(column, float(thresholds[column]), kind)
    each = more.reshape(-1, CELLS, CELLS)
    elsewhere = each[:, ~_near(mark)].max()
    if more[column] < max(LEAST, elsewhere + alone) or _is_object(each[column // CELLS**2]):
        return None
    return mark


def _is_object(more: Floats) -> bool:
    """What tells as much in many places, the middle of the image among them, is what it shows.

    Args:
        more: how much each place tells by one brightness or colour, shape (`CELLS`, `CELLS`).
    """
    alike = more >= _ALIKE * more.max()
    in_middle = alike[_MIDDLE, _MIDDLE].any()
    return bool(alike.sum() > (_LARGE if in_middle else _LARGE_ASIDE))


def _near(mark: Mark) -> Bools:
    """The places that its own reaches into, shape (`CELLS`, `CELLS`)."""
    row, across = np.mgrid[:CELLS, :CELLS]
    found: Bools = np.maximum(abs(row - mark.cell[0]), abs(across - mark.cell[1])) <= _NEAR
    return found


def _whole(mark: Mark, values: Floats, own: Floats, weights: Floats) -> Mark:
    """The mark with the number near it that tells most together with it, where that tells more."""
    columns = np.flatnonzero(np.tile(_near(mark).ravel(), values.shape[1] // CELLS**2))
    rows = mark.held_by(values)
    some, mine, all_ = values[np.ix_(rows, columns)], own[rows], weights[rows]
    ours, theirs = own.sum(), weights.sum() - own.sum()
    best, found = mine.sum() / ours - (all_.sum() - mine.sum()) / theirs + _BETTER, mark
    for thresholds in np.quantile(some, _RATHER_ALL, axis=0):
        holds = some >= thresholds
        more = mine @ holds / ours - (all_ - mine) @ holds / theirs
        place = int(more.argmax())
        if more[place] > best:
            besides = int(columns[place]), float(thresholds[place])
            best, found = more[place], replace(mark, besides=besides)
    return found


def place_of(mark: Mark, side: int, *, across: bool = False) -> slice:
    """The pixels of its place and of a cell around it, along a side of an image.

    Args:
        side: height, or width, in pixels.
        across: along the width.
    """
    cell, step = mark.cell[across], side / CELLS
    return slice(max(0, round((cell - 1) * step)), min(side, round((cell + 2) * step)))


def listed_places(marks: Marks) -> str:
    """Their places in words, as "the top right and the middle"."""
    found = sorted({_where(one) for one in marks})
    return " and ".join([", ".join(found[:-1]), found[-1]]) if len(found) > 1 else found[0]


def _where(mark: Mark) -> str:
    row, column = (3 * cell // CELLS for cell in mark.cell)
    down, across = _DOWN[row], _ACROSS[column]
    return "the middle" if not (down or across) else f"the {f'{down} {across}'.strip()}"


def base_of(name: str) -> str:
    """The property that a reader of one class goes by; any other name as it is."""
    return name.removesuffix(OF_ONE_CLASS)


def is_reserved(name: str) -> bool:
    """Whether the reader of a property, by its name, speaks only where it is sure."""
    return name in RESERVED or name.startswith(VALUES) or name.endswith(OF_ONE_CLASS)


def reserved(reader: Reader, labels: Ints, kinds: Ints | None = None) -> Reader:
    """A reader that says the label itself where it does not surely contradict it.

    Where it rather contradicts the label its score is next to 0, see `denied`.

    Args:
        reader: of every example.
        labels: shape (N,).
        kinds: classes that it speaks for; it says nothing of the others, of which one may well be
            probable where its own class is not. None: those that it says surely.
    """
    sure = reader.score >= SURE
    if kinds is not None:
        sure &= np.isin(reader.prediction, kinds)
    said = np.where(sure, reader.prediction, labels)
    silent = np.where(reader.score > 0, -_SILENT * reader.score, reader.score)
    return Reader(reader.probabilities, said, np.where(sure, reader.score, silent))


def denied(score: Floats, says: Ints, labels: Ints) -> Bools:
    """Examples of a class that a mark speaks for, without the mark: it speaks against their label.

    Args:
        score, says: of a reserved reader, shape (N,).
        labels: shape (N,).
    """
    kinds = np.unique(says[score >= SURE])
    found: Bools = np.isin(labels, kinds) & (score > -_SILENT) & (score <= 0)
    return found


def reads_like(reader: Reader, labels: Ints, said: Ints, own: Ints | None = None) -> float:
    """The accuracy of a reader that tells as much of all classes as this one tells of its own.

    A mark of one class says nothing of the others, so that it is compared with the model as to
    telling that class from the rest: by how much more often either says the class where it is right
    than where it is wrong, which does not hang on how many examples the class has.

    Args:
        reader: of the mark.
        labels, said: label and the model's class, shape (N,).
        own: classes that it speaks for; None: those that it says surely.
    """
    kinds = np.unique(reader.prediction[reader.score >= SURE]) if own is None else own
    base, model = chance(labels), _tells(said, labels, kinds)
    if not len(kinds) or model <= 0:
        return base
    share = _tells(reader.prediction, labels, kinds) / model
    return base + share * (float((said == labels).mean()) - base)


def _tells(says: Ints, labels: Ints, kinds: Ints) -> float:
    """How much more often a class is said of its own examples than of others, mean over classes."""
    each = [
        (says[labels == kind] == kind).mean() - (says[labels != kind] == kind).mean()
        for kind in kinds
        if 0 < (labels == kind).sum() < len(labels)
    ]
    return float(np.mean(each)) if each else 0.0
