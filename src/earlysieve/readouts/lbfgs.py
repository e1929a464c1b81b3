"""L-BFGS for several independent smooth convex problems that share their evaluations.

Every problem has its own step length, curvature pairs and end, so that its path depends on its own
values alone: solving problems together gives each the result that it would have alone. Steps by
backtracking (Nocedal & Wright, Numerical Optimization, 2nd ed., algorithm 3.1) with quadratic
interpolation. Where values differ by rounding only, the slope at the new point decides (Hager &
Zhang, SIAM J. Optim. 16, 2005, "approximate Wolfe conditions").
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from earlysieve.readouts.curvature import CurvaturePairs

Evaluate = Callable[[Tensor], tuple[Tensor, Tensor]]

_ARMIJO = 1e-4
_MOST_HALVINGS = 12
# Losses are sums of float32 numbers: a rise below this share may be rounding.
_ROUNDING = 1e-6
_STEEPEST_RISE = 0.8


@dataclass(frozen=True)
class Minimum:
    """Where the search ended.

    Attributes:
        point: float64, shape (K, P).
        passes: how often all problems were evaluated.
    """

    point: Tensor
    passes: int


@dataclass
class _State:
    point: Tensor
    value: Tensor
    gradient: Tensor

    def where(self, chosen: Tensor, other: "_State") -> "_State":
        """This state for the chosen problems, the other one for the rest."""
        rows = chosen[:, None]
        return _State(
            torch.where(rows, self.point, other.point),
            torch.where(chosen, self.value, other.value),
            torch.where(rows, self.gradient, other.gradient),
        )


def minimise(
    evaluate: Evaluate,
    start: Tensor,
    *,
    most_iterations: int = 100,
    tolerance: float = 1e-4,
    history: int = 10,
    negligible: float = 0.0,
    pairs: CurvaturePairs | None = None,
) -> Minimum:
    """Minimise K problems of P unknowns each.

    Args:
        evaluate: from points (K, P) to values (K,) and gradients (K, P), in float64; row k may
            depend on point k only.
        start: first points, float64, shape (K, P).
        most_iterations: limit of steps for each problem.
        tolerance: a problem ends when no entry of its gradient is larger.
        history: curvature pairs kept.
        negligible: a problem ends, too, when its value is expected to fall by no more than this.
        pairs: what is known of the curvature from similar problems; it is added to.
    """
    now = _State(start, *evaluate(start))
    pairs = CurvaturePairs(start, history) if pairs is None else pairs
    running = now.gradient.abs().amax(1) > tolerance
    passes = 1
    for _ in range(most_iterations):
        if not running.any():
            break
        direction = pairs.direction(now.gradient)
        known = pairs.known()
        running = running & (~known | (-0.5 * _dot(direction, now.gradient) > negligible))
        cautious = 1 / now.gradient.abs().sum(1).clamp(min=1)
        step = torch.where(known, torch.ones_like(cautious), cautious)
        new, moved, tried = _search(evaluate, now, direction, step, running)
        passes += tried
        pairs.add(new.point - now.point, new.gradient - now.gradient, moved)
        now = new
        running = running & moved & (now.gradient.abs().amax(1) > tolerance)
    return Minimum(now.point, passes)


def _search(
    evaluate: Evaluate, now: _State, direction: Tensor, step: Tensor, running: Tensor
) -> tuple[_State, Tensor, int]:
    """The next points, which problems moved to one, and how many evaluations that took."""
    slope = _dot(direction, now.gradient)
    ceiling = now.value + _ROUNDING * now.value.abs()
    found = now
    waiting = running
    tried = 0
    while waiting.any() and tried < _MOST_HALVINGS:
        tried += 1
        length = torch.where(waiting, step, 0.0)
        new = _evaluated(evaluate, now.point + length[:, None] * direction)
        lower = new.value <= now.value + _ARMIJO * step * slope
        level = (new.value <= ceiling) & (_dot(direction, new.gradient) <= -_STEEPEST_RISE * slope)
        accepted = waiting & (lower | level)
        found = new.where(accepted, found)
        waiting = waiting & ~accepted
        rise = new.value - now.value - step * slope
        best = -slope * step.square() / (2 * rise)
        step = torch.where(torch.isfinite(best), best, 0.0).clamp(0.1 * step, 0.5 * step)
    return found, running & ~waiting, tried


def _evaluated(evaluate: Evaluate, point: Tensor) -> _State:
    return _State(point, *evaluate(point))


def _dot(a: Tensor, b: Tensor) -> Tensor:
    return (a * b).sum(1)
