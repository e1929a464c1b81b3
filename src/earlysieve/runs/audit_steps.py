"""What to do after an audit from the command line: its steps as commands that run as they stand.

But for what only the user knows: the column of something that has no reader.
"""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from earlysieve._files import is_folder
from earlysieve.auditing.columns_left_out import columns_left_out, names_to_drop
from earlysieve.auditing.naming_steps import named_part
from earlysieve.auditing.next_steps import (
    FIX,
    FIX_OR_RETRAIN,
    MORE,
    REFERENCE,
    RELIANCE,
    REPAIR,
    REPAIR_OR_RETRAIN,
    RETRAIN,
    SAID,
    UNSEEN,
    parts,
    step,
)
from earlysieve.auditing.step_options import on_command_line
from earlysieve.datasets.checks import name_some
from earlysieve.networks.families import takes_shape
from earlysieve.report.command_words import (
    Options,
    command_with,
    describing,
    joined,
    options_of,
)
from earlysieve.runs.as_trained import OF_DATA, as_chosen, dropped_before, trained_further
from earlysieve.runs.data_settings import columns_of, inputs_of
from earlysieve.runs.held_out import share_beside
from earlysieve.runs.repaired_steps import of_repaired
from earlysieve.runs.run_beside import fix_beside
from earlysieve.runs.seen_data import FOR_VALIDATION, PREFERRED, Part, training_data
from earlysieve.runs.spare_column import spare_column

Source = tuple[str, str | None]


@dataclass(frozen=True)
class Ran:
    """How an audit was run.

    Attributes:
        options: of its command.
        source: what was audited, and which split of it.
        out: its folder.
        training: the training data and their split; None: not known.
        unseen: a split that the model was not trained on; None: there is none, or it was audited.
        is_training: whether the audited examples are those that the model was trained on, or has to
            be: there are no others.
        share: the run held a share of these data out, which `--held-out` names.
        held_out: that share was audited.
        width: of the attention of the audited network; None: not known, or it has none.
        kept: whether `out` holds the audit where `earlysieve fix --audit` can use it.
        reader: that the verdict is about, see `told_by`; None: none is known.
        asked: what an audit of other data is told must not matter, see `asked_again`.
    """

    options: Options
    source: Source
    out: str
    training: Source | None
    unseen: str | None
    is_training: bool
    kept: bool = True
    share: bool = False
    held_out: bool = False
    width: int | None = None
    reader: str | None = None
    asked: str | None = None


def command_steps(
    steps: Sequence[str],
    config: Mapping[str, Any],
    part: Part,
    reader: str | None = None,
    asked: str | None = None,
) -> list[str]:
    """The steps with commands in place of Python; without any where the audit was run otherwise.

    Args:
        steps: `Summary.next_steps`.
        config: of the audit: command, data, data_options and checkpoint.
        part: of the source, as it was audited.
        reader: that the verdict is about, see `told_by`.
        asked: see `asked_again`.
    """
    ran_with = options_of(str(config.get("command") or ""), "audit")
    # A gate judges one audit; those that follow are for people.
    options = [one for one in ran_with if one[0] not in _GATE]
    given = {name: values[0] for name, values in options if values}
    # A line holds one command: what names a line break stays in Python.
    if not given.get("--data") or not given.get("--out") or "\n" in config["command"]:
        return on_command_line(steps, lambda code: code)
    split = config["data_options"].get("split")
    held_out = any(name == "--held-out" for name, _ in options)
    # Without a split `fix` takes the share that the run held out.
    source = given["--data"], None if held_out else split
    training = training_data(config.get("checkpoint"), given["--data"], part)
    ran = Ran(
        options,
        source,
        given["--out"].rstrip("/") or "/",
        training,
        unseen_split(part, split),
        is_training=not held_out and training in (None, source),
        share=share_beside(config.get("checkpoint"), given["--data"]),
        held_out=held_out,
        width=config.get("attention_width"),
        reader=reader,
        asked=asked,
    )
    return of_repaired(
        filled_in(steps, ran), fix_beside(config.get("checkpoint")), options, ran.out
    )


def filled_in(steps: Sequence[str], ran: Ran) -> list[str]:
    """The steps with commands in place of Python; without code where there is no such command."""

    def command(code: str) -> str:
        if columns_left_out(code):
            return _without(code, ran)
        named = named_part(code)
        if named is not None:
            return _named(*named, ran)
        return _COMMANDS[code](ran) if code in _COMMANDS else ""

    found = on_command_line([_of_fixed_width(one, ran) for one in steps], command)
    return [_of_unknown(one) for one in found] if ran.training is None else found


def _of_unknown(one: str) -> str:
    """The step as it is, but for a training that would be on audited data for want of others."""
    text, command = parts(one)
    if text == parts(REPAIR_OR_RETRAIN)[0]:
        return step(parts(REPAIR)[0], command)
    return step(_UNKNOWN, command) if command.startswith("earlysieve train ") else one


