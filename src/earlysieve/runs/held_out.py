"""The share of its data that the run beside a checkpoint held out."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earlysieve.datasets.views import examples_at
from earlysieve.errors import DataError, InputError
from earlysieve.runs.data_settings import OPTION_KINDS
from earlysieve.runs.run_beside import config_beside
from earlysieve.runs.seen_data import part_of
from earlysieve.runs.train_data import open_parts, open_with, share_of

if TYPE_CHECKING:
    from earlysieve.training import TrainConfig

# Options that decide which examples there are, or of which class, from which the share was drawn.
_WHICH = ("split", "limit", "variant", "strict", "label_column")


def same_source(config: "TrainConfig", spec: str) -> bool:
    """Whether a run was trained on a source, whichever part of it."""
    ours, theirs = part_of(spec, None), part_of(config.data, None)
    return (ours.kind, ours.rest) == (theirs.kind, theirs.rest)


def held_a_share_out(config: "TrainConfig", spec: str) -> bool:
    """Whether a run held out a share of this very source."""
    share = share_of(config.validation or "nan")
    return share is not None and 0 < share < 1 and same_source(config, spec)


def share_beside(checkpoint: str | Path | None, spec: str) -> bool:
    """Whether the run beside a checkpoint held out a share of a source; False where none is known.

    Args:
        checkpoint: file of weights.
        spec: of the source.
    """
    try:
        config = config_beside(checkpoint)
    except InputError:
        return False
    return config is not None and held_a_share_out(config, spec)


def open_share(
    config: "TrainConfig", asked: Mapping[str, Any], *, progress: bool | None = None
) -> tuple[Any, Any]:
    """What a run was trained on, and the share that it held out.

    Args:
        config: of the run.
        asked: options of the data that were given. They win, but for those that decide which
            examples there are. The share is drawn as the run drew it, also where other groups, by
            which it would be drawn, are named.
        progress: see `open_parts`.

    Raises:
        EarlysieveError: the data cannot be opened, or have another number of examples so.
    """
    parts = open_parts(config, progress=progress)
    kept = config.data_options
    given = {k: v for k, v in asked.items() if not _decides(k) and kept.get(k) != v}
    if not given or parts.train_rows is None or parts.held_rows is None:
        return parts.train, parts.validation
    whole = open_with(config, config.data, {**kept, **given}, progress)
    if len(whole) != len(parts.whole):
        raise DataError(
            f"Expected the {len(parts.whole)} examples of the run, but got {len(whole)}; leave out "
            "what differs from its options of the data"
        )
    return examples_at(whole, parts.train_rows), examples_at(whole, parts.held_rows)


def held_out_run(
    checkpoint: str | Path | None, spec: str, asked: Mapping[str, Any]
) -> "TrainConfig":
    """The configuration of the run beside a checkpoint, which held out a share of a source.

    Args:
        checkpoint: file of weights.
        spec: of the source.
        asked: options of the data that were given.

    Raises:
        InputError: there is no such run, it held none of these data out, or other examples are
            asked for than it had.
    """
    config = config_beside(checkpoint)
    if config is None:
        raise InputError(
            "Expected --held-out beside a checkpoint of `earlysieve train`, whose config.json says "
            f"what was held out, but {_without_run(checkpoint)}; leave --held-out out, and name "
            "data that the model was not trained on"
        )
    if not held_a_share_out(config, spec):
        raise InputError(
            f"Expected a run that held out a share of '{spec}', as with --validation 0.2, but "
            f"{_otherwise(config, spec)}"
        )
    other = [n for n, v in asked.items() if _decides(n) and config.data_options.get(n) != v]
    if other:
        raise InputError(
            f"Expected with --held-out the examples of the run, but got another {other[0]}; leave "
            f"{'--' + other[0].replace('_', '-') if other[0] in OPTION_KINDS else other[0]} out"
        )
    return config


def _decides(option: str) -> bool:
    """Whether an option decides which examples there are; one of a user's function may."""
    return option in _WHICH or option not in OPTION_KINDS


def _without_run(checkpoint: str | Path | None) -> str:
    return "got no --checkpoint" if checkpoint is None else f"none lies beside '{checkpoint}'"


def _otherwise(config: "TrainConfig", spec: str) -> str:
    validation = config.validation
    if not same_source(config, spec):
        return f"this one was trained on '{config.data}'; name that with --data"
    if validation is None:
        return "this one held nothing out; leave --held-out out"
    name = validation.removeprefix("split:")
    if name != validation:
        return f"this one was validated on the split '{name}'; name it with --split {name}"
    return f"this one was validated on '{validation}'; name that with --data"
