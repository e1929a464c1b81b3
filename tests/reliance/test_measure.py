import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, SubsetRandomSampler

import earlysieve as es
from earlysieve.datasets.opened_data import opened
from earlysieve.datasets.table import Table
from earlysieve.errors import DataError, InputError
from earlysieve.reliance.measure import measure_told
from earlysieve.reliance.told import classes_told

from ..auditing.helpers import Net, Planted, same, state_of


def table(count=600, classes=3, seed=0):
    """Column 0 is the class, column 1 a cue independent of it, column 2 another one."""
    rng = np.random.default_rng(seed)
    labels, cue, other = (rng.integers(0, classes, count) for _ in range(3))
    values = np.stack([labels, cue, other], 1).astype(float)
    names = [f"class {k}" for k in range(classes)]
    return Table(values, labels, names, columns=["core", "cue", "other"]), cue, other


class Reader(nn.Module):
    """Says the class that one column holds."""

    def __init__(self, column, classes=3):
        super().__init__()
        self.column, self.classes = column, classes
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, x):
        return self.scale * nn.functional.one_hot(x[:, self.column].long(), self.classes)


def test_a_model_that_reads_the_cue_relies_on_it_wholly():
    data, cue, other = table()
    found = es.measure_reliance(Reader(1), data, {"cue": cue, "other": other})
    first, second = found.cues
    assert (first.cue, second.cue) == ("cue", "other")
    assert first.reliance.difference == 1.0
    assert first.agreement.share == 1.0
    assert first.agreement.chance == pytest.approx(1 / 3)
    assert second.reliance.low < 0 < second.reliance.high
    assert second.agreement.low < 1 / 3 < second.agreement.high
    assert found.examples == 600


def test_a_model_that_reads_the_core_relies_on_nothing():
    data, cue, _ = table()
    found = es.measure_reliance(Reader(0), data, cue)
    assert found.accuracy == 1.0
    assert found.cues[0].reliance.difference == 0.0
    assert found.cues[0].agreement.share == pytest.approx(1 / 3)


def test_order_of_reading_does_not_matter_and_no_trace_is_left():
    data = Planted()
    cue = torch.where(data.minority, 1 - data.labels, data.labels).numpy()
    net = Net().train()
    before = state_of(net)
    plain = es.measure_reliance(net, data, cue)
    assert same(before, state_of(net))
    assert plain.cues[0].reliance.difference == 1.0
    with torch.random.fork_rng():
        loader = DataLoader(es.with_index(data), 16, sampler=SubsetRandomSampler(range(240)))
        shuffled = es.measure_reliance(net, loader, cue)
    assert shuffled == plain


def test_what_cannot_be_compared_is_named():
    data, cue, _ = table()
    cue = np.where(data.labels == 2, -1, cue)
    found = es.measure_reliance(Reader(1), data, cue).cues[0]
    assert found.left_out == ("class 2",)
    assert found.unknown == int((data.labels == 2).sum())


@pytest.mark.parametrize(
    ("cues", "error", "told"),
    [
        (None, InputError, "Expected the values of a cue, but got none"),
        ({}, InputError, "Expected the values of a cue, but got none"),
        (np.zeros(5, int), InputError, r"Expected one integer per example \(600\)"),
        (np.zeros(600), InputError, r"Expected one integer per example \(600\)"),
        (np.full(600, 3), InputError, "to say classes from 0 to 2"),
        (np.full(600, -2), InputError, "to say classes from 0, or -1 where"),
        (np.full(600, -1), DataError, "but there is none"),
    ],
)
def test_bad_cues(cues, error, told):
    with pytest.raises(error, match=told):
        es.measure_reliance(Reader(0), table()[0], cues)


