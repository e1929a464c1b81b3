import copy
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import earlysieve as es
from earlysieve.auditing.result import ChangedShown, SwapShown, SwapText
from earlysieve.auditing.schema import audit_schema
from earlysieve.auditing.token_words import Piece

from .helpers import Net, Planted
from .test_result import PNG, made, told

PUBLISHED = Path(__file__).parents[2] / "docs" / "schema" / "audit.json"
TYPES: dict[str, Any] = {
    "string": str, "boolean": bool, "integer": int, "number": (int, float), "null": type(None),
    "array": list, "object": dict,
}  # fmt: skip


def fits(value, schema, root) -> bool:
    """Whether a value is as a schema says; the keywords that ours uses, and no others."""
    schema = {key: part for key, part in schema.items() if key != "description"}
    assert set(schema) <= {
        "$schema", "title", "$defs", "$ref", "anyOf", "enum", "const", "type", "required",
        "properties", "additionalProperties", "items", "pattern",
    }  # fmt: skip
    if "$ref" in schema:
        return fits(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root)
    if "anyOf" in schema:
        return any(fits(value, one, root) for one in schema["anyOf"])
    if "const" in schema or "enum" in schema:
        return value in schema.get("enum", [schema.get("const")])
    kind = schema.get("type")
    if kind is None:
        return True
    if not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        return False
    if kind == "array":
        return all(fits(item, schema["items"], root) for item in value)
    if kind == "string":
        return re.search(schema.get("pattern", ""), value) is not None
    if kind != "object":
        return True
    named, others = schema.get("properties", {}), schema.get("additionalProperties", {})
    return set(schema.get("required", ())) <= set(value) and all(
        fits(item, named.get(name, others), root) for name, item in value.items()
    )


def saved(result, folder) -> Any:
    return json.loads((result.save(folder) / "audit.json").read_text())


def full() -> es.AuditResult:
    pictures = [es.Picture(2, "image", "flagged", image=PNG), es.Picture(6, "text", "correct")]
    swaps = [SwapShown("colour", 0, 2, 1, 0, 1, PNG, PNG)]
    texts = [SwapText("token", 0, 2, 1, 0, 1, [Piece("a", marked=True)], [], [])]
    changes = [ChangedShown("in grey", 0, 1, 0, PNG), ChangedShown("x", 0, 1, 0, text="a")]
    result = made(pictures=pictures, swaps=swaps, texts=texts, changed=changes)
    return replace(result, summary=told())


@pytest.mark.parametrize("which", ["full", "without groups", "real"])
def test_saved_audits_are_as_the_schema_says(which, tmp_path):
    result = full() if which == "full" else made(groups=False)
    if which == "real":
        result = es.audit(Net(), Planted(), swaps=40, pictures=4)
    assert fits(saved(result, tmp_path), audit_schema(), audit_schema())


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("format_version",), 2),
        (("summary", "verdict"), "fine"),
        (("summary", "leanings", 0, "reads"), "much"),
        (("summary", "piles", "shortcut fails"), 1.5),
        (("layers", "depth", 0), "1"),
        (("groups", "table", "accuracy"), 0.5),
        (("pictures", 0, "role"), "other"),
        (("files", "scores.csv"), "no digest"),
        (("notes",), None),
    ],
)
def test_what_is_not_as_it_says_is_found(place, value, tmp_path):
    document = saved(full(), tmp_path)
    broken = copy.deepcopy(document)
    inner = broken
    for key in place[:-1]:
        inner = inner[key]
    assert inner[place[-1]] != value
    inner[place[-1]] = value
    assert not fits(broken, audit_schema(), audit_schema())
    del document["summary"]["headline"]
    assert not fits(document, audit_schema(), audit_schema())


def test_the_published_schema_is_that_of_this_version():
    if not PUBLISHED.exists():
        pytest.skip("the documentation is not part of this copy")
    assert json.loads(PUBLISHED.read_text()) == audit_schema()
