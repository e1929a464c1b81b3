"""Plant cues on data with values drawn independently of the label."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from earlysieve._arrays import Ints
from earlysieve.datasets import cues, text_cues
from earlysieve.datasets.embedded_digits import digits
from earlysieve.datasets.images import ImageExamples
from earlysieve.datasets.made_tables import MadeTable
from earlysieve.datasets.painters import Colour, Domino, Patch, choose_simple, palette
from earlysieve.datasets.planted import Painter, PlantedImages, draw_values
from earlysieve.datasets.text import Texts
from earlysieve.datasets.text_pairs import TextPairs, joined, parted
from earlysieve.errors import InputError

if TYPE_CHECKING:
    from earlysieve.datasets.base import ExampleDataset


def _dominoes(values: Ints, count: int, seed: int) -> Painter:
    simple = digits("test", channels=3)
    return Domino(simple, choose_simple(simple.labels, values, seed=seed))


def _blocks(values: Ints, count: int, seed: int) -> Painter:
    return cues.Companion(digits("test", channels=3), "beside", seed=seed)


def _plain(kind: Callable[..., Painter]) -> Callable[[Ints, int, int], Painter]:
    return lambda values, count, seed: kind(count, seed=seed)


# Painters by name, from the values, how many there are, and a seed.
_PAINTERS: Mapping[str, Callable[[Ints, int, int], Painter]] = {
    "colour": lambda values, count, seed: Colour(palette(count)),
    "patch": lambda values, count, seed: Patch(palette(count)),
    "dominoes": _dominoes,
    "blocks": _blocks,
    "background": lambda values, count, seed: cues.Background(palette(count)),
    "mark": _plain(cues.Mark),
    "stripes": _plain(cues.Stripes),
    "texture": _plain(cues.Texture),
    "border": _plain(cues.Border),
    "size": _plain(cues.Size),
    "watermark": lambda values, count, seed: cues.Watermark(seed=seed),
}
IMAGE_CUES = tuple(_PAINTERS)
TEXT_CUES = tuple(text_cues.TEXT_CUES)
# They change the shape of the image, so others have to be painted before.
_LAST = ("dominoes", "blocks")


def redraw(
    data: Any,
    names: Sequence[str],
    *,
    seed: int = 0,
    agreeing: float | None = None,
) -> "tuple[ExampleDataset, dict[str, Ints]]":
    """The same examples with one or several cues, none of which tells the label.

    Args:
        data: images or texts of ours, without the cue; or a table that is made with one.
        names: of `IMAGE_CUES` or `TEXT_CUES`, or the cue of the table; each once.
        seed: of the values, and of what else is random in a cue.
        agreeing: share of the examples of each class in which a cue says the label. By default
            1 / C where there are several cues, so that they are independent of each other; and one
            half for a single cue, which makes both sides large. Within either side that is as if it
            were drawn by chance.

    Returns:
        The data, and the class that each cue says of each example, by name.

    Raises:
        InputError: an unknown cue, one twice, too many classes for it, or data of another kind.
    """
    known: tuple[str, ...] = IMAGE_CUES if isinstance(data, ImageExamples) else TEXT_CUES
    known = (data.cue,) if isinstance(data, MadeTable) else known
    if not isinstance(data, ImageExamples | Texts | MadeTable):
        raise InputError(
            "Expected images or texts of a built-in source to plant a cue on, but got "
            f"{type(data).__name__}; pass the values of the cue instead"
        )
    strange = [name for name in names if name not in known]
    if strange or not names or len(set(names)) < len(names):
        raise InputError(
            f"Expected cues among {', '.join(known)}, each once, but got "
            f"{', '.join(names) or 'none'}; choose among these"
        )
    share = agreeing or (0.5 if len(names) == 1 else 1 / data.num_classes)
    values = {
        name: draw_values(data.labels, data.num_classes, share, seed=seed + place)
        for place, name in enumerate(names)
    }
    for name in sorted(names, key=lambda name: name in _LAST):
        data = _planted(data, name, values[name], seed)
    return data.without_groups(), values


def _planted(data: Any, name: str, values: Ints, seed: int) -> "ExampleDataset":
    if isinstance(data, MadeTable):
        return data.with_cue_values(values)
    if isinstance(data, Texts):
        return data.with_texts(_with_cue(data, values, name, seed))
    most = len(cues.LETTERS) if name in ("watermark", "dominoes", "blocks") else data.num_classes
    if data.num_classes > most:
        raise InputError(
            f"Expected at most {most} classes for the cue '{name}', but got {data.num_classes}; "
            "choose another cue"
        )
    # A painter is asked for rows of the data set that it is planted on.
    return PlantedImages(data, np.asarray(values), _PAINTERS[name](values, data.num_classes, seed))


def _with_cue(data: Texts, values: Ints, name: str, seed: int) -> list[str]:
    """The texts with the cue; of pairs it is in the second text."""
    count = data.num_classes
    if not isinstance(data, TextPairs):
        words = [text.split() for text in data.texts]
        return text_cues.plant_in_texts(words, values, count, name, seed=seed)
    firsts, seconds = zip(*map(parted, data.texts), strict=True)
    words = [text.split() for text in seconds]
    return joined(firsts, text_cues.plant_in_texts(words, values, count, name, seed=seed))
