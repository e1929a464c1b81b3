"""What to do after an audit that `train --audit` or `fix` made: its steps as commands."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earlysieve.auditing.next_steps import FIX, FIX_OR_RETRAIN
from earlysieve.auditing.step_options import on_command_line
from earlysieve.report.command_words import Options, describing, options_of
from earlysieve.runs.audit_steps import Ran, filled_in, unseen_split
from earlysieve.runs.data_settings import option_words
from earlysieve.runs.seen_data import part_of
from earlysieve.runs.train_data import share_of, source_beside

if TYPE_CHECKING:
    from earlysieve.training import TrainConfig


def steps_of_run(
    steps: Sequence[str],
    config: "TrainConfig",
    weights: Path | None,
    out: Path,
    reader: str | None = None,
) -> list[str]:
    """The steps after an audit of a run, on its validation data if it has any.

    Args:
        steps: `Summary.next_steps`.
        config: of the run.
        weights: of the network that was audited; None: they are in no file, and no command can name
            them.
        out: folder of the audit.
        reader: that its verdict is about, see `told_by`.
    """
    if weights is None:
        return on_command_line(steps, lambda _: "")
    training = config.data, config.data_options.get("split")
    source, options, is_share = training, config.data_options, False
    if config.validation is not None:
        is_share = share_of(config.validation) is not None
    if config.validation is not None and not is_share:
        spec, options = source_beside(config, config.validation)
        source = spec, options.get("split")
    part = part_of(source[0], source[1])
    ran = Ran(
        _options(config, source[0], options, weights),
        # Without a split `fix` takes the share that the run held out.
        source if is_share else (source[0], part.split),
        str(out),
        (training[0], part_of(*training).split),
        unseen_split(part, source[1]),
        is_training=config.validation is None,
        kept=not is_share,
        reader=reader,
    )
    return filled_in(steps, ran)


def steps_of_fix(
    steps: Sequence[str],
    command: str,
    split: str | None,
    weights: Path | None,
    out: Path,
    reader: str | None = None,
) -> list[str]:
    """The steps after an audit that a fix made; those of the repair that it was are left as words.

    Args:
        steps: `Summary.next_steps`.
        command: `earlysieve fix ...` as it was run.
        split: of the data; None: they are not divided.
        weights: that the fix wrote, where these were audited; None: those of the command were.
        out: folder of the audit.
        reader: that its verdict is about, see `told_by`.
    """
    options = describing(options_of(command, "fix"), but=("--split",))
    given = {name: values[0] for name, values in options if values}
    if not given.get("--data") or "\n" in command:
        return on_command_line(steps, lambda code: code)
    if weights is None:
        steps = on_command_line(steps, lambda code: "" if code in (FIX, FIX_OR_RETRAIN) else code)
    else:
        options = [one for one in options if one[0] not in _OF_WEIGHTS]
        options.append(("--checkpoint", [str(weights)]))
    part = part_of(given["--data"], split)
    training = (given["--data"], "train") if "train" in (part.splits or ()) else None
    ran = Ran(
        options,
        (given["--data"], split),
        str(out),
        training,
        unseen_split(part, split),
        is_training=training is None,
        reader=reader,
    )
    return filled_in(steps, ran)


_OF_WEIGHTS = ("--checkpoint", "--checkpoint-key", "--checkpoint-prefix", "--pretrained")


def _options(
    config: "TrainConfig", data: str, options: Mapping[str, Any], weights: Path
) -> Options:
    """What describes model and data, as the words of a command."""
    found: Options = [("--model", [config.model])]
    for key, value in config.model_options.items():
        text = value if isinstance(value, str) else json.dumps(value)
        found.append(("--model-option", [f"{key}={text}"]))
    found.append(("--checkpoint", [str(weights)]))
    if config.num_classes is not None:
        found.append(("--num-classes", [str(config.num_classes)]))
    found.append(("--data", [data]))
    for name, value in options.items():
        if name != "split":
            found += option_words(name, value)
    return [*found, ("--batch-size", [str(config.batch_size)]), ("--seed", [str(config.seed)])]
