"""Accuracy by layer on the reference and on the data, as the page shows it."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from earlysieve.report.audit_view import ReportData
from earlysieve.report.charts import Series, line_chart
from earlysieve.report.templating import macro

if TYPE_CHECKING:
    from markupsafe import Markup


class RowLike(Protocol):
    """Accuracy of one readout, or of the model, on both, with 95% intervals; shares in [0, 1]."""

    @property
    def layer(self) -> str:
        """Its name."""

    @property
    def reference_accuracy(self) -> float:
        """Of a readout out of fold."""

    @property
    def reference_low(self) -> float:
        """Lower end."""

    @property
    def reference_high(self) -> float:
        """Upper end."""

    @property
    def data_accuracy(self) -> float:
        """Of the readout of the whole reference."""

    @property
    def data_low(self) -> float:
        """Lower end."""

    @property
    def data_high(self) -> float:
        """Upper end."""


def transfer_figure(data: ReportData) -> "Markup | None":
    """A chart with a heading and a note; None for an audit without a reference.

    The rows are `transfer` of the summary: the layers in order, the model last.
    """
    rows: Sequence[RowLike] = getattr(data.summary, "transfer", ())
    if not rows:
        return None
    chart = line_chart(
        "Accuracy of the readout on reference and data by layer",
        [row.layer for row in rows],
        [
            Series(
                "reference, out of fold",
                # Of the model no accuracy out of fold is known.
                [*(row.reference_accuracy for row in rows[:-1]), math.nan],
                "muted",
                [*((row.reference_low, row.reference_high) for row in rows[:-1]), _NO_INTERVAL],
            ),
            Series(
                "data",
                [row.data_accuracy for row in rows],
                "accent",
                [(row.data_low, row.data_high) for row in rows],
            ),
        ],
        x_label="layer, from the input to the output, and the model",
    )
    return macro("transfer.html.j2", "figure", {"chart": chart, "model": rows[-1]})


_NO_INTERVAL = (math.nan, math.nan)
