"""Inputs in the precision of the model that takes them, and values in no less than single."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn

Inputs = Tensor | tuple[Tensor, ...] | Mapping[str, Any]


def match_precision(model: nn.Module, inputs: Inputs) -> Inputs:
    """Cast floating-point inputs to the type of the model's first floating-point parameter."""
    wanted = next((p.dtype for p in model.parameters() if p.is_floating_point()), None)
    if wanted is None:
        return inputs
    if isinstance(inputs, Tensor):
        return _cast(inputs, wanted)
    if isinstance(inputs, tuple):
        return tuple(_cast(value, wanted) for value in inputs)
    return {k: _cast(v, wanted) if isinstance(v, Tensor) else v for k, v in inputs.items()}


def exact_device(device: torch.device | str) -> torch.device:
    """The device itself, or the CPU where it has no float64, as Apple's MPS."""
    try:
        torch.zeros(1, dtype=torch.float64, device=device)
    except (TypeError, RuntimeError):
        return torch.device("cpu")
    return torch.device(device)


def full_precision(device: torch.device | str) -> AbstractContextManager[Any]:
    """A block without mixed precision on a device, also where the caller has it on."""
    kind = torch.device(device).type
    available = torch.amp.is_autocast_available(kind)
    return torch.autocast(kind, enabled=False) if available else nullcontext()


def at_least_single(values: Tensor) -> Tensor:
    """Half-precision values in single precision; others as they are."""
    return values.float() if values.dtype in (torch.bfloat16, torch.float16) else values


def _cast(value: Tensor, wanted: torch.dtype) -> Tensor:
    return value.to(wanted) if value.is_floating_point() else value


def pooling_device(device: torch.device) -> torch.device:
    """Where to pool to sizes that do not divide the map: not on MPS, which cannot."""
    return torch.device("cpu") if device.type == "mps" else device


def computes_in_bfloat16(device: torch.device) -> bool:
    """Whether a processor has instructions for bfloat16: without them it takes many times as long.

    Only processors (device type "cpu") are asked; False for any other device, and where the
    library that computes convolutions cannot say.
    """
    if device.type != "cpu":
        return False
    try:
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    except (AttributeError, RuntimeError):  # a build of PyTorch without that library
        return False