def test_permuting_a_column():
    data, _, _ = table()
    found = es.drop_when_randomised(Reader(1), data, ["other"])
    assert (found.drop, found.columns) == (0.0, ("other",))
    # The core is the task, and permuting it costs as much as it can: a drop is no reliance.
    core = es.drop_when_randomised(Reader(0), data, ["core"], seed=1)
    assert core.accuracy == 1.0
    assert core.drop == pytest.approx(2 / 3, abs=0.06)
    assert core.low < core.drop < core.high
    both = es.drop_when_randomised(Reader(0), data, [1, "2"])
    assert (both.drop, both.columns) == (0.0, ("cue", "other"))
    for column in ("none", 3, -1):
        with pytest.raises(InputError, match="Expected a column among core, cue, other"):
            es.drop_when_randomised(Reader(0), data, [column])
    images = [(torch.zeros(3, 4, 4), 0)] * 4
    with pytest.raises(InputError, match="Expected a table, one vector per example"):
        es.drop_when_randomised(Reader(0), images, [0])


def test_values_speak_for_classes():
    values = np.array([0, 1, -1, 1])
    birds = ("waterbird", "landbird")
    said = {"water": "waterbird", "land": "landbird"}
    told = classes_told("place", values, ("water", "land"), birds, said)
    assert told.tolist() == [0, 1, -1, 1]
    assert classes_told("c", values, ("landbird", "waterbird"), birds).tolist() == [1, 0, -1, 0]
    assert classes_told("c", values, ("0", "1"), birds).tolist() == [0, 1, -1, 1]
    with pytest.raises(InputError, match="as in water=waterbird"):
        classes_told("place", values, ("water", "land"), birds)
    with pytest.raises(InputError, match="but got 'sea'"):
        classes_told("place", values, ("water", "land"), birds, {"sea": "waterbird"})


def marked(count=900, share=0.9, seed=0):
    """Class 2 carries a mark in `share` of its examples, the others in a tenth; by column 1."""
    data, _, _ = table(count, seed=seed)
    rng = np.random.default_rng(seed + 1)
    there = rng.random(count) < np.where(data.labels == 2, share, 0.1)
    values = np.stack([data.labels, np.where(there, 2, data.labels), data.labels], 1)
    names = ["core", "marked", "other"]
    return Table(values.astype(float), data.labels, data.class_names, columns=names), there


def test_a_mark_that_is_there_or_not_says_one_class_or_any_other():
    data, there = marked()
    found = es.measure_reliance(Reader(1), data, {"mark": there}, says={"mark": 2}).cues[0]
    # Right but where a mark lies on another class: of three classes two lose everything there.
    assert found.reliance.agrees == 1.0
    assert found.reliance.fails == pytest.approx(1 / 3)
    assert found.left_out == ()
    assert found.agreement.share == 1.0  # where the mark is there, its class is said
    sound = es.measure_reliance(Reader(0), data, there, says=2).cues[0]
    assert sound.reliance.difference == 0.0
    assert sound.agreement.share == pytest.approx(1 / 3)


def test_a_column_may_speak_against_a_class():
    data, there = marked()
    names, given = ("no", "yes"), {"yes": "class 2", "no": "not:class 2"}
    told = classes_told("mark", there.astype(int), names, data.class_names, given)
    assert told.tolist() == np.where(there, 2, -4).tolist()
    found = measure_told(Reader(1), opened(data), {"mark": told}, progress=False)
    assert found == es.measure_reliance(Reader(1), data, {"mark": there}, says={"mark": 2})
    only = classes_told("mark", np.zeros(900, int), names, data.class_names, given)
    with pytest.raises(InputError, match="only such as speak against one"):
        measure_told(Reader(1), opened(data), {"mark": only}, progress=False)


@pytest.mark.parametrize(
    ("cues", "says", "problem"),
    [
        ({"mark": np.ones(900, bool)}, None, "but got None"),
        ({"mark": np.ones(900, bool)}, {"mark": -1}, "but got -1"),
        ({"mark": np.ones(900, int)}, {"mark": 1}, "but got no booleans"),
        ({"mark": np.ones(900, bool)}, {"marc": 1, "mark": 1}, "the cue 'marc' says"),
        ({"mark": np.ones(900, bool)}, 3, "to say classes from 0 to 2"),
    ],
)
def test_a_mark_without_its_class_is_refused(cues, says, problem):
    with pytest.raises(InputError, match=problem):
        es.measure_reliance(Reader(1), marked()[0], cues, says=says)
