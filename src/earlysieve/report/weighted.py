"""The section "Which examples were weighted up": weights over the epochs, and who has the largest.

For debiased distillation and early reweighting, whose weights come from an early readout.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from earlysieve.report.charts import Series, line_chart
from earlysieve.report.sections import Piece, Section, table
from earlysieve.report.templating import macro
from earlysieve.report.weight_figures import (
    EpochFigures,
    check_shapes,
    checked_numbers,
    each_epoch,
    epoch_figures,
)
from earlysieve.report.weighted_cards import Examples, Show, class_counts, heaviest_cards
from earlysieve.report.words import count as written
from earlysieve.report.words import cut, name_of, times

if TYPE_CHECKING:
    from markupsafe import Markup

TITLE = "Which examples were weighted up"
INTRO = (
    "In training, an example counts for more from the next epoch on if a simple readout of an "
    "early layer is sure of it and wrong. It is a good sign if few examples carry the extra weight "
    "and they are those on which the simple cue misleads, and a bad one if a handful holds nearly "
    "all of it, or if the pictures below are mostly wrongly labelled or odd."
)
# More lines than this in one drawing cannot be told apart; a table takes their place.
_MOST_GROUP_LINES = 3
_TONES = ("right", "wrong", "accent")


def weighted_up(
    history: Sequence[ArrayLike],
    show: Show,
    *,
    labels: ArrayLike,
    class_names: Sequence[str] = (),
    groups: ArrayLike | None = None,
    group_names: Sequence[str] = (),
    pictures: int = 24,
    text: str = "",
) -> Section:
    """How the weights of the training examples moved, and the examples with the largest.

    Args:
        history: the weights in force in each epoch, each of shape (N,): all 1 in the first, and
            then the method's `weights` as they were after every epoch but the last.
        show: gives a PNG, a JPEG or a text to show for the index of an example, or None.
        labels: class of each example, integers of shape (N,).
        class_names, group_names: by number; those without a name are shown as numbers.
        groups: group of each example, shape (N,), -1 where unknown; None: groups are not known.
        pictures: how many examples to show, those with the largest mean weight over the epochs:
            the weights of one epoch alone hang on what its readout happened to learn.
        text: a sentence on how the model was trained, shown first.

    Raises:
        InputError: shapes do not agree, a weight is negative or not finite, or a picture is
            neither PNG nor JPEG.
    """
    size = check_shapes(history)
    known = Examples(
        checked_numbers(labels, size, "labels", 0),
        checked_numbers(groups, size, "groups", -1),
        class_names,
        group_names,
    )
    num_groups = int(known.groups.max()) + 1
    figures: list[EpochFigures] = []
    total, largest = np.zeros(size), np.zeros(size)
    for values in each_epoch(history):
        figures.append(epoch_figures(values, known.groups, num_groups))
        total += values
        np.maximum(largest, values, out=largest)
    names = [cut(name_of(group_names, group, "group")) for group in range(num_groups)]
    intro = macro("weighted.html.j2", "intro", f"{text} {INTRO}".strip())
    pieces: list[Piece] = [intro, _charts(figures, names)]
    if num_groups > _MOST_GROUP_LINES:
        groups_table = _group_table(figures[-1], names, known)
        pieces.append(macro("weighted.html.j2", "folded", "Mean weight by group", groups_table))
    cards = heaviest_cards(total / len(figures), known, show, pictures)
    up = int((largest > 1).sum())
    pieces.append(macro("weighted.html.j2", "gallery", cards, class_counts(cards), up))
    return Section("weighted-up", TITLE, pieces)


def _charts(figures: Sequence[EpochFigures], names: Sequence[str]) -> "Markup":
    epochs = [str(number) for number in range(1, len(figures) + 1)]
    shares = line_chart(
        "Share of the examples that are weighted up, and of the weight held by the top 1%",
        epochs,
        [
            Series("examples weighted up", [one.share_up for one in figures], "accent"),
            Series("weight held by the heaviest 1%", [one.top_share for one in figures], "wrong"),
        ],
        x_label="epoch",
    )
    lines = _mean_lines(figures, names if len(names) <= _MOST_GROUP_LINES else ())
    means = line_chart(
        "Mean weight, by epoch", epochs, lines, x_label="epoch", write=times, y_range=_range(lines)
    )
    return macro("weighted.html.j2", "charts", shares, means)


def _mean_lines(figures: Sequence[EpochFigures], names: Sequence[str]) -> list[Series]:
    lines = [
        Series(name, [one.group_means[group] for one in figures], _TONES[group])
        for group, name in enumerate(names)
    ]
    up = [one.mean_up for one in figures]
    return [*lines, Series("all that are weighted up", up, "muted" if lines else "accent")]


def _range(lines: Sequence[Series]) -> tuple[float, float]:
    """From 0 to the next multiple of four, so that all five ticks are whole."""
    largest = max((value for line in lines for value in line.values if value == value), default=1.0)
    return 0.0, 4.0 * max(1, -(-largest // 4))


def _group_table(last: EpochFigures, names: Sequence[str], known: Examples) -> "Markup":
    rows = [
        [name, written((known.groups == group).sum()), times(last.group_means[group])]
        for group, name in enumerate(names)
    ]
    order = sorted(range(len(rows)), key=lambda group: -_known(last.group_means[group]))
    return table(
        ["Group", "Examples", "Mean weight"],
        [rows[group] for group in order],
        caption="Mean weight by group in the last epoch, the heaviest first",
        numeric=(1, 2),
    )


def _known(value: float) -> float:
    return value if value == value else -1.0
