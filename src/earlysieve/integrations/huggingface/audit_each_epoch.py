"""Audits in HuggingFace's `Trainer` while a model learns."""

import os
from typing import TYPE_CHECKING, Any

from earlysieve._imports import need
from earlysieve.datasets.batches import Data
from earlysieve.integrations.each_epoch import EpochAudits

if TYPE_CHECKING:
    import pandas as pd

    from earlysieve.auditing.result import AuditResult

_transformers = need("transformers", extra="text")


class AuditEachEpoch(_transformers.TrainerCallback):  # type: ignore[misc, name-defined]
    """Audit a Trainer's model after every so many epochs, and log what is found.

    The model is left as it was, bit for bit, and so are the random states. Figures are logged as
    "audit/...", see `EpochAudits.after_epoch`. Add it: `trainer.add_callback(AuditEachEpoch(
    trainer, data))`; it works with any `Trainer`. With several processes the first one audits.

    Args:
        trainer: whose model, and whose log.
        data: what is audited, best not trained on; a data set of mappings, or a DataLoader with
            the Trainer's collator.
        every: epochs from one audit to the next, >= 1.
        out: folder for the audits, "epoch-N"; None: nothing is saved.
        options: further arguments of `earlysieve.audit`.

    Raises:
        InputError: every is below 1.
        OutputError: the folder cannot be written.
    """

    def __init__(
        self,
        trainer: Any,
        data: Data,
        *,
        every: int = 1,
        out: str | os.PathLike[str] | None = None,
        **options: Any,
    ) -> None:
        self.trainer = trainer
        self.audits = EpochAudits(data, every=every, out=out, options=options)

    @property
    def results(self) -> "dict[int, AuditResult]":
        """Each audit by its epoch, from 1."""
        return self.audits.results

    @property
    def table(self) -> "pd.DataFrame":
        """One row per audit, see `EpochAudits.table`."""
        return self.audits.table

    def on_epoch_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Audit, if it is time."""
        if not state.is_world_process_zero:
            return
        epoch = round(state.epoch or 0)
        figures = self.audits.after_epoch(self.trainer.model, epoch)
        if figures:
            self.trainer.log(figures)
