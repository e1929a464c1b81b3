"""Which examples a fix may use: held-out ones that the model has not seen, and training data."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from earlysieve.datasets.limited import limited
from earlysieve.errors import DataError, EarlysieveError, InputError
from earlysieve.networks.hf_folder import tokenizer_of
from earlysieve.networks.spec import parse_options
from earlysieve.runs.held_out import held_a_share_out, open_share, same_source
from earlysieve.runs.open_data import open_data
from earlysieve.runs.run_beside import config_beside, fix_beside
from earlysieve.runs.seen_data import (
    Part,
    audited_part,
    overlap,
    part_of,
    seen_in_training,
    split_record,
)
from earlysieve.training.config import TrainConfig

# What to repair and choose on where nothing was asked for, best first: test data come last, since
# what is chosen on them no longer tests.
HELD_OUT = ("validation", "val", "valid", "dev", "test")


@dataclass(frozen=True)
class FixData:
    """Data of a fix.

    Attributes:
        held_out: examples that the model has not seen; None: there are none.
        train: training data; None: not needed, or there are none.
        told: what was chosen, in a sentence.
        config: of the run that trained the model; None: there is no such file.
        options: with which `--data` opens the held-out examples; None: they are a share of it.
        splits: that `--data` has; None: not known.
    """

    held_out: Any
    train: Any
    told: str
    config: TrainConfig | None
    options: Mapping[str, Any] | None = None
    splits: tuple[str, ...] | None = None


def open_fix_data(
    data: Any,
    given: Mapping[str, Any],
    asked: Mapping[str, Any],
    *,
    retrain: bool,
    progress: bool | None,
) -> FixData:
    """Open held-out and training data for a network.

    Where the run that trained it held a share of the training data out, and nothing else is asked
    for, it is that share; else the validation split of the source, or its test split. A limit is
    one of each part: the share is drawn from all examples of the run before.

    Args:
        data: as `--data` and its options opened it: the part that was asked for, or the best.
        given: data, model, model_option, checkpoint, seed and train_data, as options.
        asked: options of the data that were given.
        retrain: whether training data are needed.
        progress: see `open_train_data`.

    Raises:
        InputError: the examples were trained on, and nothing is to be retrained.
        EarlysieveError: data cannot be opened.
    """
    config = config_beside(given["checkpoint"])
    if config is not None and "split" not in asked and held_a_share_out(config, given["data"]):
        limit = asked.get("limit")
        train, held = (
            part if limit is None else limited(part, limit, given["seed"])
            for part in open_share(config, asked, progress=progress)
        )
        share = config.validation
        told = f"the share of {share} that training held out"
        splits = part_of(given["data"], None).splits
        return FixData(held, train, told, config, splits=splits)
    part = held_out_part(given["data"], asked.get("split"), given["checkpoint"])
    seen = seen_in_training(given["checkpoint"], part)
    train = _training(given, asked, progress) if retrain else None
    if seen is True:
        if not retrain:
            raise InputError(
                f"Expected examples that the model was not trained on, but {_called(part)} was: "
                "repair and choice need others. Name them with --data and --split, or add "
                "--retrain, which holds a fifth out before training"
            )
        told = "a fifth of the training data, held out before training"
        whole = train if train is not None else data
        return FixData(None, whole, told, config, splits=part.splits)
    return FixData(data, train, _called(part), config, split_record(part, asked), part.splits)


def held_out_part(spec: str, split: str | None, checkpoint: str | Path | None) -> Part:
    """The part of a source to repair and choose on: what is asked for, else validation or test.

    Which parts a function of the user's knows is unknown: there it is the split that the run
    beside the checkpoint held out.
    """
    found = part_of(spec, split)
    if split is not None:
        return found
    best = next((name for name in HELD_OUT if name in (found.splits or ())), None)
    if best is None and found.splits is None:
        best = _split_of_run(config_beside(checkpoint), spec)
    return audited_part(spec, None) if best is None else part_of(spec, best)


def fixed_on(checkpoint: str | Path | None, part: Part) -> bool:
    """Whether the fix that wrote a checkpoint was fitted to, or chosen on, a part of a source.

    Args:
        checkpoint: file of weights, beside which `fix.json` may lie.
        part: what is measured on.
    """
    found = fix_beside(checkpoint)
    config = found.get("config")
    if not found.get("changed") or not isinstance(config, Mapping):
        return False
    spec, options, given = (config.get(key) for key in ("data", "data_options", "checkpoint"))
    split = options.get("split") if isinstance(options, Mapping) else None
    if not isinstance(spec, str) or not isinstance(split, str | None):
        return False
    try:
        return overlap(held_out_part(spec, split, given), part) is True
    except EarlysieveError:
        return False  # what it was fitted to cannot be found any more


def _split_of_run(config: TrainConfig | None, spec: str) -> str | None:
    validation = None if config is None else config.validation
    if config is None or validation is None or not validation.startswith("split:"):
        return None
    return validation.removeprefix("split:") if same_source(config, spec) else None


def _training(given: Mapping[str, Any], asked: Mapping[str, Any], progress: bool | None) -> Any:
    spec = given["train_data"] or given["data"]
    part = part_of(spec, given["train_split"])
    own = {key: value for key, value in asked.items() if key != "split"}
    try:
        return open_data(
            spec,
            split_record(part, own),
            seed=given["seed"],
            tokenizer=tokenizer_of(given["model"]),
            trust_remote_code=parse_options(given["model_option"]).get("trust_remote_code") is True,
            progress=progress,
        )
    except DataError as error:
        raise DataError(f"{error} (of the training data; name them with --train-data)") from error


def _called(part: Part) -> str:
    return "this data set" if part.split is None else f"the split '{part.split}'"
