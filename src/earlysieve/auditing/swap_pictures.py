"""Swaps as small images, for the page and the folder of an audit."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from earlysieve._imports import need
from earlysieve.auditing.saved_pictures import SwapShown
from earlysieve.auditing.swaps.found import PartFound, SwapPicture, Swaps
from earlysieve.errors import MissingDependencyError

MOST_PARTS, MOST_OF_A_PART = 3, 4


def swap_pictures(swaps: Swaps, first: str | None = None) -> list[SwapShown]:
    """Some swaps of images: of the parts that answers follow most, at most 3 parts and 4 of each.

    Parts that were swapped inside the network come last, as they have no picture of the result.

    Args:
        swaps: what was found; swaps of texts and tables are not shown.
        first: a part to show before the others.
    """
    parts = [part for part in swaps.parts if any(_is_image(swap.before) for swap in part.pictures)]
    parts.sort(key=lambda part: (part.part != first, part.pictures[0].after is None))
    try:
        return _images_of(parts[:MOST_PARTS])
    except MissingDependencyError:
        return []


def _images_of(parts: Sequence[PartFound]) -> list[SwapShown]:
    return [_shown(part.part, swap) for part in parts for swap in part.pictures[:MOST_OF_A_PART]]


def _shown(part: str, swap: SwapPicture) -> SwapShown:
    return SwapShown(
        part=part,
        receiver=swap.receiver,
        donor=swap.donor,
        receiver_label=swap.receiver_label,
        donor_label=swap.donor_label,
        answer=swap.answer,
        before=image_of(swap.before),
        given=image_of(swap.given),
        after=None if swap.after is None else image_of(swap.after),
    )


def _is_image(values: Tensor) -> bool:
    return values.ndim == 3


def image_of(pixels: Tensor) -> bytes:
    """A thumbnail; a tensor would be stretched to its own range, and a swap of brightness lost."""
    from earlysieve.attribution import thumbnail

    pil: Any = need("PIL.Image", extra="report")
    colours = pixels[:3] if pixels.shape[0] >= 3 else pixels[:1].expand(3, -1, -1)
    return thumbnail(pil.fromarray(colours.permute(1, 2, 0).contiguous().numpy()))
