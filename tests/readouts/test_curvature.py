"""The memory of L-BFGS against the two-loop recursion as it stands in the textbook."""

import pytest
import torch

from earlysieve.readouts.curvature import CurvaturePairs


def textbook(gradient, pairs):
    """Nocedal & Wright, algorithm 7.4, for one problem, with every product written out."""
    curved = [bool(s @ y > 1e-12 * s.norm() * y.norm()) for s, y in pairs]
    usable = [pair for pair, good in zip(pairs, curved, strict=True) if good]
    q = gradient.clone()
    alphas = []
    for s, y in reversed(usable):
        alpha = (s @ q) / (s @ y)
        q -= alpha * y
        alphas.append(alpha)
    last_step, last_bend = pairs[-1]
    if curved[-1]:
        q *= (last_step @ last_bend) / (last_bend @ last_bend)
    for (s, y), alpha in zip(usable, reversed(alphas), strict=True):
        q += s * (alpha - (y @ q) / (s @ y))
    return -q


def random_pairs(count, problems=3, unknowns=7, seed=0):
    generator = torch.Generator().manual_seed(seed)
    steps = torch.randn(count, problems, unknowns, generator=generator, dtype=torch.float64)
    noise = torch.randn(count, problems, unknowns, generator=generator, dtype=torch.float64)
    return steps, steps * 2 + 0.3 * noise, noise[0].flip(1)


@pytest.mark.parametrize("count", [1, 3, 4, 5, 9, 11])
def test_directions_are_those_of_the_textbook(count):
    steps, bends, gradient = random_pairs(count)
    memory = CurvaturePairs(gradient, 4)
    for s, y in zip(steps, bends, strict=True):
        memory.add(s, y)
    assert len(memory) == min(count, 4)
    direction = memory.direction(gradient)
    for k in range(3):
        kept = list(zip(steps[-4:, k], bends[-4:, k], strict=True))
        assert torch.allclose(direction[k], textbook(gradient[k], kept), atol=1e-12)


@pytest.mark.parametrize("last", [False, True])
def test_a_pair_without_positive_curvature_is_ignored_by_its_problem_alone(last):
    steps, bends, gradient = random_pairs(4)
    bends[3 if last else 2, 1] = -steps[3 if last else 2, 1]
    memory = CurvaturePairs(gradient, 4)
    for s, y in zip(steps, bends, strict=True):
        memory.add(s, y)
    direction = memory.direction(gradient)
    for k in range(3):
        kept = list(zip(steps[:, k], bends[:, k], strict=True))
        assert torch.allclose(direction[k], textbook(gradient[k], kept), atol=1e-12)


def test_without_a_pair_the_direction_is_steepest_descent():
    gradient = torch.tensor([[1.0, -2.0]], dtype=torch.float64)
    assert torch.equal(CurvaturePairs(gradient, 3).direction(gradient), -gradient)


def test_a_pair_of_zeros_as_a_finished_problem_gives_it():
    steps, bends, gradient = random_pairs(2)
    steps[:, 0] = bends[:, 0] = 0
    memory = CurvaturePairs(gradient, 4)
    for s, y in zip(steps, bends, strict=True):
        memory.add(s, y)
    assert torch.equal(memory.direction(gradient)[0], -gradient[0])


def test_a_problem_that_is_not_chosen_keeps_its_pairs():
    steps, bends, gradient = random_pairs(9)
    memory = CurvaturePairs(gradient, 4)
    for i, (s, y) in enumerate(zip(steps, bends, strict=True)):
        memory.add(s, y, torch.tensor([i < 2, False, i % 2 == 0]))
    assert memory.known().tolist() == [True, False, True]
    direction = memory.direction(gradient)
    assert torch.equal(direction[1], -gradient[1])
    for k, places in ((0, [0, 1]), (2, [2, 4, 6, 8])):
        kept = [(steps[i, k], bends[i, k]) for i in places]
        assert torch.allclose(direction[k], textbook(gradient[k], kept), atol=1e-12)
