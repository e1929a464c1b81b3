"""What the decision survives, ready for the template."""

from collections.abc import Sequence
from dataclasses import dataclass

from earlysieve.report.audit_view import ReportData
from earlysieve.report.cards import excerpt
from earlysieve.report.view_of_evidence import SurvivedLike
from earlysieve.report.view_of_examples import ChangedLike
from earlysieve.report.words import data_uri, name_of


@dataclass(frozen=True)
class ChangedView:
    """What an example looks like after a change, and what the model says of it."""

    name: str
    image: str | None
    text: str | None
    answer: str
    correct: bool


@dataclass(frozen=True)
class Survives:
    """Accuracy by change, the sample as it is first; one example; what was not done, and why."""

    rows: Sequence[SurvivedLike]
    examples: int
    label: str
    shown: list[ChangedView]
    skipped: list[tuple[str, str]]


def survives(data: ReportData) -> Survives | None:
    """None where nothing was taken away."""
    rows, shown = data.summary.survives, data.changed_pictures
    if not rows:
        return None
    return Survives(
        rows=rows,
        examples=rows[0].examples,
        label=name_of(data.class_names, shown[0].label, "class") if shown else "",
        shown=[_view(one, data.class_names) for one in shown],
        skipped=list(data.summary.not_taken.items()),
    )


def _view(shown: ChangedLike, names: Sequence[str]) -> ChangedView:
    return ChangedView(
        name=shown.change,
        image=None if shown.image is None else data_uri(shown.image),
        text=None if shown.text is None else excerpt(shown.text),
        answer=name_of(names, shown.answer, "class"),
        correct=shown.answer == shown.label,
    )
