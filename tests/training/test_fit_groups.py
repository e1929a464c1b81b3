"""Groups that are given to `fit`: for the method, and to select by."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import earlysieve as es
from earlysieve.datasets.example_groups import data_identity
from earlysieve.datasets.with_groups import with_groups
from earlysieve.errors import CheckpointError, DataError, InputError
from earlysieve.training import Evaluation, TrainConfig, evaluate
from earlysieve.training.selection import Beside, score_of

from .helpers import difference, erm

GENERATOR = torch.Generator().manual_seed(0)
X = torch.randn(40, 4, generator=GENERATOR)
Y = (X[:, 0] + 0.7 * X[:, 1] > 0).long()
DATA = TensorDataset(X, Y)
GROUPS = (2 * Y + (X[:, 2] > 0).long()).numpy()
READER = (X[:, 1] > 0).long().numpy()
CONFIG = TrainConfig(lr=0.1, batch_size=8)


def linear():
    torch.manual_seed(0)
    return nn.Linear(4, 2)


def dro(model):
    return es.GroupDRO(model, optimizer=torch.optim.SGD(model.parameters(), lr=0.1), num_groups=4)


def run(algorithm, data=DATA, **more):
    return es.fit(algorithm, data, epochs=3, batch_size=8, progress=False, **more)


def test_given_groups_are_as_groups_of_the_data():
    weights = []
    grouped = TensorDataset(X, Y, torch.from_numpy(GROUPS))
    for data, groups in (
        (grouped, None),
        (DATA, GROUPS),
        (DATA, es.Groups(torch.from_numpy(GROUPS), identity=data_identity(DATA))),
        (DataLoader(TensorDataset(X, Y, torch.zeros_like(Y))), GROUPS),
    ):
        algorithm = dro(linear())
        run(algorithm, data, groups=groups)
        weights.append((algorithm.model.state_dict(), algorithm.group_weights))
    assert all(difference(weights[0], other) is None for other in weights[1:])
    assert weights[0][1].max() > 0.25


def test_history_reweights_to_the_groups_of_the_training_data():
    groups = torch.from_numpy(GROUPS)
    train = with_groups(DATA, np.array([0, 3] * 20))
    algorithm = dro(linear())
    checked = TensorDataset(X, Y, groups)
    result = run(algorithm, train, groups=GROUPS, validation=checked)
    by_group = evaluate(algorithm.model, checked).group_accuracy
    row = result.history[-1]
    assert row["validation_reweighted_accuracy"] == pytest.approx((by_group[0] + by_group[3]) / 2)
    assert row["validation_group_gap"] == max(by_group.values()) - min(by_group.values())
    without = run(dro(linear()), groups=GROUPS, validation=checked).history[-1]
    assert "validation_reweighted_accuracy" not in without


RULES = ("worst_class_accuracy", "class_difference", "flip_rate", "worst_pseudo_group_accuracy",
         "pseudo_group_accuracy", "unsupervised_balanced_accuracy")  # fmt: skip


@pytest.mark.parametrize("select", RULES)
def test_every_rule_selects(select):
    known = {}
    if "pseudo" in select:
        known["validation_groups"] = GROUPS
    if "unsupervised" in select:
        known["reader_predictions"] = READER
    algorithm = erm(CONFIG, model=linear())
    seen = []
    result = run(
        algorithm,
        validation=DATA,
        select=select,
        restore_best=True,
        on_event=lambda event: seen.append(event.logs) if event.kind == "evaluation" else None,
        **known,
    )
    column = [row[f"validation_{select}"] for row in result.history]
    assert [logs[select] for logs in seen] == column
    assert result.best_score == max(column)
    assert result.best_epoch == column.index(max(column)) + 1
    found = evaluate(algorithm.model, DATA, keep_logits=True)
    beside = Beside(known.get("validation_groups"), known.get("reader_predictions"))
    assert score_of(found, select, beside) == pytest.approx(result.best_score)
    assert "validation_worst_group_accuracy" not in result.history[0]


def test_functions_get_logits_and_the_constructor_is_as_before():
    shapes = []

    def select(evaluation):
        shapes.append((evaluation.logits.shape, evaluation.labels.shape, evaluation.groups.shape))
        return evaluation.accuracy

    run(erm(CONFIG, model=linear()), validation=DATA, select=select)
    assert shapes == [((40, 2), (40,), (40,))] * 3
    plain = Evaluation(1.0, 0.5, 2, {}, {}, 2)
    assert plain.logits is None


def test_the_usual_rules_keep_nothing(monkeypatch):
    asked = []

    def spied(*given, **more):
        asked.append(more["keep_logits"])
        return evaluate(*given, **more)

    monkeypatch.setattr("earlysieve.training.loop.evaluate", spied)
    run(erm(CONFIG, model=linear()), validation=DATA, select="loss")
    assert asked == [False] * 3


OTHERS = es.Groups(torch.from_numpy(GROUPS), identity=data_identity(TensorDataset(X, 1 - Y)))


@pytest.mark.parametrize(
    ("more", "kind", "message"),
    [
        ({"groups": GROUPS[:7]}, DataError, "Expected groups of 40 examples, but got those of 7"),
        ({"groups": OTHERS}, DataError, "they are of others"),
        ({"validation_groups": GROUPS}, InputError, "pass validation="),
        ({"validation": DATA, "validation_groups": OTHERS}, DataError, "they are of others"),
        (
            {"validation": DATA, "select": "worst_pseudo_group_accuracy"},
            InputError,
            "Expected pseudo-groups of the validation data .* validation_groups=",
        ),
        (
            {"validation": DATA, "select": "worst_pseudo_group_accuracy", "groups": GROUPS},
            InputError,
            "Expected pseudo-groups of the validation data",
        ),
        (
            {"validation": DATA, "select": "unsupervised_balanced_accuracy"},
            InputError,
            "Expected what a biased reader says",
        ),
        (
            {"validation": DATA, "select": "worst_group_accuracy", "validation_groups": GROUPS},
            InputError,
            "Expected groups in the validation data",
        ),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_written(more, kind, message, tmp_path):
    with pytest.raises(kind, match=message):
        run(erm(CONFIG, model=linear()), checkpoint_dir=tmp_path / "run", **more)
    assert not (tmp_path / "run").exists()


def test_a_run_goes_on_with_the_same_groups_only(tmp_path):
    kept = {"validation": DATA, "select": "pseudo_group_accuracy", "checkpoint_dir": tmp_path}

    def go(epochs, groups=GROUPS, other=GROUPS):
        algorithm = dro(linear())
        result = es.fit(
            algorithm,
            DATA,
            epochs=epochs,
            batch_size=8,
            progress=False,
            groups=groups,
            validation_groups=other,
            **kept,
        )
        return algorithm.model.state_dict(), result.history

    go(2)
    with pytest.raises(CheckpointError, match="Expected groups="):
        go(3, groups=3 - GROUPS)
    with pytest.raises(CheckpointError, match="Expected validation_groups="):
        go(3, other=3 - GROUPS)
    resumed = go(3)
    kept.pop("checkpoint_dir")
    assert difference(resumed, go(3)) is None


def test_groups_that_are_all_unknown_select_nothing():
    with pytest.raises(InputError, match="Expected some examples of known group"):
        run(erm(CONFIG, model=linear()), validation=DATA, validation_groups=np.full(40, -1))
    assert with_groups(DATA, GROUPS)[0][2] == GROUPS[0]
