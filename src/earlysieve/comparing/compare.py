"""Two or more audits or runs side by side, and how far each is from the first."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from earlysieve.comparing.entry import audit_of, read_entry
from earlysieve.comparing.estimated import WHERE_MISLED, Difference, Estimated
from earlysieve.comparing.folded import Line, fold
from earlysieve.comparing.leans import not_compared
from earlysieve.comparing.learned import learned_from
from earlysieve.comparing.misled import Misled, misled_in
from earlysieve.comparing.no_interval import other_data, reasons
from earlysieve.comparing.other_groups import OF_GROUPS, other_groups, same_groups
from earlysieve.comparing.paired import NOTE, paired_figures
from earlysieve.comparing.unsure import unsure
from earlysieve.errors import InputError
from earlysieve.measures.paired_seeds import compare_over_seeds

if TYPE_CHECKING:
    import pandas as pd

    from earlysieve.auditing.result import AuditResult

COLUMNS = ("reliance", "accuracy", "worst group", "worst class")
# Where one is known.
MORE_COLUMNS = (WHERE_MISLED, "reweighted accuracy", "group gap", "calibration error")


@dataclass(frozen=True)
class Comparison:
    """What a comparison says.

    Attributes:
        lines: one for each configuration, in the order given.
        differences: of each other line minus the first, where seeds match.
        notes: what figures are of, and why differences or their intervals are missing.
    """

    lines: tuple[Line, ...]
    differences: tuple[Difference, ...]
    notes: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The figures to show: the usual ones, and others that are known of some line.

        Of runs that were not audited no reliance is known, and none is shown.
        """
        known = {name for line in self.lines for name in line.figures}
        audited = any(entry.kind == "audit" for line in self.lines for entry in line.entries)
        usual = COLUMNS if audited or COLUMNS[0] in known else COLUMNS[1:]
        return (*usual, *(name for name in MORE_COLUMNS if name in known))

    @property
    def table(self) -> "pd.DataFrame":
        """One row per line; figures with their intervals as numbers, NaN where unknown."""
        import pandas as pd

        return pd.DataFrame([_row(line, self.columns) for line in self.lines])


def compare(folders: "Sequence[str | os.PathLike[str]]") -> Comparison:
    """Put folders of audits and runs side by side.

    Entries that differ in their seed alone are one line: mean and 95% t-interval over seeds. Where
    the verdict of the first audit is about something simple, audits of the same examples say how
    often their models are right on those where a reader of it is misled. Two audits of the same
    examples differ in accuracy by so much, with a paired 95% interval.

    Args:
        folders: two or more, of audits or finished runs.

    Raises:
        InputError: there are fewer, the same one twice, or one is neither.
        DataError: one is damaged.

    Example:
        >>> import tempfile
        >>> import torch
        >>> import earlysieve as es
        >>> x = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))
        >>> y = (x[:, 0] + x[:, 1] > 0).long()
        >>> folder = tempfile.mkdtemp()
        >>> for name in ("before", "after"):
        ...     hidden = torch.nn.Linear(4, 8)
        ...     net = torch.nn.Sequential(hidden, torch.nn.ReLU(), torch.nn.Linear(8, 2))
        ...     _ = es.audit(net, (x, y), progress=False).save(f"{folder}/{name}")
        >>> found = es.compare([f"{folder}/before", f"{folder}/after"])
        >>> len(found.table)
        2
    """
    if isinstance(folders, str | os.PathLike):
        raise InputError(
            f"Expected a list of two or more folders, but got '{folders}' alone; pass [first, "
            "second]"
        )
    return _compared([Path(folder) for folder in folders])


def _compared(folders: Sequence[Path]) -> Comparison:
    if len(folders) < 2:
        raise InputError(
            f"Expected two or more folders to compare, but got {len(folders)}; name another"
        )
    places = [folder.resolve() for folder in folders]
    twice = next((f for f, p in zip(folders, places, strict=True) if places.count(p) > 1), None)
    if twice is not None:
        raise InputError(f"Expected different folders, but got '{twice}' twice; name it once")
    first = audit_of(folders[0])
    misled = None if first is None else misled_in(first)
    read = [(folders[0], first), *((folder, None) for folder in folders[1:])]
    lines = fold([read_entry(folder, misled, audit) for folder, audit in read])
    found = [difference(line, lines[0]) for line in lines[1:]]
    notes = []
    if misled is not None:
        notes.append(
            f"'{WHERE_MISLED}' is the accuracy on the {int(misled.misled.sum()):,} examples on "
            f"which a reader of {misled.reader} is misled in the audit of '{folders[0]}', in "
            "audits of the same examples."
        )
    if first is not None:
        paired = [
            _paired(one, line, lines[0], first, misled)
            for one, line in zip(found, lines[1:], strict=True)
        ]
        notes += [NOTE] if paired != found else []
        found = paired
    notes += [*unsure(lines), *learned_from(lines)]
    notes += [*not_compared(lines), *other_groups(lines)]
    notes += reasons(zip(lines[1:], found, strict=True), lines[0])
    return Comparison(tuple(lines), tuple(one for one in found if one is not None), tuple(notes))


def difference(line: Line, first: Line) -> Difference | None:
    """A line minus the first, seed by seed; None where they share no seed, or are not of a kind.

    Nor are runs on other data. Reliance on one thing and on another have no difference, nor have
    worst groups of other groups.
    """
    if line.entries[0].kind != first.entries[0].kind or other_data(line, first):
        return None
    grouped = same_groups(line, first)
    figures, seeds = {}, set()
    for name in (*COLUMNS, *MORE_COLUMNS):
        ours, theirs = line.by_seed(name), first.by_seed(name)
        comparable = name != "reliance" or line.leans_on == first.leans_on
        comparable &= name not in OF_GROUPS or grouped
        if comparable and ours.keys() & theirs.keys():
            found = compare_over_seeds(ours, theirs)
            figures[name] = Estimated(found.mean, found.low, found.high)
            seeds |= set(found.seeds)
    return Difference(line.name, tuple(sorted(seeds)), figures) if figures else None


def _paired(
    found: Difference | None,
    line: Line,
    first: Line,
    audited: "AuditResult",
    misled: Misled | None,
) -> Difference | None:
    """The difference of two single audits with intervals, where they are of the same examples."""
    entries = (*line.entries, *first.entries)
    ours = line.entries[0].audit
    if ours is None or len(entries) > 2 or any(one.kind != "audit" for one in entries):
        return found
    figures = paired_figures(ours, audited, misled)
    if not figures:
        return found
    # The seed of an audit draws its readouts and swaps: the examples are the same with another.
    known = Difference(line.name, (), {}) if found is None else found
    return replace(known, figures={**known.figures, **figures})


def _row(line: Line, columns: Sequence[str]) -> dict[str, object]:
    row: dict[str, object] = {
        "name": line.name,
        "seeds": len(line.entries),
        "measured_on": line.measured_on or None,
        "verdict": line.verdict or None,
        "leans_on": line.leans_on or None,
    }
    unknown = Estimated(float("nan"))
    for name in columns:
        one, key = line.figures.get(name, unknown), name.replace(" ", "_")
        row |= {key: one.value, f"{key}_low": one.low, f"{key}_high": one.high}
    return {**row, "best_epoch": line.best_epoch}
