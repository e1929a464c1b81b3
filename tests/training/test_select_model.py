"""The choice among models: by hand, ties, what is refused before any pass."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

import earlysieve as es
from earlysieve.datasets.example_groups import data_identity
from earlysieve.errors import DataError, InputError

LABELS = torch.tensor([0, 0, 0, 0, 1, 1, 1, 1])
PSEUDO = torch.tensor([0, 0, 1, 1, 2, 2, 3, 3])


class Says(nn.Module):
    """Says what it is told of example i, whose input is i; counts the examples it sees."""

    def __init__(self, said, classes=2):
        super().__init__()
        self.logits = nn.Parameter(3 * torch.eye(classes)[torch.tensor(said)])
        self.seen = 0

    def forward(self, x):
        self.seen += len(x)
        return self.logits[x[:, 0].long()]


DATA = TensorDataset(torch.arange(8).float()[:, None], LABELS)
PLAIN = [0, 0, 0, 0, 1, 1, 0, 0]  # wrong on group 3
FAIR = [0, 0, 0, 1, 1, 1, 0, 1]  # wrong on one of groups 1 and 3


def test_by_hand():
    models = {"plain": Says(PLAIN), "fair": Says(FAIR)}
    choice = es.select_model(models, DATA, groups=PSEUDO)
    assert (choice.name, choice.unchanged, choice.changed) == ("fair", "plain", True)
    assert choice.model is models["fair"]
    assert choice.select == "worst_pseudo_group_accuracy"
    assert choice.supervision == "inferred groups"
    table = choice.table.set_index("candidate")
    assert table.chosen.tolist() == [False, True]
    assert table.accuracy.tolist() == [0.75, 0.75]
    assert table.pseudo_group_accuracy.tolist() == [0.75, 0.75]
    assert table.worst_class_accuracy.tolist() == [0.5, 0.75]
    assert table.score["fair"] == table.low["fair"] < 0.5 < table.high["fair"]
    assert "worst_group_accuracy" not in table
    assert "unsupervised_balanced_accuracy" not in table
    assert choice.explanation == (
        "'fair' is chosen by worst_pseudo_group_accuracy: 0.095, against 0.000 of 'plain' (best of "
        "1 other candidate)."
    )


def test_the_unchanged_model_wins_ties():
    models = {"fair": Says(FAIR), "no change": Says(PLAIN), "other": Says(FAIR)}
    choice = es.select_model(models, DATA, select="accuracy")
    assert (choice.name, choice.changed, choice.supervision) == ("no change", False, "labels")
    assert choice.explanation == (
        "'no change' stays: none of 2 other candidates has a higher accuracy than its 0.750."
    )
    assert es.select_model(models, DATA, select="worst_class_accuracy").name == "fair"
    first = {name: models[name] for name in ("other", "fair")}
    assert es.select_model(first, DATA, select="worst_class_accuracy").name == "other"


def test_alone():
    choice = es.select_model({"it": Says(PLAIN)}, DATA, select="accuracy", margin="paired")
    assert choice.explanation == ("'it' stays, as there is no other candidate (accuracy 0.750).")


def test_logits_serve_as_well():
    models = {"plain": Says(PLAIN), "fair": Says(FAIR)}
    logits = {name: model.logits.detach() for name, model in models.items()}
    for select in ("worst_pseudo_group_accuracy", "loss", "flip_rate"):
        by_models = es.select_model(models, DATA, select=select, groups=PSEUDO)
        by_logits = es.select_model(logits, DATA, select=select, groups=PSEUDO)
        assert by_logits.model is None
        assert by_logits.explanation == by_models.explanation
        assert by_logits.table.equals(by_models.table)


def test_functions_get_logits():
    def surest(evaluation):
        return float(evaluation.logits.max())

    models = {"plain": Says(PLAIN), "sure": torch.full((8, 2), 7.0)}
    with pytest.warns(match="predicts class 0"):
        choice = es.select_model(models, DATA, select=surest)
    assert (choice.name, choice.select, choice.supervision) == (
        "sure",
        "test_functions_get_logits.<locals>.surest",
        "a function",
    )
    with pytest.raises(InputError, match="NaN for each"):
        es.select_model({"plain": Says(PLAIN)}, DATA, select=lambda _: float("nan"))


def test_true_groups_are_those_of_the_data():
    grouped = TensorDataset(*DATA.tensors, PSEUDO)
    models = {"plain": Says(PLAIN), "fair": Says(FAIR).logits.detach()}
    choice = es.select_model(models, grouped, select="worst_group_accuracy")
    assert (choice.name, choice.supervision) == ("fair", "groups")
    with pytest.raises(InputError, match="Expected groups in the validation data"):
        es.select_model(models, DATA, select="worst_group_accuracy", groups=PSEUDO)


def test_noise_changes_nothing_with_a_paired_margin():
    size = 400
    rng = np.random.default_rng(1)
    labels = torch.arange(size) % 2
    data = TensorDataset(torch.zeros(size, 1), labels)

    def logits(share):
        wrong = torch.from_numpy(rng.random(size) > share)
        return torch.eye(2)[torch.where(wrong, 1 - labels, labels)]

    same = {"no change": logits(0.7)} | {str(k): logits(0.7) for k in range(20)}
    assert es.select_model(same, data, select="accuracy").changed
    choice = es.select_model(same, data, select="accuracy", margin="paired")
    assert not choice.changed
    assert choice.explanation.endswith("but not by more than the choice of examples explains.")
    better = same | {"better": logits(0.85)}
    assert es.select_model(better, data, select="accuracy", margin="paired").name == "better"


def test_what_is_missing_is_said_before_any_pass():
    models = {"plain": Says(PLAIN), "fair": Says(FAIR)}
    identity = data_identity(TensorDataset(DATA.tensors[0], 1 - LABELS))
    others = es.Groups(PSEUDO, identity=identity)
    cases = [
        ({}, InputError, "Expected pseudo-groups"),
        ({"groups": PSEUDO[:5]}, DataError, "Expected groups of 8 examples, but got those of 5"),
        ({"groups": others}, DataError, "they are of others"),
        ({"select": "unsupervised_balanced_accuracy"}, InputError, "what a biased reader says"),
        ({"select": "acuracy"}, InputError, "did you mean 'accuracy'"),
        ({"select": "accuracy", "margin": "wide"}, InputError, "Expected margin 'ties'"),
        ({"select": len, "margin": "paired"}, InputError, "'paired' with a rule by name"),
    ]
    for more, kind, message in cases:
        with pytest.raises(kind, match=message):
            es.select_model(models, DATA, **more)
    assert [model.seen for model in models.values()] == [0, 0]


def test_other_classes_and_rows_are_refused():
    with pytest.raises(InputError, match="'plain' gives 2 logits and 'other' 3; compare"):
        es.select_model({"plain": Says(PLAIN), "other": Says(PLAIN, 3)}, DATA, select="accuracy")
    with pytest.raises(InputError, match=r"logits of shape \(8, C\) .*got logits of shape \(7, 2"):
        es.select_model({"plain": torch.zeros(7, 2)}, DATA, select="accuracy")
    with pytest.raises(InputError, match="Expected candidates as a mapping"):
        es.select_model({}, DATA)
    with pytest.raises(InputError, match="but got an iterator"):
        es.select_model({"plain": Says(PLAIN)}, iter([]), select="accuracy")


def test_no_trace_is_left():
    model = Says(PLAIN).train()
    before = torch.get_rng_state()
    es.select_model({"plain": model, "fair": Says(FAIR)}, DATA, select="loss", margin="paired")
    assert model.training
    assert torch.equal(before, torch.get_rng_state())


def test_a_repair_is_not_compared_on_what_it_was_fitted_to_unnoticed():
    rng = torch.Generator().manual_seed(0)
    inputs = torch.randn(240, 4, generator=rng)
    labels = (inputs[:, 0] + inputs[:, 1] > 0).long()
    model = nn.Sequential(nn.Identity(), nn.Linear(4, 2))
    model[1].weight.data = torch.tensor([[-1.0, 0, 0, 0], [1, 0, 0, 0]])
    parts = slice(120), slice(120, 240)
    half, other = (TensorDataset(inputs[part], labels[part]) for part in parts)
    repaired = es.repair(model, half, method="crt", seen_in_training=False)
    candidates = {"no change": model, "repaired": repaired}
    with pytest.warns(UserWarning, match="'repaired' was repaired on these very examples"):
        es.select_model(candidates, half, select="accuracy")
    assert es.select_model(candidates, other, select="accuracy").unchanged == "no change"
