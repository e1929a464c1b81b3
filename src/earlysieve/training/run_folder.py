"""When and where a run is saved."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from torch import Tensor

from earlysieve._files import output_folder, remove_leftovers
from earlysieve.errors import EarlysieveError, InputError, TrainingError
from earlysieve.training.checkpoint import START_AGAIN, load_checkpoint, save_checkpoint
from earlysieve.training.config import TrainConfig, write_config
from earlysieve.training.events import Event
from earlysieve.training.run import Run, first_bad_parameter

CHECKPOINT_NAME = "last.pt"
CONFIG_NAME = "config.json"
ANEW = f" To train anew, {START_AGAIN}."


class CheckpointStore:
    """Saves a run to its folder when that is due; does nothing without a folder."""

    def __init__(
        self, run: Run, folder: str | os.PathLike[str] | None, every_steps: int | None = None
    ) -> None:
        if every_steps is not None and every_steps < 1:
            raise InputError(
                f"Expected checkpoint_every_steps to be at least 1, but got {every_steps}; "
                "pass None to save after every epoch only"
            )
        self.run = run
        self.path = None if folder is None else Path(folder) / CHECKPOINT_NAME
        self.every_steps = every_steps
        self._held: dict[str, Any] | None = None  # the run before the end of an epoch, on the CPU

    def open(self, *, resume: bool, config: TrainConfig | None = None) -> str:
        """Load the checkpoint that is there, or write the first; a line where it was loaded."""
        if self.path is None:
            return ""
        output_folder(self.path.parent)
        remove_leftovers(self.path)
        found = resume and self.path.exists()
        if found:
            self.run.load_state_dict(load_checkpoint(self.path), source=f"'{self.path}'")
        else:
            self.save()
        if config is not None:
            write_config(self.path.parent / CONFIG_NAME, config)
        return going_on(self.run, self.path.parent) if found else ""

    def save(self) -> None:
        """Save the run, if it is consistent and its parameters are finite."""
        if self.path is not None and self.run.consistent:
            self.run.check_parameters()
            save_checkpoint(self.path, self.run.state_dict())

    def after(self, event: Event) -> None:
        """Save if this event is one to save after."""
        self._held = None
        if event.kind != "step":
            if self.run.epoch.row is None:
                self.save()
        elif self.every_steps is not None and event.step % self.every_steps == 0:
            self.save()
        elif self.run.position.batch >= len(self.run.sampler):
            self._hold()

    @contextmanager
    def saving_on_errors(self) -> Iterator[None]:
        """Save what is whole of the run when the block fails, whatever ends it.

        Raises:
            TrainingError: as the block does, and says where the last good state is.
            OutputError: the run was asked to stop, and cannot be saved.
        """
        try:
            yield
        except TrainingError as error:
            self.save()
            if self.path is None:
                raise
            raise TrainingError(f"{error}; the last good state is in '{self.path}'") from error
        except (KeyboardInterrupt, SystemExit):
            self._save_whole()
            raise
        except BaseException as error:
            try:
                self._save_whole()
            except EarlysieveError as other:
                error.add_note(f"The run could not be saved: {other}")
            raise

    def _save_whole(self) -> None:
        """Save the run, or where it broke at the end of an epoch, the run before that."""
        if self.run.consistent:
            self.save()
        elif self.path is not None and self._held is not None:
            save_checkpoint(self.path, self._held)

    def _hold(self) -> None:
        """Keep a copy: the end of an epoch may read all data, and break half done."""
        if self.path is not None and first_bad_parameter(self.run.algorithm.model) is None:
            state = self.run.state_dict()
            self._held = {**state, **{key: _copied(state[key]) for key in ("model", "algorithm")}}


def _copied(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach().to("cpu", copy=True)
    if isinstance(value, Mapping):
        return {key: _copied(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_copied(item) for item in value)
    return value


def going_on(run: Run, folder: Path) -> str:
    """Where a run that was loaded goes on, for people; empty where it had not taken a step."""
    position, epochs = run.position, run.settings.epochs
    if run.finished:
        why = ", stopped early" if run.stopped_early else ""
        return (
            f"The run in '{folder}' is finished ({_epochs(position.epoch)}{why}): nothing is left "
            f"to train.{ANEW}"
        )
    if position.batch:
        at = f"in epoch {position.epoch + 1} of {epochs}, after step {position.step}"
    elif position.epoch:
        at = f"after epoch {position.epoch} of {epochs}"
    else:
        return ""
    return f"Going on with the run in '{folder}' {at}."


def _epochs(count: int) -> str:
    return "1 epoch" if count == 1 else f"{count} epochs"
