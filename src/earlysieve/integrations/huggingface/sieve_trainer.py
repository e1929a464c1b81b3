"""The feature sieve in Hugging Face's `Trainer`, after its main update."""

import inspect
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from earlysieve._files import write_with
from earlysieve._imports import need
from earlysieve._names import near_names
from earlysieve.datasets.batches import as_batch
from earlysieve.errors import InputError
from earlysieve.integrations.huggingface.resuming import checkpoint_asked
from earlysieve.model.batch import Batch
from earlysieve.sieve.sieve import FeatureSieve
from earlysieve.training.archive import read_weights

_transformers = need("transformers", extra="text")
need("accelerate", extra="train")

STATE_NAME = "sieve.pt"
_NOT_SETTINGS = 3  # model, layer, num_classes


class SieveTrainer(_transformers.Trainer):  # type: ignore[misc, name-defined]
    """A `transformers.Trainer` that sieves features.

    The Trainer makes the main update as it always does. After each batch the readouts learn from
    it, and after an optimiser step the early layers forget when due. The schedule counts optimiser
    steps that were made: neither micro-batches of `gradient_accumulation_steps` nor steps that
    fp16's gradient scaler skipped. Each checkpoint folder also gets a file "sieve.pt", from which
    `train(resume_from_checkpoint=...)` goes on.

    Args:
        args: positional arguments of `Trainer`.
        layer: the layer, or several, as in `FeatureSieve`.
        num_classes: C >= 2; None: `model.config.num_labels`.
        sieve: further settings of `FeatureSieve`, such as readout, forget_every and forget_lr.
            `autocast` follows the Trainer's bf16 and fp16 if it is not given.
        kwargs: keyword arguments of `Trainer`; with `model_init` each training sieves the model
            that it trains. A batch is a mapping with the labels under "labels".

    Attributes:
        sieve: the `FeatureSieve` of the model that is trained, or was trained last.

    Raises:
        InputError: a setting is out of its range, or the number of classes is not known.
        CheckpointError: `train` goes on from a checkpoint without a sieve's state, or with that of
            another sieve.
        InputError: `sieve` has another setting.
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
        _check_settings(sieve or {})
        options = {"autocast": _precision(self.args), **(sieve or {})}
        self._layer, self._num_classes, self._options = layer, num_classes, options
        self.sieve = self._new_sieve()
        self._checkpoint: str | None = None
        self._batch: Batch | None = None
        self._sums: dict[str, list[float]] = {}
        self.add_callback(_Following(self))

    def train(
        self, resume_from_checkpoint: str | bool | None = None, *args: Any, **kwargs: Any
    ) -> Any:
        """Train as `Trainer.train` does, and sieve."""
        self._checkpoint = checkpoint_asked(resume_from_checkpoint, self.args.output_dir)
        return super().train(resume_from_checkpoint, *args, **kwargs)

    def begin_sieving(self) -> None:
        """Sieve the model that is about to be trained; called by the Trainer's own callbacks.

        Raises:
            CheckpointError: the checkpoint to go on from has no sieve's state, or another's.

        Warns:
            UserWarning: there is none, since the Trainer saves models only; readouts start afresh.
        """
        if self.sieve.model is not self.model:  # `model_init` makes one for each training
            self.sieve = self._new_sieve()
        self._batch, self._sums = None, {}
        if self._checkpoint is None:
            return
        file = Path(self._checkpoint) / STATE_NAME
        if self.args.save_only_model and not file.is_file():
            warnings.warn(
                f"'{self._checkpoint}' holds a model only (save_only_model): the sieve's readouts "
                "and its schedule start afresh",
                stacklevel=2,
            )
            return
        self.sieve.load_state_dict(read_weights(file))

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

    def _new_sieve(self) -> FeatureSieve:
        classes = _classes(self.model, self._num_classes)
        return FeatureSieve(self.model, self._layer, classes, **self._options)


def _check_settings(given: Mapping[str, Any]) -> None:
    known = list(inspect.signature(FeatureSieve).parameters)[_NOT_SETTINGS:]
    unknown = next((name for name in given if name not in known), None)
    if unknown is not None:
        near = near_names(unknown, known) or known
        raise InputError(
            f"Expected settings of FeatureSieve (sieve=), but got '{unknown}'; near names are "
            f"{', '.join(near)}"
        )


class _Following(_transformers.TrainerCallback):  # type: ignore[misc, name-defined]
    """Tells a `SieveTrainer` of the start, optimiser steps, epochs and checkpoints."""

    def __init__(self, trainer: SieveTrainer) -> None:
        self.trainer = trainer

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.trainer.begin_sieving()

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        # fp16's gradient scaler skips steps whose gradients overflowed.
        skipped = self.trainer.accelerator.optimizer_step_was_skipped
        self.trainer.after_update(stepped=not skipped)

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
