"""Any training method in Lightning."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from earlysieve._imports import need
from earlysieve.datasets.batches import as_batch
from earlysieve.errors import InputError
from earlysieve.integrations.lightning.network import find_network
from earlysieve.model.batch import Batch
from earlysieve.training.algorithm import Algorithm, end_epoch
from earlysieve.training.handed_over import check_loss_alone, loss_of

_lightning = need("lightning.pytorch", extra="train")

MakeMethod = Callable[[nn.Module, Optimizer], Algorithm]


class MethodCallback(_lightning.Callback):  # type: ignore[misc, name-defined]
    """Train a LightningModule by a method of this package: its loss takes the module's place.

    While `Trainer.fit` runs, the module's `training_step` gives the method's loss of the batch;
    all else stays Lightning's and the module's: optimiser, schedule, clipping, accumulation,
    precision, devices, validation, loggers. The method's state is part of Lightning's checkpoints,
    and a resumed run goes on with it. After training the module is as it was but for its weights.

    Args:
        method: called with the network and the module's optimiser when training begins, such as
            `lambda model, optimizer: GroupDRO(model, optimizer=optimizer, num_groups=4)`. It has no
            clip_norm, accumulate, scheduler or autocast: these are the Trainer's. For the sieve
            use `SieveCallback`.
        network: where the classifier is in the LightningModule, such as "model"; layer names then
            start there. None: the LightningModule itself, called with a batch's inputs.
        to_batch: turns what the DataLoader gives into a `Batch`; by default all forms that
            `earlysieve.datasets` knows. Methods with a weight per example need indices: load from
            `with_index(data)`.
        log: log the figures, as "method/loss" and so on.

    Attributes:
        algorithm: the method; None before training.

    Raises:
        InputError: when training begins: the module optimises by hand, or with several optimisers,
            or the method is not one loss per batch, see `loss_of`.
    """

    def __init__(
        self,
        method: MakeMethod,
        *,
        network: str | None = None,
        to_batch: Callable[[Any], Batch] = as_batch,
        log: bool = True,
    ) -> None:
        super().__init__()
        self.method, self.network = method, network
        self.to_batch, self.log_figures = to_batch, log
        self.algorithm: Algorithm | None = None
        self._loaded: Mapping[str, Any] | None = None
        self._own_step: Any = None
        self._stepping: nn.Module | None = None

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Make the method, go on from a checkpoint's state, and let it give the loss."""
        if not pl_module.automatic_optimization or len(trainer.optimizers) != 1:
            raise InputError(
                "Expected a LightningModule with one optimiser that Lightning steps, but this one "
                f"has {len(trainer.optimizers)} and automatic_optimization="
                f"{pl_module.automatic_optimization}; call earlysieve.loss_of(algorithm, batch) in "
                "its training_step"
            )
        model = find_network(pl_module, self.network)
        algorithm = self.method(model, trainer.optimizers[0])
        check_loss_alone(algorithm)
        if self._loaded is not None:
            algorithm.load_state_dict(self._loaded)
            self._loaded = None
        self.algorithm = algorithm
        self._take_over(pl_module, algorithm)

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Let the method close the epoch, as with new weights of examples."""
        if self.algorithm is not None:
            self._log(pl_module, end_epoch(self.algorithm), None)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """Give the module its own step back."""
        self._give_back()

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """Give the module its own step back."""
        self._give_back()

    def teardown(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Give the module its own step back."""
        self._give_back()

    def state_dict(self) -> dict[str, Any]:
        """The method's state, for Lightning's checkpoints."""
        if self.algorithm is not None:
            return self.algorithm.state_dict()
        return {} if self._loaded is None else dict(self._loaded)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Keep a checkpoint's state until training starts."""
        self._loaded = state_dict or None

    def _take_over(self, module: nn.Module, algorithm: Algorithm) -> None:
        def training_step(batch: Any, batch_idx: int) -> Tensor | None:
            given = self.to_batch(batch)
            loss, logs = loss_of(algorithm, given)
            self._log(module, logs, len(given))
            return loss

        self._own_step = vars(module).get("training_step")
        self._stepping = module
        vars(module)["training_step"] = training_step

    def _give_back(self) -> None:
        module, self._stepping = self._stepping, None
        if module is None:
            return
        vars(module).pop("training_step", None)
        if self._own_step is not None:
            vars(module)["training_step"] = self._own_step

    def _log(self, module: Any, logs: Mapping[str, float], size: int | None) -> None:
        if self.log_figures and logs:
            figures = {f"method/{key}": value for key, value in logs.items()}
            module.log_dict(figures, batch_size=size)
