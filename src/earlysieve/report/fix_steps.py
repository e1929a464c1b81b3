"""What to do after a fix, with commands where the record of the run allows it."""

import math
import shlex
from collections.abc import Sequence

from earlysieve.report.command_words import command_with, describing, options_of, words_of
from earlysieve.report.fix_at_risk import COLLECT, at_risk
from earlysieve.report.fix_figures import FixFigures, Part, fix_figures
from earlysieve.report.fix_view import HARDLY_HELD, FixData, chosen_kind
from earlysieve.report.step import Step
from earlysieve.report.words import count

_ENOUGH_IN_A_GROUP = 25
_DEAR = 0.05
_RETRAIN = "es.fix(model, held_out=data, audit=outcome.before, train=train_data, retrain=True)"


def next_steps(data: FixData, command: str = "", figures: FixFigures | None = None) -> list[Step]:
    """What to do next, most useful first.

    Args:
        data: what came of the fix.
        command: that was run; empty where there was none.
        figures: of this fix, where they are at hand.
    """
    trained = bool((data.candidates["kind"] == "retrain").any())
    left_out = _without_column(data.before.summary.next_steps)
    if data.changed:
        split, splits = data.config.get("split"), data.config.get("splits")
        retrained = chosen_kind(data) == "retrain"
        steps = _after_a_change(command, str(split or ""), splits, trained=retrained)
        if not trained and (_hardly_held(data) or not _enough(data)):
            leads = _hardly_held(data) or not _helped(data)
            steps.insert(0 if leads else 1, _retrain(command))
        return [*left_out, *steps]
    groups = (figures or fix_figures(data)).groups
    if data.before.summary.verdict == "at risk":
        first, *others = at_risk(data, command)
        return [first, *left_out, *others]
    if data.groups is None:
        return [_other_groups(command), _more_data(data, groups)]
    if len(data.candidates) <= 1:
        return [*left_out, *_nothing_tried(command)]
    steps = [_more_data(data, groups)]
    if not trained:
        # After a shortcut the highest score wins: more examples would not change what the features
        # hold. Else a gain may have been too small for as few examples.
        called = data.before.summary.verdict == "shortcut"
        steps.insert(0 if called else 1, _retrain(command))
    return [*left_out, *steps, _other_groups(command), COLLECT]


_ON_TEST = (
    " Where the data have a test split that was not used here, audit both models on it and compare:"
)
_CHOSEN = (
    "Compare both audits of the held-out examples. These are what the choice was made on, so that "
    "the gain looks a little larger than it is:"
)
_FITTED = (
    "See in both audits of the held-out examples which of them changed, not by how much: the new "
    "last layer was fitted to them, so that it does far better on them than on others. What it "
    "gains is told above, by layers that had not seen the examples that they were judged on:"
)
# Where the old weights are; the new ones are a file of ours.
_OF_OLD = ("--pretrained", "--checkpoint-key", "--checkpoint-prefix")
# What an audit says of a column of a table on which a model leans.
_LEAVE_OUT = "a network that never gets it cannot rely on it"


def _hardly_held(data: FixData) -> bool:
    """Whether no last layer does better than a guess without the shortcut."""
    return any(HARDLY_HELD in note for note in data.notes)


def _helped(data: FixData) -> bool:
    """Whether a shortcut that was found misleads less often; also where none was found."""
    if data.before.summary.verdict != "shortcut":
        return True
    misled = data.figures[data.figures["part"] == "misled"]
    return bool((misled["after"] > misled["before"]).all())


def _enough(data: FixData) -> bool:
    """Whether a repair did what one can hope for; also where no shortcut was found.

    It did not where less than half of what misled examples were behind the others is gained, or
    where it cost a twentieth of the accuracy over all.
    """
    if data.before.summary.verdict != "shortcut":
        return True
    rows = data.figures.set_index("part")
    if {"misled", "not misled"} - set(rows.index):
        return True
    misled, others = rows.loc["misled"], rows.loc["not misled"]
    gap, gained = others["before"] - misled["before"], misled["after"] - misled["before"]
    whole = rows[rows["kind"] == "all"]
    dear = bool((whole["after"] < whole["before"] - _DEAR).any())
    return bool(gained >= gap / 2) and not dear


