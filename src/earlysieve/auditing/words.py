"""What leanings are called in sentences."""

from earlysieve._readable import (
    COLUMNS,
    SUM_OF_COLUMNS,
    column_and_values,
    is_plural,
    readable,
)
from earlysieve.auditing.leaning import Leaning
from earlysieve.auditing.marks import OF_ONE_CLASS, ONE_WORD, PHRASE, base_of
from earlysieve.auditing.swaps.table_parts import DIRECTION
from earlysieve.auditing.where_it_fails import Estimate

_NAMES = {
    "colour": "colour",
    "brightness": "brightness",
    "spectrum": "texture (how strong each frequency is)",
    "frame": "what is at the border of the image",
    "size": "the size of what stands out",
    "place": "where something stands out",
    "sharpness": "sharpness",
    "mark": "a mark in one place of the image",
    "background": "the background",
    "vignette": "a vignette (how dark the corners are)",
    "compression": "compression (as of JPEG files)",
    "blur": "blur",
    "noise": "noise",
    "sharpening": "sharpening",
    "contrast": "contrast",
    "saturation": "saturation (how strong colours are)",
    "colour cast": "a colour cast",
    "exposure": "exposure (how dark or bright images are)",
    "patch": "what lies in one small part of the image",
    "edge": "a frame around the image or a bar along its side",
    "spot": "a small spot of one colour anywhere in the image",
    "token": "single telling words",
    "length": "the length of the text",
    "ends": "how the text begins or ends",
    "symbols": "marks and emojis",
    "numbers": "the numbers in the text",
    "capitals": "words with capital letters",
    "one word": "a word of one class",
    "phrase": "a phrase",
    "topic": "the topic of the text",
    "first text": "the first text alone",
    "second text": "the second text alone",
    "shared words": "words that both texts share",
    DIRECTION: "what several columns have in common",
}


def called(found: Leaning) -> str:
    """Its name in a sentence."""
    if found.name == COLUMNS:
        return SUM_OF_COLUMNS
    if found.of_network:
        layer, _, view = found.name.rpartition(" ")
        return f"something simple that layer '{layer}' sees{' in its place' * (view == 'map')}"
    if found.whole:
        return f"the {found.name} of the image"
    if found.is_value:
        return readable(found.name)
    whose = f" of class '{found.of_class}'" if found.of_class else OF_ONE_CLASS
    if found.name.endswith(OF_ONE_CLASS):
        return f"{_NAMES[base_of(found.name)]}{whose}"
    if found.of_class and found.name in (ONE_WORD, PHRASE):
        return _NAMES[found.name].removesuffix(OF_ONE_CLASS) + whose
    return _NAMES.get(found.name, found.name.replace("column ", "column '", 1) + "'"
                      if found.name.startswith("column ") else found.name)  # fmt: skip


def are_several(found: Leaning) -> bool:
    """Whether it is called by a plural, as "single telling words"."""
    return is_plural(found.name) or found.is_pair


def column_of_values(found: Leaning) -> tuple[str, str]:
    """The column of which a leaning is single values, and these, as "site" and "B or C"."""
    return column_and_values(found.name)


def percent_of(estimate: Estimate) -> str:
    """As "42% [35%, 49%]"; what is less than nothing by less than half a percent is 0%."""
    value, low, high = (
        f"{round(share, 2) + 0.0:.0%}" for share in (estimate.value, estimate.low, estimate.high)
    )
    return f"{value} [{low}, {high}]"


def pairs_of_examples(count: int) -> str:
    """How many swaps a share is of, in words."""
    return "1 pair of examples" if count == 1 else f"{count:,} pairs of examples"
