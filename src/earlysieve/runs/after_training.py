"""What to do with a network that was trained: the command that audits it."""

from pathlib import Path

from earlysieve.report.command_words import command_with, describing, options_of
from earlysieve.runs.seen_data import audited_part
from earlysieve.runs.train_data import share_of

_START = ("--checkpoint", "--checkpoint-key", "--checkpoint-prefix", "--pretrained", "--split")


def audit_of_run(command: str, out: Path) -> str:
    """The command that audits a run on a split that it was not trained on, or the share held out.

    Empty where model or data are not named, as with `--config`, or where there is neither.

    Args:
        command: `earlysieve train ...` as it was run.
        out: folder of the run.
    """
    options = options_of(command, "train")
    given = {name: values[0] for name, values in options if values}
    if not given.get("--data") or not given.get("--model"):
        return ""
    part = audited_part(given["--data"], None)
    about, weights = describing(options, but=_START), {"--checkpoint": f"{out / 'model.pt'}"}
    if part.split in (None, "train", given.get("--split")):
        if share_of(given.get("--validation", "")) is None:
            return ""
        return f"{command_with('audit', about, {**weights, '--out': f'{out}/audit'})} --held-out"
    more = {**weights, "--split": part.split, "--out": f"{out}/audit"}
    return command_with("audit", about, more)
