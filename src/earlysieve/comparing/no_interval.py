"""Why a difference is missing, or has no interval."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from earlysieve.comparing.same_examples import other_inputs, other_tables, same_names

if TYPE_CHECKING:
    from earlysieve.comparing.estimated import Difference
    from earlysieve.comparing.folded import Line

_NAMED = 3


def reasons(pairs: Iterable[tuple["Line", "Difference | None"]], first: "Line") -> tuple[str, ...]:
    """A sentence for each reason, with the lines that it holds for; none where all have intervals.

    Args:
        pairs: each other line, and its difference to the first; None: there is none.
        first: what they are compared with.
    """
    found: dict[str, list[Line]] = {}
    for line, difference in pairs:
        reason = _reason(line, difference, first)
        if reason:
            found.setdefault(reason, []).append(line)
    return tuple(
        reason.format(these=_named(lines), first=path_of(first)) for reason, lines in found.items()
    )


def _reason(line: "Line", difference: "Difference | None", first: "Line") -> str:
    kind, other = line.entries[0].kind, first.entries[0].kind
    if kind != other:
        return (
            f"No difference of {{these}} to '{{first}}' is shown, since the first is {_a(other)} "
            f"and not {_a(kind)}: name folders of one kind."
        )
    single = len(line.entries) == len(first.entries) == 1
    others = _other_examples(line, first) if kind == "audit" and single else ""
    if others:
        return (
            f"{{these}} and '{{first}}' are audits of {others}, so that differences have no "
            "paired interval and may come from the examples: audit both models on the same data, "
            "with the same --split, --limit and --seed."
        )
    unknown = [one for one in (line, first) if not any(math.isfinite(v) for v in _values(one))]
    if difference is None and unknown:
        return (
            "No difference of {these} to '{first}' is shown, since no figures are kept of "
            f"{'the latter' if unknown[-1] is first else 'the former'}: what is fitted to the "
            "validation data is not judged on them; a benchmark's own tables judge it on test data."
        )
    if other_data(line, first):
        return (
            "No difference of {these} to '{first}' is shown, since they learned from other data: "
            "name runs on the same data first."
        )
    if difference is None:
        return (
            "No difference of {these} to '{first}' is shown, since they share no seed: give both "
            "the same --seed."
        )
    if kind == "run" and len(difference.seeds) < 2:
        return (
            "Differences of {these} to '{first}' have no interval, since these runs share one "
            "seed only: train both with more seeds."
        )
    return ""


def other_data(line: "Line", first: "Line") -> bool:
    """Whether two lines are runs on data of other names or options."""
    ours, theirs = (
        [one.entries[0].config.get(name) for name in ("data", "validation")]
        + [_options(one.entries[0].config)]
        for one in (line, first)
    )
    return line.entries[0].kind == "run" and ours != theirs


def _options(config: Mapping[str, Any]) -> dict[str, Any]:
    """The options of the data but where these are cached."""
    return {key: v for key, v in (config.get("data_options") or {}).items() if key != "cache"}


def _values(line: "Line") -> list[float]:
    return [one.value for one in line.figures.values()]


def _other_examples(line: "Line", first: "Line") -> str:
    """In what the examples of two audits differ; empty where these are the same."""
    ours, theirs = line.entries[0].audit, first.entries[0].audit
    if ours is None or theirs is None or not same_names(ours, theirs):
        return "different examples"
    if other_tables(ours, theirs):
        return "different tables (as many rows, with the same labels, but of other values)"
    if other_inputs(ours, theirs):
        return "different data (as many examples, with the same labels, but others)"
    return ""


def _a(kind: str) -> str:
    return "an audit" if kind == "audit" else f"a {kind}"


def path_of(line: "Line") -> str:
    """The folder of a line, the first where it has several."""
    return str(line.entries[0].path)


def _named(lines: Sequence["Line"]) -> str:
    shown = [f"'{path_of(line)}'" for line in lines[:_NAMED]]
    more = len(lines) - _NAMED
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")
