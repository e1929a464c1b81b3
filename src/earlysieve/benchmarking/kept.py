"""A results folder belongs to one protocol; data sets, methods and seeds may be added to it."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from earlysieve._files import write_text
from earlysieve.benchmarking.grid import Grid
from earlysieve.benchmarking.protocol import digest_of
from earlysieve.errors import InputError, one_line

PROTOCOL_NAME = "protocol.json"
# What may grow: each entry stays as it is.
_GROWS = ("data", "tuned")
_MOST = 5


def check_same(out: Path, grid: Grid) -> None:
    """Check that a folder holds results of this protocol, or none.

    Raises:
        InputError: it holds those of another; the message says where they differ.
    """
    found = read_kept(out)
    if found is None:
        return
    ours = _values(grid)
    told = _differences(found, ours)
    if told:
        more = f"; and {len(told) - _MOST} more" if len(told) > _MOST else ""
        raise InputError(
            f"Expected the protocol that '{out}' holds, but got another ({'; '.join(told[:_MOST])}"
            f"{more}); give the same options, or another --out"
        )


def keep(out: Path, grid: Grid) -> dict[str, Any]:
    """Write the protocol with what is new in it; what the folder then holds.

    Raises:
        InputError: the folder holds another, see `check_same`.
        OutputError: it cannot be written.
    """
    check_same(out, grid)
    found, ours = read_kept(out) or {"protocol": {}, "methods": {}}, _values(grid)
    old, new = found["protocol"], ours["protocol"]
    protocol = {**new, **{name: {**old.get(name, {}), **new[name]} for name in _GROWS}}
    protocol["seeds"] = sorted({*old.get("seeds", []), *new["seeds"]})
    merged = {
        "digest": digest_of(protocol),
        "protocol": protocol,
        "methods": {**found["methods"], **ours["methods"]},
    }
    if merged != read_kept(out):
        write_text(out / PROTOCOL_NAME, json.dumps(merged, indent=2) + "\n")
    return merged


def read_kept(out: Path) -> dict[str, Any] | None:
    """What a results folder says of its protocol; None where it says nothing.

    Raises:
        InputError: the file cannot be read.
    """
    path = out / PROTOCOL_NAME
    if not path.exists():
        return None
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if not all(isinstance(found[key], dict) for key in ("protocol", "methods")):
            raise ValueError("no protocol in it")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"Expected the protocol of a benchmark in '{path}', but got: {one_line(error)}; "
            "choose another folder"
        ) from error
    return found


def _values(grid: Grid) -> dict[str, Any]:
    methods = {arm.name: arm.to_dict() for arm in grid.arms}
    return {
        "protocol": grid.protocol.to_dict(),
        "methods": json.loads(json.dumps(methods)),
    }


def _differences(found: Mapping[str, Any], ours: Mapping[str, Any]) -> list[str]:
    """In words, of what both have where things may be added, else of all."""
    old, new = found["protocol"], ours["protocol"]
    pairs = [("", _but(old, (*_GROWS, "seeds")), _but(new, (*_GROWS, "seeds")))]
    for name in _GROWS:
        theirs = old.get(name, {})
        shared = theirs.keys() & new[name].keys()
        pairs.append((name, _only(theirs, shared), _only(new[name], shared)))
    shared = found["methods"].keys() & ours["methods"].keys()
    pairs.append(("methods", _only(found["methods"], shared), _only(ours["methods"], shared)))
    return [text for prefix, a, b in pairs for text in _told(_flat(a, prefix), _flat(b, prefix))]


def _told(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    names = [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]
    return [f"{n}: {old.get(n, 'none')} there, {new.get(n, 'none')} here" for n in names]


def _but(values: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key not in names}


def _only(values: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: values[name] for name in names}


def _flat(value: Any, name: str = "") -> dict[str, Any]:
    if not isinstance(value, Mapping):
        return {name: value}
    return {
        key: item
        for inner, one in value.items()
        for key, item in _flat(one, f"{name}.{inner}".lstrip(".")).items()
    }
