"""Which tensor of a model's inputs holds the parts that can be swapped."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from earlysieve.auditing.swaps.pair_types import separator as separator_by
from earlysieve.auditing.swaps.pair_types import types_of
from earlysieve.model.batch import Inputs
from earlysieve.model.token_types import TYPES

Kind = Literal["image", "text", "table"]
TOKENS, MASK = "input_ids", "attention_mask"
_MOST_CHANNELS = 4
_FEWEST_TOKENS = 4
_FEWEST_ROWS = 16
_SHARED = 0.4


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

    def mask_of(self, inputs: Inputs) -> Tensor:
        """Which tokens of texts are none of the padding, bool, (B, T)."""
        if isinstance(inputs, Mapping) and MASK in inputs:
            found: Tensor = inputs[MASK]
            return found.bool()
        return unpadded(self._raw(inputs))

    def put_text(self, inputs: Inputs, tokens: Tensor, mask: Tensor) -> Inputs:
        """The inputs with other texts, their mask, and fields that say one number of every token.

        So are the types of pairs, where a separator tells them. Texts may be of another length
        where `others` names none.
        """
        placed = self.put(inputs, tokens)
        if not isinstance(placed, Mapping):
            return placed
        fitted = {
            name: value.flatten()[:1].expand(tokens.shape).contiguous()
            for name, value in placed.items()
            if name not in (self.key, MASK) and _says_nothing(value, self._raw(inputs))
        }
        masks = {MASK: _as(mask, placed[MASK])} if MASK in placed else {}
        between = self.separator(inputs)
        if between is not None:
            fitted[TYPES] = types_of(tokens, mask.bool(), between, placed[TYPES])
        return {**placed, **fitted, **masks}

    def others(self, inputs: Inputs) -> list[str]:
        """Names or positions of further fields, besides a text's mask.

        A field that says one number of every token, as `token_type_ids` of single texts, is none,
        nor are types of pairs that a separator tells.
        """
        tokens, named = self._raw(inputs), isinstance(inputs, Mapping)
        known = (self.key, MASK, *((TYPES,) if self.separator(inputs) is not None else ()))
        return [
            str(key)
            for key, value in _named(inputs).items()
            if key not in known and not (named and _says_nothing(value, tokens))
        ]

    def separator(self, inputs: Inputs) -> int | None:
        """The token that parts the texts of pairs, where types say of which each token is."""
        if not isinstance(inputs, Mapping) or not isinstance(inputs.get(TYPES), Tensor):
            return None
        return separator_by(inputs[TYPES], self._raw(inputs), self.mask_of(inputs))

    def _raw(self, inputs: Inputs) -> Tensor:
        if isinstance(inputs, Mapping):
            found: Tensor = inputs[str(self.key)]
            return found
        return inputs[int(self.key or 0)] if isinstance(inputs, tuple) else inputs


def _says_nothing(value: Tensor, tokens: Tensor) -> bool:
    """Whether a field has the same whole number for each token."""
    if not isinstance(value, Tensor) or value.is_floating_point():
        return False
    if value.shape != tokens.shape or not value.numel():
        return False
    return bool((value == value.flatten()[0]).all())


def carrier_of(inputs: Inputs) -> tuple[Carrier | None, str]:
    """What can be swapped, or None and why nothing can."""
    named = _named(inputs)
    if TOKENS in named:
        mask = named.get(MASK, named[TOKENS])
        if named[TOKENS].is_floating_point() or named[TOKENS].ndim != 2 or mask.ndim != 2:
            return None, "token numbers are not whole numbers of shape (batch, tokens)"
        return Carrier("text", TOKENS), ""
    images = [key for key, value in named.items() if value.ndim == 4]
    if len(images) > 1:
        return None, f"there are {len(images)} images per example, and no swap says which one"
    if images:
        return Carrier("image", images[0], _has_channels_last(named[images[0]])), ""
    texts = [key for key, value in named.items() if _may_be_text(value)]
    if len(texts) == 1 and all(value.ndim == 1 for key, value in named.items() if key != texts[0]):
        carrier = Carrier("text", texts[0])
        if is_text(carrier, inputs):
            return carrier, ""
    if len(named) != 1:
        return None, f"the inputs have {len(named)} fields, none of them tokens or one image"
    (key, value), *_ = named.items()
    if value.ndim == 2 and not value.is_complex():
        return Carrier("table", key), ""
    return None, f"inputs of {value.dtype} and shape {tuple(value.shape)} are no image or table"


def settled(carrier: Carrier, inputs: Inputs) -> Carrier:
    """The carrier that was found on a few examples, as many tell it."""
    if carrier.kind != "text":
        return carrier
    return carrier_of(inputs)[0] or carrier


def is_text(carrier: Carrier, inputs: Inputs) -> bool:
    """Whether whole numbers (B, T) are tokens: those of one vocabulary stand in any place.

    Categories of a table's columns do not; a number of one column may mean nothing in another.
    Of fewer than 16 examples nothing is told, and tokens are assumed.
    """
    tokens, mask = carrier.get(inputs), carrier.mask_of(inputs)
    if TOKENS in _named(inputs) or len(tokens) < _FEWEST_ROWS:
        return True
    often = mask.float().mean(0) >= 0.5 * mask.float().mean(0).amax()
    largest = tokens.masked_fill(~mask, 0).amax(0)[often].float()
    smallest = tokens.amin(0)[often]
    moves = smallest < largest  # else one token opens or closes every text
    return bool(moves.any()) and bool(largest[moves].median() >= _SHARED * largest.max())


def unpadded(tokens: Tensor) -> Tensor:
    """What is no padding where no mask says so, bool, (B, T).

    Padding is one number said again and again at either end of a text, or a single 0 there.
    """
    return ~(_run(tokens) | _run(tokens.flip(1)).flip(1))


def _run(tokens: Tensor) -> Tensor:
    """Where the first number of each row is said again from the start, twice or more, or is 0."""
    same = (tokens == tokens[:, :1]).long().cumprod(1).bool()
    padding = (same.sum(1) > 1) | (tokens[:, 0] == 0)
    return same & padding[:, None]


def _may_be_text(values: Tensor) -> bool:
    whole = not values.is_floating_point() and not values.is_complex()
    return (
        whole
        and values.dtype not in (torch.bool, torch.uint8)  # grey values in a row
        and values.ndim == 2
        and values.shape[1] >= _FEWEST_TOKENS
        and (not values.numel() or int(values.min()) >= 0)
    )


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
