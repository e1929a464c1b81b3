"""Any labelled data, opened once: everything that can be asked of them has one place.

`opened(data)` takes what users have: a source of ours, a data set of torchvision, a subset, a list
of samples, a DataLoader, an iterable of batches.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
from torch import Tensor
from torch.utils.data import DataLoader

from earlysieve._arrays import Ints
from earlysieve.datasets.arrays import data_of
from earlysieve.datasets.base import ExampleDataset
from earlysieve.datasets.batches import (
    Data,
    first_examples,
    has_random_access,
    iterate,
    length_of,
    source_of,
)
from earlysieve.datasets.files import ImageFiles
from earlysieve.datasets.forms import as_batch, collate
from earlysieve.datasets.seen_kinds import SeenKinds
from earlysieve.datasets.shown import shown_of
from earlysieve.datasets.table import Table
from earlysieve.datasets.variables import Variable
from earlysieve.datasets.views import identity_of
from earlysieve.model.batch import LABEL_KEYS, Batch
from earlysieve.model.state import preserved_rng

_PREPROCESSING = ("image_size", "resize", "interpolation", "mean", "std")


class OpenedData:
    """Labelled data and what is known about them.

    Attributes:
        data: as they were given; arrays as a data set of their examples.
        source: the data set behind a loader, or the data themselves; a subset keeps the names of
            the whole.
    """

    def __init__(self, data: Data) -> None:
        self.data: Data = data_of(data)
        self.source: Any = source_of(self.data)
        self._passing: SeenKinds | None = None

    @property
    def size(self) -> int | None:
        """How many examples there are; None where that is known only after a pass."""
        return length_of(self.data)

    @property
    def has_random_access(self) -> bool:
        """Whether example i can be read by itself."""
        return has_random_access(self.data)

    def batches(self, *, batch_size: int = 64, num_workers: int = 0) -> Iterator[Batch]:
        """Every example once, in the order of the data, with indices; see `batches.iterate`."""
        return iterate(self.data, batch_size=batch_size, num_workers=num_workers)

    def count_batches(self, batch_size: int) -> int | None:
        """How many batches `batches` gives; None where that is known only after a pass."""
        own = self.data.batch_size if isinstance(self.data, DataLoader) else None
        return None if self.size is None else -(-self.size // (own or batch_size))

    def examples(self, indices: Sequence[int]) -> Batch:
        """The examples at `indices` as a batch, joined as the loader joins them."""
        join = self.data.collate_fn if isinstance(self.data, DataLoader) else collate
        return as_batch(join([self.source[int(index)] for index in indices]))

    def few(self, count: int = 2) -> Batch:
        """The first examples, at most `count`, as a batch."""
        with preserved_rng():
            return first_examples(self.data, count)

    def ids(self, index: Iterable[int] | Tensor) -> list[str]:
        """The file or number of each example, as valid UTF-8."""
        identify = self.identify or str
        names = (str(identify(int(i))) for i in index)
        # File names need not be valid UTF-8; tables and files need valid text.
        return [name.encode("utf-8", "backslashreplace").decode("utf-8") for name in names]

    @property
    def identify(self) -> Callable[[int], str] | None:
        """What tells the name of an example; None where the data name none."""
        return identity_of(self.source)

    @property
    def root(self) -> Path | None:
        """The folder that the names of examples are relative to; None where they are no files."""
        return self.source.root if isinstance(self.source, ImageFiles) else None

    def display(self, index: int) -> Any:
        """What a person should see of an example: what the data set shows, its text or image.

        Returns:
            A text, an image, as an array or a tensor (C, H, W), too; None where nothing can be
            shown.
        """
        if hasattr(self.source, "display"):
            return self.source.display(index)
        return shown_of(self.source[index])

    @property
    def class_names(self) -> tuple[str, ...]:
        """One name per class; those of our data sets, torchvision's or HuggingFace's; else none."""
        for found in (getattr(self.source, name, None) for name in ("class_names", "classes")):
            if found and _are_names(found):
                return tuple(found)
        return self._names_of_features()

    def _names_of_features(self) -> tuple[str, ...]:
        """Those that a data set of HuggingFace has where its labels are a ClassLabel."""
        features = getattr(self.source, "features", None)
        if isinstance(features, Mapping):
            for key in LABEL_KEYS:
                found = getattr(features.get(key), "names", None)
                if found and _are_names(found):
                    return tuple(found)
        return ()

    @property
    def group_names(self) -> tuple[str, ...]:
        """One name per group, where the data name them."""
        found = getattr(self.source, "group_names", ())
        return tuple(found) if _are_names(found) else ()

    @property
    def column_names(self) -> tuple[str, ...]:
        """Of a table, where the data name its columns."""
        found = getattr(self.source, "columns", ())
        return tuple(found) if _are_names(found) else ()

    @property
    def variables(self) -> tuple[Variable, ...] | None:
        """What the columns of a table of ours stand for; None for other data."""
        return self.source.variables if isinstance(self.source, Table) else None

    @property
    def tokenizer(self) -> Any:
        """What made texts into tokens, and can tell what these are; None where it is not known."""
        return getattr(self.source, "tokenizer", None)

    @property
    def num_classes(self) -> int | None:
        """How many classes there are, seen among the examples or not; None: the data do not say.

        Data that name their classes say so, too.
        """
        found = getattr(self.source, "num_classes", None)
        return len(self.class_names) or None if found is None else int(found)

    @property
    def skipped(self) -> tuple[str, ...]:
        """Files that could not be read and are left out."""
        return tuple(getattr(self.source, "skipped", ()))

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of a report should know of the data, as how names became class numbers."""
        return tuple(self.source.notes) if isinstance(self.source, ExampleDataset) else ()

    @property
    def split(self) -> str | None:
        """The part of its source that was opened, where the data say so."""
        root = getattr(self.source, "root", None)
        return getattr(root, "name", None)

    @property
    def preprocessing(self) -> dict[str, Any]:
        """How images become inputs, where the data are images that we prepare."""
        found = {name: getattr(self.source, name, None) for name in _PREPROCESSING}
        return {name: value for name, value in found.items() if value is not None}

    def note(self, batch: Batch) -> None:
        """Remember labels and groups of examples that were read anyway, so that no pass reads them.

        Args:
            batch: with `index`, positions in `source`.
        """
        loader = isinstance(self.data, DataLoader)  # of a part of its data set, perhaps
        if self.holds_labels or loader or self.size is None or not self.has_random_access:
            return
        self._passing = self._passing or SeenKinds(self.size)
        self._passing.note(batch)

    @property
    def labels(self) -> Ints:
        """The label of each example, int64, shape (N,); from one pass where the data hold none."""
        return self._kinds[0]

    @property
    def groups(self) -> Ints | None:
        """The group of each example, int64, shape (N,), -1 where unknown; None: none is known."""
        groups = self._kinds[1]
        return None if groups is None or not bool((groups >= 0).any()) else groups

    @property
    def holds_labels(self) -> bool:
        """Whether labels and groups of all examples are known without a pass."""
        return isinstance(self.source, ExampleDataset) and not isinstance(self.data, DataLoader)

    @cached_property
    def _kinds(self) -> tuple[Ints, Ints | None]:
        if self.holds_labels:
            return self.source.labels, self.source.groups
        if self._passing is not None:
            with preserved_rng():
                return self._passing.complete(self.examples)
        with preserved_rng():
            found = list(map(_kinds_of, self.batches(batch_size=256)))
        labels = np.concatenate([labels for labels, _ in found])
        groups = [groups for _, groups in found if groups is not None]
        return labels, np.concatenate(groups) if len(groups) == len(found) else None


def opened(data: "Data | OpenedData") -> OpenedData:
    """The data as one object that knows what can be known; data that are opened stay as they are.

    Args:
        data: a data set or DataLoader of (x, y), (x, y, group), (x, y, group, index), mappings or
            `Batch`; an iterable of batches; arrays (X, y) or (X, y, groups); or what
            this function returned.
    """
    return data if isinstance(data, OpenedData) else OpenedData(data)


def _are_names(found: Any) -> "TypeGuard[Sequence[str]]":
    return isinstance(found, list | tuple) and all(isinstance(name, str) for name in found)


def _kinds_of(batch: Batch) -> tuple[Ints, Ints | None]:
    return batch.labels.numpy(), None if batch.groups is None else batch.groups.numpy()
