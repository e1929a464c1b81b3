"""A part of a data set that still knows the names and pictures of the whole."""

from typing import Any

from torch.utils.data import Subset

_NAMES = ("class_names", "group_names", "skipped", "num_classes")
_BY_EXAMPLE = ("identify", "display")


class SubsetView:
    """A `torch.utils.data.Subset` with those attributes that its data set has for reports.

    Names are those of the whole data set; `identify` and `display` take positions in the subset.
    """

    def __init__(self, subset: Subset[Any]) -> None:
        """Wrap a subset; one of another subset is looked through."""
        self._subset = subset
        self._whole = with_names(subset.dataset)

    def __len__(self) -> int:
        return len(self._subset)

    def __getitem__(self, index: int) -> Any:
        return self._subset[index]

    def __getattr__(self, name: str) -> Any:
        if name in _NAMES:
            return getattr(self._whole, name)
        if name in _BY_EXAMPLE:
            of_whole = getattr(self._whole, name)
            return lambda index: of_whole(int(self._subset.indices[index]))
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")


def with_names(dataset: Any) -> Any:
    """The data set, a subset as a view that keeps names."""
    # A class derived from Subset may have changed what a position means.
    return SubsetView(dataset) if type(dataset) is Subset else dataset
