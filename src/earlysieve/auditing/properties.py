"""Simple properties of inputs, as a program sees them that knows nothing of any network.

A reader of one property sees nothing else, so that what it is misled by has a name, and so that
whether it is misled does not depend on what a network makes of the rest of the example.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from earlysieve._arrays import Floats, Ints
from earlysieve.auditing.class_signs import pairs_held
from earlysieve.auditing.marks import MARK, PHRASE, base_of, mark_features
from earlysieve.auditing.pair_texts import FIRST, SECOND, SHARED, Between, shared_features
from earlysieve.auditing.patches import PATCH, patch_features
from earlysieve.auditing.surroundings import BACKGROUND, corner_features
from earlysieve.auditing.swaps.busy import lengths
from earlysieve.auditing.swaps.carrier import Carrier
from earlysieve.auditing.swaps.images import extents, frame_width
from earlysieve.auditing.swaps.tokens import standing_out
from earlysieve.auditing.text_kinds import PLAIN_WORDS, TokenKinds, kinds_held, times_held
from earlysieve.auditing.topics import BEYOND_TOPIC
from earlysieve.auditing.whole_image import SMALLEST, moments, smaller, whole_image_properties
from earlysieve.model.batch import Inputs
from earlysieve.model.precision import pooling_device

TOKEN, OTHER_TOKENS, OTHER_COLUMNS = "token", "other tokens", "other columns"
OTHER_DIRECTIONS, OTHER_THAN_PAIR = "other directions", "all other columns"
# Readers that see all but a property: they recover errors, and nobody leans on them.
BESIDES = (
    OTHER_TOKENS,
    BEYOND_TOPIC,
    PLAIN_WORDS,
    OTHER_COLUMNS,
    OTHER_DIRECTIONS,
    OTHER_THAN_PAIR,
)
# What a property is called among the parts that are swapped, where that differs.
_PART_OF = {"place": "window"}
_MOST_PAIRED = 20
_CELLS = 6
_GRID = 10
_KNOTS, _FEW_KNOTS, _FEW = 9, 5, 20
_MOST_CURVED = 80


def properties_of(
    inputs: Inputs,
    carrier: Carrier | None,
    kinds: TokenKinds | None = None,
    between: Between | None = None,
) -> dict[str, Tensor]:
    """The properties of a batch that can be computed, by name, each of shape (B, numbers).

    Images: colour, brightness, spectrum, frame, size, place, sharpness, marks, small parts,
    background, vignette, halves;
    texts: tokens, length, phrases, how they begin and end, and what is written unlike plain words;
    of pairs also either text by itself, and how many words the two share;
    tables have their columns instead. Nothing where it is not clear what the inputs are.

    Args:
        inputs: of a batch.
        carrier: where images or texts are among them.
        kinds: of the tokens of texts, where a tokenizer can write them.
        between: what parts the two texts of pairs.
    """
    if carrier is None:
        return {}
    if carrier.kind == "image":
        images = carrier.get(inputs).float()
        return _of_images(images.to(pooling_device(images.device)))
    if carrier.kind != "text":
        return {}
    return _of_texts(inputs, carrier, kinds) | _of_pairs(inputs, carrier, between)


def _of_images(images: Tensor) -> dict[str, Tensor]:
    found = whole_image_properties(images)
    if min(images.shape[-2:]) < SMALLEST:
        return found
    small = smaller(images)
    small_grey = small.mean(1, keepdim=True)
    ends = torch.cat([small_grey, -small_grey], 1)
    return found | {
        "frame": _frame(small),
        "size": torch.cat([extents(small), lengths(small)], 1),
        "place": functional.adaptive_max_pool2d(ends, _CELLS).flatten(1),
        MARK: mark_features(small),
        PATCH: patch_features(small_grey),
        BACKGROUND: corner_features(small),
        **_halves(small_grey),
    }


def part_of(name: str) -> str:
    """What a property, or a reader's of one class, is called among the parts that are swapped."""
    base = base_of(name)
    return _PART_OF.get(base, base)


