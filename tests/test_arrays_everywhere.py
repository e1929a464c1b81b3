"""Arrays and frames do wherever data are taken, and give what a data set of them gives."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils.data import TensorDataset

import earlysieve as es
from earlysieve.training import ERM, evaluate
from tests.fixing.helpers import Leaning, Net

DATA = Leaning(500)
X, Y = DATA.x, DATA.labels
FRAME = pd.DataFrame(X.numpy(), columns=["marker", "age", "dose", "u", "v", "w"])
NAMES = np.array(["healthy", "ill"])[Y.numpy()]


@pytest.fixture(scope="module")
def result():
    return es.audit(Net(), (FRAME, NAMES), pictures=0)


def test_an_audit_names_columns_and_classes(result):
    assert result.summary.verdict == "shortcut"
    assert result.summary.leans_on == "column marker"
    assert "column 'marker'" in result.summary.headline
    assert result.class_names == ("healthy", "ill")
    assert "0 = healthy, 1 = ill" in result.notes[0]


def test_an_audit_of_arrays_is_that_of_a_data_set(result):
    plain = es.audit(Net(), TensorDataset(X, Y), pictures=0)
    arrays = es.audit(Net(), (X.numpy(), Y.numpy()), pictures=0)
    pd.testing.assert_frame_equal(plain.examples, arrays.examples)
    pd.testing.assert_frame_equal(plain.layers, result.layers)
    assert plain.summary.leans_on == arrays.summary.leans_on == "column 0"


def test_fix():
    found = es.fix(Net(), held_out=(FRAME, NAMES), progress=False)
    assert found.changed
    assert "a reader of column 'marker' is misled" in found.headline


def test_evaluation_groups_and_training(result):
    model = Net()
    assert evaluate(model, (FRAME, NAMES)) == evaluate(model, TensorDataset(X, Y))
    groups = es.infer_groups(result, data=(FRAME, NAMES))
    assert len(groups) == 500
    choice = es.select_model({"a": model, "b": Net(follow=False)}, (FRAME, NAMES), groups=groups)
    assert choice.name == "b"
    algorithm = ERM(model, torch.optim.SGD(model.parameters(), 0.1))
    trained = es.fit(algorithm, (FRAME, NAMES), epochs=1, validation=(X, Y), progress=False)
    assert trained.history[0]["validation_accuracy"] > 0.8
