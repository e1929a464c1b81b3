"""Move a model to another device for a while, and see whether it is on one that holds numbers."""

from collections.abc import Callable
from itertools import chain
from typing import TypeVar

import torch
from torch import nn

from earlysieve.errors import InputError
from earlysieve.model.state import device_of
from earlysieve.model.undoing import undone
from earlysieve.model.unwrap import is_dispatched

T = TypeVar("T")


def placement_of(model: nn.Module) -> Callable[[], None]:
    """A function that puts every parameter, gradient and buffer back into the memory it is in now.

    A model whose parts are on several devices gets back to all of them, and memory that parameters
    share stays shared.
    """
    modules = list(model.modules())
    parameters = [(m._parameters, n, p) for m in modules for n, p in m._parameters.items()]
    buffers = [(m._buffers, n, buffer) for m in modules for n, buffer in m._buffers.items()]
    known = {id(p): p for _, _, p in parameters if p is not None}
    memory = [(t, t.data) for p in known.values() for t in (p, p.grad) if t is not None]

    def restore() -> None:
        for tensor, data in memory:
            if tensor.device != data.device:
                tensor.data = data
        for own_parameters, name, parameter in parameters:
            own_parameters[name] = parameter
        for own_buffers, name, buffer in buffers:
            own_buffers[name] = buffer

    return restore


def on_device(model: nn.Module, device: torch.device, run: Callable[[], T]) -> T:
    """`run()` with the model on a device; then all of it is where it was, wherever Ctrl-C falls.

    A model whose first parameter is there already is not moved.

    Raises:
        InputError: something else decides where parts of the model are.
    """
    home = device_of(model)
    if home == device:
        return run()
    if is_dispatched(model):
        raise InputError(
            f"Expected a model that can be moved to '{device}', but this one is spread over "
            f"devices by accelerate or FSDP; leave the device out, or pass '{home}'"
        )

    def moved() -> T:
        model.to(device)
        return run()

    return undone(moved, placement_of(model))


def check_holds_numbers(model: nn.Module) -> None:
    """Check that no parameter or buffer is on the meta device, unless something loads it when due.

    Raises:
        InputError: one is.
    """
    if is_dispatched(model):
        return
    for name, tensor in chain(model.named_parameters(), model.named_buffers()):
        if tensor.is_meta:
            raise InputError(
                f"Expected a model that holds numbers, but '{name}' is on the device 'meta'; load "
                "the model's weights first, as with model.to_empty(device='cpu') and "
                "load_state_dict"
            )
