"""A repair in Lightning when training has ended."""

from typing import Any

from torch import nn

from earlysieve._imports import need
from earlysieve.datasets.batches import Data
from earlysieve.errors import TrainingError
from earlysieve.integrations.lightning.network import find_network
from earlysieve.repairing.repair import repair

_lightning = need("lightning.pytorch", extra="train")


class RepairCallback(_lightning.Callback):  # type: ignore[misc, name-defined]
    """Fit the last layer anew when training has ended, on data that the network has not seen.

    Args:
        data: held-out examples, see `earlysieve.repair`.
        network: where the classifier is in the LightningModule; None: the module itself.
        options: further arguments of `earlysieve.repair`, such as method and groups.

    Attributes:
        repaired: the new network; the trained one stays as it is. None before the end.
    """

    def __init__(self, data: Data, *, network: str | None = None, **options: Any) -> None:
        super().__init__()
        self.data, self.network = data, network
        self.options = {"progress": False, **options}
        self._repaired: nn.Module | None = None

    @property
    def repaired(self) -> nn.Module:
        """The new network.

        Raises:
            TrainingError: training has not ended.
        """
        if self._repaired is None:
            raise TrainingError(
                "Expected a training that has ended, but it has not; pass the callback to "
                "Trainer(callbacks=[...]) and call fit"
            )
        return self._repaired

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """Repair what was trained."""
        model = find_network(pl_module, self.network)
        self._repaired = repair(model, self.data, **self.options)
