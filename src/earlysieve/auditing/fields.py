"""Fields of a saved JSON document, each checked against the type that it must have."""

import math
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from earlysieve.errors import DataError

_NOT_FINITE = {"inf": math.inf, "-inf": -math.inf}
_LONGEST = 60


class Fields:
    """The fields of one object of a document.

    Args:
        path: the file, for messages.
        values: the object as JSON gave it.
        where: its place in the document, empty for the document itself.

    Raises:
        DataError: it is no object.
    """

    def __init__(self, path: Path, values: Any, where: str = "") -> None:
        if not isinstance(values, dict):
            raise damaged(path, where or "the document", "an object", values)
        self.path, self.values, self.where = path, values, where

    def get(self, name: str, hint: Any) -> Any:
        """The value of a field as `hint` says, such as `float`, `str | None` or `list[str]`.

        In a float null is NaN, and "inf" and "-inf" are infinite.

        Raises:
            DataError: it is missing or of another type.
        """
        place = f"{self.where}.{name}" if self.where else name
        if name not in self.values:
            raise DataError(
                f"Expected '{place}' in '{self.path}', but it is missing: the file is damaged; "
                "run the audit again, or copy its folder again"
            )
        try:
            return _converted(self.values[name], hint)
        except ValueError as error:
            raise damaged(self.path, place, _named(hint), self.values[name]) from error

    def get_or(self, name: str, hint: Any, default: Any) -> Any:
        """As `get`; the default where the field came in after the document was written.

        Raises:
            DataError: it is of another type.
        """
        return self.get(name, hint) if name in self.values else default

    def inside(self, name: str) -> "Fields":
        """The fields of an object inside this one."""
        place = f"{self.where}.{name}" if self.where else name
        return Fields(self.path, self.get(name, Any), place)


def damaged(path: Path, place: str, wanted: str, value: Any) -> DataError:
    """What to raise for a value of another type than wanted."""
    shown = repr(value)
    shown = shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"
    return DataError(
        f"Expected {wanted} as '{place}' in '{path}', but got {shown}: the file is damaged; "
        "run the audit again, or copy its folder again"
    )


def _converted(value: Any, hint: Any) -> Any:
    origin, inner = get_origin(hint), get_args(hint)
    if hint is Any:
        return value
    if origin in (Union, UnionType):
        some = [kind for kind in inner if kind is not NoneType]
        return None if value is None and len(some) < len(inner) else _converted(value, some[0])
    if origin is tuple and isinstance(value, list):
        return tuple(_converted(item, inner[0]) for item in value)
    if origin is list and isinstance(value, list):
        return [_converted(item, inner[0]) for item in value]
    if origin is dict and isinstance(value, dict):
        return {key: _converted(item, inner[1]) for key, item in value.items()}
    if hint is float:
        return _number(value)
    if isinstance(hint, type) and is_dataclass(hint):
        return _object(value, hint)
    fits = type(value) is str and value in inner if origin is Literal else type(value) is hint
    if not fits or (hint is int and not -(2**63) <= value < 2**63):
        raise ValueError
    return value


def _object(value: Any, kind: type) -> Any:
    """An object of a dataclass; a field that came in later has its default."""
    later = {item.name for item in fields(kind) if item.default is not MISSING}
    names = {item.name: item.type for item in fields(kind)}
    if not isinstance(value, dict) or set(names) - set(value) - later:
        raise ValueError
    there = {name: hint for name, hint in names.items() if name in value}
    return kind(**{name: _converted(value[name], hint) for name, hint in there.items()})


def _number(value: Any) -> float:
    if value is None:
        return math.nan
    if isinstance(value, str) and value in _NOT_FINITE:
        return _NOT_FINITE[value]
    if type(value) not in (int, float):
        raise ValueError
    try:
        return float(value)
    except OverflowError as error:
        raise ValueError from error


def _named(hint: Any) -> str:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return " or ".join(_named(kind) for kind in inner)
    if origin is Literal:
        return " or ".join(repr(choice) for choice in inner)
    if origin in (list, tuple):
        return f"a list, each {_named(inner[0])},"
    plain = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
    return {**plain, NoneType: "null"}.get(hint, "an object")
