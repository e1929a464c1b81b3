"""What the figures of a benchmark do not show: what groups rest on, and what was kept."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earlysieve._readable import readable
from earlysieve.auditing.leans import leans_of
from earlysieve.benchmarking.arms import PLAIN
from earlysieve.benchmarking.cells import GROUPS
from earlysieve.benchmarking.code_remark import remarks_on_code
from earlysieve.benchmarking.configs import AUDIT_NAME, GROUPS_NAME
from earlysieve.benchmarking.group_sizes import of_sizes
from earlysieve.benchmarking.lines import BenchmarkResult, Line, by_data
from earlysieve.benchmarking.record import read_record
from earlysieve.errors import EarlysieveError
from earlysieve.grouping.files import read_groups

if TYPE_CHECKING:
    from earlysieve.auditing.result import AuditResult

_CALLED = "shortcut"


def remarks(result: BenchmarkResult) -> tuple[str, ...]:
    """Sentences, of a data set each, or of all; none where there is nothing to know.

    What audits called is said, with what models lose where it fails. Where they called no shortcut,
    the groups that methods got from them are told by what comes nearest, which may be the task.
    Where the first epoch was kept with every seed, a method has
    hardly acted: some begin after it. The smallest groups of the test data are what the figures of
    the worst one may rest on, those of the validation data what repairs are fitted to, and rules
    that need groups choose by; so are those that were inferred. Where runs were made with different
    code, differences may come of that.

    Args:
        result: of a folder that is still there.

    Raises:
        CheckpointError: a record cannot be read.
    """
    names = by_data(result.lines)
    found = [text for data in names for text in remarks_on_data(result, data)]
    return (*found, *remarks_on_code(result.lines, result.folder))


def remarks_on_data(result: BenchmarkResult, data: str) -> list[str]:
    """Those of one data set; see `remarks`."""
    lines = by_data(result.lines)[data]
    found = list(of_sizes(data, lines, result.folder))
    if any(line.source == "audit" and line.by_seed for line in lines):
        found += _of_audits(data, result.folder)
    if result.protocol["budget"]["epochs"] > 1:
        found += (text for line in lines for text in _of_epochs(line, result.folder))
    return found


def _of_audits(data: str, out: Path) -> Iterator[str]:
    folder = out / GROUPS / data / "audit-validation"
    files = sorted(folder.glob(f"seed-*/{GROUPS_NAME}"), key=_seed)
    configs = {_seed(file): read_groups(file).config for file in files}
    others = {seed: one for seed, one in configs.items() if one.get("verdict") != _CALLED}
    told_called = _what_was_called(
        folder, [seed for seed in configs if seed not in others], configs
    )
    if configs and not others:
        yield f"On {data} {len(configs)} of {len(configs)} audits called a shortcut: {told_called}."
    if others:
        by_verdict: dict[str, list[str]] = {}
        for seed, one in others.items():
            by_verdict.setdefault(str(one.get("verdict")), []).append(str(seed))
        told = ", ".join(
            f"'{verdict}' with seed{'s' if len(seeds) > 1 else ''} {', '.join(seeds)}"
            for verdict, seeds in by_verdict.items()
        )
        readers = dict.fromkeys(_called(str(one.get("reader"))) for one in others.values())
        called = len(configs) - len(others)
        yield (
            f"On {data} {called} of {len(configs)} audits called a shortcut"
            f"{f', {told_called}' if called else ''} ({told}): groups "
            f"{'of the others ' if called else ''}are told by {', '.join(readers)}, which may be "
            "the task."
        )


def _what_was_called(
    folder: Path, seeds: Sequence[int], configs: Mapping[int, Mapping[str, Any]]
) -> str:
    """What the audits of some seeds call, and what models lose where it fails."""
    lost: dict[str, list[float]] = {}
    for seed in seeds:
        found = _audit_in(folder / f"seed-{seed}" / AUDIT_NAME)
        words = leans_of(found) if found is not None else ""
        name = words or _called(str(configs[seed].get("reader")))
        reliance = None if found is None else found.summary.reliance
        lost.setdefault(name, []).extend([] if reliance is None else [reliance.value])
    return ", ".join(name + _losing(shares) for name, shares in lost.items())


def _losing(shares: Sequence[float]) -> str:
    if not shares:
        return ""
    low, high = (f"{limit(shares):.0%}" for limit in (min, max))
    much = low if low == high else f"{low} to {high}"
    return f", losing {much} of accuracy where that fails"


def _audit_in(folder: Path) -> "AuditResult | None":
    from earlysieve.auditing.result import AuditResult

    try:
        return AuditResult.load(folder)
    except EarlysieveError:
        return None  # removed, or of another version: a remark is no place to fail


def _seed(file: Path) -> int:
    return int(file.parent.name.removeprefix("seed-"))


def _called(reader: str) -> str:
    return readable(reader, of_network=reader.endswith((" mean", " map")))


def _of_epochs(line: Line, out: Path) -> Iterator[str]:
    records = (read_record(out / line.runs[seed]) for seed in line.by_seed)
    kept = [one.best_epoch for one in records if one is not None]
    if line.name != PLAIN and kept and all(epoch == 1 for epoch in kept):
        yield (
            f"{line.name} on {line.data}: its first epoch was kept with every seed, so that the "
            "method has hardly acted."
        )
