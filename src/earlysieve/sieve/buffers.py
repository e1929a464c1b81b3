"""Passes in training mode that leave BatchNorm statistics and all other buffers as they were."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from earlysieve.model.unwrap import unwrap


@contextmanager
def kept_buffers(model: nn.Module) -> Iterator[None]:
    """Restore every buffer of `model`, bit for bit, afterwards."""
    buffers = [(buffer, buffer.clone()) for buffer in unwrap(model).buffers()]
    try:
        yield
    finally:
        with torch.no_grad():
            for buffer, kept in buffers:
                buffer.copy_(kept)
