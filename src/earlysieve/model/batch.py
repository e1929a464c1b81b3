"""One batch of labelled examples, and the only place that knows images from text."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from earlysieve._arrays import for_torch
from earlysieve.errors import InputError
from earlysieve.model.channels import check_channels
from earlysieve.model.one_logit import is_one_logit, two_columns
from earlysieve.model.precision import Inputs as Inputs
from earlysieve.model.precision import match_precision
from earlysieve.model.row_width import check_width
from earlysieve.model.token_range import check_tokens
from earlysieve.model.token_types import without_types

LABEL_KEYS = ("labels", "label", "target", "targets", "y")
GROUP_KEYS = ("group", "groups", "group_id")
INDEX_KEYS = ("index", "indices", "idx")


@dataclass(frozen=True)
class Batch:
    """Examples as a model takes them, with labels, dataset indices and groups.

    Attributes:
        inputs: a tensor (the model's only argument), a tuple (positional arguments) or a mapping
            (keyword arguments); every tensor has the batch in its first dimension.
        labels: int64, shape (B,), values in [0, C); whole numbers of any type are converted.
        index: int64, shape (B,), position of each example in its data set, or None.
        groups: int64, shape (B,), group of each example, -1 where unknown, or None.

    Raises:
        InputError: labels, index or groups are not one integer per example.

    Example:
        >>> import torch
        >>> import earlysieve as es
        >>> batch = es.Batch(torch.zeros(2, 3), torch.tensor([0, 1]), groups=torch.tensor([1, -1]))
        >>> batch.labels.dtype
        torch.int64
    """

    inputs: Inputs
    labels: Tensor
    index: Tensor | None = None
    groups: Tensor | None = None

    def __post_init__(self) -> None:
        size = _batch_size(self.inputs)
        for name in ("labels", "index", "groups"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, _integers(name, value, size))

    def __len__(self) -> int:
        return int(self.labels.shape[0])

    @property
    def mask(self) -> Tensor | None:
        """The attention mask, shape (B, tokens), where the inputs are a mapping that has one."""
        return attention_mask(self.inputs)

    def to(self, device: torch.device | str) -> "Batch":
        """The same batch with every tensor on `device`."""
        return replace(
            self,
            inputs=inputs_to(self.inputs, device),
            labels=self.labels.to(device),
            index=None if self.index is None else self.index.to(device),
            groups=None if self.groups is None else self.groups.to(device),
        )


def first_tensor(value: Any) -> Tensor:
    """The first tensor of a tensor, tuple, list, mapping or model output.

    Raises:
        InputError: there is none.
    """
    found = next(_tensors_in(value), None)
    if found is not None:
        return found
    raise InputError(
        f"Expected a tensor, or a tuple or mapping that holds one, but got {type(value).__name__}; "
        "pass inputs as the model takes them"
    )


def _tensors_in(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, tuple | list | Mapping):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _tensors_in(item)


def attention_mask(inputs: Inputs) -> Tensor | None:
    """The attention mask of keyword inputs, shape (B, tokens), else None."""
    mask = inputs.get("attention_mask") if isinstance(inputs, Mapping) else None
    return mask if isinstance(mask, Tensor) and mask.ndim == 2 else None


def inputs_to(inputs: Inputs, device: torch.device | str) -> Inputs:
    """The same inputs with every tensor on `device`."""
    if isinstance(inputs, Tensor):
        return inputs.to(device)
    if isinstance(inputs, Mapping):
        return {k: v.to(device) if isinstance(v, Tensor) else v for k, v in inputs.items()}
    return tuple(v.to(device) for v in inputs)


def tensors_of(inputs: Inputs) -> list[Tensor]:
    """Every tensor of the inputs."""
    if isinstance(inputs, Tensor):
        return [inputs]
    values = inputs.values() if isinstance(inputs, Mapping) else inputs
    return [value for value in values if isinstance(value, Tensor)]


def take(inputs: Inputs, rows: slice | Tensor) -> Inputs:
    """The chosen examples of the inputs; what has no batch dimension stays whole."""
    size = first_tensor(inputs).shape[0]

    def chosen(value: Any) -> Any:
        batched = isinstance(value, Tensor) and value.ndim > 0 and value.shape[0] == size
        return value[rows] if batched else value

    if isinstance(inputs, Mapping):
        return {key: chosen(value) for key, value in inputs.items()}
    return tuple(chosen(v) for v in inputs) if isinstance(inputs, tuple) else inputs[rows]


def few(inputs: Inputs, count: int = 2) -> tuple[Inputs, int]:
    """The first examples of the inputs, and how many these are: what a quick look needs."""
    size = min(count, first_tensor(inputs).shape[0])
    return take(inputs, slice(0, size)), size


def call_model(model: nn.Module, inputs: Inputs) -> Any:
    """Run the model on its inputs, in the precision of its parameters.

    Labels in a mapping never reach it, nor token types where it does not take them. Inputs are
    converted here, once for audits, training and whatever tries a model out, so that what one of
    them takes all take.

    Raises:
        InputError: the model has no `forward`, as a LightningModule need not have.
        WidthError: rows of a table have another number of columns than its first layer takes.
        ChannelsError: images have another number of channels than its first layer takes.
        TokenError: texts have tokens that its embedding does not know.
    """
    if isinstance(model, nn.Module):  # a plain function has no precision
        inputs = match_precision(model, inputs)
    try:
        if isinstance(inputs, Mapping):
            taken = without_types(model, inputs)
            return model(**{k: v for k, v in taken.items() if k not in LABEL_KEYS})
        return model(*inputs) if isinstance(inputs, tuple) else model(inputs)
    except NotImplementedError as error:
        if str(error).startswith(f"Module [{type(model).__name__}] is missing"):
            raise _no_forward(model) from error
        raise
    except RuntimeError as error:
        check_width(model, inputs, error)
        check_channels(model, inputs, error)
        raise
    except IndexError as error:
        check_tokens(model, inputs, error)
        raise


def _no_forward(model: nn.Module) -> InputError:
    parts = [name for name, part in model.named_children() if any(True for _ in part.parameters())]
    advice = f"pass one of its parts, such as its `.{parts[0]}`" if parts else "give it one"
    return InputError(
        f"Expected a model that can be called, but {type(model).__name__} has no forward; {advice}"
    )


def logits_of(output: Any) -> Tensor:
    """The logits, shape (B, C): the output itself, its `.logits`, or its first tensor.

    One logit z per example, shape (B,) or (B, 1), becomes the two logits (0, z).

    Raises:
        InputError: no floating-point tensor of such a shape was found.
    """
    return two_columns(returned_logits(output))


def returned_logits(output: Any) -> Tensor:
    """The logits as the model returned them: shape (B, C), or (B,) or (B, 1) of a binary head.

    Raises:
        InputError: see `logits_of`.
    """
    is_mapping = isinstance(output, Mapping)
    logits = output.get("logits") if is_mapping else getattr(output, "logits", None)
    tensor = logits if isinstance(logits, Tensor) else first_tensor(output)
    if not (tensor.ndim == 2 or is_one_logit(tensor)) or not tensor.is_floating_point():
        raise InputError(
            "Expected the model to return floating-point logits of shape (batch, classes), or "
            "(batch,) where one logit tells two classes, "
            f"but got {tensor.dtype} of shape {tuple(tensor.shape)}; "
            "wrap the model so that it returns one row of class scores per example"
        )
    return tensor


def check_rows(logits: Tensor, examples: int) -> None:
    """Check that logits (B, C) are one row for each of `examples`.

    Raises:
        InputError: they are not.
    """
    if logits.shape[0] != examples:
        raise InputError(
            f"Expected one row of logits per example ({examples}), but the model gave "
            f"{logits.shape[0]}; it must keep the batch in the first dimension"
        )


def check_labels(labels: Tensor, num_classes: int) -> None:
    """Check that labels (B,), of which there is at least one, are in [0, num_classes).

    Raises:
        InputError: one is not.
    """
    low, high = (int(bound) for bound in torch.aminmax(labels))
    if low < 0 or high >= num_classes:
        one = " or a single one" if num_classes == 2 else ""
        raise InputError(
            f"Expected labels from 0 to {num_classes - 1}, as the model returns {num_classes} "
            f"logits{one}, but got {low if low < 0 else high}; check the class numbering, or give "
            "the model one output per class"
        )


def _batch_size(inputs: Inputs) -> int:
    first = first_tensor(inputs)
    if first.ndim == 0:
        raise InputError(
            "Expected inputs with the batch in the first dimension, but got a single number; "
            "stack the examples of a batch"
        )
    return int(first.shape[0])


def _integers(name: str, value: Any, size: int) -> Tensor:
    tensor = torch.as_tensor(for_torch(value))
    if name == "labels" and tensor.is_floating_point() and bool((tensor == tensor.round()).all()):
        tensor = tensor.to(torch.int64)  # as losses for one logit want them
    if tensor.is_floating_point() or tensor.is_complex() or tuple(tensor.shape) != (size,):
        raise InputError(
            f"Expected {name} to be {size} integers, one per example of the batch, but got "
            f"{tensor.dtype} of shape {tuple(tensor.shape)}; pass class numbers, not one-hot rows"
        )
    return tensor.to(torch.int64)