def unseen_split(part: Part, split: str | None) -> str | None:
    """The best of the splits that are neither audited nor trained on; None where there is none."""
    others = set(part.splits or ()) - {"train", split}
    return next((name for name in PREFERRED if name in others), None)


def _fix(ran: Ran) -> str:
    """Repairs on what was audited; on other examples where the model was trained on these.

    Test data that stand beside validation data are left to test on. What must not matter `fix`
    takes from an audit: where this one was told so, of the validation data, too, and so it is with
    what was named here, since the other audit would choose for itself.
    """
    about, out = describing(ran.options), {"--out": f"{ran.out}/fix"}
    if ran.training == ran.source and ran.is_training:
        if ran.unseen is None and ran.share:
            return command_with("fix", about, {"--split": None, **out})
        if ran.unseen is None:
            return _with_flag(command_with("fix", about, {"--split": ran.source[1], **out}))
        return command_with("fix", about, {"--split": ran.unseen, **out})
    if ran.source[1] == "test" and ran.unseen in FOR_VALIDATION:
        told = any(name == "--irrelevant" for name, _ in ran.options)
        if not told and ran.asked is None:
            return command_with("fix", about, {"--split": ran.unseen, **out})
        audit: dict[str, str | None] = {"--split": ran.unseen, "--out": f"{ran.out}/{ran.unseen}"}
        if not told:
            audit["--irrelevant"] = ran.asked
        fix = {"--split": ran.unseen, "--audit": f"{ran.out}/{ran.unseen}", **out}
        return "\n".join(
            (command_with("audit", _again(ran), audit), command_with("fix", about, fix))
        )
    features = next((values[0] for name, values in ran.options if name == "--keep-features"), None)
    kept = {"--audit": ran.out, "--features": features} if ran.kept else {}
    return command_with("fix", about, {"--split": ran.source[1], **kept, **out})


def _fix_or_retrain(ran: Ran) -> str:
    """Repairs and trainings; repairs alone where it is not known what to train on."""
    command = _fix(ran)
    if ran.training is None or command.endswith(_RETRAINED):
        return command
    data, split = ran.training
    more: list[str] = []
    if data != ran.source[0]:
        more += ["--train-data", data]
    if split not in (None, "train"):
        more += ["--train-split", split]
    return _with_flag(" ".join((command, *map(shlex.quote, more))))


def _with_flag(command: str) -> str:
    """Retraining holds examples out by itself, where there are none that the model has not seen."""
    return f"{command}{_RETRAINED}"


def _train(ran: Ran) -> str:
    """Training by group DRO as the model was trained, after an audit of the training data.

    That is left out where these, all of them, were audited. Where they are not known no split is
    named: those that were audited are to test on.
    """
    data, split = ran.training or (ran.source[0], None)
    # A limit was for the time of the audit, where the run does not say otherwise.
    of_training: dict[str, str | None] = {"--data": data, "--split": split, "--limit": None}
    about, groups = describing(ran.options), ran.out
    given = {name: values[0] for name, values in ran.options if values}
    model, weights = given.get("--model", ""), given.get("--checkpoint")
    # Without its choice of an epoch: by accuracy it would choose the shortcut.
    as_before = trained_further(weights, data, split, model, ran.width)
    lines = []
    limited = any(name == "--limit" and as_before.get(name) is None for name, _ in ran.options)
    if not ran.is_training or limited:
        groups = f"{ran.out}/of-training"
        same = {name: as_before[name] for name in OF_DATA if name in as_before}
        lines.append(command_with("audit", about, {**of_training, **same, "--out": groups}))
    # As `fix --retrain` does: small groups that are seldom drawn make its weights swing.
    ends = {"--method": "group-dro", "--balance": "group", "--groups-from": groups}
    if ran.reader is not None and groups != ran.out:
        # What the model has memorised lets no verdict say which reader groups are told by.
        ends["--groups-reader"] = ran.reader
    ends["--out"] = f"{ran.out}/group-dro"
    return "\n".join([*lines, command_with("train", about, {**of_training, **as_before, **ends})])


# What depends on the columns that there are.
_OF_COLUMNS = ("--drop-column", "--categories", "--columns", "--checkpoint", "--checkpoint-key")


def _without(code: str, ran: Ran) -> str:
    """Training as before without columns of the training data, where the run is known."""
    checkpoint = next((values[0] for name, values in ran.options if name == "--checkpoint"), None)
    before = dropped_before(checkpoint)
    if before is None or ran.training is None:
        return ""
    columns = names_to_drop(code, columns_of(ran.training[0]))
    if not columns:
        return ""
    data, split = ran.training
    about = [
        (name, values)
        for name, values in describing(ran.options, but=_OF_COLUMNS)
        if name != "--model-option" or not values[0].startswith("input_shape=")
    ]
    given = [values[0] for name, values in ran.options if name == "--drop-column"]
    left_out = dict.fromkeys([*before, *given, *columns])
    about += [("--drop-column", [name]) for name in left_out]
    name = re.sub(r"\W+", "-", "-and-".join(columns[:_FEW]))
    more = {"--data": data, "--split": split, "--out": f"{ran.out}/without-{name}"}
    return command_with("train", about, {**as_chosen(checkpoint, data), **more})


