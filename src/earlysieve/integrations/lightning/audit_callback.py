"""Audits in Lightning while a network learns."""

from typing import TYPE_CHECKING, Any

from earlysieve._imports import need
from earlysieve.datasets.batches import Data
from earlysieve.integrations.each_epoch import EpochAudits
from earlysieve.integrations.lightning.network import find_network

if TYPE_CHECKING:
    import pandas as pd

    from earlysieve.auditing.result import AuditResult

_lightning = need("lightning.pytorch", extra="train")


class AuditCallback(_lightning.Callback):  # type: ignore[misc, name-defined]
    """Audit the network after every so many epochs of training, and log what is found.

    The network is left as it was, bit for bit, and so are the random states. Figures are logged as
    "audit/...", see `EpochAudits.after_epoch`. With several processes the first one audits.

    Args:
        data: what is audited, best not trained on.
        every: epochs from one audit to the next, >= 1.
        network: where the classifier is in the LightningModule; None: the module itself.
        out: folder for the audits, "epoch-N"; None: nothing is saved.
        options: further arguments of `earlysieve.audit`.

    Raises:
        InputError: every is below 1.
        OutputError: the folder cannot be written.
    """

    def __init__(
        self,
        data: Data,
        *,
        every: int = 1,
        network: str | None = None,
        out: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__()
        self.audits = EpochAudits(data, every=every, out=out, options=options)
        self.network = network

    @property
    def results(self) -> "dict[int, AuditResult]":
        """Each audit by its epoch, from 1."""
        return self.audits.results

    @property
    def table(self) -> "pd.DataFrame":
        """One row per audit, see `EpochAudits.table`."""
        return self.audits.table

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Audit, if it is time."""
        if not trainer.is_global_zero:
            return
        model = find_network(pl_module, self.network)
        figures = self.audits.after_epoch(model, int(trainer.current_epoch) + 1)
        if figures:
            pl_module.log_dict(figures, rank_zero_only=True)
