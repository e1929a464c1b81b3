"""A training that ends worse than one answer for all examples warns, and only then."""

import warnings
from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn

from earlysieve.training import CollapseWarning, Evaluation, fit
from earlysieve.training.evaluate import evaluate_logits


class Scripted:
    """An algorithm whose network gets, epoch by epoch, a bias towards class 1."""

    def __init__(self, biases: Sequence[float]) -> None:
        self.model = nn.Linear(1, 2)
        self.biases = list(biases)
        with torch.no_grad():
            self.model.weight.zero_()
            self.model.bias.zero_()

    def step(self, batch: object) -> dict[str, float]:
        with torch.no_grad():
            self.model.bias[1] = self.biases.pop(0)
        return {"loss": 1.0}

    def state_dict(self) -> dict[str, object]:
        return {}

    def load_state_dict(self, state: object) -> None:
        pass


def data(ones: int, size: int = 100) -> tuple[Tensor, Tensor]:
    return torch.zeros(size, 1), (torch.arange(size) < ones).long()


def train(biases: Sequence[float], ones: int, *, best: bool = False) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit(
            Scripted(biases),
            data(50),
            epochs=len(biases),
            batch_size=100,
            validation=data(ones),
            restore_best=best,
            progress=False,
        )
    return [str(one.message) for one in caught if one.category is CollapseWarning]


def test_a_training_that_ends_below_the_largest_class_warns_once():
    (said,) = train([-1.0, 1.0], ones=30)
    assert "right on 30% of the validation data, less than the 70% that always" in said
    assert "keep the best epoch (restore_best, --restore-best)" in said


@pytest.mark.parametrize(
    ("biases", "ones", "best"),
    [
        ([1.0, -1.0], 30, False),  # collapsed on the way, and came back
        ([-1.0, 1.0], 30, True),  # the best epoch is kept
        ([1.0], 48, False),  # 48% and 52% of 100 examples are no different
    ],
)
def test_others_do_not(biases, ones, best):
    assert train(biases, ones, best=best) == []


def test_an_evaluation_knows_the_share_of_the_largest_class():
    found = evaluate_logits(torch.eye(3)[[0, 1, 2, 1]], torch.tensor([0, 1, 2, 1]))
    assert isinstance(found, Evaluation)
    assert found.largest_class == 0.5
