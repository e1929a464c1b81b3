"""Audits while a network learns, in whatever loop."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import nn

from earlysieve._files import check_output
from earlysieve.auditing.audit import audit
from earlysieve.auditing.figures_to_log import figures_to_log
from earlysieve.auditing.leans import leans_of
from earlysieve.errors import InputError
from earlysieve.runs.audit_run import save
from earlysieve.training.events import Event

if TYPE_CHECKING:
    import pandas as pd

    from earlysieve.auditing.result import AuditResult
    from earlysieve.datasets.batches import Data


class EpochAudits:
    """Audits a network after every so many epochs, and leaves it as it was, bit for bit.

    Args:
        data: what is audited, best not trained on; see `earlysieve.audit`.
        every: epochs from one audit to the next, >= 1.
        out: folder; each audit is saved there as "epoch-N", with its page where the extra `report`
            is installed. None: nothing is.
        options: further arguments of `earlysieve.audit`, such as layers or seen_in_training.

    Attributes:
        results: each audit by its epoch, from 1.

    Raises:
        InputError: every is below 1.
        OutputError: the folder cannot be written.
    """

    def __init__(
        self,
        data: "Data",
        *,
        every: int = 1,
        out: str | os.PathLike[str] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        if every < 1:
            raise InputError(
                f"Expected every to be at least 1, but got {every}; pass the epochs from one audit "
                "to the next"
            )
        self.data, self.every = data, every
        self.out = None if out is None else check_output(Path(out))
        self.options = {"progress": False, **(options or {})}
        self.results: dict[int, AuditResult] = {}

    def after_epoch(self, model: nn.Module, epoch: int) -> dict[str, float]:
        """Audit a network after an epoch, from 1, if it is time.

        Returns:
            Figures to log, each as "audit/NAME", see `figures_to_log`; empty where it is not time.
        """
        if epoch % self.every:
            return {}
        result = audit(model, self.data, **self.options)
        self.results[epoch] = result
        if self.out is not None:
            save(result, self.out / f"epoch-{epoch}", _silent)
        return {f"audit/{name}": value for name, value in figures_to_log(result).items()}

    @property
    def table(self) -> "pd.DataFrame":
        """One row per audit: epoch, verdict, leans_on (what it is about, in words) and the figures.

        The figures are those of `figures_to_log`; NaN where an audit does not know one.
        """
        import pandas as pd

        rows = [
            {
                "epoch": epoch,
                "verdict": result.summary.verdict,
                "leans_on": leans_of(result),
                **figures_to_log(result),
            }
            for epoch, result in self.results.items()
        ]
        return pd.DataFrame(rows, columns=None if rows else ["epoch", "verdict", "leans_on"])

    def listen(self, model: nn.Module) -> Callable[[Event], None]:
        """For `fit(on_event=...)`: audit a network at the end of each epoch that is due."""

        def hear(event: Event) -> None:
            if event.kind == "epoch":
                self.after_epoch(model, event.epoch)

        return hear


def _silent(_: str) -> None:
    """Say nothing: a page that cannot be made is no reason to stop a training."""
