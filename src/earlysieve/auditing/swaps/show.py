"""Swaps as pictures: the receiver, the donor, and what became of both."""

import torch
from torch import Tensor

from earlysieve._arrays import Ints
from earlysieve.auditing.swaps.found import SwapPicture
from earlysieve.auditing.swaps.pairs import Pairs
from earlysieve.auditing.swaps.pool import Pool
from earlysieve.model.batch import Inputs, take


def pictures_of(
    pool: Pool, pairs: Pairs, answers: Ints, swapped: Inputs | None, count: int
) -> list[SwapPicture]:
    """The first `count` swaps as they can be shown."""
    some = min(max(count, 0), len(pairs))
    if not some:
        return []
    rows = (torch.as_tensor(pairs.receivers[:some]), torch.as_tensor(pairs.donors[:some]))
    before, given = (shown(pool, take(pool.inputs, chosen)) for chosen in rows)
    after = None if swapped is None else shown(pool, take(swapped, slice(0, some)))
    return [
        SwapPicture(
            receiver=int(pool.positions[pairs.receivers[k]]),
            donor=int(pool.positions[pairs.donors[k]]),
            receiver_label=int(pool.labels[pairs.receivers[k]]),
            donor_label=int(pool.labels[pairs.donors[k]]),
            answer=int(answers[k]),
            before=before[k],
            given=given[k],
            after=None if after is None else after[k],
        )
        for k in range(some)
    ]


def shown(pool: Pool, inputs: Inputs) -> list[Tensor]:
    """Inputs as a person can look at them, by example; see `SwapPicture`."""
    values = pool.carrier.get(inputs).cpu()
    if pool.carrier.kind == "image":
        low, high = (float(end) for end in torch.aminmax(pool.values))
        return [as_picture(image, low, high) for image in values]
    if pool.carrier.kind == "text":
        kept = pool.carrier.mask_of(inputs).cpu()
        return [tokens[mask].clone() for tokens, mask in zip(values, kept, strict=True)]
    return [row.clone() for row in values]


def as_picture(image: Tensor, low: float, high: float) -> Tensor:
    """An image (C, H, W) of a model's scale, which ranges from low to high, as uint8."""
    scaled = (image.float() - low) / max(high - low, 1e-6)
    return (255 * scaled.clamp(0, 1)).round().to(torch.uint8)
