"""The class that a cue misleads most is told beside the mean over all classes."""

import json

import numpy as np
import pytest

import earlysieve as es
from earlysieve.groups.accuracy import wilson_bounds
from earlysieve.reliance.figures import all_but
from earlysieve.reliance.worst_cell import worst_cell
from tests.cli.helpers import ok
from tests.reliance.test_measure import Reader, table

NAMES = ["bad", "good", "so"]


def cells(*found):
    """Rows of cells (label, value, right, count): is each right, labels and values."""
    rows = [(k < right, label, value) for label, value, right, n in found for k in range(n)]
    right, labels, values = (np.array(one) for one in zip(*rows, strict=True))
    return right.astype(bool), labels, values


def test_the_cell_with_the_lowest_accuracy_is_named():
    # Over all conflicting examples 40 of 60 are right; of class 2 under cue 0 none is.
    data = cells((0, 0, 30, 30), (1, 0, 20, 20), (2, 0, 0, 20), (0, 1, 20, 20), (1, 1, 19, 20))
    found = worst_cell(*data, NAMES)
    assert found is not None
    assert (found.label, found.says, found.against) == ("so", "bad", False)
    assert (found.accuracy, found.examples) == (0.0, 20)
    assert (found.low, found.high) == wilson_bounds(0.0, 20)


def test_of_equal_cells_the_largest_and_few_examples_or_unknown_ones_are_none():
    data = cells((0, 1, 0, 9), (1, 0, 0, 12), (2, 1, 0, 14), (1, -1, 0, 40), (0, 0, 10, 10))
    found = worst_cell(*data, NAMES)
    assert found is not None
    assert (found.label, found.says, found.examples) == ("so", "good", 14)
    assert worst_cell(*cells((0, 1, 0, 9), (1, 0, 5, 9)), NAMES) is None
    assert worst_cell(*cells((0, -1, 0, 20)), NAMES) is None


def test_a_cue_may_speak_against_a_class():
    data = cells((1, int(all_but(1)), 1, 10), (1, 1, 10, 10))
    found = worst_cell(*data, NAMES)
    assert found is not None
    assert (found.label, found.says, found.against, found.accuracy) == ("good", "good", True, 0.1)


def test_a_measured_cue_has_its_worst_cell():
    data, cue, _ = table()
    found = es.measure_reliance(Reader(1), data, cue).cues[0].worst
    assert found is not None
    assert found.accuracy == 0.0
    assert found.label != found.says
    labels = np.asarray(data.labels)
    mine = (labels == int(found.label[-1])) & (cue == int(found.says[-1]))
    assert found.examples == mine.sum()


@pytest.mark.parametrize("json_too", [False, True])
def test_it_is_in_the_text_and_in_json(tmp_path, monkeypatch, json_too):
    (tmp_path / "nets_of_cells.py").write_text(
        "import torch\nfrom torch import nn\n\n\ndef by_cue():\n"
        "    model = nn.Linear(1, 2)\n    model.weight.data[:] = torch.tensor([[-1.0], [1.0]])\n"
        "    model.bias.data[:] = 0\n    return model\n"
    )
    rows = ["label,officer,split"]
    rows += [f"{('no', 'yes')[k % 2]},{2 * (k // 2 % 2) - 1},test" for k in range(48)]
    (tmp_path / "loans.csv").write_text("\n".join(rows) + "\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    words = ("reliance", "--model", "nets_of_cells:by_cue", "--data", "table:loans.csv")
    said = ("--cue-column", "officer", "--cue-class", "1=yes", "--cue-class", "-1=no")
    shown = ok(*words, *said, *(["--json"] if json_too else [])).stdout
    if json_too:
        worst = json.loads(shown)["cues"][0]["worst"]
        assert (worst["label"], worst["says"], worst["accuracy"]) == ("no", "yes", 0.0)
        return
    told = " ".join(shown.split())
    assert (
        "Worst by class and cue: of 12 examples of class 'no' of which 'officer' says 'yes', "
        "0.0% are right (0.0% to 24.2%)."
    ) in told
