"""Audits made by hand, as the page gets them."""

import io
import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

CLASSES = ("boot", "coat", "shirt")
GROUPS = ("usual", "rare")


@dataclass(frozen=True)
class Summary:
    verdict: str = "shortcut"
    headline: str = "The model leans on something simple."
    explanation: str = "The first part.\n\nThe second part."
    layer: str | None = "stage1"
    share_flagged: float = 0.1
    accuracy: float = 0.8
    accuracy_flagged: float = 0.25
    accuracy_unflagged: float = 0.9
    worst_group: str | None = "rare"
    worst_group_accuracy: float | None = 0.3
    next_steps: tuple[str, ...] = ("Look at the flagged examples.", "Train again.")
    warnings: tuple[str, ...] = ("Few examples were flagged.",)
    leans_on: str | None = None
    reliance: "Estimate | None" = None
    accuracy_where_it_fails: "Estimate | None" = None
    strength: float = math.nan
    enough: float = 0.9
    signs: dict[str, float] = field(default_factory=dict)
    signs_in_words: dict[str, str] = field(default_factory=dict)
    leanings: tuple["Leaning", ...] = ()
    swaps: tuple["Part", ...] = ()
    not_swapped: dict[str, str] = field(default_factory=dict)
    not_looked_at: dict[str, str] = field(default_factory=dict)
    survives: tuple["Survived", ...] = ()
    not_taken: dict[str, str] = field(default_factory=dict)
    words: tuple["Word", ...] = ()
    piles: dict[str, int] = field(default_factory=dict)
    power: float = math.nan
    examples_needed: int | None = None


@dataclass(frozen=True)
class Estimate:
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Word:
    word: str = "reported"
    speaks_for: str = "Coat"
    texts: int = 306
    against: int = 31
    followed: float = 0.84


@dataclass(frozen=True)
class Leaning:
    name: str
    of_network: bool = False
    reads: float = 0.96
    misread: int = 150
    accuracy: float = 0.27
    accuracy_else: float = 0.98
    explained: int = 76
    recovered: float = 0.79
    recovered_by: str = "size"
    followed: float = 0.75
    mended: float = 0.95
    irrelevant: bool = False
    relevant: bool = False
    evidence: float = 2.3


@dataclass(frozen=True)
class Part:
    part: str
    detail: str = "mean and spread of each channel"
    pairs: int = 60
    followed: float = 0.75
    control: float = 0.02
    errors: int = 40
    mended: float = 0.9
    unmended: float = 0.1
    irrelevant: bool = False
    relevant: bool = False


@dataclass(frozen=True)
class Swap:
    part: str
    receiver_label: int
    donor_label: int
    answer: int
    before: bytes
    given: bytes
    after: bytes | None = None
    receiver: int = 0
    donor: int = 1


@dataclass(frozen=True)
class Piece:
    text: str
    marked: bool = False


@dataclass(frozen=True)
class SwapText:
    part: str
    receiver_label: int
    donor_label: int
    answer: int
    before: tuple[Piece, ...]
    given: tuple[Piece, ...]
    after: tuple[Piece, ...]


@dataclass(frozen=True)
class Survived:
    change: str
    examples: int
    accuracy: float
    low: float
    high: float


@dataclass(frozen=True)
class Changed:
    change: str
    label: int
    answer: int
    image: bytes | None = None
    text: str | None = None


@dataclass(frozen=True)
class Groups:
    table: pd.DataFrame
    average: float = 0.8
    reweighted_average: float = 0.6
    reweighted_to: str = "equal groups"
    worst_group: int = 1
    worst_group_name: str = "rare"
    worst_accuracy: float = 0.3
    gap: float = 0.6
    unknown: int = 0


@dataclass(frozen=True)
class Picture:
    index: int
    kind: str = "image"
    role: str = "flagged"
    image: bytes | None = None
    text: str | None = None
    heatmap: bytes | None = None
    pieces: tuple["Piece", ...] = ()


