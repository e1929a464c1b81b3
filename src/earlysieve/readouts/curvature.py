"""The memory of L-BFGS for several problems: pairs of moves and changes of the gradient.

The two-loop recursion (Nocedal & Wright, Numerical Optimization, 2nd ed., algorithm 7.4) is run on
inner products alone (Chen, Wang & Zhou, "Large-scale L-BFGS using MapReduce", NeurIPS 2014,
algorithm 3), so that an iteration reads each kept vector twice and not four times.
"""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

_Numbers = npt.NDArray[np.float64]
_LEAST_CURVATURE = 1e-12


class CurvaturePairs:
    """The last pairs (s, y) of K problems of P unknowns: steps, and how gradients changed."""

    def __init__(self, like: Tensor, history: int) -> None:
        """Begin without a pair.

        Args:
            like: shape (K, P), of the type and device of all vectors.
            history: most pairs that are kept.
        """
        count, unknowns = like.shape
        self._history, self._added = history, 0
        # Steps in the first half of the rows, changes of the gradient in the second.
        self._vectors = like.new_zeros(count, 2 * history, unknowns)
        self._sy = np.zeros((count, history, history))
        self._yy = np.zeros((count, history, history))
        self._rho = np.zeros((count, history))
        self._scale = np.ones(count)

    def __len__(self) -> int:
        return min(self._added, self._history)

    def add(self, moved: Tensor, bent: Tensor) -> None:
        """Keep a pair, each of shape (K, P), in place of the oldest one if there are too many.

        A problem whose pair shows no positive curvature ignores it.
        """
        m, slot = self._history, self._added % self._history
        self._added += 1
        self._vectors[:, slot], self._vectors[:, m + slot] = moved, bent
        dots = self._dots(torch.stack([moved, bent], 2))
        self._sy[:, slot], self._sy[:, :, slot] = dots[:, m:, 0], dots[:, :m, 1]
        self._yy[:, slot] = self._yy[:, :, slot] = dots[:, m:, 1]
        curvature, bends = self._sy[:, slot, slot], self._yy[:, slot, slot]
        least = _LEAST_CURVATURE * np.sqrt(dots[:, slot, 0]) * np.sqrt(bends)
        usable = curvature > least
        self._rho[:, slot] = np.divide(1.0, curvature, out=np.zeros_like(bends), where=usable)
        self._scale = np.divide(curvature, bends, out=np.ones_like(bends), where=usable)

    def direction(self, gradient: Tensor) -> Tensor:
        """Minus the inverse Hessian's estimate times the gradient (K, P)."""
        if not self._added:
            return -gradient
        m = self._history
        pulls = self._dots(gradient[:, :, None])[:, :, 0]
        oldest_first = [i % m for i in range(self._added - len(self), self._added)]
        back, forth = np.zeros_like(self._rho), np.zeros_like(self._rho)
        with np.errstate(over="ignore", invalid="ignore"):
            for i in reversed(oldest_first):
                step = -pulls[:, i] - (back * self._sy[:, i]).sum(1)
                back[:, i] = self._rho[:, i] * step
            for i in oldest_first:
                bend = self._scale * (-pulls[:, m + i] - (back * self._yy[:, i]).sum(1))
                bend += (forth * self._sy[:, :, i]).sum(1)
                forth[:, i] = back[:, i] - self._rho[:, i] * bend
            shares = np.concatenate([forth, -self._scale[:, None] * back], 1)
        weights = torch.from_numpy(shares)[:, None, :].to(gradient)
        scale = torch.from_numpy(self._scale)[:, None].to(gradient)
        return torch.bmm(weights, self._vectors).squeeze(1) - scale * gradient

    def _dots(self, others: Tensor) -> _Numbers:
        """Inner products of every kept vector with the columns of `others` (K, P, n)."""
        products: _Numbers = torch.bmm(self._vectors, others).double().cpu().numpy()
        return products
