"""What a cell was made with: versions, the state of a repository, and its data."""

import hashlib
import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from earlysieve._files import write_text
from earlysieve.benchmarking.cells import GROUPS, RUNS, SEARCHES, Cell, SearchCell, folder_of
from earlysieve.errors import CheckpointError
from earlysieve.runs.data_fingerprint import changed_parts
from earlysieve.training.config import versions

MADE_WITH_NAME = "made_with.json"
_GIT_SECONDS = 10
_DIGITS = 16


def write_made_with(folder: Path) -> None:
    """Write versions, and the state of the repository that the command was called in.

    Where a cell is taken up, what its earlier attempts were made with is kept if it was other.
    """
    now: dict[str, Any] = {"versions": versions(), "git": git_state()}
    before = read_made_with(folder)
    past = [*before.get("earlier", []), {key: before.get(key) for key in now}] if before else []
    earlier = [one for k, one in enumerate(past) if one != now and one not in past[:k]]
    kept = {key: before[key] for key in before if key in ("seed", "data")}
    _write(folder, {**now, **kept, **({"earlier": earlier} if earlier else {})})


def note_data(cell: Cell, out: Path, data: Mapping[str, str | None]) -> None:
    """Add the fingerprints of data to what a cell was made with.

    Args:
        cell: whose they are.
        out: folder of the results.
        data: fingerprints by part, see `data_fingerprint`; None where one is not known.

    Raises:
        CheckpointError: what is there of the same data and seed was made with others.
    """
    seed = _seed(cell)
    changed = changed_since(out, cell.data, seed, data)
    if changed:
        raise CheckpointError(told_change(out, cell.data, seed, changed))
    folder = folder_of(out, cell)
    found = read_made_with(folder)
    known = {**found.get("data", {}), **{k: v for k, v in data.items() if v}}
    _write(folder, {**found, "seed": seed, "data": known})


def changed_since(out: Path, name: str, seed: int, data: Mapping[str, str | None]) -> list[str]:
    """The parts of a data set that are others than those that cells of this seed were made with."""
    found = (one.get("data") for one in _made(out, name) if one.get("seed") == seed)
    changed = [part for one in found for part in changed_parts(one, data)]
    return list(dict.fromkeys(changed))


def seeds_made(out: Path, name: str) -> list[int]:
    """The seeds of the cells of a data set whose data are known."""
    return sorted({one["seed"] for one in _made(out, name) if "seed" in one and one.get("data")})


def told_change(out: Path, name: str, seed: int, changed: list[str]) -> str:
    """What is the case and what to do, where data are others than those of the kept cells."""
    places = (out / kind / name for kind in (RUNS, GROUPS, SEARCHES))
    listed = ", ".join(f"'{place}'" for place in places if place.exists())
    return (
        f"Expected the data that the runs in '{out}' were made with, but the "
        f"{' and '.join(changed)} data of '{name}' are others now (seed {seed}): names, labels, "
        "groups or contents have changed, or how they are read (data that a function draws need a "
        "fixed seed); figures of both cannot stand in one table: give another --out, or remove "
        f"what was made with the old ones ({listed})"
    )


def read_made_with(folder: Path) -> dict[str, Any]:
    """What a cell was made with; empty where nothing says it."""
    try:
        found = json.loads((folder / MADE_WITH_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def git_state() -> dict[str, Any] | None:
    """Commit, whether anything was changed since, and a digest of what; None: no repository.

    New files that are not tracked, such as results, are no part of the digest.
    """
    commit, changed = _git("rev-parse", "HEAD"), _git("status", "--porcelain")
    if commit is None:
        return None
    text = _git("diff", "HEAD")
    digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGITS] if text else None
    return {"commit": commit, "changed": bool(changed), "diff": digest}


def _made(out: Path, name: str) -> Iterator[dict[str, Any]]:
    patterns = ((RUNS, "*/seed-*"), (GROUPS, "*/seed-*"), (SEARCHES, "*"))
    for kind, pattern in patterns:
        yield from map(read_made_with, sorted((out / kind / name).glob(pattern)))


def _seed(cell: Cell) -> int:
    return cell.run.seed if isinstance(cell, SearchCell) else cell.seed


def _write(folder: Path, values: Mapping[str, Any]) -> None:
    write_text(folder / MADE_WITH_NAME, json.dumps(values, indent=2) + "\n")


def _git(*words: str) -> str | None:
    try:
        found = subprocess.run(
            ["git", *words],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_GIT_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip()
