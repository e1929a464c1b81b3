"""Which words of a text speak for what the readout of an early layer says of it.

A linear readout of means over tokens is a mean of what it says of each token: with the layer's
output h_t of token t, the mean m of all examples' features, and W_c less the mean of all classes'
weights, token t speaks for class c by (h_t - m) . (W_c - mean_k W_k). Nothing is approximated.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from earlysieve.auditing.collect import Collected
from earlysieve.auditing.pair_texts import between_in, second_starts
from earlysieve.auditing.saved_pictures import Picture
from earlysieve.auditing.swaps.carrier import carrier_of
from earlysieve.auditing.token_words import Piece, pieces
from earlysieve.datasets.opened_data import OpenedData
from earlysieve.model.batch import Inputs, attention_mask, inputs_to
from earlysieve.model.capture import capture
from earlysieve.model.layout import Layout, as_positions
from earlysieve.model.precision import full_precision, match_precision
from earlysieve.readouts.feature_store import FeatureStore
from earlysieve.readouts.heads import Head, LinearHead
from earlysieve.readouts.linear import fit_linear

_SHARE, _MOST = 0.15, 8
_EXAMPLES = 5_000


@dataclass(frozen=True)
class _Readout:
    """Directions that speak for each class, shape (D, C), from a mean, shape (D,)."""

    directions: Tensor
    mean: Tensor
    classes: Tensor


def with_speaking_words(
    model: nn.Module,
    data: OpenedData,
    pictures: Sequence[Picture],
    collected: Collected,
    layer: str,
    said: Mapping[int, int],
    *,
    head: Head,
    l2: float,
    device: torch.device | str,
) -> list[Picture]:
    """The pictures, those of texts with the words marked that speak for the readout's answer.

    They stay as they are where the readout is not linear, the layer has no tokens, the texts
    are no sequences of token numbers, or no tokenizer tells what these say.

    Args:
        model: in evaluation mode, on `device`.
        data: what was audited; it has random access.
        pictures: of some examples.
        collected: features of all.
        layer: whose readout is meant.
        said: the class that it says, by row of the data set.
        head: kind of readout.
        l2: its penalty.
        device: where the model is.
    """
    features = collected.layers[layer]
    texts = [one for one in pictures if one.kind == "text"]
    if not texts or not isinstance(head, LinearHead) or features.layout is Layout.FLAT:
        return list(pictures)
    batch = data.examples([one.index for one in texts])
    tokens = _tokens(batch.inputs)
    if tokens is None or not hasattr(data.tokenizer, "decode"):
        return list(pictures)
    inputs = inputs_to(match_precision(model, batch.inputs), device)
    seen = capture(model, inputs, [layer], stop=True).outputs[layer]
    positions = as_positions(seen, features.layout).float().cpu()
    if tuple(positions.shape[:2]) != tuple(tokens.shape):
        return list(pictures)
    readout = _fitted(features.store, collected.labels, l2, device)
    used = used_tokens(tokens, attention_mask(batch.inputs), data.tokenizer)
    carrier, _ = carrier_of(batch.inputs)
    seconds = second_starts(tokens, used, between_in(batch.inputs, carrier, data.tokenizer))
    marked = {
        one.index: _marked(
            positions[i], tokens[i], used[i], readout, said[one.index], data, seconds[i]
        )
        for i, one in enumerate(texts)
    }
    return [
        replace(one, pieces=marked[one.index]) if one.index in marked else one for one in pictures
    ]


def _tokens(inputs: Inputs) -> Tensor | None:
    """Token numbers, int64, shape (B, T); None where there are none."""
    found: Any = inputs.get("input_ids") if isinstance(inputs, Mapping) else inputs
    whole = isinstance(found, Tensor) and found.ndim == 2 and not found.is_floating_point()
    return found.cpu() if whole else None


def used_tokens(tokens: Tensor, mask: Tensor | None, tokenizer: Any) -> Tensor:
    """Whether a token is a word of the text: no padding, no mark of a tokenizer's own."""
    special = torch.tensor(list(getattr(tokenizer, "all_special_ids", ())), dtype=torch.int64)
    words = ~torch.isin(tokens, special)
    return words if mask is None else words & mask.cpu().bool()


def _fitted(store: FeatureStore, labels: Tensor, l2: float, device: torch.device | str) -> _Readout:
    """A readout of the examples; of many, of some that are spread evenly over them."""
    step = -(-len(store) // _EXAMPLES)
    some = FeatureStore()
    for place, rows in store.chunks(_EXAMPLES):
        some.append(rows[(-place.start) % step :: step])
    classes, dense = torch.unique(labels[::step], return_inverse=True)
    with full_precision(device):
        folds = torch.zeros_like(dense)
        weight = fit_linear(some, dense, folds, len(classes), l2=l2, device=device).weight[0]
    return _Readout(
        (weight - weight.mean(1, keepdim=True)).cpu().float(), some.all().mean(0), classes
    )


def _marked(
    positions: Tensor,
    tokens: Tensor,
    used: Tensor,
    readout: _Readout,
    answer: int,
    data: OpenedData,
    second: int | None,
) -> list[Piece]:
    """One text in pieces; the words that speak most for the answer are marked."""
    column = int((readout.classes == answer).nonzero()[0]) if answer in readout.classes else None
    words = int(used.sum())
    if column is None or not words:
        return []
    speaks = (positions - readout.mean) @ readout.directions[:, column]
    speaks = torch.where(used, speaks, -math.inf)
    most = min(_MOST, max(1, round(_SHARE * words)))
    best, places = speaks.topk(min(most, len(speaks)))
    marked = torch.zeros_like(used)
    marked[places[best > 0]] = True
    kept = used.nonzero().squeeze(1)
    return pieces(tokens[kept].tolist(), marked[kept].tolist(), data.tokenizer, second)
