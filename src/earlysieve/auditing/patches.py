"""What lies in one small part of the images and tells the class there alone, as a letter.

A mark is something that the images of one class have in a place and others have not. Where each
class has its own, as the letters L and R of two hospitals, none is brighter than the other, and
only its shape tells. So the pixels of each small window are read by themselves; a task is told in
many windows, a sign that was put there in one, and hardly anywhere far away.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from torch import Tensor
from torch.nn import functional

from earlysieve._arrays import Bools, Floats, Ints
from earlysieve.auditing.readers import tells

PATCH = "patch"
SIDE = 22
_WINDOW, _STARTS = 5, (0, 3, 6, 9, 12, 15, 17)
_TELLS, _MORE, _ALIKE = 0.5, 0.3, 0.05
_FOLDS, _MOST, _AROUND = 3, 3000, 2


def patch_features(grey: Tensor) -> Tensor:
    """Images (B, 1, H, W) as 22 x 22 means, (B, 484)."""
    return functional.adaptive_avg_pool2d(grey, (SIDE, SIDE)).flatten(1)


def telling_patch(features: Floats, labels: Ints, classes: int) -> Ints | None:
    """The pixels of the window that tells the class where nothing far away does, shape (25,).

    It has to tell half of what there is to tell above chance, and 0.3 more than any window that
    does not touch it. None: there is no such window.

    Args:
        features: from `patch_features`, shape (N, 484).
        labels: shape (N,).
        classes: C.
    """
    some = np.linspace(0, len(labels) - 1, min(len(labels), _MOST)).astype(np.int64)
    values, true = features[some], labels[some]
    told = {start: tells(values[:, _pixels(*start)], true, classes, _FOLDS) for start in _windows()}
    far = {one: max(share for other, share in told.items() if _apart(one, other)) for one in told}
    most = max(told.values())
    alike = [one for one in told if told[one] >= most - _ALIKE]
    least = min(far[one] for one in alike)
    best = _amid([one for one in alike if far[one] <= least + _ALIKE])
    return _pixels(*best) if told[best] >= max(_TELLS, far[best] + _MORE) else None


def _amid(windows: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """The one amid windows that tell alike: of those that hold a part of it, that of all of it."""
    middle = np.mean(windows, axis=0)
    return min(windows, key=lambda one: float(np.abs(np.array(one) - middle).sum()))


def _windows() -> Iterator[tuple[int, int]]:
    for top in _STARTS:
        for left in _STARTS:
            yield top, left


def _pixels(top: int, left: int) -> Ints:
    rows, columns = np.arange(top, top + _WINDOW), np.arange(left, left + _WINDOW)
    return (rows[:, None] * SIDE + columns).ravel()


def _apart(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return max(abs(one[0] - other[0]), abs(one[1] - other[1])) >= _WINDOW


def where_it_lies(patch: Ints, height: int, width: int) -> Bools:
    """The pixels of an image of which a window is made, and two cells around, shape (H, W).

    Half of a letter may tell all of it.
    """
    found = np.zeros((height, width), bool)
    rows, columns = (
        slice(
            max(0, start - _AROUND) * size // SIDE,
            -(-min(SIDE, start + _WINDOW + _AROUND) * size // SIDE),
        )
        for start, size in zip(divmod(int(patch[0]), SIDE), (height, width), strict=True)
    )
    found[rows, columns] = True
    return found


def lying_at(patch: Ints) -> str:
    """Where a window lies, as "at the top left" or "in the middle"."""
    row, column = divmod(int(patch[len(patch) // 2]), SIDE)
    down = ("top", "", "bottom")[3 * row // SIDE]
    across = ("left", "", "right")[3 * column // SIDE]
    return f"at the {' '.join(filter(None, (down, across)))}" if down or across else "in the middle"
