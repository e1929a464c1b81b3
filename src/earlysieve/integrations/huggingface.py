"""The feature sieve in Hugging Face's `Trainer`, behind its main update."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from earlysieve._files import write_with
from earlysieve._imports import need
from earlysieve.datasets.batches import as_batch
from earlysieve.errors import InputError
from earlysieve.model.batch import Batch
from earlysieve.sieve.sieve import FeatureSieve
from earlysieve.training.weights import read_weights

_transformers = need("transformers", extra="text")
need("accelerate", extra="train")

STATE_NAME = "sieve.pt"


class SieveTrainer(_transformers.Trainer):  # type: ignore[misc, name-defined]
    """A `transformers.Trainer` that sieves features.

    The Trainer makes the main update as it always does. After each batch the readouts learn from
    it, and behind an optimiser step the early layers forget when due; with
    `gradient_accumulation_steps` the schedule counts optimiser steps. Each checkpoint folder also
    gets a file "sieve.pt", from which `train(resume_from_checkpoint=...)` goes on.

    Args:
        args: as of `Trainer`.
        layer: see `FeatureSieve`.
        num_classes: C; None: `model.config.num_labels`.
        sieve: further settings of `FeatureSieve`, such as readout, forget_every and forget_lr.
            `autocast` follows the Trainer's bf16 and fp16 if it is not given.
        kwargs: as of `Trainer`. A batch is a mapping with the labels under "labels".

    Raises:
        InputError: a setting is out of its range, or the number of classes is not known.
        LayerError, InputError: at the first batch, before any update; see `FeatureSieve.prepare`.
    """

    def __init__(
        self,
        *args: Any,
        layer: str | Sequence[str],
        num_classes: int | None = None,
        sieve: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        options = {"autocast": _precision(self.args), **(sieve or {})}
        self.sieve = FeatureSieve(self.model, layer, _classes(self.model, num_classes), **options)
        self._batch: Batch | None = None
        self._sums: dict[str, list[float]] = {}
        self.add_callback(_Behind(self))

    def training_step(self, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> torch.Tensor:
        """Check the batch and keep it for the sieve; the Trainer learns from it."""
        self._batch = as_batch(self._prepare_inputs(inputs))
        self.sieve.prepare(self._batch)
        loss: torch.Tensor = super().training_step(model, inputs, *args, **kwargs)
        return loss

    def log(self, logs: dict[str, float], *args: Any, **kwargs: Any) -> None:
        """Log the sieve's figures with the training loss, as means since they were last logged."""
        if "loss" in logs:
            means = {key: total / count for key, (total, count) in self._sums.items()}
            logs = {**logs, **{f"sieve/{key}": mean for key, mean in means.items()}}
            self._sums = {}
        super().log(logs, *args, **kwargs)

    def after_update(self, *, stepped: bool) -> None:
        """Let the sieve follow the Trainer's update; called by the Trainer's own callbacks."""
        batch, self._batch = self._batch, None
        if batch is None:
            return
        for key, value in self.sieve.after_step(batch, stepped=stepped).items():
            total = self._sums.setdefault(key, [0.0, 0.0])
            total[0] += value
            total[1] += 1

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        super()._load_optimizer_and_scheduler(checkpoint)
        if checkpoint is not None and not self.args.save_only_model:
            self.sieve.load_state_dict(read_weights(Path(checkpoint) / STATE_NAME))


class _Behind(_transformers.TrainerCallback):  # type: ignore[misc, name-defined]
    """Tells a `SieveTrainer` of optimiser steps, epochs and checkpoints."""

    def __init__(self, trainer: SieveTrainer) -> None:
        self.trainer = trainer

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.trainer.after_update(stepped=True)

    def on_substep_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.trainer.after_update(stepped=False)

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        # A checkpoint may lie before an epoch's end, so that a resumed run never sees it.
        self.trainer.sieve.epochs_done = int((state.epoch or 0) + 1e-6)

    def on_epoch_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.trainer.sieve.end_epoch()

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if not args.should_save or args.save_only_model:
            return
        content = self.trainer.sieve.state_dict()
        folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        write_with(folder / STATE_NAME, lambda path: torch.save(content, path))


def _precision(args: Any) -> str | None:
    if args.bf16:
        return "bf16"
    return "fp16" if args.fp16 else None


def _classes(model: Any, given: int | None) -> int:
    found = given or getattr(getattr(model, "config", None), "num_labels", None)
    if found is None:
        raise InputError(
            "Expected num_classes, or a model whose config has num_labels, but got neither; "
            "pass num_classes="
        )
    return int(found)
