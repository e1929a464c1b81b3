"""A short name for the weights of a model, to tell whether two are the same."""

import hashlib
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from earlysieve.model.unwrap import unwrap


def weights_fingerprint(model: nn.Module) -> str:
    """SHA-256 of every parameter and buffer, with names and shapes; 64 hexadecimal digits."""
    state = unwrap(model).state_dict()
    return tensors_fingerprint(
        (name, value) for name, value in state.items() if isinstance(value, Tensor)
    )


def tensors_fingerprint(parts: Iterable[tuple[str, Tensor]]) -> str:
    """SHA-256 of named tensors: names, kinds, shapes and bits."""
    digest = hashlib.sha256()
    for name, value in parts:
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
        flat = value.detach().cpu().contiguous().reshape(-1)
        digest.update(flat.view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
