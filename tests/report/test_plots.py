from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from earlysieve.errors import InputError, MissingDependencyError
from earlysieve.report.plots import AuditPlots

from .audits import HOSTILE, Groups, hostile_audit, image_audit, layer_table, piled_audit

figure = pytest.importorskip("matplotlib.figure")


@pytest.fixture
def axes():
    return figure.Figure().subplots()


def known(*accuracies) -> Groups:
    table = pd.DataFrame(
        {
            "group": range(len(accuracies)),
            "name": [f"g{i}" for i in range(len(accuracies))],
            "n": [10 * (i + 1) for i in range(len(accuracies))],
            "accuracy": accuracies,
            "low": [a - 0.1 for a in accuracies],
            "high": [a + 0.1 for a in accuracies],
        }
    )
    return Groups(table, worst_group=int(np.argmin(accuracies)), average=0.7)


def test_layers_are_drawn_from_the_table(axes):
    audit = image_audit()
    assert AuditPlots(audit).layers(axes) is axes
    lines = {line.get_label(): line for line in axes.get_lines()}
    drawn = lines["accuracy of the readout"].get_ydata()
    assert list(drawn) == audit.layers["accuracy"].tolist()
    assert list(lines["margin where it is wrong"].get_ydata()) == pytest.approx([0.6, 0.5])
    assert set(lines["whole model"].get_ydata()) == {0.8}
    assert [text.get_text() for text in axes.get_xticklabels()] == ["stage1", "stage2"]


def test_scores_count_every_example_once_and_piles_beside(axes):
    audit = piled_audit()
    AuditPlots(audit).scores(axes)
    labels = axes.get_legend_handles_labels()[1]
    held = [name for name in audit.examples["pile"].unique() if name]
    assert set(labels) == {"all examples", *held}
    whole = sum(bar.get_height() for bar in axes.containers[0])
    assert whole == len(audit.examples)


def test_without_piles_the_flagged_stand_out(axes):
    audit = image_audit()
    audit = replace(audit, examples=audit.examples.drop(columns="pile", errors="ignore"))
    AuditPlots(audit).scores(axes)
    assert axes.get_legend_handles_labels()[1] == ["all examples", "flagged"]


def test_groups_stand_in_order_the_worst_at_the_top(axes):
    audit = replace(image_audit(), groups=known(0.5, 0.9, 0.5))
    AuditPlots(audit).groups(axes)
    names = [text.get_text() for text in axes.get_yticklabels()]
    assert names == ["g1 (20)", "g2 (30)", "g0 (10)"]
    middle = sorted(
        (float(x), int(y))
        for line in axes.get_lines() if line.get_marker() == "o"
        for x, y in zip(*line.get_data(), strict=True)
    )  # fmt: skip
    assert middle == [(0.5, 1), (0.5, 2), (0.9, 0)]


def test_no_groups_is_said(axes):
    with pytest.raises(InputError, match="no group is known"):
        AuditPlots(replace(image_audit(), groups=None)).groups(axes)


def test_without_axes_a_figure_is_made_that_pyplot_shows():
    pyplot = pytest.importorskip("matplotlib.pyplot")
    backend = pyplot.get_backend()
    try:
        pyplot.switch_backend("agg")
        axes = AuditPlots(image_audit()).layers()
        assert axes.figure.number in pyplot.get_fignums()
        pyplot.close(axes.figure)
    finally:
        pyplot.switch_backend(backend)


def test_odd_values_and_names_are_drawn(axes):
    audit = hostile_audit()
    table = layer_table((HOSTILE, "b" * 500))
    table["margin_on_errors"] = np.nan
    AuditPlots(replace(audit, layers=table)).layers(axes)
    axes.figure.canvas.draw()
    assert len(axes.get_xticklabels()[1].get_text()) <= 120


def test_it_says_what_is_missing(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.pyplot", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'earlysieve\[report\]'"):
        AuditPlots(image_audit()).layers()
