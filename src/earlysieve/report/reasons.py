"""Why an audit says what it says, ready for the template: figures, signs, tables, swaps."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from earlysieve.report.audit_view import ReportData
from earlysieve.report.misleading import misleading_word
from earlysieve.report.readable import readable, short_name
from earlysieve.report.swap_texts import SwapTextView, swap_text_view, told
from earlysieve.report.view_of_evidence import LeaningLike, PartLike, WordLike
from earlysieve.report.view_of_summary import SummaryLike
from earlysieve.report.words import NOTHING, count, data_uri, name_of, percent, signed

SHOWN = 8
_ABOUT = {
    "shortcut": "What the model relies on",
    "at risk": "What the answer may rest on",
    "inconclusive": "What is in question",
    "none found": "What came nearest",
}
_SIGNS = {
    "gathers": "Errors gather where it misleads",
    "recovers": "The rest of the example speaks for the label",
    "swaps": "Swapping it changes the answer",
    "confidence": "The model is less sure of these errors",
    "reads": "It tells nearly as much as the model",
}
_LOWEST, _HIGHEST = -2.0, 2.0
_STRONGEST = 4.5
LEANING_COLUMNS = (
    "Sees only", "Achieves", "Misled on", "Model right there", "Model right elsewhere",
    "Errors explained", "Rest speaks for label", "Answers follow", "Errors mended", "Evidence",
)  # fmt: skip
PART_COLUMNS = (
    "Part", "Pairs", "Answer follows", "By chance", "Errors", "Mended", "By chance",
)  # fmt: skip

_WORDS = "token"
_LAYER = "hard examples look the same to a layer: it counts only where something else tells them"
WORD_COLUMNS = ("Word", "Texts with it", "Of other classes", "Model goes with the word there")


@dataclass(frozen=True)
class Bar:
    """A sign as a bar from the middle: where it begins and how wide it is, in [0, 1]."""

    name: str
    value: float
    start: float
    width: float
    text: str

    @property
    def tone(self) -> str:
        """What it speaks for."""
        return "for" if self.value > 0 else "against" if self.value < 0 else "neither"


@dataclass(frozen=True)
class Signs:
    """The evidence: its strength, what is asked for, and what it is made of."""

    what: str
    strength: float
    enough: float
    share: float
    mark: float
    sentence: str
    bars: list[Bar]


@dataclass(frozen=True)
class Row:
    """A row of a table; `tags` and a `note` stand by its name."""

    name: str
    note: str
    tags: list[str]
    cells: list[str]
    stressed: bool


@dataclass(frozen=True)
class SwapView:
    """One swap: three pictures with what stands under each, and whether the answer followed."""

    before: str
    given: str
    after: str | None
    receiver: str
    donor: str
    answer: str
    told: str


@dataclass(frozen=True)
class SwapRow:
    """The swaps of one part that are shown."""

    part: str
    caption: str
    swaps: list[SwapView]
    texts: list[SwapTextView]


@dataclass(frozen=True)
class Interval:
    """A share with its interval, all within [0, 1]."""

    value: float
    low: float
    high: float
    text: str


def reasons(data: ReportData) -> dict[str, Any]:
    """What the template shows at the top and in the section "Why"."""
    summary = data.summary
    leading = next((one for one in summary.leanings if one.name == summary.leans_on), None)
    rows = [_leaning_row(one, one is leading, summary) for one in _leading_first(summary, leading)]
    return {
        "about": (_ABOUT[summary.verdict], short_name(summary)) if summary.leans_on else None,
        "leading": leading,
        "fails": _interval(summary.accuracy_where_it_fails),
        "lost": _lost(summary),
        "elsewhere": _finite(None if leading is None else leading.accuracy_else),
        "power": _power(summary),
        "signs": _signs(summary, leading),
        "leaning_columns": LEANING_COLUMNS,
        "leanings": rows[:SHOWN],
        "more_leanings": rows[SHOWN:],
        "part_columns": PART_COLUMNS,
        "parts": [_part_row(one) for one in summary.swaps],
        "word_columns": WORD_COLUMNS,
        "misleading": misleading_word(summary.words) if summary.leans_on == _WORDS else None,
        "words": [_word_row(one) for one in summary.words],
        "not_swapped": _named({n: r for n, r in summary.not_swapped.items() if n != "all"}),
        "not_looked_at": _named(summary.not_looked_at),
        "swap_rows": _swap_rows(data),
    }


def _power(summary: SummaryLike) -> float | None:
    """How likely a shortcut would have been found: of no interest where one was.

    Nor where something else than the number of examples kept the audit from telling.
    """
    few = summary.verdict == "inconclusive" and summary.examples_needed is not None
    nothing = summary.leans_on is None and (few or summary.verdict == "none found")
    return _finite(summary.power) if nothing else None


def _leading_first(summary: SummaryLike, leading: LeaningLike | None) -> list[LeaningLike]:
    others = [one for one in summary.leanings if one is not leading]
    return others if leading is None else [leading, *others]


def _leaning_row(found: LeaningLike, leads: bool, summary: SummaryLike) -> Row:
    explained = summary.verdict != "none found" or not found.evidence >= summary.enough
    tags = ["leading"] if leads else []
    by = readable(found.recovered_by)
    return Row(
        name=readable(found.name, of_network=found.of_network),
        note="" if explained or not found.of_network else _LAYER,
        tags=[*tags, *_as_named(found)],
        cells=[
            percent(max(found.reads, 0.0)),
            count(found.misread),
            percent(found.accuracy),
            percent(found.accuracy_else),
            count(found.explained),
            percent(found.recovered) + (f" ({by})" if by and _known(found.recovered) else ""),
            _points(found.followed),
            _points(found.mended),
            signed(found.evidence),
        ],
        stressed=leads,
    )


def _word_row(found: WordLike) -> Row:
    return Row(
        name=found.word,
        note=f"speaks for {found.speaks_for}",
        tags=[],
        cells=[count(found.texts), count(found.against), percent(found.followed)],
        stressed=False,
    )


def _part_row(found: PartLike) -> Row:
    return Row(
        name=readable(found.part),
        note=found.detail if found.detail not in (found.part, readable(found.part)) else "",
        tags=_as_named(found),
        cells=[
            count(found.pairs),
            percent(found.followed),
            percent(found.control),
            count(found.errors),
            percent(found.mended),
            percent(found.unmended),
        ],
        stressed=False,
    )


def _as_named(found: LeaningLike | PartLike) -> list[str]:
    tags = ["must not matter"] if found.irrelevant else []
    return [*tags, *(["belongs to the task"] if found.relevant else [])]


def _points(value: float) -> str:
    """A difference of shares."""
    if not _known(value):
        return NOTHING
    return f"{value:+.0%}".replace("-", "\N{MINUS SIGN}").replace("+0%", "0%")


def _signs(summary: SummaryLike, leading: LeaningLike | None) -> Signs | None:
    known = {name: float(value) for name, value in summary.signs.items() if _known(value)}
    if not known or not _known(summary.strength) or not _known(summary.enough):
        return None
    return Signs(
        what=short_name(summary),
        strength=summary.strength,
        enough=summary.enough,
        share=_within(summary.strength / _STRONGEST, 0, 1),
        mark=_within(summary.enough / _STRONGEST, 0, 1),
        sentence=_against_enough(summary, leading),
        bars=[
            _bar(title, known[name], summary.signs_in_words.get(name, ""))
            for name, title in _SIGNS.items()
            if name in known
        ],
    )


def _against_enough(summary: SummaryLike, leading: LeaningLike | None) -> str:
    total, enough = signed(summary.strength), signed(summary.enough)
    if summary.strength >= summary.enough:
        text = f"Together the signs come to {total}. From {enough} on, they are enough."
        if summary.verdict == "shortcut":
            return text
        return f"{text} What keeps this from being called a shortcut is said at the top."
    text = f"Together the signs come to {total}, short of the {enough} that are enough."
    if summary.verdict != "shortcut":
        return text
    if leading is not None and leading.irrelevant:
        return f"{text} It is called a shortcut because you said that it must not matter."
    return f"{text} What makes it a shortcut all the same is said at the top."


def _bar(name: str, value: float, text: str) -> Bar:
    at, middle = (
        (_within(one, _LOWEST, _HIGHEST) - _LOWEST) / (_HIGHEST - _LOWEST) for one in (value, 0.0)
    )
    return Bar(name, value, min(at, middle), abs(at - middle), text)


def _interval(found: Any) -> Interval | None:
    if found is None or not all(map(_known, (found.value, found.low, found.high))):
        return None
    value, low, high = (_within(one, 0, 1) for one in (found.value, found.low, found.high))
    return Interval(value, low, high, f"{percent(low)} to {percent(high)}")


def _lost(summary: SummaryLike) -> str | None:
    found = summary.reliance
    if found is None or not all(map(_known, (found.value, found.low, found.high))):
        return None
    ends = [f"{100 * one:.0f}".replace("-", "\N{MINUS SIGN}") for one in (found.low, found.high)]
    value = f"{100 * found.value:.0f}".replace("-", "\N{MINUS SIGN}")
    return f"{value} points less than elsewhere (95% interval: {ends[0]} to {ends[1]})"


def _swap_rows(data: ReportData) -> list[SwapRow]:
    """By part, with what its swaps came to on the whole."""
    whole = {one.part: one for one in data.summary.swaps}
    rows = []
    shown = [swap.part for swap in data.swap_pictures] + [swap.part for swap in data.swap_texts]
    for part in dict.fromkeys(shown):
        name, found = readable(part), whole.get(part)
        caption = "" if found is None or not _known(found.followed) else (
            f"{percent(found.followed)} of {count(found.pairs)} answers follow the donor, by "
            f"chance {percent(found.control)}"
        )  # fmt: skip
        swaps = [_swap_view(swap, data) for swap in data.swap_pictures if swap.part == part]
        texts = [swap_text_view(swap, data) for swap in data.swap_texts if swap.part == part]
        rows.append(SwapRow(name, caption, swaps, texts))
    return rows


def _swap_view(swap: Any, data: ReportData) -> SwapView:
    return SwapView(
        before=data_uri(swap.before),
        given=data_uri(swap.given),
        after=None if swap.after is None else data_uri(swap.after),
        receiver=name_of(data.class_names, swap.receiver_label, "class"),
        donor=name_of(data.class_names, swap.donor_label, "class"),
        answer=name_of(data.class_names, swap.answer, "class"),
        told=told(swap.answer, swap.receiver_label, swap.donor_label),
    )


def _named(reasons_by_part: Mapping[str, str]) -> Sequence[tuple[str, str]]:
    return [(readable(name), reason) for name, reason in reasons_by_part.items()]


def _finite(value: Any) -> float | None:
    return float(value) if value is not None and _known(value) else None


def _known(value: Any) -> bool:
    return math.isfinite(value)


def _within(value: float, low: float, high: float) -> float:
    return max(low, min(high, value))
