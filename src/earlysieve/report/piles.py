"""The piles of suspicious examples, as the page names and orders them."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from earlysieve.report.audit_view import ReportData
from earlysieve.report.readable import short_name


@dataclass(frozen=True)
class Kind:
    """A pile, or one of the two kinds of examples outside all piles.

    `slug` names it in the style sheet and in addresses; `hint` says what is in it.
    """

    role: str
    slug: str
    title: str
    hint: str


@dataclass(frozen=True)
class PileCount:
    """A pile and how many examples it holds."""

    kind: Kind
    count: int
    share: float


FLAGGED = Kind("flagged", "flagged", "Flagged", "The readout is sure, and wrong.")
CORRECT = Kind("correct", "correct", "For comparison", "The readout is sure, and right.")
_FAILS = Kind(
    "shortcut fails",
    "fails",
    "Shortcut fails",
    "It contradicts the label here, and the label seems to be right.",
)
# Only one of the two is in an audit, so that they are drawn alike.
_MISLED = Kind(
    "misled",
    "fails",
    "Misled",
    "Something simple contradicts the label here, and the label seems to be right.",
)
_DOUBTFUL = Kind(
    "label doubtful",
    "doubtful",
    "Label doubtful",
    "The model and the readers agree on another class: the label is wrong, or something simple "
    "that has no reader here misleads both. Remove none before looking what these have in common.",
)
_HARD = Kind(
    "rare or hard",
    "hard",
    "Rare or hard",
    "The model errs, and neither a shortcut nor a wrong label explains it.",
)
_UNPILED = Kind(
    "flagged",
    "flagged",
    "Flagged, in no pile",
    "The readout of an early layer is sure and wrong, and the model is right.",
)
_READ = Kind("correct", "correct", "For comparison", "The model and the readers are right.")
PILES = {kind.role: kind for kind in (_FAILS, _MISLED, _DOUBTFUL, _HARD)}
ROLES = (FLAGGED.role, CORRECT.role, *PILES)


def has_piles(data: ReportData) -> bool:
    """Whether the audit sorted its suspicious examples into piles."""
    return "pile" in data.examples.columns


def pile_counts(data: ReportData) -> list[PileCount]:
    """The piles that hold something, and that of a shortcut in any case where one was found."""
    total = len(data.examples)
    every = {**PILES, _DOUBTFUL.role: _doubtful(data)}
    return [
        PileCount(kind, count, count / total)
        for role, kind in every.items()
        if (count := int(data.summary.piles.get(role, 0)))
        or (role == _FAILS.role and data.summary.verdict == "shortcut")
    ]


def kinds(data: ReportData) -> list[Kind]:
    """The galleries of the page: what fails stands beside what does not."""
    if not has_piles(data):
        return [FLAGGED, CORRECT]
    shown = {picture.role for picture in data.pictures}
    first = next((kind for kind in (_FAILS, _MISLED) if kind.role in shown), None)
    if first is None:
        return [_doubtful(data), _HARD, _UNPILED, _READ]
    what = short_name(data.summary)
    titled = replace(first, title=f"{first.title}: {what}" if what else first.title)
    return [titled, _READ, _doubtful(data), _HARD, _UNPILED]


def _doubtful(data: ReportData) -> Kind:
    """With what the verdict is about, where it has a name: both may go by that."""
    what = short_name(data.summary)
    if not what:
        return _DOUBTFUL
    tells = (
        f"The model and the readers agree on another class: the label is wrong, or both go by "
        f"{what}. Remove none before looking what these have in common."
    )
    return replace(_DOUBTFUL, hint=tells)


def pile_numbers(data: ReportData) -> NDArray[np.int64] | None:
    """The position of each example's pile in `PILES`, -1 for none; None without piles."""
    if not has_piles(data):
        return None
    names = list(PILES)
    found = data.examples["pile"].map({name: i for i, name in enumerate(names)})
    return np.asarray(found.fillna(-1).to_numpy(), dtype=np.int64)
