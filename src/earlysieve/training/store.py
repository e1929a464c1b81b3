"""When and where a run is saved."""

import os
from pathlib import Path

from earlysieve._files import output_folder
from earlysieve.errors import InputError
from earlysieve.training.checkpoint import load_checkpoint, save_checkpoint
from earlysieve.training.config import TrainConfig, write_config
from earlysieve.training.events import Event
from earlysieve.training.run import Run

CHECKPOINT_NAME = "last.pt"
CONFIG_NAME = "config.json"


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

    def open(self, *, resume: bool, config: TrainConfig | None = None) -> None:
        """Load the checkpoint that is there, or write the first."""
        if self.path is None:
            return
        output_folder(self.path.parent)
        if resume and self.path.exists():
            self.run.load_state_dict(load_checkpoint(self.path), source=f"'{self.path}'")
        else:
            self.save()
        if config is not None:
            write_config(self.path.parent / CONFIG_NAME, config)

    def save(self) -> None:
        """Save the run, if it is consistent and its parameters are finite."""
        if self.path is not None and self.run.consistent:
            self.run.check_parameters()
            save_checkpoint(self.path, self.run.state_dict())

    def after(self, event: Event) -> None:
        """Save if this event is one to save after."""
        if event.kind == "step":
            if self.every_steps is not None and event.step % self.every_steps == 0:
                self.save()
        elif self.run.epoch.row is None:
            self.save()
