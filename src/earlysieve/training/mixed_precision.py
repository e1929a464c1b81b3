"""Which mixed precision is meant, and blocks that run in it."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import nn

from earlysieve.errors import InputError

PRECISIONS = {"bf16": torch.bfloat16, "fp16": torch.float16}


def autocast_dtype(value: torch.dtype | str | None) -> torch.dtype | None:
    """The type that "bf16", "fp16", or a type means; None: no mixed precision.

    Raises:
        InputError: another precision.
    """
    found = PRECISIONS.get(value, value) if isinstance(value, str) else value
    if found is None or (isinstance(found, torch.dtype) and found in PRECISIONS.values()):
        return found
    raise InputError(
        f"Expected autocast to be 'bf16', 'fp16' or None, but got {value!r}; "
        "pass None for full precision"
    )


def autocast_on(device_type: str, dtype: torch.dtype | None) -> AbstractContextManager[Any]:
    """A block in mixed precision on a kind of device; None: the block as it is."""
    return nullcontext() if dtype is None else torch.autocast(device_type, dtype=dtype)


class MixedPrecision:
    """Mixed precision for a model's passes; full precision for what would need scaling.

    Args:
        autocast: "bf16", "fp16", the dtype, or None for no mixed precision.
        model: whose device counts.

    Raises:
        InputError: another precision.
    """

    def __init__(self, autocast: torch.dtype | str | None, model: nn.Module) -> None:
        self.dtype = autocast_dtype(autocast)
        self.model = model

    def network(self) -> AbstractContextManager[Any]:
        """For passes without a gradient to the network."""
        return autocast_on(next(self.model.parameters()).device.type, self.dtype)

    def unscaled(self) -> AbstractContextManager[Any]:
        """For readouts and forgetting: full precision under fp16, whose gradients underflow."""
        return nullcontext() if self.dtype is torch.float16 else self.network()
