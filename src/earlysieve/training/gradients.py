"""Gradients that reach the tensors asked for and nothing else."""

from collections.abc import Sequence

import torch
from torch import Tensor

from earlysieve.errors import InputError
from earlysieve.training.distributed import average_gradients


def gradients_of(
    loss: Tensor, tensors: Sequence[Tensor], *, among: int | None = None, together: bool = True
) -> list[Tensor]:
    """Gradients of `loss`, averaged over processes; no `.grad` is written.

    A tensor that this batch did not involve (an expert that was not chosen, a layer that was
    dropped) has a gradient of zero, so that all processes exchange the same tensors.

    Args:
        loss: a scalar.
        tensors: what to differentiate by.
        among: return the first so many only, and keep the graph; the rest is computed for nothing.
        together: average over processes, all of which call this at the same time.

    Raises:
        InputError: the network uses gradient checkpointing of the old kind.
    """
    try:
        found = torch.autograd.grad(
            loss, tensors, retain_graph=among is not None, allow_unused=True, materialize_grads=True
        )
    except RuntimeError as error:
        if "use_reentrant" not in str(error):
            raise
        raise InputError(
            "Expected gradient checkpointing that gives the gradients of chosen parameters, but "
            "got use_reentrant=True; set use_reentrant=False"
        ) from error
    return average_gradients(found[:among]) if together else list(found[:among])