def _halves(grey: Tensor) -> dict[str, Tensor]:
    high, wide = (side // 2 for side in grey.shape[-2:])
    parts = {
        "top half": grey[..., :high, :],
        "bottom half": grey[..., high:, :],
        "left half": grey[..., :wide],
        "right half": grey[..., wide:],
    }
    return {
        name: functional.adaptive_avg_pool2d(
            part, (min(part.shape[-2], _GRID), min(part.shape[-1], _GRID))
        ).flatten(1)
        for name, part in parts.items()
    }


def _frame(images: Tensor) -> Tensor:
    """Mean of each side of the outermost tenth, and spread over all of it, by channel."""
    width = frame_width(images)
    sides = [
        images[..., :width, :],
        images[..., -width:, :],
        images[..., :width],
        images[..., -width:],
    ]
    flat = torch.cat([side.flatten(2) for side in sides], 2)
    means = [side.mean((2, 3)) for side in sides]
    return torch.cat([*moments(flat), flat.median(2).values, *means], 1)


def _of_texts(inputs: Inputs, carrier: Carrier, kinds: TokenKinds | None) -> dict[str, Tensor]:
    tokens, mask = carrier.get(inputs).long(), carrier.mask_of(inputs)
    return {
        TOKEN: times_held(tokens, mask),
        "length": mask.sum(1, keepdim=True).float(),
        PHRASE: pairs_held(tokens, mask),
        **kinds_held(tokens, mask, kinds),
    }


def _of_pairs(inputs: Inputs, carrier: Carrier, between: Between | None) -> dict[str, Tensor]:
    if between is None:
        return {}
    tokens, mask = carrier.get(inputs).long(), carrier.mask_of(inputs)
    first, second = between.parts(tokens, mask)
    return {
        FIRST: times_held(tokens, first),
        SECOND: times_held(tokens, second),
        SHARED: shared_features(tokens, first, second),
    }


def telling_columns(holds: Floats, labels: Ints, classes: int) -> Ints:
    """The buckets of tokens that tell the classes most, a few of each class, see `standing_out`.

    Told by how much more often a class says them than the others do, so that a word of every text
    counts where one class says it again and again.
    """
    mine = np.eye(classes)[labels]
    totals, sums = mine.sum(0)[:, None], mine.T @ holds
    others = np.maximum(len(labels) - totals, 1)
    more = sums / np.maximum(totals, 1) - (holds.sum(0) - sums) / others
    counts = standing_out(more, holds > 0, labels)
    top = np.argsort(-more, 1, kind="stable")[:, : counts.max()]
    taken = (np.take_along_axis(more, top, 1) > 0) & (np.arange(top.shape[1]) < counts[:, None])
    return np.unique(top[taken])


def curved(values: Floats, knots: Floats) -> Floats:
    """Hat functions on knots of each column, so that a straight line in them is any curve.

    Args:
        values: shape (N, D).
        knots: shape (K, D), from `knots_of`.

    Returns:
        Shape (N, D * K); for more than 80 columns values and squares instead, (N, 2 D).
    """
    if values.shape[1] > _MOST_CURVED:
        return np.concatenate([values, values**2], 1)
    found: list[Floats] = []
    for column, at in zip(values.T, knots.T, strict=True):
        places = np.unique(at)
        if len(places) < 2:
            continue
        eye = np.eye(len(places))
        found.extend(np.interp(column, places, row) for row in eye)
    return np.stack(found, 1) if found else np.zeros((len(values), 1))


def knots_of(values: Floats) -> Floats:
    """Quantiles of each column: nine, shape (9, D), or five of more than 20 columns."""
    count = _KNOTS if values.shape[1] <= _FEW else _FEW_KNOTS
    return np.asarray(np.quantile(values, np.linspace(0, 1, count), axis=0))


def pairs_of(values: Floats, columns: Ints, centre: Floats) -> Floats:
    """Some columns, and the products of any two of them where they are few.

    Args:
        values: shape (N, D).
        columns: which, shape (K,).
        centre: what is taken from these before they are multiplied, shape (K,): the same for all
            rows that one reader reads.
    """
    some = values[:, columns]
    if len(columns) > _MOST_PAIRED:
        return np.asarray(some)
    first, second = np.triu_indices(len(columns), 1)
    centred = some - centre
    return np.concatenate([some, centred[:, first] * centred[:, second]], 1)