def _of_fixed_width(one: str, ran: Ran) -> str:
    """A step that leaves a column out says what network that takes, where this one cannot.

    A network of the user's has a first layer for the columns that it was written for.
    """
    text, code = parts(one)
    given = {name: values[0] for name, values in ran.options if values}
    family, _, name = given.get("--model", "").partition(":")
    if not columns_left_out(code) or ran.training is None or takes_shape(family, name):
        return one
    columns = names_to_drop(code, columns_of(ran.training[0]))
    if not columns:
        return one
    named: dict[str, list[str]] = {}
    for flag, values in ran.options:
        named.setdefault(flag, []).extend(values)
    before = dropped_before(given.get("--checkpoint")) or named.get("--drop-column", [])
    left = inputs_of(
        ran.training[0],
        label_column=given.get("--label-column"),
        group_column=named.get("--group-column"),
        drop_column=[*before, *columns],
    )
    if not left:
        return one
    return step(
        f"{text} There are {len(left)} inputs then ({name_some(left, _LISTED)}): --model has to "
        f"name a network whose first layer takes {len(left)}, as {given['--model']} takes more, "
        "or earlysieve.networks:SmallMLP, which takes as many as there are."
    )


def _again(ran: Ran) -> Options:
    """The options of the audit for another one, which does not write over its features."""
    return [one for one in ran.options if one[0] != "--keep-features"]


def _reference(ran: Ran) -> str:
    if ran.training is None or ran.is_training or ran.held_out or not ran.kept:
        return ""
    data, split = ran.training
    more = {"--reference": data, "--reference-split": split, "--out": f"{ran.out}/compared"}
    return command_with("audit", _again(ran), {"--split": ran.source[1], **more})


def _unseen(ran: Ran) -> str:
    if ran.unseen is None and ran.share and not ran.held_out:
        more = {"--split": None, "--out": f"{ran.out}/held-out"}
        return f"{command_with('audit', ran.options, more)} --held-out"
    held_out = ran.source[1] in PREFERRED[:-1] and ran.source != ran.training
    if ran.unseen is None or held_out:  # another such split would say as much
        return ""
    more = {"--split": ran.unseen, "--out": f"{ran.out}/{ran.unseen}"}
    return command_with("audit", _again(ran), more)


def _said(ran: Ran) -> str:
    """The same audit, told that the model has not seen its data."""
    if ran.source == ran.training:
        return ""
    given = [one for one in _again(ran) if one[0] != "--held-out"]
    more = {"--split": ran.source[1], "--out": f"{ran.out}/unseen"}
    return f"{command_with('audit', given, more)} --unseen" + " --held-out" * ran.held_out


def _named(option: str, part: str, ran: Ran) -> str:
    """The same audit, told that a part must not matter, or that it belongs to the task."""
    given = [one for one in _again(ran) if one[0] != "--held-out"]
    names = [*(values[0] for name, values in given if name == option and values), part]
    out = f"{ran.out}/{_FOLDERS[option]}"
    more = {"--split": ran.source[1], option: list(dict.fromkeys(names)), "--out": out}
    return command_with("audit", given, more) + " --held-out" * ran.held_out


def _reliance(ran: Ran) -> str:
    """Measuring by a column: of the file that was audited, or of a new one about a folder.

    A column of the file that was not used is named; which values speak for which class is as they
    come together most.
    """
    data, split = ran.source
    more: dict[str, str | None] = {"--split": split}
    if not (data.lower().endswith(".csv") or data.startswith("hf:")):
        if not is_folder(data):
            return ""
        more = {"--data": "with-column.csv", "--split": None}
    spare = spare_column(data, ran.options) if data.lower().endswith(".csv") else None
    name, kinds = spare or ("COLUMN", {"VALUE": "CLASS"})
    column = {"--limit": None, "--cue-column": name}
    each = joined([("--cue-class", [f"{value}={kind}"]) for value, kind in kinds.items()])
    told = command_with("reliance", describing(ran.options), {**more, **column})
    return f"{told} {shlex.join(each)}"


def _more(ran: Ran) -> str:
    if not any(name == "--limit" for name, _ in ran.options):
        return ""
    return command_with("audit", _again(ran), {"--limit": None, "--out": f"{ran.out}/all"})


_RETRAINED = " --retrain"
_LISTED = 6
_FEW = 2  # columns that name a folder
_FOLDERS = {"--irrelevant": "must-not-matter", "--relevant": "the-task"}
_GATE = ("--fail-on", "--min-worst-group")
_UNKNOWN = (
    "Or train the network again, with groups of its training data. Which these are is not known: "
    "audit them first, and name them and that audit below in place of the data audited here, which "
    "are best kept to test on:"
)
_COMMANDS = {
    FIX: _fix,
    FIX_OR_RETRAIN: _fix_or_retrain,
    RETRAIN: _train,
    REFERENCE: _reference,
    RELIANCE: _reliance,
    UNSEEN: _unseen,
    SAID: _said,
    MORE: _more,
}
