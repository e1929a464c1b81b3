"""The JSON schema of audit.json, made from the types that reading it checks."""

from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from earlysieve.auditing.changed_pictures import ChangedShown
from earlysieve.auditing.document import FORMAT_VERSION, GROUP_COLUMNS, LAYER_COLUMNS
from earlysieve.auditing.saved_pictures import Picture, SwapShown
from earlysieve.auditing.swap_texts import SwapText
from earlysieve.auditing.verdict import Summary
from earlysieve.groups.group_report import GroupReport

_PLAIN: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"$ref": "#/$defs/number"},
    NoneType: {"type": "null"},
    Any: {},
    # The document names a file instead.
    bytes: {"$ref": "#/$defs/file"},
}
_NUMBER = {
    "description": "A number; null where there is none (NaN).",
    "anyOf": [{"type": "number"}, {"type": "null"}, {"enum": ["inf", "-inf"]}],
}
_FILE = {"description": "The path of a file, below the folder of the audit.", "type": "string"}
_WHAT = {
    "summary": "The verdict, its reasons, and what to do next.",
    "layers": "One entry per layer in each column.",
    "groups": "Accuracy by group; null where no group is known.",
    "config": "What is needed to repeat the audit.",
    "notes": "What was skipped or could not be done.",
    "class_names": "By class number; empty where unknown.",
    "group_names": "By group number; empty where unknown.",
    "pictures": "Examples that are shown.",
    "swap_pictures": "Swaps of parts between examples that are shown.",
    "swap_texts": "Swaps of parts between texts that are shown.",
    "changed_pictures": "One example as it is, and with something taken away.",
    "files": "SHA-256 of each other file of the audit, by its path.",
}
# Came in after the first audits of this format were saved.
_LATER = ("swap_texts", "changed_pictures")


def audit_schema() -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of audit.json; properties that it does not name may follow.

    A field that is not required was added to the format of this version later.
    """
    groups = _object(GroupReport, table=_columns(GROUP_COLUMNS))
    properties = {
        "format_version": {"const": FORMAT_VERSION},
        "summary": _object(Summary),
        "layers": _columns(LAYER_COLUMNS),
        "groups": {"anyOf": [groups, _PLAIN[NoneType]]},
        "config": {"type": "object"},
        "notes": _schema(list[str]),
        "class_names": _schema(list[str]),
        "group_names": _schema(list[str]),
        "pictures": {"type": "array", "items": _object(Picture)},
        "swap_pictures": {"type": "array", "items": _object(SwapShown)},
        "swap_texts": _schema(list[SwapText]),
        "changed_pictures": _schema(list[ChangedShown]),
        "files": {
            "type": "object",
            "additionalProperties": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        },
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"earlysieve audit, format {FORMAT_VERSION}",
        "description": "audit.json, as `earlysieve audit` and AuditResult.save write it.",
        "type": "object",
        "required": [name for name in properties if name not in _LATER],
        "properties": {
            name: {"description": _WHAT[name], **schema} if name in _WHAT else schema
            for name, schema in properties.items()
        },
        "$defs": {"number": _NUMBER, "file": _FILE},
    }


def _schema(hint: Any) -> dict[str, Any]:
    """What JSON holds for a value of a type."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return {"anyOf": [_schema(kind) for kind in inner]}
    if origin is Literal:
        return {"enum": list(inner)}
    if origin in (list, tuple):
        return {"type": "array", "items": _schema(inner[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": _schema(inner[1])}
    return _object(hint) if is_dataclass(hint) else dict(_PLAIN[hint])


def _object(kind: Any, **instead: dict[str, Any]) -> dict[str, Any]:
    """The fields of a dataclass; those with a default need not be there."""
    made = fields(kind)
    needed = [f.name for f in made if f.default is MISSING and f.default_factory is MISSING]
    return {
        "type": "object",
        "required": needed,
        "properties": {f.name: instead.get(f.name) or _schema(f.type) for f in made},
    }


def _columns(types: dict[str, Any]) -> dict[str, Any]:
    """A table as one list per column."""
    return {
        "type": "object",
        "required": list(types),
        "properties": {name: _schema(hint) for name, hint in types.items()},
    }
