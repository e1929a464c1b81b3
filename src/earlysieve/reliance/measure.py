"""How much a model relies on cues whose values are known."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from earlysieve._arrays import Ints
from earlysieve.datasets.batches import Data
from earlysieve.datasets.opened_data import OpenedData, opened
from earlysieve.datasets.predicted import given_to
from earlysieve.errors import DataError, InputError
from earlysieve.groups.classes import class_name
from earlysieve.reliance.answers import Answers, answers
from earlysieve.reliance.figures import (
    UNKNOWN,
    Agreement,
    Reliance,
    agreement,
    agrees_with,
    all_but,
    balanced_cells,
    reliance,
)
from earlysieve.reliance.told import with_classes
from earlysieve.reliance.worst_cell import WorstCell, worst_cell

if TYPE_CHECKING:
    import torch
    from torch import nn


@dataclass(frozen=True)
class CueReliance:
    """How a model treats one cue.

    Attributes:
        cue: its name.
        reliance: see `Reliance`; each class and value weighs the same.
        agreement: see `Agreement`.
        left_out: classes without examples on both sides, which tell nothing of the reliance.
        unknown: how many examples have no value of the cue.
        worst: the class and what the cue says of it where the model is right least often, of those
            with 10 examples or more; None where there is none.
    """

    cue: str
    reliance: Reliance
    agreement: Agreement
    left_out: tuple[str, ...] = ()
    unknown: int = 0
    worst: WorstCell | None = None


@dataclass(frozen=True)
class RelianceResult:
    """What `measure_reliance` returns.

    Attributes:
        cues: one entry per cue, in the order given.
        accuracy: of the model over all examples as they are, in [0, 1].
        examples: how many there are.
    """

    cues: tuple[CueReliance, ...]
    accuracy: float
    examples: int


def measure_reliance(
    model: "nn.Module",
    data: Data | OpenedData,
    cues: Mapping[str, ArrayLike] | ArrayLike | None = None,
    *,
    says: Mapping[str, int] | int | None = None,
    batch_size: int = 64,
    num_workers: int = 0,
    device: "torch.device | str | None" = None,
    progress: bool | None = None,
) -> RelianceResult:
    """Accuracy where a cue agrees with the label minus accuracy where it conflicts.

    Cue and label have to be independent. Best are data in which the cue was drawn so (see
    `earlysieve.reliance.redraw`). In all data the examples are weighted so that on either side each
    class counts the same, and within a class each value of the cue. The model is left as it was.

    Args:
        model: any classifier that `audit` takes.
        data: held-out examples, in any form that `audit` takes.
        cues: which class the cue says of each example: integers of shape (N,) in the order of the
            data set, -1 where unknown; by name where there are several. Or whether a cue is there
            that says one class, as a logo on photographs of it: booleans of shape (N,), and that
            class in `says`. None: the `shortcut_values` of the data.
        says: the class of cues that are there or not, by name where there are several.
        batch_size, num_workers: used where `data` is not a DataLoader.
        device: where to run; the model's own by default.
        progress: draw a bar; by default where standard error is a terminal.

    Raises:
        InputError: no cue is known, its values are not one integer or boolean per example, or one
            is no class; `says` names no class, or is of a cue that says its classes itself.
        DataError: no example, or the cue agrees or conflicts nowhere.

    Example:
        >>> import torch
        >>> import earlysieve as es
        >>> x = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))
        >>> y = (x[:, 0] + x[:, 1] > 0).long()
        >>> class First(torch.nn.Module):
        ...     def forward(self, x):
        ...         return torch.stack([-x[:, 0], x[:, 0]], 1)
        >>> found = es.measure_reliance(First(), (x, y), {"first column": (x[:, 0] > 0).long()})
        >>> found.cues[0].reliance.difference
        1.0
    """
    model, data = given_to(model, data)
    source = opened(data)
    return measure_told(
        model,
        source,
        with_classes(_named(cues, source), says),
        batch_size=batch_size,
        num_workers=num_workers,
        device=device,
        progress=progress,
    )


def measure_told(
    model: "nn.Module", source: OpenedData, named: Mapping[str, ArrayLike], **passes: Any
) -> RelianceResult:
    """As `measure_reliance`, of cues which may also speak against classes.

    Args:
        model, source: see `measure_reliance`.
        named: what each cue says of each example, see `agrees_with`.
        **passes: how to run the model.

    Raises:
        EarlysieveError: see `measure_reliance`.
    """
    said = answers(model, source, **passes)
    found = tuple(_of_cue(name, values, said, source) for name, values in named.items())
    right = said.prediction == said.labels
    return RelianceResult(found, float(right.mean()), len(right))


def _named(cues: Any, source: OpenedData) -> dict[str, ArrayLike]:
    if isinstance(cues, Mapping) and cues:
        return dict(cues)
    values = getattr(source.source, "shortcut_values", None) if cues is None else cues
    if values is None or isinstance(values, Mapping):
        raise InputError(
            "Expected the values of a cue, but got none, and these data do not know their own; "
            "pass the class that the cue says of each example"
        )
    return {"cue": values}


def _of_cue(name: str, given: ArrayLike, said: Answers, source: OpenedData) -> CueReliance:
    values = _checked(name, given, said)
    weights, left_out = balanced_cells(said.labels, values)
    used = weights > 0
    if not used.any():
        raise DataError(
            f"Expected a class in which the cue '{name}' agrees with the label in some examples "
            "and conflicts in others, but there is none; add examples, or draw the cue "
            "independently of the label"
        )
    right, agrees = said.prediction == said.labels, agrees_with(said.labels, values)
    return CueReliance(
        cue=name,
        reliance=reliance(right[used], agrees[used], weights[used]),
        agreement=agreement(said.prediction, said.labels, values, said.num_classes),
        left_out=tuple(class_name(number, source.class_names) for number in left_out),
        unknown=int((values == UNKNOWN).sum()),
        worst=worst_cell(right, said.labels, values, source.class_names),
    )


def _checked(name: str, given: ArrayLike, said: Answers) -> Ints:
    """The values by the order of the answers."""
    values = np.asarray(given)
    count = int(said.index.max()) + 1
    if values.ndim != 1 or len(values) < count or values.dtype.kind not in "iu":
        raise InputError(
            f"Expected one integer per example ({count}) as values of the cue '{name}', but got "
            f"{values.dtype} of shape {values.shape}; pass the class that the cue says of each"
        )
    chosen: Ints = values.astype(np.int64)[said.index]
    if chosen.min() < all_but(said.num_classes - 1) or chosen.max() >= said.num_classes:
        raise InputError(
            f"Expected the cue '{name}' to say classes from 0 to {said.num_classes - 1}, or -1 "
            f"where it is unknown, but got {int(chosen.min())} to {int(chosen.max())}; pass the "
            "class that each value speaks for"
        )
    if chosen.max() < 0 and (chosen < UNKNOWN).any():
        raise InputError(
            f"Expected some value of the cue '{name}' to speak for a class, but got only such as "
            "speak against one; say which class the others speak for"
        )
    return chosen
