"""A last layer as numbers, and what a new one is fitted to."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from earlysieve.errors import InputError


class LinearMap(NamedTuple):
    """Logits = features @ weight.T + bias.

    Attributes:
        weight: shape (C, D).
        bias: shape (C,); None: the layer has none, and gets none.
    """

    weight: Tensor
    bias: Tensor | None

    def __call__(self, features: Tensor) -> Tensor:
        """The logits of features (N, D), shape (N, C)."""
        return torch.nn.functional.linear(features, self.weight, self.bias)


@dataclass(frozen=True)
class Problem:
    """What a new last layer is fitted to.

    Attributes:
        features: float32, shape (N, D).
        labels: int64, shape (N,), in [0, C).
        logits: of the old model, shape (N, C).
        old: the old layer; None: it was not linear.
        groups: int64, shape (N,), -1 where unknown; None: none is known.
        bias: whether the new layer has a bias.
        seed: for what is drawn.
        group_names: of group 0, 1, ..., for messages; none where they have only numbers.
    """

    features: Tensor
    labels: Tensor
    logits: Tensor
    old: LinearMap | None = None
    groups: Tensor | None = None
    bias: bool = True
    seed: int = 0
    group_names: tuple[str, ...] = ()

    @property
    def num_classes(self) -> int:
        """C."""
        return int(self.logits.shape[1])

    def check_classes(self, labels: Tensor | None = None) -> None:
        """Check that there are examples of every class.

        Args:
            labels: of the examples that count; None: all.

        Raises:
            InputError: there are none of one.
        """
        counts = (self.labels if labels is None else labels).bincount(minlength=self.num_classes)
        absent = (counts == 0).nonzero().squeeze(1).tolist()
        if absent:
            raise InputError(
                f"Expected examples of each of the {self.num_classes} classes, since a last layer "
                f"that is fitted without a class never predicts it, but got none of class "
                f"{', '.join(map(str, absent[:5]))}; add held-out examples of it, or use the "
                "method 'afr', which stays near the old layer"
            )
