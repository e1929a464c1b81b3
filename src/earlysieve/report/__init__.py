"""The audit as one self-contained HTML page that a non-expert can read."""

from earlysieve.report.audit_view import GroupsLike, ReportData
from earlysieve.report.charts import Series, line_chart
from earlysieve.report.comparison import Trained, before_and_after
from earlysieve.report.page import render, write_html
from earlysieve.report.sections import (
    Section,
    Tile,
    callout,
    link,
    paragraph,
    picture_grid,
    table,
)
from earlysieve.report.view_of_examples import PictureLike
from earlysieve.report.view_of_summary import SummaryLike
from earlysieve.report.weighted import weighted_up

__all__ = [
    "GroupsLike",
    "PictureLike",
    "ReportData",
    "Section",
    "Series",
    "SummaryLike",
    "Tile",
    "Trained",
    "before_and_after",
    "callout",
    "line_chart",
    "link",
    "paragraph",
    "picture_grid",
    "render",
    "table",
    "weighted_up",
    "write_html",
]
