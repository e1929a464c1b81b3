"""The feature sieve as a Lightning callback, after the main update of any LightningModule."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from earlysieve._imports import need
from earlysieve.datasets.batches import as_batch
from earlysieve.errors import TrainingError
from earlysieve.integrations.lightning.network import find_network
from earlysieve.model.batch import Batch
from earlysieve.sieve.sieve import FeatureSieve

_lightning = need("lightning.pytorch", extra="train")

PRECISIONS = {"bf16-mixed": "bf16", "16-mixed": "fp16"}


class SieveCallback(_lightning.Callback):  # type: ignore[misc, name-defined]
    """Sieve features while a Lightning `Trainer` trains.

    The LightningModule makes the main update as it always does. After each training batch the
    readouts learn from it, and after an optimiser step the early layers forget when due. The
    schedule counts optimiser steps that were made: neither micro-batches of
    `accumulate_grad_batches` nor steps that fp16's gradient scaler skipped. Checkpoints hold the
    sieve's state, and a resumed run goes on with it. Works with automatic and manual optimisation,
    and with DistributedDataParallel.

    Args:
        layer: the layer, or several, as in `FeatureSieve`.
        num_classes: C >= 2.
        network: where the classifier is in the LightningModule, such as "model"; layer names then
            start there. None: the LightningModule itself, called with a batch's inputs.
        to_batch: turns what the DataLoader gives into a `Batch`; by default all forms that
            `earlysieve.datasets` knows, such as (inputs, labels) and mappings with "labels".
        log: log the figures, as "sieve/readout_loss" and so on.
        options: further settings of `FeatureSieve`, such as readout, forget_every and forget_lr.
            `autocast` follows the trainer's precision if it is not given.

    Raises:
        LayerError, InputError: at the first batch, before any update; see `FeatureSieve.prepare`.
    """

    def __init__(
        self,
        layer: str | Sequence[str],
        num_classes: int,
        *,
        network: str | None = None,
        to_batch: Callable[[Any], Batch] = as_batch,
        log: bool = True,
        **options: Any,
    ) -> None:
        super().__init__()
        self.layers = [layer] if isinstance(layer, str) else list(layer)
        self.num_classes = num_classes
        self.network = network
        self.to_batch = to_batch
        self.log_figures = log
        self.options = options
        self.sieve: FeatureSieve | None = None
        self._loaded: Mapping[str, Any] | None = None
        self._steps = 0
        self._scale: float | None = None

    @property
    def state_key(self) -> str:
        """Under which Lightning keeps the state; differs by layer."""
        return f"{type(self).__qualname__}[{','.join(self.layers)}]"

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Make the sieve, and go on from the state that a checkpoint gave."""
        options = {"autocast": PRECISIONS.get(str(trainer.precision)), **self.options}
        model = find_network(pl_module, self.network)
        self.sieve = FeatureSieve(model, self.layers, self.num_classes, **options)
        if self._loaded is not None:
            self.sieve.load_state_dict(self._loaded)
            self._loaded = None
        self._steps = trainer.global_step

    def on_train_batch_start(
        self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int
    ) -> None:
        """Check the batch before anything learns from it."""
        sieve = self._running()
        # A checkpoint may lie before an epoch's end, and a resumed run has no start of an epoch.
        sieve.epochs_done = int(trainer.current_epoch)
        self._scale = _loss_scale(trainer)
        sieve.prepare(self.to_batch(batch))

    def on_train_batch_end(
        self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Readout update, and forgetting after an optimiser step."""
        scale = _loss_scale(trainer)
        skipped = scale is not None and self._scale is not None and scale < self._scale
        stepped = trainer.global_step > self._steps and not skipped
        self._steps = trainer.global_step
        given = self.to_batch(batch)
        logs = self._running().after_step(given, stepped=stepped)
        if self.log_figures:
            figures = {f"sieve/{key}": value for key, value in logs.items()}
            pl_module.log_dict(figures, batch_size=len(given))

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Count the epoch, for schedules by epoch."""
        self._running().end_epoch()

    def state_dict(self) -> dict[str, Any]:
        """The sieve's state, for Lightning's checkpoints."""
        if self.sieve is not None:
            return self.sieve.state_dict()
        return {} if self._loaded is None else dict(self._loaded)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Keep a checkpoint's state until training starts."""
        self._loaded = state_dict or None

    def _running(self) -> FeatureSieve:
        if self.sieve is None:
            raise TrainingError(
                "Expected a callback whose training has started, but it has not; pass it to "
                "Trainer(callbacks=[...]) and call fit"
            )
        return self.sieve


def _loss_scale(trainer: Any) -> float | None:
    """By what fp16 training multiplies losses; it falls when a step was skipped. None: nothing."""
    scaler = getattr(trainer.precision_plugin, "scaler", None)
    return None if scaler is None else float(scaler.get_scale())
