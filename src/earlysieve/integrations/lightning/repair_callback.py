"""A repair in Lightning when training has ended."""

from typing import Any

from torch import nn

from earlysieve._imports import need
from earlysieve.auditing.audit import audit
from earlysieve.auditing.pseudo_groups import groups_from_audit
from earlysieve.datasets.batches import Data
from earlysieve.datasets.opened_data import opened
from earlysieve.errors import InputError, TrainingError
from earlysieve.integrations.lightning.network import find_network
from earlysieve.repairing.registry import repair_method
from earlysieve.repairing.repair import repair

_lightning = need("lightning.pytorch", extra="train")


class RepairCallback(_lightning.Callback):  # type: ignore[misc, name-defined]
    """Fit the last layer anew when training has ended, on data that the network has not seen.

    Args:
        data: held-out examples, see `earlysieve.repair`.
        network: where the classifier is in the LightningModule; None: the module itself.
        options: further arguments of `earlysieve.repair`, such as method and groups. With
            groups="audit" the trained network is audited on `data`, and groups are those of whom
            that audit finds misled.

    Attributes:
        repaired: the new network; the trained one stays as it is. None before the end.

    Raises:
        InputError: before training begins: the method is unknown, or needs groups and there are
            none.
    """

    def __init__(self, data: Data, *, network: str | None = None, **options: Any) -> None:
        super().__init__()
        self.data, self.network = data, network
        self.options = {"progress": False, **options}
        self._repaired: nn.Module | None = None
        self._needs_groups = repair_method(options.get("method", "dfr")).needs_groups

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

    def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
        """Say what is missing now, rather than when training has ended."""
        if not self._needs_groups or self.options.get("groups") is not None:
            return
        if opened(self.data).few(1).groups is None:
            raise InputError(
                "Expected held-out examples that name groups, since this repair needs some, but "
                'got none; pass groups="audit" to infer them when training has ended, groups of '
                "these examples, or a method that needs none: 'afr', 'neurontune', 'crt'"
            )

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """Repair what was trained."""
        model = find_network(pl_module, self.network)
        options = dict(self.options)
        if isinstance(options.get("groups"), str) and options["groups"] == "audit":
            seen = options.get("seen_in_training")
            found = audit(model, self.data, seen_in_training=seen, pictures=0, progress=False)
            options["groups"] = groups_from_audit(found)
        self._repaired = repair(model, self.data, **options)
