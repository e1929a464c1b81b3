"""What `fit` returns."""

from dataclasses import dataclass

from earlysieve._html import box, line, table

_EPOCHS_SHOWN = 10


@dataclass(frozen=True)
class FitResult:
    """What a run came to.

    Attributes:
        history: one row per epoch: epoch, step, train_* means and validation_* figures.
        best_score, best_epoch: of the best evaluation by `select`; None without validation.
        epochs, steps: done in all, earlier parts of a resumed run included.
        stopped_early: whether `patience` ended the run.
        restored_best: whether the model is as it was at `best_epoch`, not as at the end.
    """

    history: list[dict[str, float]]
    best_score: float | None
    best_epoch: int | None
    epochs: int
    steps: int
    stopped_early: bool
    restored_best: bool

    def _repr_html_(self) -> str:
        """What a notebook shows: the last epochs."""
        rows = self.history[-_EPOCHS_SHOWN:]
        names = list(dict.fromkeys(name for row in rows for name in row))
        cells = [[f"{row[name]:.4g}" if name in row else "" for name in names] for row in rows]
        best = "" if self.best_epoch is None else f", the best of them {self.best_epoch}"
        restored = " The model is as it was then." if self.restored_best else ""
        return box(line(f"{self.epochs} epochs{best}.{restored}", bold=True), table(names, cells))
