"""The settings of something: a frozen dataclass whose fields say what they may be and mean.

The command line, the configuration file and later a search read the same fields:

    @dataclass(frozen=True)
    class Settings:
        beta: float = setting(4.0, "Let no weight exceed exp(beta); 0 weights nothing.", low=0)
"""

import difflib
import math
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from earlysieve.errors import InputError

S = TypeVar("S")

_KEY = "earlysieve"
_MOST = 2**31 - 1  # of whole numbers, so that help need not say it
_WORDS = {bool: "true or false", str: "text", dict: "an object"}


@dataclass(frozen=True)
class Range:
    """Where a search looks for a number.

    Attributes:
        low, high: ends, included.
        log: whether numbers are drawn evenly in their logarithm; `low` is then above 0.
        below: a field of the training configuration that the number stays below; None: none.
    """

    low: float
    high: float
    log: bool = False
    below: str | None = None


@dataclass(frozen=True)
class Layers:
    """A search tries the stages of the network, by the names of the layers that end them."""


@dataclass(frozen=True)
class Allowed:
    """What a setting may be, and how help shows it.

    Attributes:
        help: one sentence or more that can be read alone.
        low, high: range of a number, ends included; low_open: `low` itself is left out.
        choices: the texts that are allowed, from a field of type Literal; empty: any.
        metavar: how help calls the value; None: by its type.
        off: the option that switches a boolean off; None: "no-" before its name.
        search: where a search looks: a range, some values, or layers; None: nowhere by itself.
        bare: the text that the option stands for where it is given without one; None: it needs one.
    """

    help: str
    low: float | None = None
    high: float | None = None
    low_open: bool = False
    choices: tuple[str, ...] = ()
    metavar: str | None = None
    off: str | None = None
    search: Range | Layers | tuple[Any, ...] | None = None
    bare: str | None = None


@dataclass(frozen=True)
class SettingInfo:
    """One setting as it was declared: name, type, default, what it may be, and whether None."""

    name: str
    kind: type
    default: Any
    allowed: Allowed
    optional: bool = False

    def check(self, value: Any) -> None:
        """Raise InputError unless `value` is of the type and in the range, or None where it may."""
        if not (value is None and self.optional) and not self._fits(value):
            raise InputError(
                f"Expected {self.name} to be {self.wanted}, but got {value!r}; correct the option"
            )

    @property
    def wanted(self) -> str:
        """What it may be, in words."""
        a = self.allowed
        if a.choices:
            return f"one of {', '.join(a.choices)}"
        if self.kind not in (int, float):
            return _WORDS[self.kind]
        noun = "a whole number" if self.kind is int else "a number"
        low = "" if a.low is None else f" {'above' if a.low_open else 'of at least'} {a.low:g}"
        high = "" if a.high is None else f"{' and' if low else ' of'} at most {a.high:g}"
        return f"{noun}{low}{high}"

    @property
    def searched(self) -> str:
        """Where a search looks for it, in words; empty: nowhere, unless it is told where."""
        search = self.allowed.search
        if isinstance(search, Layers):
            return "the ends of the network's stages"
        if isinstance(search, Range):
            scale = ", by logarithm" if search.log else ""
            below = "" if search.below is None else f", below {search.below}"
            return f"{search.low:g} to {search.high:g}{scale}{below}"
        return "" if search is None else " or ".join(map(str, search))

    def _fits(self, value: Any) -> bool:
        types = (int, float) if self.kind is float else (self.kind,)
        if not isinstance(value, types) or (isinstance(value, bool) and self.kind is not bool):
            return False
        if self.allowed.choices:
            return value in self.allowed.choices
        return not isinstance(value, int | float) or self._in_range(value)

    def _in_range(self, value: float) -> bool:
        a = self.allowed
        above = a.low is None or (value > a.low if a.low_open else value >= a.low)
        high = _MOST if a.high is None and self.kind is int else a.high
        return above and (high is None or value <= high) and not math.isnan(value)


def setting(default: Any, help: str, **allowed: Any) -> Any:
    """A field of a settings dataclass; see `Allowed` for what can be said of it.

    Args:
        default: the value that holds where none is given; None: there is none.
        help: what it means, in words that can be read alone.
        allowed: low, high, low_open, metavar, off, search or bare.
    """
    metadata = {_KEY: Allowed(help, **allowed)}
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class NoSettings:
    """The settings of a method that has none."""


def settings_in(kind: type[Any]) -> dict[str, SettingInfo]:
    """The settings that a dataclass declares, by name, in their order.

    Raises:
        TypeError: a field was not made by `setting`, or is of a type that no option can have.
    """
    hints = get_type_hints(kind)
    return {item.name: _info(kind, item, hints[item.name]) for item in fields(kind)}


def make_settings(kind: type[S], given: Mapping[str, Any], *, method: str) -> S:
    """The settings from values by name; those that are absent have their defaults.

    Args:
        kind: the dataclass.
        given: plain values, such as those of a configuration file.
        method: whose they are, for messages.

    Raises:
        InputError: there is no such setting (near names are listed), or a value is of another type
            or out of its range.
    """
    known = settings_in(kind)
    for name in given:
        if name not in known:
            raise InputError(
                f"Expected an option of the method '{method}', but got '{name}'; "
                f"{_what_there_is(name, known)}"
            )
        known[name].check(given[name])
    return kind(**given)


def _what_there_is(name: str, known: Mapping[str, SettingInfo]) -> str:
    near = difflib.get_close_matches(name, known, n=2)
    if near:
        return f"did you mean {' or '.join(near)}?"
    return f"its options are {', '.join(known)}" if known else "it has none"


def _info(owner: type[Any], item: "Field[Any]", hint: Any) -> SettingInfo:
    kind, choices = _kind(hint)
    if _KEY not in item.metadata or kind is None:
        raise TypeError(
            f"Expected the field '{item.name}' of {owner.__qualname__} to be a setting() of the "
            f"type int, float, bool, str, Literal or dict, perhaps or None, but got {hint}; "
            "declare it as one"
        )
    make: Any = item.default_factory
    default = item.default if make is MISSING else make()
    allowed = item.metadata[_KEY]
    optional = NoneType in get_args(hint)
    info = SettingInfo(item.name, kind, default, replace(allowed, choices=choices), optional)
    _check_search(owner, info)
    return info


def _check_search(owner: type[Any], info: SettingInfo) -> None:
    search = info.allowed.search
    tried = (search.low, search.high) if isinstance(search, Range) else search
    if not isinstance(tried, tuple):
        return
    try:
        for value in tried:
            info.check(info.kind(value))
    except InputError as error:
        raise TypeError(f"{error} (where a search of {owner.__qualname__} looks)") from error


def _kind(hint: Any) -> tuple[type | None, tuple[str, ...]]:
    """The plain type of a hint, and the texts that are allowed, if only some are."""
    kinds = get_args(hint) if isinstance(hint, UnionType) or get_origin(hint) is Union else (hint,)
    (kind, *others) = (k for k in kinds if k is not NoneType)
    if others:
        return None, ()
    if get_origin(kind) is Literal:
        return str, get_args(kind)
    plain = get_origin(kind) or kind
    return (plain if plain in (int, float, bool, str, dict) else None), ()
