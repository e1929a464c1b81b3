"""Rows of a table that are wider or narrower than a network takes."""

import re
from typing import Any

from torch import Tensor, nn

from earlysieve.errors import InputError

# What torch says where numbers of columns differ: layers, normalisations, sums.
_OF_WIDTH = re.compile(r"shapes cannot be multiplied|must match|running_mean|normalized_shape")


class WidthError(InputError):
    """Rows of a table have another number of columns than a network takes."""


def cause_of(error: Exception) -> Exception:
    """What went wrong in the network, for a message that can say more of the inputs."""
    cause = error.__cause__
    return cause if isinstance(error, WidthError) and isinstance(cause, Exception) else error


def check_width(model: Any, inputs: Any, error: RuntimeError) -> None:
    """Say that the number of columns is wrong, where that explains why a network failed.

    Args:
        model: that failed.
        inputs: that it got.
        error: that it raised.

    Raises:
        WidthError: `inputs` are rows, shape (B, D), and the first layer with parameters or
            statistics takes other than D.
    """
    rows = isinstance(inputs, Tensor) and inputs.ndim == 2 and inputs.is_floating_point()
    if not rows or not isinstance(model, nn.Module) or not _OF_WIDTH.search(str(error)):
        return
    name, wanted = _first_width(model)
    got = inputs.shape[1]
    if wanted not in (None, got) and {str(wanted), str(got)} <= set(re.findall(r"\d+", str(error))):
        raise WidthError(
            f"Expected rows of {wanted} numbers, as the layer '{name}' of the model takes, but got "
            f"{got}; pass the columns that it was trained on, in their order"
        ) from error


def _first_width(model: nn.Module) -> tuple[str, int | None]:
    for name, module in model.named_modules():
        if next(module.children(), None) is None and module.state_dict():
            width = getattr(module, "in_features", getattr(module, "num_features", None))
            return name, width if isinstance(width, int) else None
    return "", None
