"""What the folder of a run or of an audit says of a model."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earlysieve._files import is_folder, is_there
from earlysieve.auditing.leans import leans_of
from earlysieve.comparing.estimated import WHERE_MISLED, Estimated
from earlysieve.comparing.measured_on import of_audit, of_run
from earlysieve.comparing.misled import Misled
from earlysieve.errors import InputError
from earlysieve.runs.run_files import CONFIG, HISTORY, damaged, read_object
from earlysieve.runs.validated import kept_row

if TYPE_CHECKING:
    from earlysieve.auditing.result import AuditResult

AUDIT, AFTER = "audit.json", "audit-after"
# What changes how a run is carried out, or where it lies, but not what it is.
_BESIDE = ("versions", "device", "num_workers", "checkpoint_every_steps", "start_sha256")
# A figure of a model -> what a run's history calls it.
FIGURES = {
    "accuracy": "validation_accuracy",
    "worst group": "validation_worst_group_accuracy",
    "worst class": "validation_worst_class_accuracy",
    "reweighted accuracy": "validation_reweighted_accuracy",
    "group gap": "validation_group_gap",
    "calibration error": "validation_calibration_error",
}


@dataclass(frozen=True)
class Entry:
    """What a folder says.

    Attributes:
        path: of the folder, as given.
        kind: "run" or "audit".
        method: of a run; empty for an audit.
        config: what it was made with, without the seed and without what changes no result.
        seed: its seed; None where it says none.
        verdict: of its audit; None without one.
        leans_on: what the verdict is about, in words; empty without an audit, or where that is not
            known.
        figures: "reliance" and those of `FIGURES`, as far as they are known.
        best_epoch: of a run with validation data.
        audit: that the folder is; None of a run.
        measured_on: the data that its accuracies are of, in words; empty where it has none.
    """

    path: Path
    kind: str
    method: str
    config: Mapping[str, Any]
    seed: int | None
    verdict: str | None = None
    leans_on: str = ""
    figures: Mapping[str, Estimated] = field(default_factory=dict)
    best_epoch: int | None = None
    audit: "AuditResult | None" = field(default=None, repr=False, compare=False)
    measured_on: str = ""


def read_entry(
    path: Path, misled: Misled | None = None, audit: "AuditResult | None" = None
) -> Entry:
    """What the folder says: of an audit, or of a run and, where it has one, its audit after it.

    Args:
        path: of the folder.
        misled: on which examples models are looked at besides.
        audit: of this folder, where `audit_of` has read it already.

    Raises:
        InputError: it is neither.
        DataError: it is damaged.
    """
    if is_there(path / AUDIT):
        return _of_audit(path, misled, audit or _load(path))
    if is_there(path / HISTORY) and is_there(path / CONFIG):
        return _of_run(path, misled, audit)
    raise InputError(
        f"Expected the folder of an audit or of a finished run, but '{path}' has neither {AUDIT} "
        f"nor {HISTORY}; {_instead(path)}"
    )


def _instead(path: Path) -> str:
    """What to give in place of a folder that is no entry; those of runs or audits that it holds."""
    below = sorted(path.iterdir()) if is_folder(path) else []
    held = [one for one in below if is_there(one / AUDIT) or is_there(one / HISTORY)]
    if not held:
        return "give the --out of 'earlysieve audit' or 'earlysieve train'"
    more = f" and {len(held) - 2} more" if len(held) > 2 else ""
    named = " ".join(f"'{one}'" for one in held[:2])
    return f"give the folders that it holds: {named}{more}"


def audit_of(path: Path) -> "AuditResult | None":
    """The audit that a folder is, or that of a run after training; None where it has none.

    Raises:
        DataError: it is damaged.
    """
    folder = next((one for one in (path, path / AFTER) if is_there(one / AUDIT)), None)
    return None if folder is None else _load(folder)


def _load(folder: Path) -> "AuditResult":
    from earlysieve.auditing.result import AuditResult

    return AuditResult.load(folder)


def _of_audit(path: Path, misled: Misled | None, result: "AuditResult") -> Entry:
    config, seed = _without_seed(result.config)
    figures = _audited(result, misled)
    verdict, on = result.summary.verdict, leans_of(result)
    data = of_audit(result.config)
    return Entry(
        path, "audit", "", config, seed, verdict, on, figures, audit=result, measured_on=data
    )


def _of_run(path: Path, misled: Misled | None, audit: "AuditResult | None") -> Entry:
    config, seed = _without_seed(read_object(path / CONFIG))
    found = read_object(path / HISTORY)
    try:
        row = kept_row(found)
        best = found["best_epoch"]
        figures = {name: Estimated(float(row[key])) for name, key in FIGURES.items() if key in row}
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise damaged(path / HISTORY, error) from error
    data = of_run(config) if figures else ""
    verdict, on, audit = None, "", audit or audit_of(path)
    if audit is not None:
        verdict, on = audit.summary.verdict, leans_of(audit)
        figures, data = {**_audited(audit, misled), **figures}, data or of_audit(audit.config)
    method = str(config.get("method", ""))
    return Entry(path, "run", method, config, seed, verdict, on, figures, best, measured_on=data)


def _audited(result: "AuditResult", misled: Misled | None) -> dict[str, Estimated]:
    summary = result.summary
    found = {"accuracy": Estimated(summary.accuracy)}
    if summary.reliance is not None:
        found["reliance"] = Estimated(
            summary.reliance.value, summary.reliance.low, summary.reliance.high
        )
    if summary.worst_group_accuracy is not None:
        found["worst group"] = Estimated(summary.worst_group_accuracy)
    if result.groups is not None:
        found["group gap"] = Estimated(result.groups.gap)
        if result.groups.reweighted_to == "given shares":
            found["reweighted accuracy"] = Estimated(result.groups.reweighted_average)
    if summary.classes:
        found["worst class"] = Estimated(min(one.accuracy for one in summary.classes))
    there = None if misled is None else misled.accuracy(result)
    if there is not None:
        found[WHERE_MISLED] = there
    return {name: one for name, one in found.items() if not math.isnan(one.value)}


def _without_seed(config: Mapping[str, Any]) -> tuple[dict[str, Any], int | None]:
    kept = {key: value for key, value in config.items() if key not in (*_BESIDE, "seed")}
    seed = config.get("seed")
    if not isinstance(seed, int):
        return kept, None
    return _renamed(kept, f"seed-{seed}"), seed


def _renamed(value: Any, folder: str) -> Any:
    """The value without what a benchmark calls the folders of a seed, in the paths of a plain run.

    A repair or a student names the run that it starts from or learns from.
    """
    if isinstance(value, Mapping):
        return {key: _renamed(item, folder) for key, item in value.items()}
    if isinstance(value, str) and "/" in value:
        return "/".join("seed" if part == folder else part for part in value.split("/"))
    return value
