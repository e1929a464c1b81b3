"""What to do with a network that was trained: the command that audits it."""

from pathlib import Path

from earlysieve.auditing.power import LIKELY, power
from earlysieve.report.command_words import command_with, describing, options_of
from earlysieve.runs.seen_data import audited_part
from earlysieve.runs.train_data import SPLIT, share_of

_START = ("--checkpoint", "--checkpoint-key", "--checkpoint-prefix", "--pretrained", "--split")


def audit_of_run(command: str, out: Path, held_out: int | None = None) -> str:
    """The command that audits a run on what it was validated on, else on a split it did not see.

    What is found is acted on, and another audit follows: test data are best kept for the last. But
    a share that was held out may be too small to find anything.
    Empty where model or data are not named, as with `--config`, or where there is neither.

    Args:
        command: `earlysieve train ...` as it was run.
        out: folder of the run.
        held_out: the examples that it was validated on; None: not known.
    """
    options = options_of(command, "train")
    given = {name: values[0] for name, values in options if values}
    if not given.get("--data") or not given.get("--model"):
        return ""
    about, weights = describing(options, but=_START), {"--checkpoint": f"{out / 'model.pt'}"}
    validation, ends = given.get("--validation", ""), {"--out": f"{out}/audit"}
    name = validation.removeprefix(SPLIT)
    split = name if name != validation else audited_part(given["--data"], None).split
    other = None if split in (None, "train", given.get("--split")) else split
    share = share_of(validation) is not None
    if share and not (other is not None and too_few(held_out)):
        return f"{command_with('audit', about, {**weights, **ends})} --held-out"
    if other is None:
        return ""
    return command_with("audit", about, {**weights, "--split": other, **ends})


def too_few(held_out: int | None) -> bool:
    """Whether an audit of so many examples can hardly find a reliance that is not there."""
    return held_out is not None and power(held_out) < LIKELY
