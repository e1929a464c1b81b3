"""Swaps of texts, ready for the template."""

from collections.abc import Sequence
from dataclasses import dataclass

from earlysieve.report.audit_view import ReportData
from earlysieve.report.view_of_examples import PieceLike, SwapTextLike
from earlysieve.report.words import name_of


@dataclass(frozen=True)
class SwapTextView:
    """One swap: three texts in pieces, what stands by each, and whether the answer followed."""

    before: Sequence[PieceLike]
    given: Sequence[PieceLike]
    after: Sequence[PieceLike]
    receiver: str
    donor: str
    answer: str
    told: str


def swap_text_view(swap: SwapTextLike, data: ReportData) -> SwapTextView:
    """A swap with its classes by name."""
    return SwapTextView(
        swap.before,
        swap.given,
        swap.after,
        receiver=name_of(data.class_names, swap.receiver_label, "class"),
        donor=name_of(data.class_names, swap.donor_label, "class"),
        answer=name_of(data.class_names, swap.answer, "class"),
        told=told(swap.answer, swap.receiver_label, swap.donor_label),
    )


def told(answer: int, receiver: int, donor: int) -> str:
    """What became of the answer."""
    if answer == receiver:
        return "keeps its answer"
    return "follows" if answer == donor else "another class"
