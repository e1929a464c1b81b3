"""Columns of a table on odd scales: our network standardises them, others are warned of."""

import warnings

import numpy as np
import pytest
import torch
from torch import nn

from earlysieve.datasets.checks import DataWarning
from earlysieve.datasets.table import Table
from earlysieve.errors import InputError
from earlysieve.networks import SmallMLP
from earlysieve.networks.table_scale import fit_scale
from earlysieve.runs.reporter import Reporter
from earlysieve.runs.train_data import Parts
from earlysieve.runs.train_run import TrainRun
from earlysieve.training import TrainConfig, read_config
from earlysieve.training.model_weights import load_weights
from tests.cli.helpers import ok, problem

RNG = np.random.default_rng(0)
ILL = RNG.random(400) < 0.5
VALUES = np.stack(
    [5e4 + 2e4 * RNG.normal(size=400), 0.5 * ILL + 0.2 * RNG.random(400), np.full(400, 7.0)], 1
)
COLUMNS = ("income", "rate", "constant")
OURS = "earlysieve.networks:SmallMLP"


def table(values=VALUES):
    return Table(values, ILL.astype(np.int64), ("ok", "bad"), columns=COLUMNS)


def network(seed=0):
    torch.manual_seed(seed)
    return SmallMLP(2, input_shape=(3,), widths=(8, 4))


def told_of(model, spec="nets:mine", data=None):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit_scale(model, spec, table() if data is None else data, lambda _: None)
    return [str(one.message) for one in caught if one.category is DataWarning]


def test_ours_is_the_plain_network_of_standardised_numbers():
    rows = torch.from_numpy(table().values)
    mean = torch.tensor(table().values.mean(axis=0, dtype=np.float64), dtype=torch.float32)
    deviation = torch.tensor(
        [*table().values[:, :2].std(axis=0, dtype=np.float64), 1.0], dtype=torch.float32
    )
    plain, ours = network(), network()
    before = plain(rows)
    assert told_of(ours, OURS) == []
    assert torch.equal(ours.input_mean, mean)
    assert torch.equal(ours.input_deviation, deviation)
    assert torch.equal(ours(rows), plain((rows - mean) / deviation))
    assert torch.equal(before, network()(rows))


def test_the_scale_is_saved_with_the_weights_and_older_files_have_none(tmp_path):
    ours = network()
    ours.standardise(VALUES)
    torch.save(ours.state_dict(), tmp_path / "w.pt")
    again = network(seed=1)
    load_weights(again, tmp_path / "w.pt")
    rows = torch.from_numpy(table().values)
    assert torch.equal(again(rows), ours(rows))
    older = {key: value for key, value in ours.state_dict().items() if "input_" not in key}
    plain = network(seed=1)
    plain.load_state_dict(older)
    assert torch.equal(plain.input_deviation, torch.ones(3))
    assert "input_mean" not in older


@pytest.mark.parametrize("values", [np.zeros((3, 2)), np.zeros(3), np.zeros((0, 3))])
def test_it_is_standardised_by_examples_of_its_shape(values):
    with pytest.raises(InputError, match="Expected examples of 3 numbers"):
        network().standardise(values)


def test_the_network_of_a_user_is_left_as_it_is_and_warned_of():
    wrapped = nn.Sequential(network())  # ours, but put together by the user
    (told,) = told_of(wrapped)
    assert "income (about 5.4e+04). It may learn nothing" in told
    assert "rate" not in told.partition("It may")[0]
    assert "torch.nn.BatchNorm1d(3, affine=False)" in told
    assert torch.equal(wrapped[0].input_mean, torch.zeros(3))


@pytest.mark.parametrize(
    ("model", "data"),
    [
        (nn.Sequential(nn.Flatten(), nn.BatchNorm1d(3), nn.Linear(3, 2)), None),
        (nn.Sequential(nn.LayerNorm(3), nn.Linear(3, 2)), None),
        (nn.Linear(3, 2), table(VALUES / [1e4, 1, 1])),
        (nn.Linear(3, 2), [(torch.full((3,), 1e5), 0)]),  # no table of ours
    ],
)
def test_no_warning_without_need(model, data):
    assert told_of(model, data=data) == []


def test_a_training_on_such_a_table_learns_by_the_statistics_of_its_training_data(tmp_path):
    data, said = table(), []
    parts = Parts(data.subset(np.arange(300)), data.subset(np.arange(300, 400)))
    config = TrainConfig(
        model=OURS,
        data="table:x.csv",
        epochs=4,
        lr=0.05,
        batch_size=32,
    )
    run = TrainRun.prepare(config, tmp_path, Reporter(said.append), parts=parts)
    result = run.train(resume=False)
    assert result.history[-1]["validation_accuracy"] > 0.9
    assert any("standardised by the training data" in line for line in said)
    assert not any("scaled" in line for line in (*said, *parts.train.notes))
    mean = parts.train.values.mean(axis=0, dtype=np.float64)
    assert torch.equal(run.job.model.input_mean, torch.tensor(mean, dtype=torch.float32))


def test_its_width_is_that_of_the_table_and_kept_with_the_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [f"{k % 7},{k % 5},{k % 2}\n" for k in range(60)]
    (tmp_path / "t.csv").write_text("age,rate,label\n" + "".join(rows))
    words = ("--model", OURS, "--data", "table:t.csv")
    ok("train", *words, "--epochs", 1, "--out", "run", "-q")
    (tmp_path / "nets_of_a_test.py").write_text(
        "from torch import nn\n\n\ndef net():\n"
        "    return nn.Sequential(nn.Linear(8, 4), nn.Linear(4, 2))\n"
    )
    assert read_config("run/config.json").model_options == {"input_shape": [2]}
    audit = ("audit", *words, "--checkpoint", "run/model.pt", "--swaps", 0, "-q", "--out", "a")
    ok(*audit)
    told = problem(*audit, "--drop-column", "age")
    assert "rows of 2 numbers, as the layer" in told
    assert "give it the columns that it was trained on: these are 1 (rate)" in told
    told = problem("train", "--model", "nets_of_a_test:net", *words[2:], "--out", "other")
    assert told.startswith("Expected rows of 8 numbers, as the layer '0' of the model takes, but ")
    assert "these are 2 (age, rate)" in told
    assert "mat1" not in told
    assert "input_shape=[8]" in problem("layers", "--model", OURS)
