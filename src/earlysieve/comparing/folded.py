"""Seeds of one configuration as one line."""

import json
import math
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from earlysieve.comparing.entry import Entry
from earlysieve.comparing.estimated import Estimated
from earlysieve.groups.over_seeds import over_seeds


@dataclass(frozen=True)
class Line:
    """One or several entries that differ in their seed alone.

    Attributes:
        name: method and folder; of several what their folders have in common, and how many.
        entries: at least one.
        verdict: what the audits say, with how often where they disagree; empty without audits.
        leans_on: what the verdicts are about, in words, with how often where seeds lean on
            different things, of which no reliance is given; empty where it is not known.
        figures: of one entry as it is; of several the mean with the t-interval over seeds.
        best_epoch: of a run, or the mean over seeds; None where it is not known.
    """

    name: str
    entries: tuple[Entry, ...]
    verdict: str
    leans_on: str
    figures: Mapping[str, Estimated]
    best_epoch: float | None

    @property
    def measured_on(self) -> str:
        """The data that its figures are of, in words; empty where it has none."""
        return self.entries[0].measured_on

    def by_seed(self, figure: str) -> dict[int, float]:
        """A figure by seed, where both are known."""
        return {
            entry.seed: entry.figures[figure].value
            for entry in self.entries
            if entry.seed is not None and figure in entry.figures
        }


def fold(entries: Sequence[Entry]) -> list[Line]:
    """Lines in the order of their first entries; a seed that comes again begins a line."""
    lines: list[list[Entry]] = []
    for entry in entries:
        for line in lines:
            if _key(line[0]) == _key(entry) and _is_new(entry, line):
                line.append(entry)
                break
        else:
            lines.append([entry])
    common = [_in_common(line) for line in lines]
    return [
        _line(line, shared if shared and common.count(shared) == 1 else "")
        for line, shared in zip(lines, common, strict=True)
    ]


def _in_common(entries: Sequence[Entry]) -> str:
    """What the folders of all seeds have in common, as runs/erm/seed-*; empty of one alone."""
    paths = [str(entry.path) for entry in entries]
    start = paths[0][: in_common(paths)].rstrip(string.digits)
    rest = [path[len(start) :] for path in paths]
    end = rest[0][len(rest[0]) - in_common([one[::-1] for one in rest]) :].lstrip(string.digits)
    return f"{start}*{end}" if len(paths) > 1 and (start or end) else ""


def in_common(parts: Sequence[Sequence[str]]) -> int:
    """How many parts, or letters, all of these begin with."""
    count = 0
    for place in zip(*parts, strict=False):
        if len(set(place)) > 1:
            break
        count += 1
    return count


def _is_new(entry: Entry, line: Sequence[Entry]) -> bool:
    return entry.seed is not None and entry.seed not in {other.seed for other in line}


def _key(entry: Entry) -> str:
    return json.dumps([entry.kind, entry.config], sort_keys=True, default=str)


def _line(entries: Sequence[Entry], common: str) -> Line:
    first, count = entries[0], len(entries)
    more = f" and {count - 1} more" if count > 1 else ""
    folders = f"{common} ({count} seeds)" if common else f"{first.path}{more}"
    name = f"{first.method or first.kind}: {folders}"
    epochs = [entry.best_epoch for entry in entries if entry.best_epoch is not None]
    mean = sum(epochs) / len(epochs) if epochs else None
    verdict = _said([entry.verdict for entry in entries])
    on = _said([entry.leans_on or None for entry in entries])
    return Line(name, tuple(entries), verdict, on, _figures(entries), mean)


def _said(words: Sequence[str | None]) -> str:
    """What all entries say; how often each word comes where not all say the same."""
    said = [word for word in words if word is not None]
    counts = {word: said.count(word) for word in dict.fromkeys(said)}
    if len(counts) == 1 and len(said) == len(words):
        return said[0]
    return ", ".join(f"{word} ({count} of {len(words)})" for word, count in counts.items())


def _figures(entries: Sequence[Entry]) -> dict[str, Estimated]:
    if len(entries) == 1:
        return dict(entries[0].figures)
    names = dict.fromkeys(name for entry in entries for name in entry.figures)
    if len({entry.leans_on for entry in entries}) > 1:
        names.pop("reliance", None)
    found = {}
    for name in names:
        values = [entry.figures[name].value for entry in entries if name in entry.figures]
        known = [value for value in values if not math.isnan(value)]
        # A mean over some of the seeds would be one over those that were, say, called a shortcut.
        if len(known) == len(entries):
            mean = over_seeds(known)
            found[name] = Estimated(mean.mean, mean.low, mean.high)
    return found
