"""Audits made by hand, as the page gets them."""

import io
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
            next_steps=(HOSTILE,),
            warnings=(HOSTILE,),
        ),
        groups=Groups(table, worst_group_name=HOSTILE, reweighted_to=HOSTILE),
        config={"command": HOSTILE, "model": HOSTILE, HOSTILE: {HOSTILE: [HOSTILE]}},
        notes=(HOSTILE,),
        class_names=(HOSTILE,) * 3,
        group_names=(HOSTILE,) * 2,
        pictures=(
            Picture(0, image=png(), heatmap=png(90)),
            Picture(1, "text", text=text),
            Picture(5, "text", role="correct", text=text * 20),
        ),
    )