def _after_a_change(
    command: str, split: str, splits: Sequence[str] | None, *, trained: bool
) -> list[Step]:
    test, held_out = test_commands(command, split, splits), compare_command(command)
    model = dict(options_of(command, "fix")).get("--model") or [""]
    return [
        Step(
            "Test the new model on labelled examples that neither training nor this choice has "
            "seen, best of all some in which the shortcut fails more often."
            + _ON_TEST
            * bool(test),
            test,
        ),
        *([Step(_CHOSEN if trained else _FITTED, held_out)] if held_out else []),
        Step(
            "Look at the classes and groups that lost accuracy, and decide whether the gain is "
            "worth it to you."
        ),
        Step(
            "Use the new weights: they are beside this page, for the same network as before."
            + " The folder pretrained has them for from_pretrained and pipeline of transformers."
            * model[0].startswith("hf:"),
            'model.load_state_dict(torch.load("model.pt", weights_only=True))',
        ),
    ]


def _without_column(steps: Sequence[str]) -> list[Step]:
    """The step of an audit that leaves one column of a table out, where it has one."""
    for kept in steps:
        text, _, command = kept.partition("\n")
        if _LEAVE_OUT in text:
            own = text[:1].lower() + text[1:]
            return [
                Step(f"A repair of the last layer makes a column count less. But {own}", command)
            ]
    return []


def _nothing_tried(command: str) -> list[Step]:
    return [
        Step(
            "If you know groups on which the model might do badly, name them: candidates are then "
            f"compared by these ({_groups(command)})."
        ),
        Step("Read the audit: it says which shortcuts it would have found, and on what it rests."),
    ]


def _more_data(data: FixData, groups: list[Part]) -> Step:
    total = len(data.before.examples)
    smallest = min((part.n for part in groups), default=_ENOUGH_IN_A_GROUP)
    if smallest < _ENOUGH_IN_A_GROUP:
        wanted = _rounded(total * _ENOUGH_IN_A_GROUP / max(smallest, 1))
        return Step(
            "Hold out more examples: where groups are small, a last layer cannot be fitted to "
            f"them, nor a gain told from chance. The smallest group has {count(smallest)} of the "
            f"{count(total)}; with about {count(wanted)} it would have {_ENOUGH_IN_A_GROUP}."
        )
    return Step(
        f"Hold out more examples: with four times as many, about {count(_rounded(4 * total))}, "
        "gains half as large can be told from chance."
    )


def _rounded(number: float) -> int:
    """Up to two significant digits."""
    digit = 10.0 ** max(math.floor(math.log10(max(number, 1))) - 1, 0)
    return int(math.ceil(number / digit) * digit)


def _retrain(command: str) -> Step:
    words = [word for word in words_of(command, "fix") if word != "--repair-only"]
    return Step(
        "Let the whole network be trained again, too: a last layer can only weigh what the "
        "features already hold.",
        shlex.join([*words, "--retrain"]) if words else _RETRAIN,
    )


def _other_groups(command: str) -> Step:
    return Step(f"Try groups from another source, if you know some ({_groups(command)}).")


def _groups(command: str) -> str:
    """How groups are named where the fix was called."""
    return "--groups-from" if command else "groups="


def test_commands(command: str, split: str, splits: Sequence[str] | None) -> str:
    """The commands that audit both models on a test split and compare them, one a line.

    Empty without a command, or where there is no such split or it was used already.

    Args:
        command: `earlysieve fix ...` as it was run.
        split: of the held-out examples, where the command does not name it; empty: not known.
        splits: that the data have; None: not known.
    """
    options = options_of(command, "fix")
    given = {name: values[0] for name, values in options if values}
    if not given.get("--data") or not given.get("--out"):
        return ""
    used = given.get("--split", split) == "test"
    if used or (splits is not None and "test" not in splits):
        return ""
    out = given["--out"].rstrip("/")
    old, new = f"{out}/test-before", f"{out}/test-after"
    on_test = {"--split": "test"}
    before, after = {**on_test, "--out": old}, {**on_test, "--checkpoint": f"{out}/model.pt"}
    return "\n".join(
        (
            command_with("audit", describing(options, but=before), before),
            command_with("audit", describing(options, but=_OF_OLD), {**after, "--out": new}),
            shlex.join(["earlysieve", "compare", old, new]),
        )
    )


def compare_command(command: str) -> str:
    """The command that compares the audits before and after; empty without a command.

    Args:
        command: `earlysieve fix ...` as it was run.
    """
    given = dict(options_of(command, "fix"))
    if not given.get("--data") or not given.get("--out"):
        return ""
    folder = given["--out"][0].rstrip("/")
    return shlex.join(["earlysieve", "compare", f"{folder}/audit-before", f"{folder}/audit-after"])
