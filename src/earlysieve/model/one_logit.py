"""Binary heads: one logit z per example says what the two logits (0, z) say.

Softmax of (0, z) is the sigmoid of z, and cross-entropy of the two is binary cross-entropy of the
one. So everything that reads a model's answer gets two columns, and knows of two classes.
"""

import torch
from torch import Tensor

_ROUNDED = 0.01  # sums of many probabilities in half precision


def is_one_logit(tensor: Tensor) -> bool:
    """Whether a model's output, shape (B,) or (B, 1), is one logit per example."""
    return tensor.ndim == 1 or (tensor.ndim == 2 and tensor.shape[1] == 1)


def two_columns(logits: Tensor) -> Tensor:
    """Logits (B, 2) of classes 0 and 1 from one logit, shape (B,) or (B, 1); others unchanged."""
    if not is_one_logit(logits):
        return logits
    of_one = logits.reshape(-1)
    return torch.stack([torch.zeros_like(of_one), of_one], 1)


def look_like_probabilities(logits: Tensor) -> bool:
    """Whether columns hold what a sigmoid or a softmax gives instead of logits.

    Args:
        logits: shape (B, C); of a binary head (0, z), of which z alone is looked at.
    """
    if not bool(((logits >= 0) & (logits <= 1)).all()):
        return False
    if logits.shape[1] == 2 and bool((logits[:, 0] == 0).all()):
        return True
    one_hot = bool(((logits == 0) | (logits == 1)).all())  # decisions, and no probabilities
    return not one_hot and bool(((logits.double().sum(1) - 1).abs() <= _ROUNDED).all())


def two_rows(weight: Tensor, bias: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """A linear layer with one output, weight (1, D) and bias (1,), as one with outputs (0, z)."""
    return _under_zeros(weight), None if bias is None else _under_zeros(bias)


def one_row(weight: Tensor, bias: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """The layer with one output that says what one with two says: the difference of its rows.

    Args:
        weight: shape (2, D).
        bias: shape (2,), or None.
    """
    return weight[1:] - weight[:1], None if bias is None else bias[1:] - bias[:1]


def _under_zeros(row: Tensor) -> Tensor:
    return torch.cat([torch.zeros_like(row), row])
