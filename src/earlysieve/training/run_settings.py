"""The settings of a training run that decide its result."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from earlysieve.errors import InputError
from earlysieve.training.evaluation import Evaluation
from earlysieve.training.sampling import check_seed


@dataclass(frozen=True)
class RunSettings:
    """How long, in which order and by which figure a run trains.

    Attributes:
        epochs: passes over the training data, >= 1.
        batch_size: examples per step, >= 1.
        seed: of the order, augmentation and dropout, in [0, 2**63).
        evaluate_every: evaluate after every so many epochs, and after the last.
        patience: stop after so many evaluations without a better one; None: never.
        select: a rule by name (`groups.rule_names`), or a function of an `Evaluation`, which then
            has logits, that is larger for better models.
        restore_best: whether the model ends as it was at its best evaluation; None: if `patience`
            is set.
        refresh_batches: before each evaluation, and at the end, compute BatchNorm statistics anew
            from so many training batches, see `refresh_statistics`; 0: never.
    """

    epochs: int
    batch_size: int = 64
    seed: int = 0
    evaluate_every: int = 1
    patience: int | None = None
    select: str | Callable[[Evaluation], float] = "accuracy"
    restore_best: bool | None = None
    refresh_batches: int = 0

    @property
    def restores_best(self) -> bool:
        """Whether the model ends as it was at its best evaluation."""
        return self.patience is not None if self.restore_best is None else self.restore_best

    def check(self, *, has_validation: bool) -> None:
        """Check the ranges, and that what needs validation data has them.

        Raises:
            InputError: a setting is out of its range, or validation data are missing.
        """
        for name in ("epochs", "batch_size", "evaluate_every", "patience"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(
                    f"Expected {name} to be at least 1, but got {value}; pass a larger number"
                )
        check_seed(self.seed)
        if self.refresh_batches < 0:
            raise InputError(
                f"Expected refresh_batches to be at least 0, but got {self.refresh_batches}; "
                "pass a number of batches, or 0"
            )
        if self.refresh_batches and self.batch_size < 2:
            raise InputError(
                "Expected a batch_size of at least 2 for refresh_batches, but got 1; statistics "
                "need several examples"
            )
        if not has_validation and (self.patience is not None or self.restores_best):
            name = "patience" if self.patience is not None else "restore_best"
            raise InputError(f"Expected validation data for {name}, but got none; pass validation=")

    def describe(self) -> dict[str, Any]:
        """The settings as plain values, for a checkpoint."""
        select = self.select
        name = select if isinstance(select, str) else getattr(select, "__qualname__", "function")
        return {
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "seed": self.seed,
            "evaluate_every": self.evaluate_every,
            "patience": self.patience,
            "select": name,
            "restore_best": self.restores_best,
            "refresh_batches": self.refresh_batches,
        }
