"""Checkpoints of training: everything needed to go on, in one file that is safe to load."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from earlysieve._files import is_there
from earlysieve.errors import CheckpointError
from earlysieve.training.archive import read_weights, save_weights
from earlysieve.training.saved_state import SHAPES

FORMAT = 1
KEYS = tuple(SHAPES)
START_AGAIN = "start again with resume=False (--fresh)"


def save_checkpoint(path: str | os.PathLike[str], state: Mapping[str, Any]) -> None:
    """Write a run's state under a temporary name and rename it, so that it is never half written.

    Args:
        state: `model` and `algorithm` (state_dicts), `random` (random states), `position` (of the
            sampler), `configuration`, `history`, `best` (score and model) and `epoch` (what has
            been summed of the epoch that is under way).

    Raises:
        OutputError: the file cannot be written.
    """

    save_weights(path, {"format": FORMAT, **state})


def load_checkpoint(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read what `save_checkpoint` wrote, onto the CPU.

    Raises:
        CheckpointError: the file is missing, damaged or unsafe, of another format or not a
            checkpoint of training.
    """
    content = read_weights(path, advice=START_AGAIN)
    if not isinstance(content, Mapping) or "format" not in content:
        raise CheckpointError(
            f"Expected a training checkpoint at '{path}', but got other content; "
            "to start from a file of weights, use load_weights"
        )
    if content["format"] != FORMAT:
        raise CheckpointError(
            f"Expected a checkpoint of format {FORMAT} at '{path}', but got format "
            f"{content['format']}; go on with the version of earlysieve that wrote it"
        )
    missing = [key for key in KEYS if key not in content]
    if missing:
        raise CheckpointError(
            f"Expected the key '{missing[0]}' in '{path}', but it is missing; {START_AGAIN}"
        )
    for key, is_right in SHAPES.items():
        if not is_right(content[key]):
            raise CheckpointError(
                f"Expected '{key}' in '{path}' to be as a training run saves it, but it is not; "
                f"{START_AGAIN}"
            )
    return dict(content)


def check_configuration(saved: Mapping[str, Any], current: Mapping[str, Any]) -> None:
    """Check that a run goes on with the settings that it was started with, but for more epochs.

    Raises:
        CheckpointError: they differ, or the learning rate was scheduled over fewer epochs; the
            message names the first field that does.
    """
    for field in (*current, *(field for field in saved if field not in current)):
        before, now = (_decisive(field, config.get(field)) for config in (saved, current))
        if before == now or _same_source(field, saved, current):
            continue
        longer = field == "epochs" and isinstance(before, int) and before < (now or 0)
        if longer and not _is_scheduled(saved):
            continue
        raise CheckpointError(
            f"Expected {field}={before!r}, with which the checkpoint was made, but got "
            f"{field}={now!r}; {_ANOTHER_LENGTH if longer else _ANOTHER_SETTING}"
        )


def _same_source(field: str, saved: Mapping[str, Any], current: Mapping[str, Any]) -> bool:
    """Whether a setting names the same files, though by another path.

    Groups are told by what they are, where both say it; other files by where they lie.
    """
    if field == "groups_from" and saved.get("groups") is not None:
        return bool(saved["groups"] == current.get("groups"))
    before, now = saved.get(field), current.get(field)
    if field == "method_options" and isinstance(before, Mapping) and isinstance(now, Mapping):
        rest = [_decisive(field, {**one, _TEACHER: None}) for one in (before, now)]
        return rest[0] == rest[1] and _same_place(before.get(_TEACHER), now.get(_TEACHER))
    return field in _PATHS and _same_place(before, now)


_TEACHER = "teacher_checkpoint"
_PATHS = ("groups_from", "validation_groups_from", "checkpoint")
_ENDING = 3  # as many last parts of a path tell a folder that was moved as a whole


def _same_place(before: Any, now: Any) -> bool:
    """Whether two paths lead to one file, or the first was moved along with its folder."""
    if not (isinstance(before, str) and isinstance(now, str)):
        return False
    first, second = Path(before), Path(now)
    if not is_there(second):
        return False
    if is_there(first):
        return first.resolve() == second.resolve()
    return len(second.parts) > _ENDING and first.parts[-_ENDING:] == second.parts[-_ENDING:]


def _decisive(field: str, value: Any) -> Any:
    """A setting without what changes nothing but time, and without what is not given.

    Decoded images may be kept anywhere, and a run of a version that lacked a setting goes on.
    """
    if field == "method_options" and isinstance(value, Mapping):
        return {name: option for name, option in value.items() if option is not None}
    if field == "data_options" and isinstance(value, Mapping):
        return {name: option for name, option in value.items() if name != "cache"}
    return value


_ANOTHER_SETTING = (
    "go on with the first, or start again in another folder, or here with --fresh (resume=False)"
)
_ANOTHER_LENGTH = (
    "its learning rate was scheduled over all epochs, so that a longer run is another: start it in "
    "another folder, from the weights of this one if you like"
)


def _is_scheduled(configuration: Mapping[str, Any]) -> bool:
    """Whether the learning rate depends on the number of epochs."""
    return configuration.get("scheduler") not in (None, "none")
