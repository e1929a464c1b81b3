import xml.etree.ElementTree as ET
from dataclasses import dataclass, replace

import pytest

from earlysieve.auditing.transfer import MODEL, LayerTransfer
from earlysieve.errors import InputError
from earlysieve.report import Series, line_chart, render
from earlysieve.report.transfer_figure import transfer_figure
from tests.report.audits import Audit, Summary, example_table, layer_table

pytest.importorskip("jinja2")


@dataclass(frozen=True)
class Compared(Summary):
    transfer: tuple[LayerTransfer, ...] = (
        LayerTransfer("block 0", 1, 0.79, 0.77, 0.81, 0.21, 0.18, 0.24),
        LayerTransfer("block 4", 2, 0.88, 0.86, 0.9, 0.28, 0.25, 0.32),
        LayerTransfer(MODEL, 3, 0.995, 0.99, 1.0, 0.55, 0.51, 0.59),
    )


AUDIT = Audit(layer_table(), example_table())
COMPARED = replace(AUDIT, summary=Compared())


def test_both_lines_have_intervals():
    figure = ET.fromstring(str(transfer_figure(COMPARED)).strip())
    columns = [g for g in figure.iter("g") if "column" in g.get("class", "").split()]
    assert [g.get("aria-label") for g in columns] == [
        "block 0: reference, out of fold 79% (77% to 81%), data 21% (18% to 24%)",
        "block 4: reference, out of fold 88% (86% to 90%), data 28% (25% to 32%)",
        "model: reference, out of fold \N{EN DASH}, data 55% (51% to 59%)",
    ]
    assert len([p for p in figure.iter("path") if p.get("class") == "whisker"]) == 5
    assert "The model is right on 99.5% of the reference" in "".join(figure.itertext())


def test_an_audit_without_a_reference_has_no_such_figure():
    assert transfer_figure(AUDIT) is None
    assert "What transfers" not in str(render(AUDIT))
    assert "What transfers" in str(render(COMPARED))


def test_intervals_of_another_length_are_refused():
    with pytest.raises(InputError, match="Expected 2 intervals for the line 'y', or none, but got"):
        line_chart("x", ["a", "b"], [Series("y", [0.5, 0.6], intervals=[(0.4, 0.6)])])
