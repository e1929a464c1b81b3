"""The state of a training run, and the moves that change it."""

import math
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from earlysieve.datasets.batches import source_of
from earlysieve.datasets.with_groups import with_groups
from earlysieve.errors import CheckpointError, EarlysieveError, TrainingError, one_line
from earlysieve.measures.by_cell import shares_of
from earlysieve.model.batch import Batch
from earlysieve.model.placement import check_holds_numbers
from earlysieve.model.single_example import check_single_example
from earlysieve.model.state import device_of
from earlysieve.training.algorithm import (
    Algorithm,
    NonFiniteLossError,
    end_epoch,
    is_ready_to_evaluate,
    settings_of,
)
from earlysieve.training.augmentation import Augment, as_augmentation, check_teacher_sees
from earlysieve.training.check_weights import check_keys
from earlysieve.training.checkpoint import START_AGAIN, check_configuration
from earlysieve.training.collapse import warn_of_collapse
from earlysieve.training.evaluation import Evaluation
from earlysieve.training.freezing import frozen_parameters
from earlysieve.training.loading import Data, load_batches, open_source
from earlysieve.training.model_weights import all_or_nothing, load_state
from earlysieve.training.one_class import ClassWatch
from earlysieve.training.randomness import RandomStream
from earlysieve.training.run_settings import RunSettings
from earlysieve.training.sampling import BatchSampler, EpochSampler
from earlysieve.training.selection import (
    NOTHING,
    Beside,
    GivenGroups,
    check_select,
    score_of,
    told,
)
from earlysieve.training.statistics import average_over, batch_norms, several


@dataclass
class Position:
    """Where a run is: epochs done, batches done of the epoch under way, steps in all."""

    epoch: int = 0
    batch: int = 0
    step: int = 0


@dataclass
class Best:
    """The best evaluation so far, and the model's state then, where it is to be restored."""

    score: float | None = None
    epoch: int | None = None
    stale: int = 0  # evaluations since
    model: dict[str, Tensor] | None = None


@dataclass
class EpochSums:
    """What the epoch under way has logged: for each key the weighted total and the weight."""

    totals: dict[str, list[float]] = field(default_factory=dict)
    row: dict[str, float] | None = None  # the finished epoch, while its evaluation is due

    def add(self, logs: Mapping[str, float], weight: int) -> None:
        """Add the figures of a batch of `weight` examples."""
        for key, value in logs.items():
            total = self.totals.setdefault(key, [0.0, 0.0])
            total[0] += value * weight
            total[1] += weight

    def means(self) -> dict[str, float]:
        """The mean of each key over the examples for which it was logged."""
        return {key: total / weight for key, (total, weight) in self.totals.items()}


