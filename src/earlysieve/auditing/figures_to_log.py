"""Figures of an audit for a tracker or a line, while a network learns."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from earlysieve.auditing.result import AuditResult

_PLAIN = ("accuracy", "accuracy_flagged", "accuracy_unflagged", "same_mistake", "strength")
_ESTIMATED = ("reliance", "accuracy_where_it_fails")


def figures_to_log(result: "AuditResult") -> dict[str, float]:
    """What an audit says in numbers, by name, without what is not known.

    `accuracy`; of a shortcut `reliance`, the accuracy lost where it fails, and
    `accuracy_where_it_fails`; `accuracy_flagged` where the early readout is misled with confidence,
    `accuracy_unflagged` elsewhere; `same_mistake`, the share of flagged examples on which the model
    says what the readout says; `strength` of the evidence.
    """
    summary = result.summary
    found = {"accuracy": float(summary.accuracy)}
    for name in _ESTIMATED:
        estimate = getattr(summary, name)
        if estimate is not None:
            found[name] = float(estimate.value)
    found |= {name: float(getattr(summary, name)) for name in _PLAIN}
    return {name: value for name, value in found.items() if value == value}
