"""How confident a readout is: the margin of its probabilities."""

from torch import Tensor


def margins(probabilities: Tensor) -> Tensor:
    """Difference of the two largest probabilities, shape (N,), in [0, 1].

    DeDiER (WACV 2024), section 3, for any number of classes C >= 2; invariant to their order.

    Args:
        probabilities: shape (N, C).
    """
    top = probabilities.topk(2, dim=-1).values
    return top[..., 0] - top[..., 1]
