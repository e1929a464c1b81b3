import pytest
import torch

from earlysieve.readouts.curvature import CurvaturePairs
from earlysieve.readouts.lbfgs import minimise


def quadratic(matrices, targets, calls=None):
    """Values and gradients of (x - t)' A (x - t) / 2 for each row."""

    def evaluate(point):
        if calls is not None:
            calls.append(point.clone())
        away = point - targets
        pulled = torch.einsum("kij,kj->ki", matrices, away)
        return 0.5 * (away * pulled).sum(1), pulled

    return evaluate


def example(seed=0):
    generator = torch.Generator().manual_seed(seed)
    roots = torch.randn(3, 6, 6, generator=generator, dtype=torch.float64)
    scales = torch.tensor([1.0, 30.0, 0.01], dtype=torch.float64)[:, None, None]
    matrices = scales * (roots @ roots.transpose(1, 2) + torch.eye(6, dtype=torch.float64))
    return matrices, torch.randn(3, 6, generator=generator, dtype=torch.float64)


def test_finds_the_minimum_of_every_problem():
    matrices, targets = example()
    found = minimise(quadratic(matrices, targets), torch.zeros_like(targets), tolerance=1e-10)
    assert torch.allclose(found.point, targets, atol=1e-6)


def test_problems_do_not_see_each_other():
    matrices, targets = example()
    together = minimise(quadratic(matrices, targets), torch.zeros_like(targets)).point
    wild = targets.clone()
    wild[1] = 1e9
    beside = minimise(quadratic(matrices, wild), torch.zeros_like(targets)).point
    assert torch.equal(together[[0, 2]], beside[[0, 2]])


def test_no_step_where_the_gradient_is_small():
    matrices, targets = example()
    calls = []
    found = minimise(quadratic(matrices, targets, calls), targets.clone())
    assert torch.equal(found.point, targets)
    assert (found.passes, len(calls)) == (1, 1)


def test_passes_are_counted_and_limited():
    matrices, targets = example()
    calls = []
    found = minimise(
        quadratic(matrices, targets, calls),
        torch.zeros_like(targets),
        most_iterations=3,
        tolerance=0,
    )
    assert found.passes == len(calls)
    assert found.passes <= 1 + 3 * 12


@pytest.mark.parametrize("history", [1, 3, 10])
def test_every_accepted_step_goes_down(history):
    matrices, targets = example(1)
    values = []
    for steps in range(1, 8):
        point = minimise(
            quadratic(matrices, targets),
            torch.zeros_like(targets),
            most_iterations=steps,
            tolerance=1e-12,
            history=history,
        ).point
        values.append(quadratic(matrices, targets)(point)[0])
    falls = torch.stack(values).diff(dim=0)
    assert (falls <= 0).all()
    assert (falls[0] < 0).all()


def test_a_search_ends_where_the_value_would_hardly_fall():
    matrices, targets = example()
    exact = minimise(quadratic(matrices, targets), torch.zeros_like(targets), tolerance=1e-10)
    early = minimise(
        quadratic(matrices, targets), torch.zeros_like(targets), tolerance=0, negligible=1e-3
    )
    assert early.passes < exact.passes
    # The lowest value is 0; what is expected is right to within a small factor.
    assert float(quadratic(matrices, targets)(early.point)[0].max()) < 1e-2


def test_curvature_of_a_similar_problem_saves_passes():
    matrices, targets = example()
    pairs = CurvaturePairs(targets, 10)
    start = torch.zeros_like(targets)
    first = minimise(quadratic(matrices, targets), start, tolerance=1e-8, pairs=pairs)
    again = minimise(quadratic(matrices, targets + 1), start, tolerance=1e-8, pairs=pairs)
    assert again.passes < first.passes
    assert torch.allclose(again.point, targets + 1, atol=1e-5)
