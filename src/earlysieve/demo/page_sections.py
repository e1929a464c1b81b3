"""What the page of the demonstration shows beside the audit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from earlysieve.attribution import thumbnail
from earlysieve.attribution.rows import heat_rows
from earlysieve.demo.data import DemoData
from earlysieve.demo.results import ArmResult
from earlysieve.fixing.result import FixResult
from earlysieve.report import (
    Section,
    Tile,
    Trained,
    before_and_after,
    link,
    paragraph,
    weighted_up,
)

PICTURED = 5
BEFORE_AND_AFTER = (
    "The same network, trained on the same digits in different ways. The feature sieve makes the "
    "first two stages forget what a simple readout can already tell from them. Debiased "
    "distillation learns from a teacher and gives more weight to examples that an early readout "
    "gets wrong with confidence. Its teacher was trained, for a short time, on the same digits in "
    "colours that say nothing: it brings knowledge that the other two do not have, so that the "
    "comparison with them is not an even one. Accuracies are on other digits, of which half wear a "
    "misleading colour; none of these networks was trained, repaired or chosen on them."
)
REPAIRED = (
    "Repaired is what the loop of audit, groups, repair and choice makes of plain training: the "
    "audit says which digits the colour misleads, several repairs of the last layer and longer "
    "trainings with these groups are tried, and a rule chooses among them and no change, by the "
    "labels of the audited digits and without a word on their colours. It chose '{chosen}'. No "
    "other network here used these labels, and what is trained again is trained for longer."
)
PAGE = "fix/report.html"
WEIGHTED = "These are the digits that debiased distillation learned from."
COLOUR_GROUPS = ("colour tells the digit", "colour misleads")


@dataclass(frozen=True)
class HeatRows:
    """Digits whose colour misleads, and where each network looked: rows of pictures, and names."""

    pictures: list[list[bytes]]
    names: list[str]


def look_where(results: Sequence[ArmResult], data: DemoData) -> HeatRows:
    """Grad-CAM of every network for the true class, on digits whose colour misleads."""
    digits = data.balanced
    misled = np.flatnonzero(digits.shortcut_values != digits.labels)
    chosen = [int(misled[digits.labels[misled] == label][0]) for label in range(PICTURED)]
    inputs = torch.stack([torch.as_tensor(digits[i][0]) for i in chosen])
    labels = torch.from_numpy(digits.labels[chosen])
    shown: list[Any] = [digits.display(i) for i in chosen]
    pictures = heat_rows([result.model for result in results], inputs, labels, shown)
    return HeatRows(pictures, [f"digit {label}" for label in labels.tolist()])


def sections(
    results: Sequence[ArmResult], data: DemoData, rows: HeatRows, outcome: FixResult | None = None
) -> list[Section]:
    """Before and after, where there is more than one arm; then the weights, where there are any.

    Args:
        results: of all arms, the repaired one last.
        data: of the demonstration.
        rows: where each looked.
        outcome: of the loop; None: there was none.
    """
    made = [_comparison(results, rows)] if len(results) > 1 else []
    if made and outcome is not None:
        made = [_with_loop(made[0], outcome)]
    weighted = next((result for result in results if result.weights is not None), None)
    return made if weighted is None else [*made, _weights(weighted, data)]


def _with_loop(section: Section, outcome: FixResult) -> Section:
    """The section with what "repaired" is, and the way to its page."""
    first, *others = section.pieces
    told = paragraph(REPAIRED.format(chosen=outcome.chosen))
    way = link("What was tried for it, what it cost, and the audit afterwards", PAGE)
    return replace(section, pieces=[first, told, way, *others])


def _comparison(results: Sequence[ArmResult], rows: HeatRows) -> Section:
    ways = [_trained(result) for result in results]
    columns = ["input", *(way.title for way in ways)]
    tiles = [
        (name, [Tile(image, f"{name}, {title}") for image, title in zip(row, columns, strict=True)])
        for name, row in zip(rows.names, rows.pictures, strict=True)
    ]
    return before_and_after(ways, tiles, text=BEFORE_AND_AFTER)


def _trained(result: ArmResult) -> Trained:
    figures = {
        "where the colour tells the digit": result.accuracy_holds,
        "where the colour misleads": result.accuracy_fails,
    }
    facts = {"knows beside the coloured digits": result.arm.knows}
    return Trained(result.arm.title, figures, result.audit.layers, facts)


def _weights(result: ArmResult, data: DemoData) -> Section:
    train = data.train

    def show(index: int) -> bytes:
        picture: Any = train.display(index)
        return thumbnail(picture)

    return weighted_up(
        result.weights or (),
        show,
        labels=train.labels,
        class_names=train.class_names,
        groups=(train.shortcut_values != train.labels).astype(np.int64),
        group_names=COLOUR_GROUPS,
        text=WEIGHTED,
    )
