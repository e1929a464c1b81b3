"""What properties, layers and parts are called in a few words."""

import re

_SHORT = {
    "spectrum": "texture",
    "frame": "border",
    "window": "telling window",
    "patch": "one small part",
    "token": "telling words",
    "other tokens": "all other words",
    "length": "length of the text",
    "ends": "beginning or end",
    "symbols": "marks and emojis",
    "capitals": "capital letters",
    "plain words": "plain words in between",
    "one word": "word of one class",
    "first text": "first text alone",
    "second text": "second text alone",
    "shared words": "words shared by both texts",
    "stage": "early layer",
    "columns": "a weighted sum of the columns",
    "traces": "traces of compression and noise",
    "direction": "what several columns have in common",
    "other directions": "what else the columns say",
    "all": "swaps of all parts",
}
# A reader of all columns of a table at once, and what sentences call it.
COLUMNS, SUM_OF_COLUMNS = "columns", "a weighted sum of the columns"
# How properties begin that are single values of a column of a table.
VALUES = "values of "
_OF_VALUES = re.compile(r"column (?:'(.+)'|([^']+)) where it is (.+)")
# Parts that may be said not to matter, as pages call them; of tables these are columns.
PARTS = {
    "image": (
        "colour",
        "brightness",
        "texture",
        "border",
        "size",
        "place",
        "mark",
        "edge",
        "spot",
        "background",
        "vignette",
        "compression",
        "blur",
        "noise",
        "sharpening",
        "contrast",
        "saturation",
        "colour cast",
        "exposure",
        "one small part",
        "early layer",
    ),
    "text": (
        "telling words",
        "word of one class",
        "phrase",
        "topic",
        "length of the text",
        "beginning or end",
        "marks and emojis",
        "numbers",
        "capital letters",
        "first text alone",
        "second text alone",
        "words shared by both texts",
    ),
}
_SEVERAL = ("token", "symbols", "numbers", "capitals", "shared words")
# What is swapped for a reader that sees a part of it.
_SWAPPED_WITH = {"sharpness": "spectrum"}
# Also as sentences call them, and as one would guess.
_KEPT = {short: name for name, short in _SHORT.items()} | {
    "color": "colour",
    "texture (how strong each frequency is)": "spectrum",
    "what is at the border of the image": "frame",
    "the size of what stands out": "size",
    "place": "window",  # in a window of its own is where something stands out
    "where something stands out": "window",
    "marks": "mark",
    "a mark in one place of the image": "mark",
    "a frame around the image or a bar along its side": "edge",
    "spots": "spot",
    "a small spot of one colour anywhere in the image": "spot",
    "what lies in one small part of the image": "patch",
    "the background": "background",
    "surroundings": "background",
    "a vignette (how dark the corners are)": "vignette",
    "vignetting": "vignette",
    "compression (as of JPEG files)": "compression",
    "jpeg": "compression",
    "saturation (how strong colours are)": "saturation",
    "a colour cast": "colour cast",
    "color cast": "colour cast",
    "exposure (how dark or bright images are)": "exposure",
    "single telling words": "token",
    "a word of one class": "one word",
    "a phrase": "phrase",
    "the topic of the text": "topic",
    "topic of the text": "topic",
    "the length of the text": "length",
    "how the text begins or ends": "ends",
    "the numbers in the text": "numbers",
    "words with capital letters": "capitals",
    "the first text alone": "first text",
    "the second text alone": "second text",
    "words that both texts share": "shared words",
    "all columns, straight": COLUMNS,  # what pages once called it
}


def column_and_values(name: str) -> tuple[str, str]:
    """The column and the values of a name that begins with `VALUES`, as "site" and "B or C"."""
    column, _, values = name.removeprefix(VALUES).rpartition(": ")
    return column, values


def readable(name: str, *, of_network: bool = False) -> str:
    """A short name, as "texture", "column 'x3'" or "layer 'stage1'"."""
    if of_network and name not in _SHORT:
        layer, _, view = name.rpartition(" ")
        return f"layer '{layer}'" + (", as a map" if view == "map" else "")
    if name.startswith(VALUES):
        column, values = column_and_values(name)
        return f"column '{column}' where it is {values}"
    if name.startswith("column "):
        return f"column '{name.removeprefix('column ')}'"
    base, of_one, rest = name.partition(" of one class")
    return f"{_SHORT.get(base, base)}{of_one}{rest}"


def is_plural(part: str) -> bool:
    """Whether a part is called by a plural, by the name that results keep: "telling words"."""
    return part in _SEVERAL


def capitalised(text: str) -> str:
    """As it begins a sentence: its first letter large, all others as they are; "" stays empty."""
    return f"{text[:1].upper()}{text[1:]}"


def as_kept(name: str) -> str:
    """The name by which results keep what is called so on the page; any other as it is."""
    of_values = _OF_VALUES.fullmatch(name)
    if of_values is not None:
        return f"{VALUES}{of_values[1] or of_values[2]}: {of_values[3]}"
    if name.startswith("column '") and name.endswith("'"):
        return "column " + name.removeprefix("column '")[:-1]
    return _KEPT.get(name, name)


def as_part(name: str) -> str:
    """The part that is swapped for what is called so: how sharp an image is goes with texture."""
    kept = as_kept(name)
    return _SWAPPED_WITH.get(kept, kept)