@dataclass(frozen=True)
class Audit:
    layers: pd.DataFrame
    examples: pd.DataFrame
    summary: Summary = field(default_factory=Summary)
    groups: Groups | None = None
    config: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    class_names: tuple[str, ...] = CLASSES
    group_names: tuple[str, ...] = GROUPS
    pictures: tuple[Picture, ...] = ()
    swap_pictures: tuple[Swap, ...] = ()
    swap_texts: tuple[SwapText, ...] = ()
    changed_pictures: tuple[Changed, ...] = ()


def png(red: int = 200, size: int = 8) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (size, size), (red, 40, 80)).save(buffer, format="PNG")
    return buffer.getvalue()


def layer_table(names: tuple[str, ...] = ("stage1", "stage2"), auroc: float = 0.9) -> pd.DataFrame:
    rows = [
        {
            "layer": name,
            "depth": i + 1,
            "features": 16 * (i + 1),
            "accuracy": 0.7 + 0.05 * i,
            "loss": 0.9 - 0.1 * i,
            "margin_on_errors": 0.6 - 0.1 * i,
            "margin_on_correct": 0.8,
            "errors": 12 - i,
            "flagged": 4,
            "confidence_ratio": 0.75,
            "auroc": auroc,
        }
        for i, name in enumerate(names)
    ]
    return pd.DataFrame(rows)


def example_table(count: int = 40, flagged: int = 4) -> pd.DataFrame:
    """The first `flagged` examples are read wrong and flagged, with falling scores."""
    index = np.arange(count)
    label = index % 3
    wrong = index < flagged
    margin = np.round(0.99 - index * 0.01, 2)
    return pd.DataFrame(
        {
            "index": index,
            "id": [f"photo-{i}" for i in index],
            "label": label,
            "prediction": np.where(index % 4 == 0, (label + 1) % 3, label),
            "confidence": np.round(0.5 + (index * 7 % 40) / 100, 2),
            "group": pd.array(wrong.astype(int), dtype="Int64"),
            "readout_prediction": np.where(wrong, (label + 1) % 3, label),
            "margin": margin,
            "shortcut_score": np.where(wrong, margin, -margin),
            "flagged": wrong,
        }
    )


def group_table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "group": [0, 1],
            "name": ["usual", "rare"],
            "n": [36, 4],
            "accuracy": [0.9, 0.3],
            "low": [0.8, 0.1],
            "high": [0.95, 0.6],
        }
    )


def image_audit(**changes: Any) -> Audit:
    """Four flagged and five correctly read pictures; the flagged ones have heat maps."""
    flagged = [Picture(i, image=png(), heatmap=png(90)) for i in range(4)]
    correct = [Picture(i, role="correct", image=png(20)) for i in range(4, 9)]
    audit = Audit(
        layer_table(),
        example_table(),
        groups=Groups(group_table()),
        config={"command": "earlysieve audit --folds 5", "model": "a small net", "folds": 5},
        notes=("Scores are out of fold.",),
        pictures=(*flagged, *correct),
    )
    return replace(audit, **changes)


def text_audit(*texts: str) -> Audit:
    pictures = tuple(Picture(i, "text", text=text) for i, text in enumerate(texts))
    return image_audit(pictures=pictures)


PILES = ("shortcut fails", "label doubtful", "rare or hard")


def piled_summary(**changes: Any) -> Summary:
    """A shortcut by colour, with all that is known of it."""
    summary = Summary(
        leans_on="colour",
        reliance=Estimate(0.71, 0.65, 0.8),
        accuracy_where_it_fails=Estimate(0.27, 0.19, 0.35),
        strength=1.6,
        signs={"gathers": 1.5, "recovers": 0.4, "swaps": 0.0, "confidence": -0.6, "reads": 0.3},
        signs_in_words={"gathers": "It errs 60 times as often.", "confidence": "Only 53%."},
        leanings=(
            Leaning("stage1 map", of_network=True, followed=math.nan, mended=math.nan),
            Leaning("colour"),
            *(Leaning(f"column x{i}", evidence=math.nan) for i in range(9)),
        ),
        swaps=(
            Part("stage", "channel statistics", relevant=True),
            Part("colour", irrelevant=True),
        ),
        not_swapped={"size": "the budget is spent"},
        not_looked_at={"all": "swaps are turned off"},
        survives=(
            Survived("unchanged", 50, 0.98, 0.9, 0.996),
            Survived("in grey", 50, 0.26, 0.16, 0.4),
        ),
        not_taken={"16 tiles shuffled": "too small"},
        piles={"shortcut fails": 3, "label doubtful": 2, "rare or hard": 1},
        power=0.93,
    )
    return replace(summary, **changes)


