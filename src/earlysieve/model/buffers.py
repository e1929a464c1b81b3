"""Passes in training mode that leave BatchNorm statistics and all other buffers as they were."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from earlysieve.model.unwrap import unwrap


@contextmanager
def kept_buffers(*models: nn.Module) -> Iterator[None]:
    """Restore every buffer of `models`, bit for bit, afterwards.

    Buffers that a forward pass replaces by new tensors, instead of writing into them, are put back
    as well; copies are kept until the block ends, so take gradients inside it.
    """
    holders = [module._buffers for model in models for module in unwrap(model).modules()]
    kept = [
        (buffers, name, buffer, None if buffer is None else buffer.clone())
        for buffers in holders
        for name, buffer in buffers.items()
    ]
    try:
        yield
    finally:
        with torch.no_grad():
            for buffers, name, buffer, copy in kept:
                buffers[name] = buffer
                if buffer is not None and copy is not None:
                    buffer.copy_(copy)
