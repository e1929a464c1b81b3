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
# Strokes, as of letters, against what lies next to them: of a text that shines through, brightness
# hardly tells on a light ground. What an object shows in its place has strokes, too: more is asked.
_STROKES, _NEXT_TO, _LEAST_STROKES, _STROKES_ALONE, _REACHES, _CLEARER = 2, 3, 0.6, 0.42, 0.6, 0.1
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
        reach: first and last row, and first and last column, of the places that it fills; None:
            its own.
    """

    column: int
    threshold: float
    kind: int
    besides: tuple[int, float] | None = None
    reach: tuple[tuple[int, int], tuple[int, int]] | None = None

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
    """The strongest of each cell by brightness, by colour and by strokes, either way.

    Returns:
        (B, F), F up to 640; those of strokes come last.
    """
    some = images[:, :_CHANNELS]
    grey = some.mean(1, keepdim=True)
    ends = [grey, -grey]
    if some.shape[1] > 1:
        ends += [some - grey, grey - some]
    around = functional.avg_pool2d(grey, _NEXT_TO, 1, _NEXT_TO // 2, count_include_pad=False)
    ends += [grey - around, around - grey]
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
    filled = values.shape[1] - _STROKES * CELLS**2
    found = []
    for kind in kinds_to_tell(labels, classes):
        own = mine[:, kind], mine.sum(1)
        one = _mark(best[kind, :filled], at[kind, :filled], kind, alone)
        one = one and _whole(one, values[:, :filled], *own)
        drawn = _of_strokes(best[kind], at[kind], kind, _STROKES_ALONE * alone / ALONE)
        known = 0.0 if one is None else _tells(one, values, *own) + _CLEARER
        if drawn is not None and best[kind, drawn.column] >= known:
            one = _whole(drawn, values, *own)
        found += [one] if one else []
    return tuple(found)


def kinds_to_tell(labels: Ints, classes: int) -> list[int]:
    """The classes that have, and leave to the others, enough examples to tell what is theirs."""
    counts = np.bincount(labels, minlength=classes)
    often = np.minimum(counts, len(labels) - counts) >= FEWEST
    return [int(kind) for kind in np.flatnonzero(often)]


def grid_of(values: Floats) -> Floats:
    """Features by brightness or colour, row and column: (N, F) -> (N, E, `CELLS`, `CELLS`)."""
    return values.reshape(len(values), -1, CELLS, CELLS)[:, :-_STROKES]


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


def _of_strokes(more: Floats, thresholds: Floats, kind: int, alone: float) -> Mark | None:
    """The place that strokes fill, where they tell much and none elsewhere tell nearly as much.

    A text is wider than a place: those next to it that tell nearly as much are of the mark.
    """
    each = more.reshape(-1, CELLS, CELLS)[-_STROKES:]
    end, row, across = np.unravel_index(int(each.argmax()), each.shape)
    tells, there = each[end, row, across], _joined(each[end], int(row), int(across))
    column = len(more) - (_STROKES - int(end)) * CELLS**2 + int(row) * CELLS + int(across)
    rows, columns = np.flatnonzero(there.any(1)), np.flatnonzero(there.any(0))
    reach = (int(rows[0]), int(rows[-1])), (int(columns[0]), int(columns[-1]))
    mark = Mark(column, float(thresholds[column]), kind, reach=reach)
    far = ~(_near(mark) | _spread(there))
    in_middle = there[_MIDDLE, _MIDDLE].any()
    if in_middle or there.sum() > _LARGE_ASIDE or not far.any():
        return None
    return mark if tells >= max(_LEAST_STROKES, each[:, far].max() + alone) else None


def _joined(more: Floats, row: int, across: int) -> Bools:
    """The places that tell nearly as much as this one and join on to it, shape as `more`."""
    alike, found = more >= _REACHES * more[row, across], np.zeros(more.shape, bool)
    found[row, across] = True
    for _ in range(more.size):
        found = _spread(found) & alike
    return found


def _spread(places: Bools) -> Bools:
    """The places and all next to them, shape as `places`."""
    wide = np.pad(places, 1)
    high, across = places.shape
    moved = [wide[i : i + high, j : j + across] for i in range(3) for j in range(3)]
    found: Bools = np.logical_or.reduce(moved)
    return found


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
    best, found = _tells(mark, values, own, weights) + _BETTER, mark
    for thresholds in np.quantile(some, _RATHER_ALL, axis=0):
        holds = some >= thresholds
        more = mine @ holds / ours - (all_ - mine) @ holds / theirs
        place = int(more.argmax())
        if more[place] > best:
            besides = int(columns[place]), float(thresholds[place])
            best, found = more[place], replace(mark, besides=besides)
    return found


def _tells(mark: Mark, values: Floats, own: Floats, weights: Floats) -> float:
    """How much more often its class holds it than the others do."""
    rows = mark.held_by(values)
    mine, all_ = own[rows].sum(), weights[rows].sum()
    return float(mine / own.sum() - (all_ - mine) / (weights.sum() - own.sum()))


def place_of(mark: Mark, side: int, *, across: bool = False) -> slice:
    """The pixels of its place and of a cell around it, along a side of an image.

    Args:
        side: height, or width, in pixels.
        across: along the width.
    """
    cell, step = mark.cell[across], side / CELLS
    first, last = (cell, cell) if mark.reach is None else mark.reach[across]
    start, end = min(first, cell - 1), max(last, cell + 1) + 1
    return slice(max(0, round(start * step)), min(side, round(end * step)))


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
    base, model = chance(labels), _tells_apart(said, labels, kinds)
    if not len(kinds) or model <= 0:
        return base
    share = _tells_apart(reader.prediction, labels, kinds) / model
    return base + share * (float((said == labels).mean()) - base)


def _tells_apart(says: Ints, labels: Ints, kinds: Ints) -> float:
    """How much more often a class is said of its own examples than of others, mean over classes."""
    each = [
        (says[labels == kind] == kind).mean() - (says[labels != kind] == kind).mean()
        for kind in kinds
        if 0 < (labels == kind).sum() < len(labels)
    ]
    return float(np.mean(each)) if each else 0.0
