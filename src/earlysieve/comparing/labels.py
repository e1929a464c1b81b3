"""Short names of the lines of a comparison, which tell them apart."""

import re
from collections.abc import Sequence
from pathlib import Path

from earlysieve._files import is_file
from earlysieve.comparing.entry import Entry
from earlysieve.comparing.folded import Line, in_common


def labels(lines: Sequence[Line]) -> list[str]:
    """The methods where these differ, with their data where these do, else what differs in paths.

    The whole names at worst. Where seeds are folded, no folder of one seed is named.

    Args:
        lines: of one comparison.
    """
    methods = [_method(line) for line in lines]
    paths = _differing([_without_seed(line) for line in lines])
    on_data = [_on_data(line) for line in lines]
    both = [
        f"{method}: {path}" if method and method not in path else path
        for method, path in zip(methods, paths, strict=True)
    ]
    whole = [line.name for line in lines]
    return next(
        found for found in (methods, on_data, both, whole) if _tells_apart(found) or found is whole
    )


def _method(line: Line) -> str:
    """The method; of a run of a benchmark as its tables call it, with the source of its groups."""
    first = line.entries[0]
    above = first.path.absolute().parents
    of_benchmark = (
        _is_of_seed(first) and len(above) > _RESULTS and is_file(above[_RESULTS] / "protocol.json")
    )
    return above[0].name if of_benchmark else first.method


_RESULTS = 3  # results/runs/DATA/METHOD/seed-0


def _on_data(line: Line) -> str:
    """The method and the last part of the name of its data; empty where either is not known."""
    method, data = _method(line), line.entries[0].config.get("data")
    return f"{method}, {Path(data).name}" if method and isinstance(data, str) else ""


def _without_seed(line: Line) -> Path:
    """The folder of a line, or that of the folders of its seeds."""
    first = line.entries[0]
    return first.path.parent if _is_of_seed(first) and len(line.entries) > 1 else first.path


def _is_of_seed(entry: Entry) -> bool:
    """Whether it is a run in the folder of its seed, as seed-0."""
    return entry.kind == "run" and re.fullmatch(r"seed-\d+", entry.path.name) is not None


def _tells_apart(names: Sequence[str]) -> bool:
    return all(names) and len(set(names)) == len(names)


def _differing(paths: Sequence[Path]) -> list[str]:
    """The paths without the folders that all of them begin with, and end with."""
    parts = [path.parts for path in paths]
    start = in_common(parts)
    rest = [part[start:] for part in parts]
    end = in_common([part[::-1] for part in rest])
    return [
        "/".join(part[: len(part) - end] or part) or path.name
        for part, path in zip(rest, paths, strict=True)
    ]
