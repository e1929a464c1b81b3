"""In which precision a sieve's passes run."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import nn

from earlysieve.errors import InputError
from earlysieve.training.stepper import PRECISIONS


class Precision:
    """Mixed precision for passes; full precision for what is small and would need scaling.

    Args:
        autocast: "bf16", "fp16", the dtype, or None for no mixed precision.
        model: whose device counts.

    Raises:
        InputError: another precision.
    """

    def __init__(self, autocast: torch.dtype | str | None, model: nn.Module) -> None:
        self.dtype = _dtype(autocast)
        self.model = model

    def network(self) -> AbstractContextManager[Any]:
        """For passes without a gradient to the network."""
        if self.dtype is None:
            return nullcontext()
        return torch.autocast(next(self.model.parameters()).device.type, dtype=self.dtype)

    def unscaled(self) -> AbstractContextManager[Any]:
        """For readouts and forgetting: full precision under fp16, whose gradients underflow."""
        return nullcontext() if self.dtype is torch.float16 else self.network()


def _dtype(value: torch.dtype | str | None) -> torch.dtype | None:
    found = PRECISIONS.get(value, value) if isinstance(value, str) else value
    if found is None or (isinstance(found, torch.dtype) and found in PRECISIONS.values()):
        return found
    raise InputError(
        f"Expected autocast to be 'bf16', 'fp16' or None, but got {value!r}; "
        "pass None for full precision"
    )
