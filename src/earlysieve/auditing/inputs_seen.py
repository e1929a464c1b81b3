"""What passes through an audit: which examples, in which form, and on which scale."""

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from earlysieve.errors import InputError
from earlysieve.model.batch import Batch, Inputs, take, tensors_of

# A scale that differs by more than this (deviations, or means in deviations) is another scaling:
# between pixels in [0, 1] and normalised ones lies a factor of 3 to 5, between photographs of one
# kind and another less than 2.
_FACTOR, _SHIFT = 2.5, 2.0


@dataclass
class Scale:
    """Mean and deviation of all numbers that passed, of one tensor of the inputs."""

    count: int = 0
    total: float = 0.0
    square: float = 0.0

    def add(self, values: Tensor) -> None:
        """Count some numbers in."""
        numbers = values.double()
        self.count += numbers.numel()
        self.total += float(numbers.sum())
        self.square += float(numbers.square().sum())

    @property
    def mean(self) -> float:
        """NaN before the first number."""
        return self.total / self.count if self.count else math.nan

    @property
    def deviation(self) -> float:
        """As `mean`."""
        if not self.count:
            return math.nan
        return math.sqrt(max(0.0, self.square / self.count - self.mean**2))

    def far_from(self, other: "Scale") -> bool:
        """Whether these can hardly be numbers of the same kind, prepared in the same way."""
        one, two = self.deviation, other.deviation
        if not (one > 0 and two > 0):
            return False
        apart = abs(self.mean - other.mean) > _SHIFT * max(one, two)
        return apart or max(one, two) > _FACTOR * min(one, two)


class InputsSeen:
    """Examples by the digest of their inputs, and the scale of these.

    Attributes:
        prints: one number for each example in the order in which they passed.
        scale: of the first tensor of the inputs, where that holds measurements (no token numbers).
        first: inputs of the first batch; None before it.
    """

    def __init__(self) -> None:
        self.prints: list[int] = []
        self.scale = Scale()
        self.first: Inputs | None = None

    def watch(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """The batches as they are, looked at on the way."""
        for batch in batches:
            self.first = batch.inputs if self.first is None else self.first
            self.prints += _prints(batch)
            self._measure(batch)
            yield batch

    def without(self, batches: Iterable[Batch], known: set[int]) -> Iterator[Batch]:
        """The same, without the examples that are known."""
        for batch in self.watch(batches):
            own = self.prints[-len(batch) :]
            kept = torch.tensor([one not in known for one in own])
            if kept.all():
                yield batch
            elif kept.any():
                yield _part(batch, kept.nonzero().squeeze(1))

    def _measure(self, batch: Batch) -> None:
        value = next(iter(tensors_of(batch.inputs)), None)
        if value is not None and (value.is_floating_point() or value.ndim > 2):
            self.scale.add(value)


def _part(batch: Batch, rows: Tensor) -> Batch:
    return Batch(
        take(batch.inputs, rows),
        batch.labels[rows],
        None if batch.index is None else batch.index[rows],
        None if batch.groups is None else batch.groups[rows],
    )


def _prints(batch: Batch) -> list[int]:
    """A digest of each example's inputs; padding of texts left out."""
    digests = [hashlib.blake2b(digest_size=8) for _ in range(len(batch))]
    for value in tensors_of(batch.inputs):
        if value.ndim == 0 or len(value) != len(batch):
            continue
        rows = value.detach().cpu()
        if rows.is_floating_point():
            rows = rows.float()
        for row, digest in zip(rows, digests, strict=True):
            digest.update(_bytes(row))
    return [int.from_bytes(digest.digest(), "big") for digest in digests]


def _bytes(row: Tensor) -> bytes:
    if row.ndim == 1 and not row.is_floating_point():
        row = row.long()  # token numbers: zeros at the end are padding
        used = row.nonzero()
        row = row[: int(used[-1]) + 1] if len(used) else row[:0]
    content: bytes = row.contiguous().numpy().tobytes()
    return content


def check_form(data: Inputs, reference: Inputs) -> None:
    """Check that inputs of the reference have the form of those of the data.

    Lengths of texts may differ.

    Args:
        data, reference: of any batch.

    Raises:
        InputError: they have not.
    """
    ours, theirs = _form(data), _form(reference)
    if ours != theirs:
        raise InputError(
            f"Expected inputs of the reference as those of the data, {_told(ours)}, but got "
            f"{_told(theirs)}; prepare both as in the model's training"
        )


def _form(inputs: Inputs) -> list[tuple[str, str, tuple[int, ...]]]:
    if isinstance(inputs, Mapping):
        named = [(f"{key} ", value) for key, value in inputs.items() if isinstance(value, Tensor)]
    else:
        named = [("", value) for value in tensors_of(inputs)]
    return [(name, _kind(value), _shape(value)) for name, value in named]


def _kind(value: Tensor) -> str:
    return "numbers with fractions" if value.is_floating_point() else "whole numbers"


def _shape(value: Tensor) -> tuple[int, ...]:
    """Of one example; -1 for what may differ from batch to batch."""
    shape = tuple(value.shape[1:])
    if len(shape) == 1 and not value.is_floating_point():
        return (-1,)
    return (-1, shape[1]) if len(shape) == 2 else shape


def _told(form: list[tuple[str, str, tuple[int, ...]]]) -> str:
    fields = [
        f"{name}({', '.join('any' if size < 0 else str(size) for size in shape)}) {kind}"
        for name, kind, shape in form
    ]
    return f"{len(fields)} fields: {'; '.join(fields)}" if len(fields) > 1 else "".join(fields)


def other_scale(data: Scale, reference: Scale) -> str:
    """A sentence where the inputs can hardly have been prepared alike; else an empty text."""
    if not data.far_from(reference):
        return ""
    return (
        "Data and reference are on another scale: inputs of the data have mean "
        f"{data.mean:.3g} and deviation {data.deviation:.3g}, those of the reference "
        f"{reference.mean:.3g} and {reference.deviation:.3g}. Prepare both as in the model's "
        "training; until then nothing follows from comparing them."
    )
