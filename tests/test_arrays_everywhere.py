"""Arrays and frames do wherever data are taken, and give what a data set of them gives."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils.data import TensorDataset

import earlysieve as es
from earlysieve.model.batch import Batch
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


@pytest.mark.filterwarnings("error")
def test_arrays_that_cannot_be_written_to_do_without_a_warning():
    """As columns of pandas are; torch warns of the first one alone, unless it is told otherwise."""
    groups = (2 * Y + DATA.minority.long()).numpy()
    held, labels = X.numpy().copy(), Y.numpy().copy()
    for array in (groups, held, labels):
        array.flags.writeable = False
    always = torch.is_warn_always_enabled()
    torch.set_warn_always(True)
    try:
        given = {"groups": groups, "budget": "1trial", "progress": False}
        found = es.fix(Net(), held_out=(held, labels), **given)
        assert torch.equal(found.groups.numbers, torch.tensor(groups))
        backwards = es.infer_groups(groups[::-1]).numbers
        assert torch.equal(backwards, torch.tensor(groups).flip(0))
        assert len(es.balanced_weights(groups)) == len(groups)
        model = Net()
        plain = ERM(model, torch.optim.SGD(model.parameters(), 0.1))
        es.fit(plain, (held, labels), groups=groups, epochs=1, progress=False)
        batch = Batch(X, labels, groups=groups)
        assert torch.equal(batch.labels, Y)
    finally:
        torch.set_warn_always(always)
