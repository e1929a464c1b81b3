"""Which runs of a benchmark were made with other code than most, in a sentence."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earlysieve.benchmarking.made_with import read_made_with

if TYPE_CHECKING:
    from earlysieve.benchmarking.lines import Line

_COMMIT, _DIFF = "commit", "changed since, digest"
_SHOWN = 10  # digits of a commit
_NAMED = 5  # rows; of more their number is told
Code = tuple[tuple[str, str], ...]
Codes = tuple[Code, ...]


def remarks_on_code(lines: "Sequence[Line]", out: Path) -> list[str]:
    """One sentence where versions or the state of a repository differ between runs, else none.

    Args:
        lines: of the tables.
        out: folder of the results.
    """
    made: dict[Codes, list[tuple[Line, int]]] = {}
    for line in lines:
        for seed in line.by_seed:
            codes = _codes(read_made_with(out / line.runs[seed]))
            if codes:
                made.setdefault(codes, []).append((line, seed))
    if len({code for codes in made for code in codes}) < 2:
        return []
    names = _differing(made)
    most = max(made, key=lambda codes: len(made[codes]))
    told = [f"{_runs(made[codes])} with {_said(codes, names)}" for codes in made if codes != most]
    rest = f"the others with {_said(most, names)}" if told else f"all with {_said(most, names)}"
    return [
        f"Not all was made with the same code: {'; '.join([*told, rest])}. Differences may come of "
        "that."
    ]


def _codes(made: Mapping[str, Any]) -> Codes:
    """What a run and its earlier attempts were made with, each once."""
    found = [_code(one) for one in (*made.get("earlier", ()), made) if one]
    return tuple(dict.fromkeys(one for one in found if one))


def _code(made: Mapping[str, Any]) -> Code:
    git = made.get("git") or {}
    parts = {**(made.get("versions") or {})}
    if git.get("commit"):
        parts |= {_COMMIT: git["commit"][:_SHOWN], _DIFF: git.get("diff") or ""}
    return tuple(sorted((str(name), str(value)) for name, value in parts.items()))


def _differing(made: Mapping[Codes, Any]) -> list[str]:
    """The names of versions, commit and changes that are not the same in all."""
    every = [dict(code) for codes in made for code in codes]
    names = dict.fromkeys(name for code in every for name in code)
    return [name for name in names if len({code.get(name) for code in every}) > 1]


def _said(codes: Codes, names: Sequence[str]) -> str:
    each = (
        ", ".join(f"{name} {dict(code)[name]}" for name in names if dict(code).get(name))
        for code in codes
    )
    return ", then ".join(one or "others" for one in each)


def _runs(runs: "Sequence[tuple[Line, int]]") -> str:
    seeds: dict[str, list[int]] = {}
    for line, seed in runs:
        seeds.setdefault(f"{line.name} on {line.data}", []).append(seed)
    if len(seeds) > _NAMED:
        return f"{len(runs)} runs on {', '.join(dict.fromkeys(line.data for line, _ in runs))}"
    return ", ".join(
        f"{name} (seed{'s' if len(one) > 1 else ''} {', '.join(map(str, one))})"
        for name, one in seeds.items()
    )
