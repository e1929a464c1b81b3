"""The section "Before and after": two networks on the same examples, side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from earlysieve.report.charts import Series, line_chart
from earlysieve.report.sections import Section, Tile, paragraph, picture_grid, table

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Trained:
    """One way to train and what came of it.

    Attributes:
        title: such as "plain training".
        figures: name of a measure -> value in [0, 1], the same names for every way.
        layers: the layer table of its audit.
        facts: name -> words, such as what this way is given that others are not; the same names
            for every way.
    """

    title: str
    figures: Mapping[str, float]
    layers: "pd.DataFrame"
    facts: Mapping[str, str] = field(default_factory=dict)


def before_and_after(
    ways: Sequence[Trained],
    pictures: Sequence[tuple[str, Sequence[Tile]]] = (),
    *,
    text: str,
) -> Section:
    """A table of accuracies, readout accuracy over depth, and Grad-CAM rows.

    Args:
        ways: at least one; the first is what came before.
        pictures: rows of tiles, one for the input and one for each way.
        text: what was done, in a sentence or two.
    """
    rows = [[name, *(f"{way.figures[name]:.1%}" for way in ways)] for name in ways[0].figures]
    rows += [[name, *(way.facts[name] for way in ways)] for name in ways[0].facts]
    titles = [way.title for way in ways]
    pieces = [
        paragraph(text),
        table(["", *titles], rows, caption="Accuracy", numeric=range(1, len(ways) + 1)),
        paragraph("How often a simple readout is right on the audited examples, by layer:"),
        line_chart(
            "How often a simple readout is right, by layer, for each way to train",
            list(ways[0].layers["layer"]),
            [
                Series(way.title, [float(v) for v in way.layers["accuracy"]], tone)
                for way, tone in zip(ways, ("wrong", "right", "accent", "muted"), strict=False)
            ],
            x_label="layer, from the input to the output",
        ),
    ]
    if pictures:
        caption = "Where the network looked (Grad-CAM for the true class)"
        pieces.append(picture_grid(["input", *titles], pictures, caption=caption))
    return Section("before-and-after", "Before and after", pieces)
