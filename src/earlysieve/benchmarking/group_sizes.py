"""How many examples the smallest groups of a benchmark have, which figures and repairs rest on."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from earlysieve.benchmarking.arms import REFERENCE_ARM
from earlysieve.benchmarking.cells import GROUPS
from earlysieve.benchmarking.configs import GROUPS_NAME
from earlysieve.benchmarking.lines import Line
from earlysieve.benchmarking.record import Record, read_record
from earlysieve.grouping.files import read_groups

if TYPE_CHECKING:
    from earlysieve.datasets.example_groups import Groups

_PARTS = {"validation": "validation", "train": "training"}


def of_sizes(data: str, lines: Sequence[Line], out: Path) -> Iterator[str]:
    """How few examples the smallest groups have: of the data, and of those that were inferred.

    Args:
        data: name of the data set.
        lines: of it.
        out: folder of the results.

    Raises:
        CheckpointError: a record cannot be read.
    """
    tested = next((line for line in lines if line.by_seed), None)
    if tested is not None:
        found = (read_record(out / tested.runs[seed]) for seed in tested.by_seed)
        yield from _of_the_data(data, [one for one in found if one is not None])
    used = dict.fromkeys(line.source for line in lines if line.source and line.by_seed)
    for source in (*used, REFERENCE_ARM.name):
        yield from _inferred(data, source, out)


def _of_the_data(data: str, records: Sequence[Record]) -> Iterator[str]:
    """The smallest group of the test data, and of the validation data where these name groups."""
    tested = [(str(g["name"]), int(g["n"])) for one in records for g in one.groups]
    held = [pair for one in records for pair in one.validation_groups.items()]
    if tested:
        name, number = _least(tested)
        count = len(dict.fromkeys(name for name, _ in tested))
        groups = f"{count} group{'s' if count > 1 else ''}"
        yield (
            f"On {data} the smallest of {groups} of test examples, '{name}', has {number}"
            f"{_of_validation(held)}."
        )


def _of_validation(held: Sequence[tuple[str, int]]) -> str:
    if not held:
        return ""
    name, number = _least(held)
    return f", that of validation examples, '{name}', {number}"


def _inferred(data: str, source: str, out: Path) -> Iterator[str]:
    """The smallest group that a source told apart, over all seeds, for each part of the data."""
    told = []
    for part, called in _PARTS.items():
        folder = out / GROUPS / data / f"{source}-{part}"
        sizes = [
            (f"{groups.name(number)}', {file.parent.name.replace('-', ' ')}", count)
            for file in sorted(folder.glob(f"seed-*/{GROUPS_NAME}"))
            for groups in (read_groups(file),)
            for number, count in enumerate(_counts(groups))
        ]
        if sizes:
            name, number = _least(sizes)
            told.append(f"{number} {called} example{'s' if number != 1 else ''} ('{name})")
    if told:
        whose = "the audit that chooses epochs" if source == REFERENCE_ARM.name else source
        yield f"On {data} the smallest group told by {whose} has {' and '.join(told)}."


def _counts(groups: "Groups") -> list[int]:
    """Of each group that has a name, those without examples included."""
    found = groups.counts
    return [*found, *([0] * (len(groups.names) - len(found)))]


def _least(sizes: Iterable[tuple[str, int]]) -> tuple[str, int]:
    return min(sizes, key=lambda one: one[1])
