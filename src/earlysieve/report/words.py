"""Numbers and names as people read them."""

import base64
import math
import re
from typing import TYPE_CHECKING, Any

from earlysieve._imports import need
from earlysieve.errors import InputError

if TYPE_CHECKING:
    from markupsafe import Markup

NOTHING = "\N{EN DASH}"
# Longer names are cut in the middle: the beginnings of file names are often all alike.
_LONGEST, _END = 120, 40
_LONGEST_HINT = 1000
# They turn the text after them round, so that "gnp.exe" is read as "exe.png". Marks without such a
# reach, which Arabic and Hebrew texts need, stay.
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_BREAKS = re.compile(r"(?<=[_/])(?=.)|(?<=\w)(?=\.[A-Za-z]\w{1,4}$)")
_OPTION = re.compile(r"(--[a-z][a-z-]*)")
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"


def percent(value: Any, digits: int | None = None) -> str:
    """A share in [0, 1] as a percentage.

    Without `digits`: whole percents, but one decimal below 10% and above 99%, where it matters.
    What is not quite nothing or all never reads as 0% or 100%.
    """
    number = as_float(value)
    if math.isnan(number):
        return NOTHING
    if digits is None:
        digits = 0 if 0.1 <= number <= 0.99 or number in (0, 1) else 1
    text = f"{number:.{digits}%}"
    smallest = 10.0 ** (-digits - 2)
    # What the text says decides: halves are rounded to even, and few of them are exact.
    if number > 0 and float(text[:-1]) == 0:
        return f"<{smallest:.{digits}%}"
    if number < 1 and float(text[:-1]) == 100:
        return f">{1 - smallest:.{digits}%}"
    return text


def count(value: Any) -> str:
    """A whole number with separators."""
    number = as_float(value)
    return NOTHING if math.isnan(number) else f"{int(number):,}"


def decimal(value: Any, digits: int = 2) -> str:
    """A number with a fixed number of decimals."""
    number = as_float(value)
    return f"{number:.{digits}f}" if math.isfinite(number) else NOTHING


def signed(value: Any) -> str:
    """A score with its sign, and a true minus."""
    number = as_float(value)
    return f"{number:+.2f}".replace("-", "\N{MINUS SIGN}") if math.isfinite(number) else NOTHING


def times(value: Any) -> str:
    """A factor with three significant digits at most, such as 1×, 2.5× or 54×."""
    number = as_float(value)
    if not math.isfinite(number):
        return NOTHING
    digits = 0 if number >= 100 else 1 if number >= 10 else 2
    text = f"{number:,.{digits}f}"
    return (text.rstrip("0").rstrip(".") if digits else text) + "\N{MULTIPLICATION SIGN}"


def as_float(value: Any) -> float:
    """The number, or NaN where it is missing."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def name_of(names: Any, number: int, kind: str) -> str:
    """The name of a class or group, or its number where it has none."""
    return str(names[number]) if 0 <= number < len(names) else f"{kind} {number}"


def visible(value: Any) -> Any:
    """Text whose characters that turn text round are written out, such as [U+202E]."""
    if type(value) is not str:
        return value
    return _TURNING.sub(lambda found: f"[U+{ord(found[0]):04X}]", value)


def cut(name: Any) -> str:
    """A name of at most 120 characters, without the middle of a longer one."""
    text = str(name)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - _END - 1]}…{text[-_END:]}"


def short(name: Any) -> "str | Markup":
    """A name as `cut` gives it; more of a longer one is shown as a hint."""
    text = str(name)
    if len(text) <= _LONGEST:
        return text
    hint = text if len(text) <= _LONGEST_HINT else f"{text[:_LONGEST_HINT]}…"
    markup = need("markupsafe", extra="report").Markup
    shown: Markup = markup('<span title="{}">{}</span>').format(visible(hint), visible(cut(text)))
    return shown


def breakable(name: Any) -> "str | Markup":
    """As `short`, for narrow places: a line may end after an underscore or a slash of a name,
    and before the ending of a file."""
    text = str(name)
    if len(text) > _LONGEST or not _BREAKS.search(text):
        return short(text)
    markup = need("markupsafe", extra="report").Markup
    shown: Markup = markup("<wbr>").join(visible(part) for part in _BREAKS.split(text))
    return shown


def whole_options(text: Any) -> "str | Markup":
    """A sentence in which no line ends within an option of the command line."""
    parts = _OPTION.split(str(text))
    if len(parts) == 1:
        return str(text)
    markup = need("markupsafe", extra="report").Markup
    option = markup('<span class="whole">{}</span>')
    shown: Markup = markup("").join(
        option.format(part) if place % 2 else visible(part) for place, part in enumerate(parts)
    )
    return shown


def data_uri(image: bytes) -> str:
    """An image as an address that holds the image itself.

    Raises:
        InputError: the bytes are neither PNG nor JPEG.
    """
    kind = "png" if image.startswith(_PNG) else "jpeg" if image.startswith(_JPEG) else None
    if kind is None:
        raise InputError(
            f"Expected a picture as PNG or JPEG bytes, but got bytes beginning with {image[:4]!r}; "
            "encode it first, for instance with earlysieve.attribution.thumbnail"
        )
    return f"data:image/{kind};base64,{base64.b64encode(image).decode('ascii')}"