class Run:
    """A training run that can be stopped after any step and go on exactly as it would have.

    Attributes:
        position: epochs, batches and steps done.
        history: one row per finished epoch: epoch, step, train_* means and validation_* figures.
        best: the best evaluation so far.
        consistent: False while a step is under way; only a consistent run may be saved.
    """

    def __init__(
        self,
        algorithm: Algorithm,
        train_data: Data,
        settings: RunSettings,
        *,
        validation: Data | None = None,
        sampler: BatchSampler | None = None,
        num_workers: int = 0,
        config: Mapping[str, Any] | None = None,
        groups: GivenGroups | None = None,
        known: Beside = NOTHING,
        augment: Augment | None = None,
        freeze: str | Collection[str] | None = None,
    ) -> None:
        """Check everything and prepare the first epoch.

        Args:
            algorithm, train_data, settings, validation, sampler, num_workers, groups, augment,
                freeze: see `fit`.
            config: further fields that a checkpoint has to agree with.
            known: of the validation data beside labels and true groups.
        """
        settings.check(has_validation=validation is not None)
        check_select(settings.select, validation, known)
        check_holds_numbers(algorithm.model)
        self.algorithm = algorithm
        self.settings = settings
        self.known = known
        self._shares = _group_shares(train_data)
        if groups is not None:
            train_data = with_groups(train_data, groups)
        augmentation = as_augmentation(augment)
        self.source = open_source(
            train_data,
            num_workers=num_workers,
            ordered=sampler is None,
            augmentation=augmentation,
        )
        if augmentation is not None:
            check_teacher_sees(algorithm, augmentation)
        self.validation = validation
        self.num_workers = num_workers
        self.sampler: BatchSampler = sampler or EpochSampler(
            len(self.source), settings.batch_size, seed=settings.seed
        )
        self.random = RandomStream(settings.seed)
        self.position = Position()
        self.history: list[dict[str, float]] = []
        self.best = Best()
        self.epoch = EpochSums()
        self.consistent = True
        self._classes = ClassWatch(self.source.dataset)
        self._takes_single = False  # a batch of one example, as far as is known
        own = {"augment": None if augmentation is None else augmentation.name}
        self.configuration = own | self._configuration(config or {}) | told(groups, known)
        self.frozen = self._frozen(freeze)
        if self.frozen:
            self.configuration.setdefault("freeze", list(self.frozen))

    def _frozen(self, freeze: str | Collection[str] | None) -> tuple[str, ...]:
        """The names of the parameters that do not learn."""
        if not isinstance(freeze, str):
            return tuple(freeze or ())
        model = self.algorithm.model
        source = replace(self.source, num_workers=0, augmentation=None)
        rows = list(range(min(2, len(source))))
        batch = next(load_batches(source, [rows], key=(self.settings.seed,)))
        inputs = batch.to(device_of(model)).inputs
        return tuple(frozen_parameters(model, inputs, freeze))

    @property
    def finished(self) -> bool:
        """Whether all epochs are done, or no evaluation was better for `patience` evaluations."""
        return self.position.epoch >= self.settings.epochs or self.stopped_early

    @property
    def stopped_early(self) -> bool:
        """Whether no evaluation was better for `patience` evaluations."""
        patience = self.settings.patience
        return patience is not None and self.best.stale >= patience

    def learn(self, batch: Batch) -> dict[str, float]:
        """Let the algorithm learn from a batch, in the run's own random states.

        Raises:
            TrainingError: a loss is not finite; buffers and random states are as before the step.
            InputError: the batch is one example, of which BatchNorm can make no statistics.
        """
        self._classes.see(batch.labels)
        model, before = self.algorithm.model, self.random.snapshot()
        batch = batch.to(device_of(model))
        self._check_size(model, batch)
        self.consistent = False
        buffers = [buffer.clone() for buffer in model.buffers()]
        try:
            with self.random.active():
                logs = self.algorithm.step(batch)
        except NonFiniteLossError as error:
            self.random.restore(before)
            _restore_buffers(model, buffers)
            self.consistent = first_bad_parameter(model) is None
            raise self._explain(str(error)) from error
        self._check_logs(logs)
        self.epoch.add(logs, len(batch))
        self.position.batch += 1
        self.position.step += 1
        self.consistent = True
        return logs

    def close_epoch(self) -> dict[str, float]:
        """End the epoch; its means.

        Raises:
            TrainingError: a parameter is no longer finite.
        """
        self.consistent = False
        with self.random.active():
            extra = end_epoch(self.algorithm)
        self.check_parameters()
        self._classes.close()
        self._refresh_statistics()
        means = {**self.epoch.means(), **extra}
        self.epoch.row = {
            "epoch": self.position.epoch + 1,
            "step": self.position.step,
            **{f"train_{key}": value for key, value in means.items()},
        }
        self.consistent = True
        return means

    def evaluation_is_due(self) -> bool:
        """Whether the epoch that was closed is to be evaluated."""
        return self._is_stop() and self.validation is not None

    def _is_stop(self) -> bool:
        number = self.position.epoch + 1
        due = number % self.settings.evaluate_every == 0 or number == self.settings.epochs
        return due and is_ready_to_evaluate(self.algorithm)

    def _refresh_statistics(self) -> None:
        if self.settings.refresh_batches and self._is_stop():
            epoch = self.position.epoch
            # Batches of an epoch that training never reaches have an order of their own.
            plan = self.sampler.batches(self.settings.epochs + epoch)
            plan = several(plan, self.settings.refresh_batches)
            key = (self.settings.seed, epoch, 1)
            model = self.algorithm.model
            thawed = [layer for layer in batch_norms(model) if layer.training]
            if plan and thawed:
                average_over(model, thawed, load_batches(self.source, plan, key=key))

    def finish_epoch(self, evaluation: Evaluation | None) -> dict[str, float]:
        """Write the closed epoch into the history and go on to the next; the evaluation's figures.

        Among these is the one that selects, where it has a name.
        """
        row = dict(self.epoch.row or {})
        logs: dict[str, float] = {}
        if evaluation is not None:
            select = self.settings.select
            score = score_of(evaluation, select, self.known)
            logs = evaluation.logs()
            if isinstance(select, str):
                logs.setdefault(select, score)
            every = evaluation.figures(self._shares) | logs
            row |= {f"validation_{key}": value for key, value in every.items()}
            self._compare(score)
        self.history.append(row)
        self.position = Position(self.position.epoch + 1, 0, self.position.step)
        self.epoch = EpochSums()
        if evaluation is not None and self.finished:
            warn_of_collapse(self._kept_accuracy(evaluation), evaluation)
        return logs

    def _kept_accuracy(self, last: Evaluation) -> float:
        """Validation accuracy of the weights that training ends with; NaN where none is known."""
        if not self.settings.restores_best or self.best.epoch is None:
            return last.accuracy
        of_best = (row for row in self.history if row["epoch"] == self.best.epoch)
        found = next(of_best, {}).get("validation_accuracy")
        # A checkpoint may have been damaged in what no resumed training needs.
        return found if isinstance(found, float) and 0 <= found <= 1 else math.nan

    def restore_best(self) -> bool:
        """Put the best evaluated state into the model; False if none was kept."""
        if self.best.model is None:
            return False
        load_state(self.algorithm.model, self.best.model, source="the best state")
        return True

    def check_parameters(self) -> None:
        """Check that all parameters are finite, so that no spoilt state is ever saved.

        Raises:
            TrainingError: one is not.
        """
        name = first_bad_parameter(self.algorithm.model)
        if name is not None:
            self.consistent = False
            raise self._explain(
                f"Expected finite parameters, but '{name}' holds NaN or infinity; "
                "lower the learning rate or set clip_norm",
                step=self.position.step,
            )

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to go on, as `save_checkpoint` takes it."""
        return {
            "model": self.algorithm.model.state_dict(),
            "algorithm": self.algorithm.state_dict(),
            "random": self.random.state_dict(),
            "position": asdict(self.position),
            "configuration": dict(self.configuration),
            "history": [dict(row) for row in self.history],
            "best": vars(self.best).copy(),
            "epoch": asdict(self.epoch),
        }

    def load_state_dict(self, state: Mapping[str, Any], *, source: str = "the checkpoint") -> None:
        """Go on from what `state_dict` returned.

        Raises:
            CheckpointError: it belongs to another model, optimiser or configuration.
        """
        check_configuration(state["configuration"], self.configuration)
        model = self.algorithm.model
        with all_or_nothing(model):
            load_state(model, state["model"], source=source)
            best = Best(**state["best"])
            if best.model is not None:
                check_keys(model.state_dict(), best.model, source=f"the best state in {source}")
            try:
                self.algorithm.load_state_dict(state["algorithm"])
                self.random.load_state_dict(state["random"])
            except EarlysieveError:
                raise
            except Exception as error:  # what odd content makes an algorithm raise is its own
                raise CheckpointError(
                    f"Expected {source} to hold the state of this run, but loading it failed: "
                    f"{type(error).__name__}, {one_line(error)}; {START_AGAIN}"
                ) from error
        self.position = Position(**state["position"])
        self.history = [dict(row) for row in state["history"]]
        self.best = best
        self.epoch = EpochSums(**state["epoch"])

    def _compare(self, score: float) -> None:
        if math.isnan(score) or (self.best.score is not None and score <= self.best.score):
            self.best.stale += 1
            return
        kept = None
        if self.settings.restores_best:
            state = self.algorithm.model.state_dict()
            kept = {key: value.detach().clone() for key, value in state.items()}
        self.best = Best(score, self.position.epoch + 1, 0, kept)

    def _check_size(self, model: nn.Module, batch: Batch) -> None:
        if len(batch) == 1 and not self._takes_single:
            check_single_example(model, batch.inputs)
            self._takes_single = True

    def _check_logs(self, logs: Mapping[str, float]) -> None:
        for key, value in logs.items():
            if "loss" in key and not abs(value) < float("inf"):
                raise self._explain(
                    f"Expected a finite {key}, but got {value}; "
                    "lower the learning rate or set clip_norm"
                )

    def _explain(self, message: str, *, step: int | None = None) -> TrainingError:
        step = self.position.step + 1 if step is None else step
        where = f"epoch {self.position.epoch + 1}, step {step}"
        settings = {**settings_of(self.algorithm), "batch_size": self.settings.batch_size}
        listed = ", ".join(f"{key}={value}" for key, value in settings.items() if value is not None)
        return TrainingError(f"{message} ({where}; {listed})")

    def _configuration(self, config: Mapping[str, Any]) -> dict[str, Any]:
        own = {**self.settings.describe(), "examples": len(self.source)}
        return {**settings_of(self.algorithm), **own, **config}


def _group_shares(data: Data) -> dict[int, float] | None:
    """The shares of the data's own groups, where they are listed."""
    groups = getattr(source_of(data), "groups", None)
    found = groups.detach().cpu().numpy() if isinstance(groups, Tensor) else groups
    if not isinstance(found, np.ndarray) or found.ndim != 1 or found.dtype.kind not in "iu":
        return None
    return shares_of(found) or None


def first_bad_parameter(model: nn.Module) -> str | None:
    """The name of the first parameter that holds NaN or infinity; None if all are finite."""
    for name, parameter in model.named_parameters():
        values = parameter.detach()
        # A sum is ten times faster and never hides NaN or infinity, though it may overflow.
        if not bool(torch.isfinite(values.sum())) and not bool(torch.isfinite(values).all()):
            return name
    return None


@torch.no_grad()
def _restore_buffers(model: nn.Module, buffers: list[Tensor]) -> None:
    for buffer, kept in zip(model.buffers(), buffers, strict=True):
        buffer.copy_(kept)
