"""What to do after an audit from the command line: its steps as commands that run as they stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from earlysieve.auditing.next_steps import FIX, MORE, REFERENCE, RETRAIN, UNSEEN, with_code
from earlysieve.report.command_words import Options, command_with, describing, options_of
from earlysieve.runs.seen_data import PREFERRED, Part, training_data

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
    """

    options: Options
    source: Source
    out: str
    training: Source | None
    unseen: str | None


def command_steps(steps: Sequence[str], config: Mapping[str, Any], part: Part) -> list[str]:
    """The steps with commands in place of Python; without any where the audit was run otherwise.

    Args:
        steps: `Summary.next_steps`.
        config: of the audit: command, data, data_options and checkpoint.
        part: of the source, as it was audited.
    """
    options = options_of(str(config.get("command") or ""), "audit")
    given = {name: values[0] for name, values in options if values}
    # A line holds one command: what names a line break stays in Python.
    if not given.get("--data") or not given.get("--out") or "\n" in config["command"]:
        return list(steps)
    split = config["data_options"].get("split")
    ran = Ran(
        options,
        (given["--data"], split),
        given["--out"].rstrip("/") or "/",
        training_data(config.get("checkpoint"), given["--data"], part),
        next((name for name in PREFERRED if name in _others(part, split)), None),
    )
    return with_code(steps, lambda code: _COMMANDS[code](ran) if code in _COMMANDS else "")


def _others(part: Part, split: str | None) -> set[str]:
    """The splits that are neither audited nor trained on."""
    return set(part.splits or ()) - {"train", split}


def _fix(ran: Ran) -> str:
    ends = {"--split": ran.source[1], "--audit": ran.out, "--out": f"{ran.out}/fix"}
    return command_with("fix", describing(ran.options), ends)


def _train(ran: Ran) -> str:
    """Training by group DRO; before it an audit of the training data, unless these were audited."""
    data, split = ran.training or ran.source
    of_training: dict[str, str | None] = {"--data": data, "--split": split}
    about, groups = describing(ran.options), ran.out
    lines = []
    if (data, split) != ran.source:
        groups = f"{ran.out}/of-training"
        lines.append(command_with("audit", about, {**of_training, "--out": groups}))
    ends = {"--method": "group-dro", "--groups-from": groups, "--out": f"{ran.out}/group-dro"}
    return "\n".join([*lines, command_with("train", about, {**of_training, **ends})])


def _reference(ran: Ran) -> str:
    if ran.training is None or ran.training == ran.source:
        return ""
    data, split = ran.training
    more = {"--reference": data, "--reference-split": split, "--out": f"{ran.out}/compared"}
    return command_with("audit", ran.options, {"--split": ran.source[1], **more})


def _unseen(ran: Ran) -> str:
    if ran.unseen is None:
        return ""
    more = {"--split": ran.unseen, "--out": f"{ran.out}/{ran.unseen}"}
    return command_with("audit", ran.options, more)


def _more(ran: Ran) -> str:
    if not any(name == "--limit" for name, _ in ran.options):
        return ""
    return command_with("audit", ran.options, {"--limit": None, "--out": f"{ran.out}/all"})


_COMMANDS = {FIX: _fix, RETRAIN: _train, REFERENCE: _reference, UNSEEN: _unseen, MORE: _more}
