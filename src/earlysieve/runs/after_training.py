"""What to do with a network that was trained: the command that audits it."""

from pathlib import Path

from earlysieve.report.command_words import command_with, describing, options_of
from earlysieve.runs.seen_data import audited_part

_START = ("--checkpoint", "--checkpoint-key", "--checkpoint-prefix", "--pretrained", "--split")


def audit_of_run(command: str, out: Path) -> str:
    """The command that audits a run on a split that it was not trained on.

    Empty where model or data are not named, as with `--config`, or where there is no such split.

    Args:
        command: `earlysieve train ...` as it was run.
        out: folder of the run.
    """
    options = options_of(command, "train")
    given = {name: values[0] for name, values in options if values}
    if not given.get("--data") or not given.get("--model"):
        return ""
    part = audited_part(given["--data"], None)
    if part.split in (None, "train", given.get("--split")):
        return ""
    more = {"--checkpoint": f"{out / 'model.pt'}", "--split": part.split, "--out": f"{out}/audit"}
    return command_with("audit", describing(options, but=_START), more)
