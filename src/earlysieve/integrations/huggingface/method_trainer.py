"""Any training method in HuggingFace's `Trainer`."""

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer
from torch.utils.data import DataLoader, Sampler

from earlysieve._files import write_with
from earlysieve._imports import need
from earlysieve.datasets.batches import as_batch
from earlysieve.datasets.with_groups import GroupedDataset
from earlysieve.errors import TrainingError
from earlysieve.integrations.huggingface.resuming import checkpoint_asked
from earlysieve.model.batch import GROUP_KEYS, INDEX_KEYS, LABEL_KEYS
from earlysieve.training.algorithm import Algorithm, end_epoch
from earlysieve.training.archive import read_weights
from earlysieve.training.handed_over import check_loss_alone, loss_of
from earlysieve.weighting.indexing import IndexedDataset

_transformers = need("transformers", extra="text")
_accelerate_data = need("accelerate.data_loader", extra="train")

STATE_NAME = "method.pt"

MakeMethod = Callable[[nn.Module, Optimizer], Algorithm]


class MethodTrainer(_transformers.Trainer):  # type: ignore[misc, name-defined]
    """A `transformers.Trainer` that trains by a method of this package: its loss is descended.

    All else stays the Trainer's: optimiser, schedule, clipping, accumulation, precision, devices,
    evaluation, logging. Each checkpoint folder also gets a file "method.pt", from which
    `train(resume_from_checkpoint=...)` goes on. Training batches keep the columns "group" and
    "index" for methods that need them, which the model is never called with.

    Args:
        args: positional arguments of `Trainer`.
        method: called with the model and the Trainer's optimiser when training begins, such as
            `lambda model, optimizer: GroupDRO(model, optimizer=optimizer, num_groups=4)`. It has no
            clip_norm, accumulate, scheduler or autocast: these are the Trainer's. For the sieve
            use `SieveTrainer`. Methods with a weight per example need indices: train on
            `with_index(data)`.
        sampler: the order of the training examples, such as `BalancedSampler(groups)`; None:
            shuffled anew in each epoch.
        kwargs: keyword arguments of `Trainer`. A batch is a mapping with the labels under "labels".

    Attributes:
        algorithm: the method of the present or last training; None before.

    Raises:
        InputError: when training begins: the method is not one loss per batch, see `loss_of`.
        CheckpointError: `train` goes on from a checkpoint without a method's state, or with that of
            another method.
    """

    def __init__(
        self, *args: Any, method: MakeMethod, sampler: Sampler[int] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        # The method's loss is a mean over the batch: the Trainer divides it by accumulated batches.
        self.model_accepts_loss_kwargs, self.loss_is_scaled_for_ga = False, False
        self.method, self.sampler = method, sampler
        self.algorithm: Algorithm | None = None
        self._checkpoint: str | None = None
        self._given: torch.Tensor | None = None
        self._sums: dict[str, list[float]] = {}
        self.add_callback(_Following(self))

    def train(
        self, resume_from_checkpoint: str | bool | None = None, *args: Any, **kwargs: Any
    ) -> Any:
        """Train as `Trainer.train` does, by the method."""
        self._checkpoint = checkpoint_asked(resume_from_checkpoint, self.args.output_dir)
        return super().train(resume_from_checkpoint, *args, **kwargs)

    def begin(self) -> None:
        """Make the method; called by the Trainer's own callbacks when training begins."""
        algorithm = self.method(self.model_wrapped, self.optimizer)
        check_loss_alone(algorithm)
        if self._checkpoint is not None:
            algorithm.load_state_dict(read_weights(Path(self._checkpoint) / STATE_NAME))
        self.algorithm, self._sums = algorithm, {}

    def training_step(self, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> torch.Tensor:
        """Find the method's loss of a batch; the Trainer learns from it."""
        model.train()
        given = self._prepare_inputs(inputs)
        with self.compute_loss_context_manager():
            self._given, logs = loss_of(self.running, as_batch(given))
        self._note(logs)
        if self._given is None:  # the method has learned from it by itself
            return torch.tensor(logs["loss"], device=self.args.device)
        loss: torch.Tensor = super().training_step(model, given, *args, **kwargs)
        return loss

    def compute_loss(self, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """The method's loss in training, and the model's own in evaluation."""
        given, self._given = self._given, None
        if given is not None:
            return given
        known = {key: inputs[key] for key in inputs if key not in (*GROUP_KEYS, *INDEX_KEYS)}
        return super().compute_loss(model, known, *args, **kwargs)

    def get_train_dataloader(self) -> Any:
        """The training batches, with groups and indices, in the order of the sampler."""
        if self.train_dataset is None:
            return super().get_train_dataloader()
        drawn = self.sampler
        if drawn is None:
            # A function of seed and epoch, so that a resumed run sees what it would have seen.
            seed = self.args.seed if self.args.data_seed is None else self.args.data_seed
            drawn = _accelerate_data.SeedableRandomSampler(self.train_dataset, data_seed=seed)
        loader = DataLoader(
            _with_known_columns(self.train_dataset, self.model, self.args.remove_unused_columns),
            batch_size=self._train_batch_size,
            sampler=drawn,
            collate_fn=self.data_collator,
            num_workers=self.args.dataloader_num_workers,
            pin_memory=self.args.dataloader_pin_memory,
            drop_last=self.args.dataloader_drop_last,
        )
        return self.accelerator.prepare(loader)

    def log(self, logs: dict[str, float], *args: Any, **kwargs: Any) -> None:
        """Log the method's figures with the training loss, as means since they were last logged."""
        if "loss" in logs:
            means = {key: total / count for key, (total, count) in self._sums.items()}
            logs = {**logs, **{f"method/{key}": mean for key, mean in means.items()}}
            self._sums = {}
        super().log(logs, *args, **kwargs)

    def close_epoch(self) -> None:
        """Let the method close the epoch; called by the Trainer's own callbacks."""
        self._note(end_epoch(self.running))

    @property
    def running(self) -> Algorithm:
        """The method, whose training has begun.

        Raises:
            TrainingError: it has not.
        """
        if self.algorithm is None:
            raise TrainingError("Expected a training that has begun, but it has not; call train()")
        return self.algorithm

    def _note(self, logs: Mapping[str, float]) -> None:
        for key, value in logs.items():
            total = self._sums.setdefault(key, [0.0, 0.0])
            total[0] += value
            total[1] += 1


class _Following(_transformers.TrainerCallback):  # type: ignore[misc, name-defined]
    """Tells a `MethodTrainer` of the start, epochs and checkpoints."""

    def __init__(self, trainer: MethodTrainer) -> None:
        self.trainer = trainer

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.trainer.begin()

    def on_epoch_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.trainer.close_epoch()

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if not args.should_save or args.save_only_model:
            return
        content = self.trainer.running.state_dict()
        folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        write_with(folder / STATE_NAME, lambda path: torch.save(content, path))


def _with_known_columns(data: Any, model: nn.Module, remove: bool) -> Any:
    """Without columns that neither model nor methods know, as the Trainer does by default."""
    if isinstance(data, IndexedDataset):
        return IndexedDataset(_with_known_columns(data.dataset, model, remove))
    if isinstance(data, GroupedDataset):  # which passes `remove_columns` on to what it wraps
        return data.over(lambda inner: _with_known_columns(inner, model, remove))
    if not remove or not hasattr(data, "remove_columns"):
        return data
    taken = inspect.signature(model.forward).parameters
    known = {*taken, *LABEL_KEYS, "label_ids", *GROUP_KEYS, *INDEX_KEYS}
    return data.remove_columns([name for name in data.column_names if name not in known])
