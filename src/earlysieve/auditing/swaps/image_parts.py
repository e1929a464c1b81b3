"""The parts of images, ready to be swapped in a model."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor

from earlysieve._arrays import Bools, Floats, Ints
from earlysieve.auditing.alterations.alter import ALTERATIONS
from earlysieve.auditing.alterations.telling import Altered, features_of
from earlysieve.auditing.edges import bands_held, lying_words, telling_bands, where_bands_lie
from earlysieve.auditing.marks import (
    ALONE,
    EDGE,
    MARK,
    SPOT,
    held,
    listed_places,
    mark_features,
    place_of,
    telling_marks,
)
from earlysieve.auditing.patches import (
    PATCH,
    lying_at,
    patch_features,
    telling_patch,
    where_it_lies,
)
from earlysieve.auditing.readers import tells_much
from earlysieve.auditing.spots import spots_held, telling_spots, where_spots_lie
from earlysieve.auditing.surroundings import (
    BACKGROUND,
    corner_features,
    with_ground_of,
)
from earlysieve.auditing.swaps import busy, images
from earlysieve.auditing.swaps.alteration_part import alteration_part
from earlysieve.auditing.swaps.ask import GRADIENT_COST, Asker
from earlysieve.auditing.swaps.found import SPENT
from earlysieve.auditing.swaps.part import Part, Swap
from earlysieve.auditing.swaps.pool import Pool
from earlysieve.auditing.swaps.stages import with_channel_statistics
from earlysieve.auditing.swaps.windows import best_windows, importance, swap_windows, window_of
from earlysieve.auditing.vignettes import (
    VIGNETTE,
    falloff_features,
    tells_a_class,
    with_falloff_of,
)
from earlysieve.auditing.whole_image import smaller
from earlysieve.errors import EarlysieveError
from earlysieve.model.batch import Inputs, few, take
from earlysieve.model.layers import layout_in, trace_layers
from earlysieve.model.layout import Layout
from earlysieve.model.stages import stages_of
from earlysieve.model.unwrap import named_layers

NAMES = (
    "colour",
    "brightness",
    "spectrum",
    "frame",
    "window",
    "size",
    "mark",
    "edge",
    "spot",
    "patch",
    "background",
    *ALTERATIONS,
    "stage",
)
UNSEEN_SIZE = "what stands out cannot be told from the ground of these images"
_SMALLEST, _LEAST_POWER, _USED_POWER = 8, 0.25, 0.4
Change = Callable[[Tensor, Tensor], Tensor]


def image_parts(
    pool: Pool, asker: Asker, altered: Sequence[Altered] = (), names: Sequence[str] = ()
) -> tuple[list[Part], dict[str, str]]:
    """The parts that these images have, and why others were left out."""
    values = pool.values.float()
    everyone = np.ones(len(values), bool)
    skipped: dict[str, str] = {}
    span = float(values.amax() - values.amin())
    changes: dict[str, Change] = {
        "colour": images.colour,
        "brightness": images.brightness,
        "spectrum": images.spectrum,
        "frame": images.frame,
        "size": partial(images.size, span=span),
    }
    if values.shape[1] == 1:
        del changes["colour"]
        skipped["colour"] = "images of one channel have no colour"
    small = min(values.shape[-2:]) < _SMALLEST
    if small:
        reason = f"images of {values.shape[-2]} x {values.shape[-1]} pixels are too small"
        for name in ("spectrum", "frame", "size"):
            del changes[name]
            skipped[name] = reason
        skipped["window"] = reason
    on_busy_ground = not small and images.fill_their_images(smaller(values))
    if on_busy_ground:
        del changes["size"]
    seen = features_of(values) if altered else np.empty((len(values), 0))
    parts = [alteration_part(one, seen, pool, asker, names) for one in altered]
    parts += [
        Part(name, _painted(pool, asker, change), everyone) for name, change in changes.items()
    ]
    if on_busy_ground:
        size = _size_on_busy_ground(pool, asker)
        if isinstance(size, str):
            skipped["size"] = size
        else:
            parts.append(size)
    if not small and pool.carrier.get(few(pool.inputs, 1)[0]).is_floating_point():
        parts.append(_window(pool, asker, everyone))
    elif not small:
        skipped["window"] = "inputs of whole numbers have no gradient"
    if not small:
        features = mark_features(smaller(values)).numpy()
        for lying in (_marks, _bands, _spots):
            parts += lying(features, pool, asker)
        parts += _patch(values, pool, asker)
        parts += _ground(values, pool, asker)
        if all(one.name != VIGNETTE for one in altered):
            parts += _vignette(values, pool, asker)
    stage = _stage(pool, asker, everyone)
    if isinstance(stage, str):
        skipped["stage"] = stage
    else:
        parts.append(stage)
    return parts, skipped


def _painted(pool: Pool, asker: Asker, change: Change) -> Swap:
    def of_rows(receivers: Ints, donors: Ints) -> Tensor:
        mine, theirs = (pool.values[torch.as_tensor(rows)].float() for rows in (receivers, donors))
        return change(mine, theirs)

    return _clipped(pool, asker, of_rows)


def _clipped(pool: Pool, asker: Asker, change: Callable[[Ints, Ints], Tensor]) -> Swap:
    """Ask with what receivers become, in the range of values that occur."""
    low, high = (
        end.reshape(1, -1, 1, 1).float()
        for end in torch.aminmax(pool.values.transpose(0, 1).flatten(1), dim=1)
    )

    def swap(receivers: Ints, donors: Ints) -> tuple[Tensor, Inputs]:
        painted = torch.clamp(change(receivers, donors), low, high)
        inputs = pool.carrier.put(take(pool.inputs, torch.as_tensor(receivers)), painted)
        return asker.answers(inputs), inputs

    return swap


def _size_on_busy_ground(pool: Pool, asker: Asker) -> Part | str:
    """What is usual for the class of the donor, against what is for that which the model reads."""
    small = smaller(pool.values.float())
    power = busy.power_of_size(small)
    if power < _LEAST_POWER:
        return UNSEEN_SIZE
    lengths = busy.typical_length(small).numpy() ** (1 / max(power, _USED_POWER))
    own = [lengths[pool.right & (pool.labels == kind)] for kind in range(pool.num_classes)]
    usual = np.array([np.median(some if len(some) else lengths) for some in own])

    def change(receivers: Ints, donors: Ints) -> Tensor:
        factors = usual[pool.labels[donors]] / usual[pool.predictions[receivers]]
        some = pool.values[torch.as_tensor(receivers)].float()
        return busy.zoomed(some, torch.as_tensor(factors).float().clamp(0.4, 2.5))

    detail = "of what stands out, with the ground around it"
    everyone = np.ones(len(pool.values), bool)
    swap = _clipped(pool, asker, change)
    return Part("size", swap, everyone, detail=detail, rests=True, in_part=True)


def _window(pool: Pool, asker: Asker, everyone: Bools) -> Part:
    values = pool.values.float()
    plain = values.median(0).values
    sides = window_of(values[:1, 0])
    known: dict[int, tuple[int, int]] = {}

    def corners(rows: Ints) -> tuple[Tensor, Tensor]:
        new = [row for row in dict.fromkeys(rows.tolist()) if row not in known]
        if new:
            at = torch.tensor(new)
            gradients = asker.gradients(take(pool.inputs, at), pool.carrier).float()
            top, left = best_windows(importance(gradients, values[at], plain), sides)
            known.update(zip(new, zip(top.tolist(), left.tolist(), strict=True), strict=True))
        found = torch.tensor([known[row] for row in rows.tolist()]).reshape(-1, 2)
        return found[:, 0], found[:, 1]

    def change(receivers: Ints, donors: Ints) -> tuple[Tensor, Inputs]:
        mine, theirs = (values[torch.as_tensor(rows)] for rows in (receivers, donors))
        swapped = swap_windows(mine, theirs, corners(receivers), corners(donors), sides, plain)
        inputs = pool.carrier.put(take(pool.inputs, torch.as_tensor(receivers)), swapped)
        return asker.answers(inputs), inputs

    detail = f"the most important {sides[0]} x {sides[1]} pixels of each image"
    return Part("window", change, everyone, 1 + 2 * GRADIENT_COST, detail)


def _marks(features: Floats, pool: Pool, asker: Asker) -> list[Part]:
    """The places where marks lie, if there are any."""
    marks = telling_marks(features, pool.labels, pool.num_classes, pool.weights, ALONE / 2)
    if not marks:
        return []
    there = np.zeros(pool.values.shape[-2:], bool)
    for one in marks:
        there[place_of(one, there.shape[0]), place_of(one, there.shape[1], across=True)] = True
    kinds = np.array([one.kind for one in marks])
    detail = f"what lies at {listed_places(marks)} of the image"
    return [_lying(MARK, detail, there, held(features, marks), kinds, pool, asker)]


def _bands(features: Floats, pool: Pool, asker: Asker) -> list[Part]:
    """The frames around images of a class, if there are any."""
    bands = telling_bands(features, pool.labels, pool.num_classes, pool.weights, ALONE / 2)
    if not bands:
        return []
    height, width = pool.values.shape[-2:]
    each = [where_bands_lie(height, width, side) for side in {one.side for one in bands}]
    there = np.logical_or.reduce(each)
    kinds = np.array([one.kind for one in bands])
    holds, detail = bands_held(features, bands), f"what lies {lying_words(bands)} of the image"
    return [_lying(EDGE, detail, there, holds, kinds, pool, asker)]


def _spots(features: Floats, pool: Pool, asker: Asker) -> list[Part]:
    """The small things anywhere in images of a class, if there are any."""
    spots = telling_spots(features, pool.labels, pool.num_classes, pool.weights, ALONE / 2)
    if not spots:
        return []

    def there(images: Tensor) -> Tensor:
        found = mark_features(smaller(images))
        return where_spots_lie(found, spots, *images.shape[-2:])

    kinds = np.array([one.kind for one in spots])
    holds, detail = spots_held(features, spots), "what stands out by its colour, where it lies"
    return [_lying(SPOT, detail, there, holds, kinds, pool, asker)]


def _patch(values: Tensor, pool: Pool, asker: Asker) -> list[Part]:
    """The small part that tells the class alone, if there is one; of images that are read right.

    A quarter of the pool may be errors, in which it misleads.
    """
    seen = patch_features(smaller(values).mean(1, keepdim=True)).numpy()
    if not pool.right.any():
        return []
    patch = telling_patch(seen[pool.right], pool.labels[pool.right], pool.num_classes)
    if patch is None:
        return []
    there = torch.from_numpy(where_it_lies(patch, *values.shape[-2:]))

    def change(mine: Tensor, theirs: Tensor) -> Tensor:
        return torch.where(there, theirs, mine)

    everyone = np.ones(len(values), bool)
    detail = f"what lies {lying_at(patch)} of the image"
    return [Part(PATCH, _painted(pool, asker, change), everyone, detail=detail)]


def _ground(values: Tensor, pool: Pool, asker: Asker) -> list[Part]:
    """What lies around the middle of images, where their corners tell the class."""
    seen = corner_features(smaller(values)).numpy()
    if not pool.right.any():
        return []
    if not tells_much(seen[pool.right], pool.labels[pool.right], pool.num_classes):
        return []
    everyone = np.ones(len(values), bool)
    detail = "all but the middle half of either side"
    change = _painted(pool, asker, with_ground_of)
    return [Part(BACKGROUND, change, everyone, detail=detail, rests=True)]


def _vignette(values: Tensor, pool: Pool, asker: Asker) -> list[Part]:
    """How the light falls off outwards, where it tells a class of images that are read right."""
    seen = falloff_features(smaller(values).mean(1, keepdim=True)).numpy()
    if not pool.right.any():
        return []
    if not tells_a_class(seen[pool.right], pool.labels[pool.right], pool.num_classes):
        return []
    low = values.amin((0, 2, 3))[None, :, None, None]
    everyone = np.ones(len(values), bool)
    detail = "how much darker it becomes from the middle to the corners"
    change = _painted(pool, asker, partial(with_falloff_of, low=low))
    return [Part(VIGNETTE, change, everyone, detail=detail)]


def _lying(
    name: str,
    detail: str,
    there: Bools | Callable[[Tensor], Tensor],
    holds: Bools,
    kinds: Ints,
    pool: Pool,
    asker: Asker,
) -> Part:
    """Some pixels, from examples that hold what lies there to examples of other classes.

    The pool is small, so that its draw must not hide what all examples show.

    Args:
        name, detail: of the part.
        there: the pixels, shape (H, W); or of each of some images, (B, C, H, W) -> (B, 1, H, W).
        holds: which examples hold which mark or band, shape (N, K).
        kinds: the class of each, shape (K,).
        pool, asker: as for other parts.
    """
    own = pool.labels[:, None] == kinds

    def change(mine: Tensor, theirs: Tensor) -> Tensor:
        pixels = there(mine) | there(theirs) if callable(there) else torch.from_numpy(there)
        return torch.where(pixels, theirs, mine)

    return Part(
        name,
        _painted(pool, asker, change),
        (holds == own).all(1),
        detail=detail,
        donors=(holds & own).any(1),
        errors=(holds & ~own).any(1),
    )


def _stage(pool: Pool, asker: Asker, everyone: Bools) -> Part | str:
    some, count = few(pool.inputs)
    if asker.left < count:
        return SPENT
    asker.spent += count  # the trace below
    try:
        trace = trace_layers(asker.model, some)
        names = stages_of(asker.model, trace, count)
        modules = named_layers(asker.model)
        layouts = {name: layout_in(trace, name, modules, count) for name in names}
    except EarlysieveError as error:
        return str(error)
    maps = [name for name in names if layouts[name] in (Layout.FIRST, Layout.LAST)]
    if not maps:
        return "no stage of the network gives a map with positions"
    # What follows the last map often sees its means alone, so that all answers follow them.
    name = maps[(len(maps) - 1) // 2]

    def swap(receivers: Ints, donors: Ints) -> tuple[Tensor, None]:
        mine, theirs = (take(pool.inputs, torch.as_tensor(rows)) for rows in (receivers, donors))
        mix = partial(with_channel_statistics, layout=layouts[name])
        return asker.answers_between(mine, theirs, name, mix), None

    detail = f"channel statistics of layer '{name}'"
    return Part("stage", swap, everyone, 2, detail, decides=False)
