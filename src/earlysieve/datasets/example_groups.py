"""Groups of examples that somebody inferred or wrote down, and whose examples they are."""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from earlysieve._arrays import for_torch
from earlysieve._files import replacing
from earlysieve.datasets.batches import Data
from earlysieve.datasets.groups_file import groups_bytes
from earlysieve.datasets.opened_data import OpenedData, opened
from earlysieve.errors import DataError, InputError

_PROBES, _SHOWN = 256, 6


@dataclass(frozen=True, eq=False)
class Groups:
    """A group for each example of some data.

    Attributes:
        numbers: int64, shape (N,), in the order of the data set; -1 where unknown.
        names: of group 0, 1, ...
        source: where they come from, as "audit", "xrm", "spare", "file", "given".
        identity: of the data, see `data_identity`; None where they are not known.
        suspects: bool, shape (N,), where groups are label x suspect: the examples that a shortcut
            is thought to mislead; else None.
        weights: float64, shape (N,), in [0, 1]: how surely an example is a suspect; None where the
            source is sure.
        notes: what a user should know about them.
        config: everything that they were made with, as plain values.

    Raises:
        InputError: there is not one whole number of at least -1 per example, or no group is known.

    Example:
        >>> import torch
        >>> import earlysieve as es
        >>> groups = es.Groups(torch.tensor([0, 1, -1, 1]), names=("day", "night"))
        >>> groups.names[groups.numbers[3]]
        'night'
    """

    numbers: Tensor
    names: tuple[str, ...] = ()
    source: str = "given"
    identity: str | None = None
    suspects: Tensor | None = None
    weights: Tensor | None = None
    notes: tuple[str, ...] = ()
    config: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "numbers", _checked(self.numbers))
        for name in ("suspects", "weights"):
            value = getattr(self, name)
            if value is not None and tuple(value.shape) != (len(self),):
                raise InputError(
                    f"Expected {name} of shape ({len(self)},), but got {tuple(value.shape)}; "
                    "pass one per example"
                )

    def __len__(self) -> int:
        return len(self.numbers)

    def __repr__(self) -> str:
        """How many examples are in which group, and where the groups come from."""
        shown = [f"{self.name(group)}: {count:,}" for group, count in enumerate(self.counts)]
        more = [f"{len(shown) - _SHOWN} more"] if len(shown) > _SHOWN else []
        listed = "; ".join([*shown[:_SHOWN], *more])
        return f"<Groups of {len(self):,} examples, source '{self.source}': {listed}>"

    @property
    def counts(self) -> list[int]:
        """Examples of group 0, 1, ..."""
        return torch.bincount(self.numbers[self.numbers >= 0]).tolist()

    def name(self, group: int) -> str:
        """What a group is called; its number where it has no name."""
        return self.names[group] if 0 <= group < len(self.names) else f"group {group}"

    def check(self, data: "Data | OpenedData") -> None:
        """Check that these are groups of `data`.

        Raises:
            DataError: the data have another number of examples, or are others.
        """
        source = opened(data)
        if source.size != len(self):
            raise DataError(
                f"Expected groups of {source.size} examples, but got those of {len(self)}; "
                "infer groups of these very data"
            )
        if self.identity is not None and self.identity != data_identity(source):
            raise DataError(
                "Expected groups of these data, but they are of others (names, order or labels of "
                "the examples differ); infer groups of these very data, in the same split"
            )

    def save(self, path: str | os.PathLike[str], *, ids: Sequence[str] = ()) -> Path:
        """Write one CSV file; `earlysieve.grouping.files.read_groups` gives back what there was.

        Its first line is a comment that holds everything but the columns index, id, group, name,
        suspect and weight, which follow.

        Args:
            path: of the file; one that is there is replaced at once or not at all.
            ids: names of the examples, for people and other programs.

        Raises:
            InputError: there is not one id per example.
            OutputError: the file cannot be written.
        """
        known = {name: getattr(self, name) for name in ("source", "identity", "notes", "config")}
        columns = {"suspect": self.suspects, "weight": self.weights}
        content = groups_bytes(self.numbers, self.names, columns, known, ids)
        with replacing(path) as temporary:
            temporary.write_bytes(content)
        return Path(path)


def label_by_suspect(
    labels: Tensor, suspects: Tensor, class_names: Sequence[str] = (), **more: Any
) -> Groups:
    """Groups label x suspect: 2 * label, and 2 * label + 1 where the example is a suspect.

    Args:
        labels: int64, shape (N,).
        suspects: bool, shape (N,).
        class_names: of class 0, 1, ...
        more: further fields of `Groups`.
    """
    numbers = 2 * labels + suspects.long()
    count = int(labels.max()) + 1 if len(labels) else 0
    known = [class_names[i] if i < len(class_names) else str(i) for i in range(count)]
    names = tuple(f"{name}, {kind}" for name in known for kind in ("not misled", "misled"))
    return Groups(numbers, names, suspects=suspects, **more)


def as_groups(groups: "Groups | Tensor | Sequence[int] | np.ndarray[Any, Any]") -> Groups:
    """Groups as such; an array or tensor of numbers becomes groups of unknown data.

    Raises:
        InputError: they are neither.
    """
    if isinstance(groups, Groups):
        return groups
    try:
        numbers = torch.as_tensor(for_torch(groups))
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(
            f"Expected groups, or one whole number per example, but got {type(groups).__name__}; "
            "pass Groups, an array or a tensor"
        ) from error
    return Groups(numbers)


def data_identity(data: "Data | OpenedData") -> str | None:
    """SHA-256 of the number of examples, all their names, and the labels of up to 256 of them.

    Inputs are read only where the data hold no labels. None where the number of examples is not
    known without a pass.
    """
    source = opened(data)
    size = source.size
    if size is None or not source.has_random_access:
        return None
    chosen = probes(size)
    if hasattr(source.source, "labels"):
        labels = [int(source.labels[i]) for i in chosen]
    else:
        labels = [int(source.examples([i]).labels[0]) for i in chosen]
    return identity(source.ids(range(size)), labels)


def probes(size: int) -> list[int]:
    """Positions of the examples whose labels are part of an identity: up to 256, evenly spread."""
    return np.linspace(0, size - 1, min(_PROBES, size)).astype(np.int64).tolist() if size else []


def identity(ids: Sequence[str], labels: Sequence[int]) -> str:
    """See `data_identity`.

    Args:
        ids: names of all examples in the order of the data set.
        labels: of the examples at `probes(len(ids))`.
    """
    content = json.dumps([list(ids), list(labels)])
    return hashlib.sha256(content.encode()).hexdigest()


def _checked(numbers: Any) -> Tensor:
    values = torch.as_tensor(for_torch(numbers))
    whole = values.ndim == 1 and not values.is_floating_point() and values.dtype != torch.bool
    if not whole or (len(values) and int(values.min()) < -1):
        raise InputError(
            f"Expected groups as whole numbers of at least -1 (unknown), shape (N,), but got "
            f"{values.dtype} of shape {tuple(values.shape)}; pass one number per example"
        )
    if not bool((values >= 0).any()):
        raise InputError(
            "Expected some examples of known group, but got none; choose another source of groups"
        )
    return values.long().cpu()
