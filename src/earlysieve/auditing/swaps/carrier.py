"""Which tensor of a model's inputs holds the parts that can be swapped."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from earlysieve.model.batch import Inputs

Kind = Literal["image", "text", "table"]
TOKENS, MASK = "input_ids", "attention_mask"
_MOST_CHANNELS = 4


@dataclass(frozen=True)
class Carrier:
    """Where the swapped tensor is.

    Attributes:
        kind: "image" (B, C, H, W), "text" (B, T) of token numbers, or "table" (B, D).
        key: keyword or position among the inputs; None where the tensor is the input itself.
        channels_last: images are (B, H, W, C); `get` and `put` hide it.
    """

    kind: Kind
    key: str | int | None = None
    channels_last: bool = False

    def get(self, inputs: Inputs) -> Tensor:
        """The tensor, images with channels first."""
        found = self._raw(inputs)
        return found.movedim(-1, 1) if self.channels_last else found

    def put(self, inputs: Inputs, tensor: Tensor) -> Inputs:
        """The inputs with another tensor in its place, of the same precision."""
        placed = _as(tensor.movedim(1, -1) if self.channels_last else tensor, self._raw(inputs))
        if isinstance(inputs, Mapping):
            return {**inputs, str(self.key): placed}
        if isinstance(inputs, tuple):
            return tuple(placed if i == self.key else value for i, value in enumerate(inputs))
        return placed

    def _raw(self, inputs: Inputs) -> Tensor:
        if isinstance(inputs, Mapping):
            found: Tensor = inputs[str(self.key)]
            return found
        return inputs[int(self.key or 0)] if isinstance(inputs, tuple) else inputs


def carrier_of(inputs: Inputs) -> tuple[Carrier | None, str]:
    """What can be swapped, or None and why nothing can."""
    named = _named(inputs)
    if TOKENS in named:
        mask = named.get(MASK)
        if mask is None:
            return None, "texts without an attention mask do not say what is padding"
        if named[TOKENS].is_floating_point() or named[TOKENS].ndim != 2 or mask.ndim != 2:
            return None, "token numbers are not whole numbers of shape (batch, tokens)"
        return Carrier("text", TOKENS), ""
    images = [key for key, value in named.items() if value.ndim == 4]
    if len(images) > 1:
        return None, f"there are {len(images)} images per example, and no swap says which one"
    if images:
        return Carrier("image", images[0], _has_channels_last(named[images[0]])), ""
    if len(named) != 1:
        return None, f"the inputs have {len(named)} fields, none of them tokens or one image"
    (key, value), *_ = named.items()
    if value.ndim == 2 and value.is_floating_point():
        return Carrier("table", key), ""
    return None, f"inputs of {value.dtype} and shape {tuple(value.shape)} are no image or table"


def _named(inputs: Inputs) -> dict[str | int | None, Tensor]:
    if isinstance(inputs, Tensor):
        return {None: inputs}
    pairs = inputs.items() if isinstance(inputs, Mapping) else enumerate(inputs)
    return {key: value for key, value in pairs if isinstance(value, Tensor)}


def _has_channels_last(images: Tensor) -> bool:
    return images.shape[1] > _MOST_CHANNELS >= images.shape[-1]


def _as(tensor: Tensor, like: Tensor) -> Tensor:
    if like.is_floating_point() or not tensor.is_floating_point():
        return tensor.to(like.dtype)
    bounds = torch.iinfo(like.dtype)
    return tensor.round().clamp(bounds.min, bounds.max).to(like.dtype)
