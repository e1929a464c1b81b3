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
        self._history, self._problems = history, np.arange(count)
        self._added = np.zeros(count, dtype=np.int64)
        # Steps in the first half of the rows, changes of the gradient in the second.
        self._vectors = like.new_zeros(count, 2 * history, unknowns)
        self._sy = np.zeros((count, history, history))
        self._yy = np.zeros((count, history, history))
        self._rho = np.zeros((count, history))
        self._scale = np.ones(count)

    def __len__(self) -> int:
        return min(int(self._added.max()), self._history)

    def known(self) -> Tensor:
        """Which problems have pairs, bool, shape (K,)."""
        return torch.from_numpy(self._added > 0).to(self._vectors.device)

    def add(self, moved: Tensor, bent: Tensor, chosen: Tensor | None = None) -> None:
        """Keep a pair, each of shape (K, P), in place of the oldest one if there are too many.

        A problem whose pair shows no positive curvature ignores it. Those that are not `chosen`
        (bool, shape (K,)) keep what they have, so that none forgets because another goes on.
        """
        which = self._problems if chosen is None else self._problems[chosen.cpu().numpy()]
        m, slot = self._history, self._added[which] % self._history
        self._added[which] += 1
        places, slots = (torch.from_numpy(x).to(moved.device) for x in (which, slot))
        self._vectors[places, slots], self._vectors[places, m + slots] = moved[places], bent[places]
        dots = self._dots(torch.stack([moved, bent], 2))[which]
        self._sy[which, slot], self._sy[which, :, slot] = dots[:, m:, 0], dots[:, :m, 1]
        self._yy[which, slot] = self._yy[which, :, slot] = dots[:, m:, 1]
        curvature, bends = self._sy[which, slot, slot], self._yy[which, slot, slot]
        length = dots[np.arange(len(which)), slot, 0]
        least = _LEAST_CURVATURE * np.sqrt(length) * np.sqrt(bends)
        usable = curvature > least
        self._rho[which, slot] = np.divide(1.0, curvature, out=np.zeros_like(bends), where=usable)
        self._scale[which] = np.divide(curvature, bends, out=np.ones_like(bends), where=usable)

    def direction(self, gradient: Tensor) -> Tensor:
        """Minus the inverse Hessian's estimate times the gradient (K, P)."""
        if not len(self):
            return -gradient
        m, k = self._history, self._problems
        pulls = self._dots(gradient[:, :, None])[:, :, 0]
        # Slots that a problem has not filled yet weigh nothing.
        newest_first = [(self._added - 1 - age) % m for age in range(len(self))]
        back, forth = np.zeros_like(self._rho), np.zeros_like(self._rho)
        with np.errstate(over="ignore", invalid="ignore"):
            for i in newest_first:
                step = -pulls[k, i] - (back * self._sy[k, i]).sum(1)
                back[k, i] = self._rho[k, i] * step
            for i in reversed(newest_first):
                bend = self._scale * (-pulls[k, m + i] - (back * self._yy[k, i]).sum(1))
                bend += (forth * self._sy[k, :, i]).sum(1)
                forth[k, i] = back[k, i] - self._rho[k, i] * bend
            shares = np.concatenate([forth, -self._scale[:, None] * back], 1)
        weights = torch.from_numpy(shares)[:, None, :].to(gradient)
        scale = torch.from_numpy(self._scale)[:, None].to(gradient)
        return torch.bmm(weights, self._vectors).squeeze(1) - scale * gradient

    def _dots(self, others: Tensor) -> _Numbers:
        """Inner products of every kept vector with the columns of `others` (K, P, n)."""
        products: _Numbers = torch.bmm(self._vectors, others).double().cpu().numpy()
        return products
