"""Examples that several small trainings ask for again and again, read as seldom as can be."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from earlysieve.auditing.collect import check_finite_inputs
from earlysieve.datasets.opened_data import OpenedData
from earlysieve.errors import DataError, InputError
from earlysieve.model.batch import Batch, Inputs, take, tensors_of
from earlysieve.training.loading import Source, load_batches, open_source

BUDGET = 1 << 30
Prepare = Callable[[Inputs], Inputs]


@dataclass(frozen=True)
class KeptExamples:
    """All examples of some data, in memory where they fit.

    Attributes:
        labels: int64, shape (N,), in the order of the data set.
        num_classes: C, as the data say, or from the labels.
        first: the prepared inputs of the first batch.
        largest: the largest whole number among the inputs, 0 where there is none.
        longest: the largest second dimension of the inputs.
        inputs: of all examples; None where they are read anew whenever they are asked for.
    """

    labels: Tensor
    num_classes: int
    first: Inputs
    largest: int
    longest: int
    inputs: Inputs | None = field(repr=False)
    _source: Source | None = field(default=None, repr=False)
    _prepare: Prepare | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.labels)

    def batches(
        self, plan: Sequence[Sequence[int]], *, key: Sequence[int]
    ) -> Iterator[tuple[Tensor, Inputs]]:
        """Rows, int64, shape (B,), and inputs of each batch of a plan.

        Args:
            plan: rows of each batch.
            key: of random numbers that the data draw, where they are read anew.
        """
        if self.inputs is not None:
            for rows in plan:
                chosen = torch.tensor(rows, dtype=torch.int64)
                yield chosen, take(self.inputs, chosen)
        elif self._source is not None and self._prepare is not None:
            for rows, batch in zip(plan, load_batches(self._source, plan, key=key), strict=True):
                yield torch.tensor(rows, dtype=torch.int64), self._prepare(batch.inputs)


def keep_examples(
    data: OpenedData, *, prepare: Prepare, batch_size: int = 128, budget: int | None = None
) -> KeptExamples:
    """Read all examples once.

    Args:
        data: with random access.
        prepare: applied to the inputs of each batch; what it returns is kept.
        batch_size: of that pass.
        budget: bytes of inputs that may be held, by default 1 GiB; beyond it, examples are read
            again in each epoch.

    Raises:
        InputError: the data have no length or random access, or an order of their own; or an input
            is NaN or infinite.
        DataError: there are fewer than two examples or classes.
    """
    source = open_source(data.data)  # type: ignore[arg-type]
    passing = _Passing(BUDGET if budget is None else budget)
    labels = []
    for batch in data.batches(batch_size=batch_size):
        check_finite_inputs(batch)
        labels.append(passing.add(Batch(prepare(batch.inputs), batch.labels)))
    found = torch.cat(labels)
    check_classes(found)
    if len(found) != len(source):
        raise InputError(
            f"Expected all {len(source)} examples of the data set, but the loader gives "
            f"{len(found)}; pass the data set itself, or a torch.utils.data.Subset of it"
        )
    return KeptExamples(
        found,
        max(data.num_classes or 0, int(found.max()) + 1),
        passing.first,
        passing.largest,
        passing.longest,
        passing.joined(),
        source,
        prepare,
    )


def of_features(features: Tensor, labels: Tensor, num_classes: int) -> KeptExamples:
    """Features, float32, shape (N, D), as examples in memory."""
    check_classes(labels)
    return KeptExamples(labels, num_classes, features[:2], 0, features.shape[1], features)


def check_classes(labels: Tensor) -> None:
    """Check that there are two classes.

    Raises:
        DataError: there are not, so that nothing can be wrong about an example.
    """
    if int(labels.min()) == int(labels.max()):
        raise DataError(
            f"Expected examples of two classes or more, but got {len(labels)} of one; pass data "
            "with all classes"
        )


class _Passing:
    """What is kept of a pass."""

    def __init__(self, budget: int) -> None:
        self.left, self.largest, self.longest = budget, 0, 0
        self.parts: list[Inputs] | None = []
        self._first: Inputs | None = None

    @property
    def first(self) -> Inputs:
        if self._first is None:
            raise DataError("Expected at least one example, but got none; check the split")
        return self._first

    def add(self, batch: Batch) -> Tensor:
        """Keep the inputs of a batch while there is room; return its labels."""
        self._first = batch.inputs if self._first is None else self._first
        tensors = tensors_of(batch.inputs)
        whole = (t for t in tensors if not t.is_floating_point() and t.numel())
        self.largest = max([self.largest, *(int(t.max()) for t in whole)])
        self.longest = max([self.longest, *(t.shape[1] for t in tensors if t.ndim > 1)])
        self.left -= sum(t.nbytes for t in tensors)
        if self.left < 0:
            self.parts = None
        if self.parts is not None:
            self.parts.append(batch.inputs)
        return batch.labels

    def joined(self) -> Inputs | None:
        return None if self.parts is None else _joined(self.parts)


def _joined(parts: Sequence[Inputs]) -> Inputs:
    first = parts[0]
    if isinstance(first, Tensor):
        return _cat(part for part in parts if isinstance(part, Tensor))
    if isinstance(first, tuple):
        return tuple(_cat(part[i] for part in parts) for i in range(len(first)))  # type: ignore[index]
    names = [name for name, value in first.items() if isinstance(value, Tensor)]
    return {name: _cat(part[name] for part in parts) for name in names}  # type: ignore[call-overload,index]


def _cat(values: Iterable[Tensor]) -> Tensor:
    """Join tensors; sequences of unequal length are padded with zeros."""
    tensors = list(values)
    longest = max(t.shape[1] for t in tensors) if tensors[0].ndim == 2 else 0
    if not longest or all(t.shape[1] == longest for t in tensors):
        return torch.cat(tensors)
    return torch.cat([torch.nn.functional.pad(t, (0, longest - t.shape[1])) for t in tensors])
