"""How training data are changed so that a property goes less with the label, by property."""

from collections.abc import Mapping
from typing import Literal

from earlysieve._readable import COLUMNS
from earlysieve.auditing.leaning import Leaning
from earlysieve.auditing.marks import base_of
from earlysieve.auditing.swaps.table_parts import DIRECTION
from earlysieve.auditing.words import called, column_of_values

Kind = Literal["image", "text", "table", "unknown"]

_ANEW = "and train again"
_BY_PROPERTY: Mapping[str, str] = {
    "colour": "change the colours of training pictures at random (augment='randaugment'), "
    f"{_ANEW}: colour then says less about the label.",
    "brightness": "make training pictures brighter or darker at random (augment='randaugment'), "
    f"{_ANEW}: brightness then says less about the label.",
    "spectrum": f"blur, sharpen or compress training pictures at random, {_ANEW}: texture then "
    "says less about the label.",
    "sharpness": f"blur or sharpen training pictures at random, {_ANEW}: sharpness then says less "
    "about the label.",
    "frame": "cut the border off all pictures, in training and in use, or fill it with one colour, "
    f"{_ANEW}.",
    "size": "cut out parts of training pictures of all sizes at random (augment='flip-crop'), "
    f"{_ANEW}: the size of what stands out then says less about the label.",
    "place": "mirror training pictures and cut out parts of them at random (augment='flip-crop'), "
    f"{_ANEW}: where something stands out then says less about the label.",
    "mark": "cover that place in all pictures, in training and in use, or put the mark on "
    f"pictures of other classes, {_ANEW}.",
    "background": "put what the task is about on backgrounds of other classes (cut it out and "
    f"paste it), or cut training pictures closer about it, {_ANEW}.",
    "vignette": "even out the light of all pictures (flat-field correction), in training and in "
    f"use, or darken their corners at random, {_ANEW}.",
    "compression": "compress training pictures at random, or all of them alike, in training and in "
    f"use, {_ANEW}.",
    "blur": f"blur training pictures of all classes at random, {_ANEW}.",
    "noise": f"add noise to training pictures of all classes at random, {_ANEW}.",
    "sharpening": f"sharpen training pictures of all classes at random, {_ANEW}.",
    "contrast": "change the contrast of training pictures at random (augment='randaugment'), "
    f"{_ANEW}.",
    "saturation": "change the colours of training pictures at random (augment='randaugment'), "
    f"{_ANEW}.",
    "colour cast": "change the white balance of training pictures at random, or correct that of "
    f"all pictures, in training and in use, {_ANEW}.",
    "exposure": "make training pictures brighter or darker at random (augment='randaugment'), "
    f"{_ANEW}.",
    "patch": "cover that part in all pictures, in training and in use, or exchange it between "
    f"pictures of all classes, {_ANEW}.",
    "edge": "cut the frame off all pictures, in training and in use, or put it on pictures of "
    f"other classes, {_ANEW}.",
    "spot": "cover it in all pictures, in training and in use, or put it on pictures of other "
    f"classes, {_ANEW}.",
    "token": "replace the telling words in training texts, or add texts of the other classes in "
    f"which they occur, {_ANEW}.",
    "one word": "take that word out of texts of its class and put it into texts of others, or add "
    f"texts in which it speaks for another class than the label, {_ANEW}.",
    "topic": "add texts on each topic that are of other classes, or leave out some of those on it "
    f"that are of its own, {_ANEW}.",
    "phrase": "take that phrase out of texts of its class and put it into texts of others, or add "
    f"texts in which it speaks for another class than the label, {_ANEW}.",
    "ends": "cut the first and last words off all texts, in training and in use, or exchange them "
    f"between texts of all classes, {_ANEW}.",
    "symbols": "take marks and emojis out of all texts, in training and in use, or exchange them "
    f"between texts of all classes, {_ANEW}.",
    "numbers": "put one word in place of all numbers, in training and in use, or exchange them "
    f"between texts of all classes, {_ANEW}.",
    "capitals": f"write all texts in small letters, in training and in use, {_ANEW}.",
    "length": "cut all texts to one short length, or add short and long texts of "
    f"every class, {_ANEW}: the length then says less about the label.",
    "first text": "take the telling words out of first texts, or add pairs whose first text speaks "
    f"for another class than the label, {_ANEW}.",
    "second text": "take the telling words out of second texts, or add pairs whose second text "
    f"speaks for another class than the label, {_ANEW}.",
    "shared words": "add pairs of every class whose texts share many words and pairs whose texts "
    f"share few, {_ANEW}.",
    DIRECTION: "leave out columns that only say the same once more, or add rows in which these "
    f"columns speak for another class than the label, {_ANEW}.",
    COLUMNS: "leave out columns that will not be known in use, or add rows in which the columns "
    f"speak for another class than the label, {_ANEW}.",
}
_BY_KIND: Mapping[Kind, str] = {
    "image": "change training pictures at random in what misleads, or cut out what the "
    f"task is about, {_ANEW}.",
    "text": f"add texts of each class that look like the pile of the others, {_ANEW}.",
    "table": f"add rows like those in the pile, {_ANEW}.",
    "unknown": f"change at random what misleads in the training data, or take it out, {_ANEW}.",
}


def untie(on: Leaning | None, kind: Kind) -> str:
    """A sentence: what to do with the training data about what a model leans on.

    Args:
        on: what that is; None where it has no name.
        kind: of the data.
    """
    return f"Or {_what(on, kind)}"


def _what(on: Leaning | None, kind: Kind) -> str:
    if on is None or (on.of_network and on.name != COLUMNS):
        return _BY_KIND[kind]
    if base_of(on.name) in _BY_PROPERTY:
        return _BY_PROPERTY[base_of(on.name)]
    if on.whole:
        return f"cover {called(on)} in some training pictures, or cut it off in all, {_ANEW}."
    if on.is_combined:
        return (
            f"leave one of {called(on)} out, or add rows in which both together "
            f"speak for another class than the label, {_ANEW}."
        )
    return _BY_KIND[kind]


def without_it(on: Leaning) -> str:
    """A sentence: when to train without a column of a table, or two, and what to do else."""
    if on.is_pair:
        return (
            f"If {called(on)} must not count, or will not be known in use, leave both out and "
            "train again: a network that never gets them cannot rely on them. Where one of them "
            "belongs to the task, leave out the other alone: what both tell together goes with it."
        )
    if on.is_value:
        column, values = column_of_values(on)
        return (
            f"If it must not count that column '{column}' is {values}, or that will mean something "
            f"else in use, leave it out and train again: a network that never gets it cannot rely "
            "on it. Else add rows that hold it and are of other classes."
        )
    return (
        f"If {called(on)} must not count, or will not be known in use, leave it out and train "
        "again: a network that never gets it cannot rely on it. Else add rows in which it speaks "
        "for another class than the label."
    )