def piled_audit(**changes: Any) -> Audit:
    """Three examples on which colour fails, two doubtful labels, a hard one, a flagged one."""
    piles = np.array([*["shortcut fails"] * 3, *["label doubtful"] * 2, "rare or hard", *[""] * 34])
    examples = example_table(flagged=7).assign(
        pile=piles, label_doubt=0.7, **{"score of colour": np.linspace(0.9, -0.9, 40)}
    )
    shown = [
        Picture(i, role=str(piles[i]) or "flagged", image=png()) for i in (1, 0, 2, 3, 4, 5, 6)
    ]
    audit = image_audit(
        examples=examples,
        summary=piled_summary(),
        pictures=(*shown, *(Picture(i, role="correct", image=png(20)) for i in range(8, 12))),
        swap_pictures=(
            Swap("colour", 0, 1, 1, png(), png(20), png(90)),
            Swap("colour", 0, 2, 0, png(), png(20), png(90)),
            Swap("stage", 0, 1, 2, png(), png(20)),
        ),
        changed_pictures=(Changed("unchanged", 1, 1, png()), Changed("in grey", 1, 2, png(9))),
    )
    return replace(audit, **changes)


HOSTILE = "<script>window.hacked = 1</script>\"'><img src=x onerror='window.hacked = 1'>&amp;"


def hostile_audit() -> Audit:
    """Every word that a user can choose tries to run a script."""
    examples = example_table().assign(id=HOSTILE)
    table = group_table().assign(name=[HOSTILE + "0", HOSTILE + "1"])
    text = "</script></style>" + HOSTILE
    return image_audit(
        layers=layer_table((HOSTILE, "stage2")),
        examples=examples,
        summary=Summary(
            headline=HOSTILE,
            explanation=HOSTILE,
            layer=HOSTILE,
            worst_group=HOSTILE,
            next_steps=(HOSTILE, f"{HOSTILE}\n{HOSTILE}\n</code></pre>{HOSTILE}"),
            warnings=(HOSTILE,),
            leans_on=HOSTILE,
            strength=1.0,
            signs={"gathers": 1.0},
            signs_in_words={"gathers": HOSTILE},
            leanings=(Leaning(HOSTILE, recovered_by=HOSTILE),),
            swaps=(Part(HOSTILE, HOSTILE),),
            not_swapped={HOSTILE: HOSTILE},
            not_looked_at={HOSTILE: HOSTILE},
            words=(Word(HOSTILE, HOSTILE),),
            survives=(Survived(HOSTILE, 9, 0.5, 0.2, 0.8),),
            not_taken={HOSTILE: HOSTILE},
        ),
        groups=Groups(table, worst_group_name=HOSTILE, reweighted_to=HOSTILE),
        config={"command": HOSTILE, "model": HOSTILE, HOSTILE: {HOSTILE: [HOSTILE]}},
        notes=(HOSTILE,),
        class_names=(HOSTILE,) * 3,
        group_names=(HOSTILE,) * 2,
        swap_pictures=(Swap(HOSTILE, 0, 1, 2, png(), png(), png()),),
        swap_texts=(SwapText(HOSTILE, 0, 1, 2, *((Piece(HOSTILE, i > 0),) for i in range(3))),),
        changed_pictures=(Changed(HOSTILE, 1, 2, text=HOSTILE), Changed(HOSTILE, 1, 2, png())),
        pictures=(
            Picture(0, image=png(), heatmap=png(90)),
            Picture(1, "text", text=text),
            Picture(5, "text", role="correct", text=text * 20),
        ),
    )
