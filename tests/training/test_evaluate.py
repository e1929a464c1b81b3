"""Evaluation by hand, and without a trace."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Subset, TensorDataset

from earlysieve.errors import DataError, InputError
from earlysieve.training import Evaluation, SingleClassWarning, evaluate
from earlysieve.training.evaluate import evaluate_logits
from earlysieve.training.randomness import read_states
from earlysieve.training.selection import NOTHING, Beside, beside, check_select, score_of

from .helpers import Noisy, difference, network


class Identity(nn.Module):
    """The inputs are the logits."""

    def forward(self, x):
        return x


LOGITS = torch.tensor([[2.0, 0.0], [2.0, 0.0], [0.0, 2.0], [0.0, 2.0], [0.0, 2.0]])
LABELS = torch.tensor([0, 1, 1, 1, 0])
GROUPS = torch.tensor([0, 0, 2, 2, -1])


def test_figures_by_hand():
    found = evaluate(Identity(), TensorDataset(LOGITS, LABELS, GROUPS), batch_size=2)
    right, wrong = np.log1p(np.exp(-2.0)), np.log1p(np.exp(2.0))
    sure = np.exp(-right)
    assert found == Evaluation(
        accuracy=0.6,
        loss=pytest.approx((3 * right + 2 * wrong) / 5),
        size=5,
        group_accuracy={0: 0.5, 2: 1.0},
        group_size={0: 2, 2: 2},
        predicted=2,
        class_accuracy={0: 0.5, 1: pytest.approx(2 / 3)},
        calibration_error=pytest.approx(abs(0.6 - sure)),
        brier=pytest.approx(2 * (3 * (1 - sure) ** 2 + 2 * sure**2) / 5),
        largest_class=0.6,
    )
    assert found.worst_class_accuracy == 0.5
    assert found.group_gap == 0.5
    assert found.reweighted_accuracy({0: 0.25, 2: 0.25, 9: 0.5}) == 0.75
    assert found.reweighted_accuracy({9: 1.0}) is None
    assert found.worst_group_accuracy == 0.5
    assert list(found.logs()) == ["accuracy", "loss", "worst_group_accuracy"]


def test_without_groups_there_is_no_worst_group():
    found = evaluate(Identity(), TensorDataset(LOGITS, LABELS))
    assert found.group_accuracy == {}
    assert found.worst_group_accuracy is None
    assert list(found.logs()) == ["accuracy", "loss"]


def test_a_loader_is_used_with_its_own_examples():
    data = TensorDataset(LOGITS, LABELS)
    assert evaluate(Identity(), DataLoader(Subset(data, [0, 2]), batch_size=1)).accuracy == 1.0
    assert evaluate(Identity(), DataLoader(data, batch_size=2, shuffle=True)).accuracy == 0.6


# An untrained network may well give all noise one class.
@pytest.mark.filterwarnings("ignore::earlysieve.training.SingleClassWarning")
def test_no_trace_is_left_and_figures_repeat():
    model = network()
    model[1].eval()  # frozen by hand
    state = {key: value.clone() for key, value in model.state_dict().items()}
    modes = [module.training for module in model.modules()]
    before = read_states()
    first = evaluate(model, Noisy(20, noise=1.0))
    assert difference(before, read_states()) is None
    assert difference(dict(model.state_dict()), state) is None
    assert [module.training for module in model.modules()] == modes
    assert all(p.grad is None and p.requires_grad for p in model.parameters())
    torch.manual_seed(123)
    assert evaluate(model, Noisy(20, noise=1.0)) == first


def test_modes_and_random_states_are_restored_after_an_error():
    model = network()
    before = read_states()
    with pytest.raises(InputError, match="Expected labels from 0 to 1"):
        evaluate(model, TensorDataset(torch.ones(3, 4), torch.tensor([0, 1, 5])))
    assert model.training
    assert difference(before, read_states()) is None


def test_one_predicted_class_is_said_loudly():
    data = TensorDataset(torch.tensor([[0.0, 1.0]] * 4), torch.tensor([0, 1, 0, 1]))
    message = (
        "^The model predicts class 1 for all 4 examples, though they have 2 classes; train longer, "
        "lower the learning rate, or check the inputs$"
    )
    with pytest.warns(SingleClassWarning, match=message):
        found = evaluate(Identity(), data)
    assert found.predicted == 1


def test_one_class_in_the_data_is_no_reason_to_warn():
    data = TensorDataset(torch.tensor([[0.0, 1.0]] * 4), torch.tensor([1, 1, 1, 1]))
    assert evaluate(Identity(), data).accuracy == 1.0  # a warning would be an error


def test_nan_is_named_by_its_example():
    logits = LOGITS.clone()
    logits[3, 1] = float("nan")
    message = "^Expected finite logits, but got NaN or infinity for example 3; check the inputs for"
    with pytest.raises(InputError, match=message):
        evaluate(Identity(), TensorDataset(logits, LABELS), batch_size=2)


def test_empty_data_are_refused():
    with pytest.raises(DataError, match="Expected at least one example"):
        evaluate(Identity(), TensorDataset(LOGITS[:0], LABELS[:0]))


def test_selection():
    found = evaluate(Identity(), TensorDataset(LOGITS, LABELS, GROUPS))
    assert score_of(found, "accuracy") == 0.6
    assert score_of(found, "loss") == -found.loss
    assert score_of(found, "worst_group_accuracy") == 0.5
    assert score_of(found, lambda evaluation: evaluation.size) == 5.0
    with pytest.raises(InputError, match=r"but got 'acuracy'; did you mean 'accuracy'\?$"):
        score_of(found, "acuracy")
    plain = evaluate(Identity(), TensorDataset(LOGITS, LABELS))
    with pytest.raises(InputError, match="Expected groups in the validation data"):
        score_of(plain, "worst_group_accuracy")


def test_logits_are_kept_where_asked_for():
    data = TensorDataset(LOGITS, LABELS, GROUPS)
    assert evaluate(Identity(), data).logits is None
    found = evaluate(Identity(), data, batch_size=2, keep_logits=True)
    assert torch.equal(found.logits, LOGITS)
    assert torch.equal(found.labels, LABELS)
    assert torch.equal(found.groups, GROUPS)
    assert found == evaluate(Identity(), data)
    plain = evaluate(Identity(), TensorDataset(LOGITS, LABELS), keep_logits=True)
    assert plain.groups.tolist() == [-1] * 5


def test_logits_are_evaluated_as_a_model_is():
    found = evaluate_logits(LOGITS.double(), LABELS, GROUPS)
    assert found == evaluate(Identity(), TensorDataset(LOGITS, LABELS, GROUPS))
    assert torch.equal(found.logits, LOGITS)
    with pytest.raises(InputError, match="Expected one row of logits per example"):
        evaluate_logits(LOGITS[:3], LABELS)


def test_measures_are_of_what_was_kept():
    data = TensorDataset(LOGITS, LABELS, GROUPS)
    found = evaluate(Identity(), data, keep_logits=True)
    measured = found.measures(reference=found, group_shares={0: 1.0}, draws=2)
    figures = found.figures({0: 1.0})
    assert {name: measured.values[name] for name in figures if name != "loss"} == pytest.approx(
        {name: value for name, value in figures.items() if name != "loss"}
    )
    assert measured["nll"].value == pytest.approx(found.loss)
    assert measured["accuracy"].difference == 0
    without = evaluate(Identity(), data)
    for one, reference in ((without, None), (found, without)):
        with pytest.raises(InputError, match="evaluate with keep_logits=True"):
            one.measures(reference=reference)


PSEUDO = np.array([0, 1, 1, 1, 0])


def test_rules_take_the_logits():
    found = evaluate(Identity(), TensorDataset(LOGITS, LABELS, GROUPS), keep_logits=True)
    assert score_of(found, "worst_class_accuracy") == 0.5
    assert score_of(found, "class_difference") == pytest.approx(-1 / 6)
    known = Beside(PSEUDO, np.zeros(5, np.int64))
    assert score_of(found, "pseudo_group_accuracy", known) == pytest.approx((0.5 + 2 / 3) / 2)
    assert score_of(found, "unsupervised_balanced_accuracy", known) == pytest.approx(7 / 12)
    assert score_of(found, lambda evaluation: float(evaluation.logits.max())) == 2.0
    with pytest.raises(InputError, match="Expected pseudo-groups"):
        score_of(found, "pseudo_group_accuracy")
    without = evaluate(Identity(), TensorDataset(LOGITS, LABELS))
    with pytest.raises(InputError, match="evaluate with keep_logits=True"):
        score_of(without, "flip_rate")


def test_pseudo_groups_are_never_taken_for_true_ones():
    plain = evaluate(Identity(), TensorDataset(LOGITS, LABELS), keep_logits=True)
    with pytest.raises(InputError, match="Expected groups in the validation data"):
        score_of(plain, "worst_group_accuracy", Beside(PSEUDO))


def test_what_is_beside_validation_data_is_checked():
    data = TensorDataset(LOGITS, LABELS)
    assert beside(data, groups=None, reader_predictions=None) == NOTHING
    assert beside(data, groups=PSEUDO, reader_predictions=None).pseudo_groups.tolist() == [
        *PSEUDO.tolist()
    ]
    with pytest.raises(InputError, match="pass validation="):
        beside(None, groups=PSEUDO, reader_predictions=None)
    with pytest.raises(DataError, match="Expected groups of 5 examples, but got those of 4"):
        beside(data, groups=PSEUDO[:4], reader_predictions=None)
    for wrong in (PSEUDO[:4], PSEUDO - 1, PSEUDO.astype(float)):
        with pytest.raises(InputError, match="one class number for each of 5 examples"):
            beside(data, groups=None, reader_predictions=wrong)
    check_select("worst_pseudo_group_accuracy", data, Beside(PSEUDO))
    with pytest.raises(InputError, match="Expected pseudo-groups"):
        check_select("worst_pseudo_group_accuracy", data)
    with pytest.raises(InputError, match="Expected what a biased reader says"):
        check_select("unsupervised_balanced_accuracy", data, Beside(PSEUDO))
