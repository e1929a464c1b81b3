"""Tables that are made, with a cue beside what is harder to read: slabs and two latents."""

import copy
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from earlysieve._arrays import Ints
from earlysieve.datasets import slabs, two_latents
from earlysieve.datasets.checks import class_ids
from earlysieve.datasets.planted import draw_values, shortcut_group_names, shortcut_groups
from earlysieve.datasets.table import Table
from earlysieve.errors import InputError

SIZES = {"train": 10_000, "test": 4_000}
_CLASSES = ("class 0", "class 1")
_SLABS = 49  # LMS-5: one linear coordinate and 49 of five slabs
Build = Callable[[Ints], NDArray[np.float64]]


class MadeTable(Table):
    """A table with one cue, whose values can be drawn anew while all else stays.

    Attributes:
        cue: its name.
    """

    def __init__(
        self, labels: Ints, values: Ints, build: Build, *, cue: str, columns: Sequence[str] = ()
    ) -> None:
        """Make the table.

        Args:
            labels: 0 or 1, shape (N,).
            values: which class the cue says of each example, shape (N,).
            build: the table (N, D) for values of the cue; all else that is random in it is fixed.
            cue: its name.
            columns: names.
        """
        super().__init__(
            build(values),
            labels,
            _CLASSES,
            columns=columns,
            groups=shortcut_groups(labels, values),
            group_names=shortcut_group_names(_CLASSES),
        )
        self.cue, self._values, self._build = cue, values, build

    @property
    def shortcut_values(self) -> Ints:
        """The class that the cue says of each example, int64, shape (N,)."""
        return self._values[self._rows]

    def with_cue_values(self, values: ArrayLike) -> "MadeTable":
        """A view of the same examples with other values of the cue, one for each of this view.

        Raises:
            InputError: there is not one value, 0 or 1, per example.
        """
        checked = class_ids(values, len(_CLASSES))
        if len(checked) != len(self):
            raise InputError(
                f"Expected one value per example ({len(self)}), but got {len(checked)}; draw them "
                "from the labels of this view"
            )
        view = copy.copy(self)
        view._values = self._values.copy()
        view._values[self._rows] = checked
        view._table = np.asarray(self._build(view._values), np.float32)
        view._groups = shortcut_groups(self._labels, view._values)
        return view


def slab_table(split: str = "train", *, correlation: float = 1.0, seed: int = 0) -> MadeTable:
    """One linear coordinate, the cue, and 49 coordinates of five slabs; see `slabs`.

    Args:
        split: "train" (10,000 examples) or "test" (4,000).
        correlation: how often the linear coordinate tells the class.
        seed: of everything.

    Raises:
        InputError: another split, or a correlation that is no probability.
    """
    labels, stream = _labels(split, seed)
    core = slabs.slab_coordinates(labels, slabs=5, count=_SLABS, seed=stream + 1)

    def build(values: Ints) -> NDArray[np.float64]:
        return np.column_stack([slabs.linear_coordinate(values, seed=stream + 2), core])

    values = draw_values(labels, 2, correlation, seed=stream + 3)
    columns = ["linear", *(f"slab {k}" for k in range(1, _SLABS + 1))]
    return MadeTable(labels, values, build, cue="linear", columns=columns)


def latent_table(split: str = "train", *, correlation: float = 0.95, seed: int = 0) -> MadeTable:
    """Two latents in 50 dimensions: the cue, four times as large, and one right for 90%.

    See `two_latents`; arguments and errors are those of `slab_table`.
    """
    labels, stream = _labels(split, seed)
    core = two_latents.latent(labels, 0.9, seed=stream + 1)
    size = np.abs(two_latents.latent(np.ones_like(labels), 0.95, seed=stream + 2))

    def build(values: Ints) -> NDArray[np.float64]:
        both = np.stack([(2 * values - 1) * size, core], 1)
        return two_latents.embed(
            both, amplify=[4.0, 1.0], noise=0.1, seed=seed, noise_seed=stream + 4
        )

    values = draw_values(labels, 2, correlation, seed=stream + 3)
    return MadeTable(labels, values, build, cue="latent")


def _labels(split: str, seed: int) -> tuple[Ints, int]:
    """Labels of a split, and the first of the seeds that are its own."""
    if split not in SIZES:
        raise InputError(f"Expected split to be 'train' or 'test', but got '{split}'; choose one")
    stream = 1000 * seed + 100 * (split == "test")
    labels = np.random.default_rng(stream).integers(0, 2, SIZES[split])
    return labels.astype(np.int64), stream


def opening(make: Callable[..., MadeTable]) -> Callable[..., MadeTable]:
    """What a source of the registry opens: `make`, with the correlation after the colon."""

    def open_made(path: str | None, *, split: str = "train", seed: int = 0) -> MadeTable:
        if path is None:
            return make(split, seed=seed)
        try:
            correlation = float(path)
        except ValueError as error:
            raise InputError(
                f"Expected a correlation such as 0.95 after the colon, but got '{path}'; correct "
                "it or leave it out"
            ) from error
        return make(split, correlation=correlation, seed=seed)

    return open_made
