"""What a search came to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from earlysieve.groups.over_seeds import OverSeeds
from earlysieve.searching.again import Again

RESULT_NAME = "search.json"


@dataclass(frozen=True)
class TrialRow:
    """What is said of a finished trial.

    Attributes:
        place: its number.
        state: "complete", "pruned" or "failed".
        score: by the selection rule; of a pruned trial the last one; None where there is none.
        values: of the settings that are searched.
        seconds: of the attempt that ended it.
        why: why it failed.
    """

    place: int
    state: str
    score: float | None
    values: Mapping[str, Any]
    seconds: float | None
    why: str = ""


@dataclass(frozen=True)
class SearchResult:
    """What a search came to.

    Attributes:
        chosen: place of the chosen trial; 0: the plain method stays.
        values: its settings.
        explanation: why, in a sentence.
        select, supervision: the rule, and what it knows.
        trials: all that are finished.
        plain, best: trial 0 and the chosen trial with fresh seeds; `best` is None where 0 stays.
        difference: of `best` minus `plain`, seed by seed, for each rule.
    """

    chosen: int
    values: Mapping[str, Any]
    explanation: str
    select: str
    supervision: str
    trials: list[TrialRow]
    plain: Again
    best: Again | None = None
    difference: Mapping[str, OverSeeds] = field(default_factory=dict)


def settings_text(values: Mapping[str, Any]) -> str:
    """Settings in a few words: "forget_every 3, forget_lr 0.02"."""
    return ", ".join(f"{name} {_short(value)}" for name, value in values.items())


def interval_text(found: OverSeeds | None) -> str:
    """A mean with its interval, where there is one."""
    if found is None:
        return "-"
    interval = "" if found.seeds < 2 else f" [{found.low:.3f}, {found.high:.3f}]"
    return f"{found.mean:.3f}{interval}"


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
