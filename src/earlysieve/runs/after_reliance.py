"""What to do after reliance on a column was measured and found: a command as it runs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from earlysieve.report.command_words import command_with, describing, options_of
from earlysieve.runs.seen_data import Part

if TYPE_CHECKING:
    from earlysieve.reliance.measure import CueReliance

# The lower end of the interval; less is no reason to train again.
CLEAR = 0.05
_LISTS = "csv"
_OUT = "runs/relies-less"


def fix_of_column(command: str, part: Part, cues: "Sequence[CueReliance]") -> str:
    """The fix that judges by groups of class and the column that a model relies on most.

    Only a list of images or texts takes a column as groups without losing an input.

    Args:
        command: `earlysieve reliance ...` as it was run.
        part: of the data that was measured.
        cues: that were measured, each a column.

    Returns:
        The command; empty where no reliance is clear, or where none is known.
    """
    options = options_of(command, "reliance")
    named = {values[0] for name, values in options if name == "--cue-column" and values}
    clear = [one for one in cues if one.cue in named and one.reliance.low >= CLEAR]
    if not clear or part.kind != _LISTS or "\n" in command:
        return ""
    most = max(clear, key=lambda one: one.reliance.difference)
    label = next((values[0] for name, values in options if name == "--label-column"), "label")
    # Without a split it takes what the model has not seen: validation data before test data.
    about = describing(options, but=("--split", "--limit", "--group-column", "--seed"))
    more: dict[str, str | bool | list[str] | None] = {
        "--group-column": [label, most.cue],
        "--select": "worst_group_accuracy",
        "--out": _OUT,
    }
    retrained = " --retrain" * ("train" in (part.splits or ()))
    return command_with("fix", about, more) + retrained
