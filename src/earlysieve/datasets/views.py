"""A part of a data set that still knows the names and pictures of the whole."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch.utils.data import Subset

from earlysieve._arrays import Ints
from earlysieve.datasets.base import ExampleDataset

_NAMES = ("class_names", "classes", "group_names", "skipped", "num_classes", "columns", "tokenizer")
_BY_EXAMPLE = ("identify", "display")


class SubsetView:
    """A `torch.utils.data.Subset` with those attributes that its data set has for reports.

    Names are those of the whole data set; `identify` and `display` take positions in the subset.
    """

    def __init__(self, subset: Subset[Any]) -> None:
        """Wrap a subset; one of another subset is looked through."""
        self._subset = subset
        self._whole = with_names(subset.dataset)

    @property
    def whole(self) -> Any:
        """The data set of which this is a part."""
        return self._whole

    @property
    def rows(self) -> list[int]:
        """The positions in `whole`, in order."""
        return [int(row) for row in self._subset.indices]

    def __len__(self) -> int:
        return len(self._subset)

    def __getitem__(self, index: int) -> Any:
        return self._subset[index]

    def __getattr__(self, name: str) -> Any:
        if name in _NAMES:
            return getattr(self._whole, name)
        if name in _BY_EXAMPLE:
            of_whole = identity_of(self._whole) if name == "identify" else None
            of_whole = of_whole or getattr(self._whole, name)
            return lambda index: of_whole(int(self._subset.indices[index]))
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")


def with_names(dataset: Any) -> Any:
    """The data set, a subset as a view that keeps names."""
    # A class derived from Subset may have changed what a position means.
    return SubsetView(dataset) if type(dataset) is Subset else dataset


def examples_at(dataset: Any, rows: Ints) -> Any:
    """The examples at some positions, as a view that keeps names."""
    if isinstance(dataset, ExampleDataset):
        return dataset.subset(rows)
    return with_names(Subset(dataset, rows.tolist()))


def identity_of(dataset: Any) -> Callable[[int], str] | None:
    """What tells the name of an example: `identify`, or the file in torchvision's `samples`."""
    identify: Callable[[int], str] | None = getattr(dataset, "identify", None)
    samples = getattr(dataset, "samples", None)
    if identify is not None or not isinstance(samples, list | tuple):
        return identify
    if len(samples) != len(dataset) or not all(_names_a_file(sample) for sample in samples):
        return None
    root = Path(getattr(dataset, "root", ""))
    return lambda index: _below(Path(samples[index][0]), root)


def _names_a_file(sample: Any) -> bool:
    return isinstance(sample, list | tuple) and bool(sample) and isinstance(sample[0], str | Path)


def _below(path: Path, root: Path) -> str:
    inside = path.relative_to(root) if path.is_relative_to(root) else path
    return inside.as_posix()
