"""What to do with a network that was trained: the command that audits it."""

from pathlib import Path

from earlysieve.report.command_words import command_with, describing, options_of
from earlysieve.runs.seen_data import audited_part
from earlysieve.runs.train_data import SPLIT, share_of

_START = ("--checkpoint", "--checkpoint-key", "--checkpoint-prefix", "--pretrained", "--split")


def audit_of_run(command: str, out: Path) -> str:
    """The command that audits a run on what it was validated on, else on a split it did not see.

    What is found is acted on, and another audit follows: test data are best kept for the last.
    Empty where model or data are not named, as with `--config`, or where there is neither.

    Args:
        command: `earlysieve train ...` as it was run.
        out: folder of the run.
    """
    options = options_of(command, "train")
    given = {name: values[0] for name, values in options if values}
    if not given.get("--data") or not given.get("--model"):
        return ""
    about, weights = describing(options, but=_START), {"--checkpoint": f"{out / 'model.pt'}"}
    validation, ends = given.get("--validation", ""), {"--out": f"{out}/audit"}
    if share_of(validation) is not None:
        return f"{command_with('audit', about, {**weights, **ends})} --held-out"
    name = validation.removeprefix(SPLIT)
    split = name if name != validation else audited_part(given["--data"], None).split
    if split in (None, "train", given.get("--split")):
        return ""
    return command_with("audit", about, {**weights, "--split": split, **ends})
