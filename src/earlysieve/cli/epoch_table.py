"""The epochs of a run as a table that a terminal has room for."""

from collections.abc import Mapping, Sequence

from earlysieve.cli.cells import Cell
from earlysieve.training.progress import is_count

# In this order where there is no room for all; what a method adds comes between both.
_FIRST = (
    *("epoch", "train_loss", "validation_accuracy", "train_accuracy"),
    *("validation_worst_group_accuracy", "validation_worst_class_accuracy", "validation_loss"),
)
_FRAME, _NARROWEST = 3, 5


def epoch_table(
    rows: Sequence[Mapping[str, float | None]], names: Sequence[str], width: int, first: str = ""
) -> tuple[list[str], list[list[Cell]]]:
    """Heads and rows with as many columns as fit without a broken word.

    Args:
        rows: of a history, by name of the figure.
        names: of the figures that may be shown, in the order of the columns.
        width: characters of a line.
        first: name of a figure that is shown before others, as that by which epochs are chosen.
    """
    wanted = dict.fromkeys([_FIRST[0], first, *_FIRST[1:]])
    ranked = [name for name in wanted if name in names]
    ranked += [name for name in names if name not in ranked and name.startswith("train_")]
    ranked += [name for name in names if name not in ranked]
    room, kept = width - 1, set[str]()
    for name in ranked:
        room -= _FRAME + max(_NARROWEST, *(len(word) for word in _words(name)))
        if room < 0:
            break
        kept.add(name)
    shown = [name for name in names if name in kept]
    return (
        [" ".join(_words(name)) for name in shown],
        [[_cell(name, row.get(name)) for name in shown] for row in rows],
    )


def _words(name: str) -> list[str]:
    return name.split("_")


def _cell(name: str, value: float | None) -> float | int | None:
    whole = name == "epoch" or is_count(name)
    return int(value) if whole and value is not None else value
