"""The weights of examples from margins, by hand."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from earlysieve.errors import InputError
from earlysieve.weighting.loss_and_weighting import weighted_mean
from earlysieve.weighting.weight_function import (
    Exponential,
    early_weights,
    error_weights,
    top_share,
)


def test_weighted_mean_does_not_normalise() -> None:
    losses = torch.tensor([1.0, 2.0, 3.0])
    assert float(weighted_mean(losses, torch.tensor([1.0, 10.0, 0.0]))) == pytest.approx(7.0)
    assert float(weighted_mean(losses, None)) == 2.0


def test_early_weights_by_hand() -> None:
    prediction, labels = torch.tensor([0, 1, 2, 2]), torch.tensor([0, 2, 1, 0])
    margin = torch.tensor([0.9, 0.25, 1.0, 0.0])
    found = early_weights(prediction, labels, margin, alpha=0.5, beta=2.0)
    expected = torch.tensor([1.0, math.e, math.exp(2.0), 1.0])
    torch.testing.assert_close(found, expected)


@given(
    st.floats(0, 3),
    st.floats(0, 5),
    st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=1),
)
def test_weights_are_bounded_and_grow_with_the_margin(
    alpha: float, beta: float, judged: list[tuple[bool, float]]
) -> None:
    wrong = torch.tensor([w for w, _ in judged])
    margin = torch.tensor([m for _, m in judged])
    found = error_weights(wrong, margin, Exponential(alpha, beta))
    assert bool((found >= 1).all())
    assert bool((found <= math.exp(beta) * (1 + 1e-5)).all())
    assert bool((found[~wrong] == 1).all())
    order = margin[wrong].argsort()
    assert bool((found[wrong][order].diff() >= 0).all())


def test_beta_zero_gives_exactly_one() -> None:
    wrong, margin = torch.ones(5, dtype=torch.bool), torch.linspace(0, 1, 5)
    assert torch.equal(error_weights(wrong, margin, Exponential(0.05, 0.0)), torch.ones(5))


def test_top_share() -> None:
    weights = torch.ones(200)
    weights[:2] = 99.0
    assert top_share(weights) == pytest.approx(198 / 396)
    assert top_share(torch.ones(3)) == pytest.approx(1 / 3)


@pytest.mark.parametrize(("alpha", "beta", "name"), [(-1, 1, "alpha"), (1, math.nan, "beta")])
def test_bad_settings(alpha: float, beta: float, name: str) -> None:
    with pytest.raises(InputError, match=f"Expected {name} to be a number of at least 0"):
        Exponential(alpha, beta)


def test_bad_weight_functions() -> None:
    wrong, margin = torch.tensor([True, False]), torch.tensor([0.5, 0.5])
    with pytest.raises(InputError, match=r"gives shape \(1,\).*gave \(\); return one weight"):
        error_weights(wrong, margin, lambda m: m.sum())
    with pytest.raises(InputError, match="finite and not negative"):
        error_weights(wrong, margin, lambda m: m - 1)
    with pytest.raises(InputError, match="lower beta"):
        error_weights(wrong, margin, Exponential(0.0, 1000.0))
