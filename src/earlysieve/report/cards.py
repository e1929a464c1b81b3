"""The examples that the page shows, ready for the template."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from earlysieve.errors import InputError
from earlysieve.report.audit_view import ReportData
from earlysieve.report.piles import PILES, ROLES, Kind, has_piles, kinds
from earlysieve.report.readable import short_name
from earlysieve.report.view_of_examples import PictureLike, PieceLike
from earlysieve.report.words import as_float, data_uri, name_of

if TYPE_CHECKING:
    import pandas as pd

SHORT_TEXT = 320


@dataclass(frozen=True)
class Card:
    """One example: its picture or text, and what model and readout make of it.

    `kind` is its pile; `against` says what contradicts the label there, and how much.
    """

    index: int
    id: str
    role: str
    image: str | None
    heatmap: str | None
    text: str | None
    label: str
    label_number: int
    prediction: str
    confidence: float
    correct: bool
    readout: str
    readout_correct: bool
    margin: float
    score: float
    group: str | None
    kind: Kind | None
    against: tuple[str, float] | None
    pieces: Sequence[PieceLike] = ()

    @property
    def excerpt(self) -> str:
        """The beginning of a long text, cut between words."""
        return excerpt(self.text or "")

    @property
    def is_whole(self) -> bool:
        """Whether what is shown of a text is all of it."""
        shown = " ".join(piece.text for piece in self.pieces) if self.pieces else self.excerpt
        return shown.split() == (self.text or "").split()


def excerpt(text: str) -> str:
    """The beginning of a long text, cut between words."""
    return text if len(text) <= SHORT_TEXT else text[:SHORT_TEXT].rsplit(" ", 1)[0] + " …"


@dataclass(frozen=True)
class Gallery:
    """The pictures of one kind, and how many examples of it there are."""

    kind: Kind
    cards: list[Card]
    total: int | None


def galleries(data: ReportData) -> list[Gallery]:
    """Cards by kind: those of piles as they were taken, others by the strength of their scores.

    Raises:
        InputError: a picture belongs to no example, or its role or bytes are unknown.
    """
    rows = data.examples.set_index("index", drop=False)
    made = [_card(picture, _row(rows, picture), data) for picture in data.pictures]
    shown = [_gallery(kind, made, data) for kind in kinds(data)]
    return [one for one in shown if one.cards or not has_piles(data)]


def _gallery(kind: Kind, made: list[Card], data: ReportData) -> Gallery:
    mine = [card for card in made if card.role == kind.role]
    if kind.role not in PILES:
        mine.sort(key=lambda card: -abs(card.score))
        return Gallery(kind, mine, None)
    return Gallery(kind, mine, data.summary.piles.get(kind.role))


def top_rows(data: ReportData, limit: int = 20) -> list[Card]:
    """The highest scores among the flagged examples, for audits without pictures."""
    flagged = data.examples[data.examples["flagged"].astype(bool)]
    best = flagged.sort_values("shortcut_score", ascending=False, kind="stable").head(limit)
    return [_card(None, row, data) for _, row in best.iterrows()]


def _row(rows: "pd.DataFrame", picture: PictureLike) -> Any:
    if picture.index not in rows.index or picture.role not in ROLES:
        raise InputError(
            "Expected each picture to belong to a row of the examples, as 'flagged', 'correct' or "
            f"a pile, but got one of example {picture.index} as '{picture.role}'; pass pictures of "
            "this audit only"
        )
    return rows.loc[picture.index]


def _card(picture: PictureLike | None, row: Any, data: ReportData) -> Card:
    label, prediction, readout = (
        int(row[key]) for key in ("label", "prediction", "readout_prediction")
    )
    image = picture.image if picture else None
    heatmap = picture.heatmap if picture else None
    return Card(
        index=int(row["index"]),
        id=str(row["id"]),
        role=picture.role if picture else "flagged",
        image=data_uri(image) if image else None,
        heatmap=data_uri(heatmap) if heatmap else None,
        text=picture.text if picture else None,
        label=name_of(data.class_names, label, "class"),
        label_number=label,
        prediction=name_of(data.class_names, prediction, "class"),
        confidence=float(row["confidence"]),
        correct=label == prediction,
        readout=name_of(data.class_names, readout, "class"),
        readout_correct=label == readout,
        margin=float(row["margin"]),
        score=float(row["shortcut_score"]),
        group=group_of(row.get("group"), data),
        kind=PILES.get(str(row.get("pile", ""))),
        against=_against(row, data),
        pieces=picture.pieces if picture else (),
    )


def _against(row: Any, data: ReportData) -> tuple[str, float] | None:
    told = {
        "shortcut fails": (short_name(data.summary), f"score of {data.summary.leans_on}"),
        "misled": (short_name(data.summary), f"score of {data.summary.leans_on}"),
        "label doubtful": ("model and readers", "label_doubt"),
    }
    who, column = told.get(str(row.get("pile", "")), ("", ""))
    score = as_float(row.get(column))
    return None if math.isnan(score) else (who, score)


def group_of(value: Any, data: ReportData) -> str | None:
    """The name of a group; None where it is unknown."""
    import pandas as pd

    if value is None or pd.isna(value) or int(value) < 0:
        return None
    return name_of(data.group_names, int(value), "group")
