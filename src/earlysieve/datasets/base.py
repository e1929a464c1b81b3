"""What every built-in source of labelled examples offers, and how one is divided."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike
from torch.utils.data import Dataset

from earlysieve._arrays import Ints
from earlysieve.datasets.checks import class_ids, group_ids, positions
from earlysieve.errors import InputError
from earlysieve.model.batch import Inputs

if TYPE_CHECKING:
    from PIL.Image import Image

D = TypeVar("D", bound="ExampleDataset")


class ExampleDataset(Dataset[tuple[Inputs, int, int]], ABC):
    """Labelled examples with names for classes and groups, and something to show to a person.

    A subset is a view: it shares the examples of the data set that it was taken from and keeps
    their identity (`identify`). Subclasses implement `_inputs` and `_display`, which take the row
    of an example in the whole data set.

    Attributes:
        class_names: one name per class; label `k` is called `class_names[k]`.
        group_names: one name per group, empty where there are no groups.
        skipped: files that could not be read and are left out.
        notes: what else a reader of a report should know of these data, in sentences.
    """

    notes: tuple[str, ...] = ()

    def __init__(
        self,
        labels: ArrayLike,
        class_names: Sequence[str],
        *,
        groups: ArrayLike | None = None,
        group_names: Sequence[str] = (),
        skipped: Sequence[str] = (),
    ) -> None:
        """Check and keep what is known of all examples.

        Args:
            labels: shape (N,), values in [0, len(class_names)).
            class_names: one name per class.
            groups: shape (N,), values in [0, len(group_names)), or -1 where unknown.
            group_names: one name per group.
            skipped: names of files that were left out.

        Raises:
            DataError: there is no example.
            InputError: labels or groups are not integers in their range, one per example.
        """
        self.class_names = tuple(class_names)
        self.group_names = tuple(group_names)
        self.skipped = tuple(skipped)
        self._labels = class_ids(labels, len(self.class_names))
        self._groups = group_ids(groups, len(self._labels), len(self.group_names))
        self._rows: Ints = np.arange(len(self._labels), dtype=np.int64)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> tuple[Inputs, int, int]:
        row = self._row(index)
        return self._inputs(row), int(self._labels[row]), int(self._groups[row])

    @property
    def num_classes(self) -> int:
        """How many classes there are, seen among these examples or not."""
        return len(self.class_names)

    @property
    def labels(self) -> Ints:
        """Class of each example, int64, shape (N,)."""
        return self._labels[self._rows]

    @property
    def groups(self) -> Ints:
        """Group of each example, int64, shape (N,), -1 where unknown."""
        return self._groups[self._rows]

    def display(self, index: int) -> Image | str:
        """What a person should see of example `index`: an image before normalisation, or text."""
        return self._display(self._row(index))

    def identify(self, index: int) -> str:
        """The file of example `index`, or its number in the whole data set."""
        return self._identify(self._row(index))

    def subset(self, indices: ArrayLike) -> Self:
        """The examples at `indices` (integers or a boolean mask), in that order.

        Raises:
            DataError: nothing is selected.
            InputError: an index is not an integer in [0, len(self)).
        """
        view = copy.copy(self)
        view._rows = self._rows[positions(indices, len(self))]
        return view

    def without_groups(self) -> Self:
        """A view of the same examples in which no group is known."""
        view = copy.copy(self)
        view._groups, view.group_names = np.full_like(self._groups, -1), ()
        return view

    def with_groups(self, groups: ArrayLike, group_names: Sequence[str]) -> Self:
        """A view of the same examples in other groups (inferred ones, say); labels stay.

        Args:
            groups: shape (len(self),), values in [0, len(group_names)), or -1 where unknown.
            group_names: one name per group.

        Raises:
            InputError: there is not one group per example, one is out of range, or an example that
                the view has twice is in two groups.
        """
        view = copy.copy(self)
        view.group_names = tuple(group_names)
        checked = group_ids(groups, len(self), len(view.group_names))
        view._groups = np.full_like(self._groups, -1)
        view._groups[self._rows] = checked
        if not np.array_equal(view.groups, checked):
            raise InputError(
                "Expected one group for each example, but got two for one that this subset has "
                "twice; give the same group to both"
            )
        return view

    def with_labels(self, labels: ArrayLike) -> Self:
        """A view of the same examples with other labels (wrong ones, say); groups stay.

        Args:
            labels: shape (len(self),), values in [0, num_classes).

        Raises:
            InputError: there is not one label per example, or one is out of range.
        """
        checked = class_ids(labels, self.num_classes)
        if len(checked) != len(self):
            raise InputError(
                f"Expected one label per example ({len(self)}), but got {len(checked)}; "
                "pass the labels of this view in its order"
            )
        view = copy.copy(self)
        view._labels = self._labels.copy()
        view._labels[self._rows] = checked
        return view

    def _row(self, index: int) -> int:
        if not -len(self) <= index < len(self):
            # An IndexError ends a plain `for` loop over the data set.
            raise IndexError(f"Expected an index below {len(self)}, but got {index}")
        return int(self._rows[index])

    @abstractmethod
    def _inputs(self, row: int) -> Inputs: ...

    @abstractmethod
    def _display(self, row: int) -> Image | str: ...

    def _identify(self, row: int) -> str:
        return str(row)


def stratified_sample(strata: ArrayLike, size: int, seed: int) -> Ints:
    """Sorted positions of `size` examples drawn so that every stratum keeps its share.

    Each stratum gets the whole part of its share; what is left over goes to the largest
    remainders, the lower stratum first where they are equal.

    Args:
        strata: shape (N,), one integer per example; or (N, K), a stratum being a distinct row.
        size: how many to draw, in [0, N].
        seed: of a generator of its own.

    Raises:
        InputError: `size` is not in [0, N].
    """
    keys = np.atleast_2d(np.asarray(strata).T).T
    if not 0 <= size <= len(keys):
        raise InputError(
            f"Expected a sample size from 0 to {len(keys)} (the number of examples), "
            f"but got {size}; ask for at most as many as there are"
        )
    _, stratum, counts = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
    rng = np.random.default_rng(seed)
    # Shuffling first makes the draw within a stratum random; the sort that follows is stable.
    order = rng.permutation(len(keys))
    members = np.split(order[np.argsort(stratum.ravel()[order], kind="stable")], np.cumsum(counts))
    chosen = [m[:k] for m, k in zip(members, _shares(counts, size), strict=False)]
    return np.sort(np.concatenate([*chosen, np.empty(0, np.int64)])).astype(np.int64)


def _shares(counts: Ints, size: int) -> Ints:
    exact = counts * size
    total = int(counts.sum())
    whole = exact // max(total, 1)
    remainders = exact - whole * total
    extra = np.argsort(-remainders, kind="stable")[: size - int(whole.sum())]
    whole[extra] += 1
    return whole.astype(np.int64)


def stratified_split(dataset: D, fraction: float, seed: int = 0) -> tuple[D, D]:
    """Divide `dataset` into (rest, held out), keeping the shares of labels and known groups.

    Args:
        dataset: what to divide.
        fraction: share of examples to hold out, strictly between 0 and 1.
        seed: the same seed gives the same division; no global random state is touched.

    Raises:
        InputError: `fraction` is not in (0, 1), or one of the two parts would be empty.
    """
    rest, held_out = split_positions(dataset, fraction, seed)
    return dataset.subset(rest), dataset.subset(held_out)


def split_positions(dataset: ExampleDataset, fraction: float, seed: int = 0) -> tuple[Ints, Ints]:
    """Which examples `stratified_split` puts into the rest, and which it holds out, each sorted.

    Raises:
        InputError: see `stratified_split`.
    """
    return hold_out_of(np.stack([dataset.labels, dataset.groups], 1), fraction, seed)


def hold_out_of(strata: ArrayLike, fraction: float, seed: int) -> tuple[Ints, Ints]:
    """Sorted positions of the rest and of a share that is drawn as by `stratified_sample`.

    Raises:
        InputError: `fraction` is not in (0, 1), or one of the two parts would be empty.
    """
    total = len(np.asarray(strata))
    size = round(fraction * total) if 0 < fraction < 1 else 0
    if not 0 < size < total:
        raise InputError(
            f"Expected a fraction between 0 and 1 that leaves both parts of {total} "
            f"examples non-empty, but got {fraction}; choose another fraction"
        )
    held_out = stratified_sample(strata, size, seed)
    return np.setdiff1d(np.arange(total), held_out), held_out
