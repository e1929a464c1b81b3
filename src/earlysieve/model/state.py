"""Look at a model or draw random numbers without leaving a trace."""

import random
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import TypeVar

import numpy as np
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from earlysieve.errors import InputError
from earlysieve.model.generators import accelerator_states, set_accelerator_states
from earlysieve.model.undoing import undone

T = TypeVar("T")


def device_of(model: nn.Module) -> torch.device:
    """The device of the model's first parameter, else of its first buffer, else the CPU."""
    first = next(chain(model.parameters(), model.buffers()), None)
    return torch.device("cpu") if first is None else first.device


def usable_device(device: torch.device | str) -> torch.device:
    """The device, if this machine can compute on it.

    Raises:
        InputError: it cannot, or it is "meta", which holds no numbers.
    """
    try:
        found = torch.device(device)
        torch.empty(0, device=found)
    except (RuntimeError, AssertionError) as error:
        raise InputError(
            f"Expected a device of this machine, but got '{device}'; use cpu, or install torch for "
            "it"
        ) from error
    if found.type == "meta":
        raise InputError(
            "Expected a device that holds numbers, but got 'meta'; load the model's weights first, "
            "as with model.to_empty(device='cpu') and load_state_dict"
        )
    return found


@contextmanager
def evaluating(*models: nn.Module) -> Iterator[None]:
    """Put models into evaluation mode; afterwards every module has the mode it had.

    Modes are kept per module, since a user may have frozen some BatchNorm layers by hand.
    """
    restore = modes_of(*models)
    try:
        try:
            for model in models:
                model.eval()
            yield
        finally:
            restore()
    finally:
        restore()  # once more, where an interrupt cut the first time short


def looking_at(run: Callable[[], T], *models: nn.Module) -> T:
    """`run()` with models in evaluation mode and without gradients, all of it undone afterwards.

    Unlike `evaluating`, it leaves no mode changed wherever Ctrl-C falls; see `undone`.
    """
    restore, grad = modes_of(*models), torch.is_grad_enabled()

    def look() -> T:
        torch.set_grad_enabled(False)
        for model in models:
            model.eval()
        return run()

    def undo() -> None:
        restore()
        torch.set_grad_enabled(grad)

    return undone(look, undo)


def modes_of(*models: nn.Module) -> Callable[[], None]:
    """A function that gives every module the mode, training or evaluation, that it has now."""
    modes = [(module, module.training) for model in models for module in model.modules()]

    def restore() -> None:
        for module, mode in modes:
            module.training = mode

    return restore


def train_as(copied: nn.Module, original: nn.Module, training: bool) -> None:
    """Put a copy of a network into training mode, or out of it, module by module as the original.

    Args:
        copied: whose modes are set.
        original: that it was copied from; one that is in evaluation mode as a whole says nothing.
        training: whether training goes on.
    """
    copied.train(training)
    if training and original.training:
        for mine, theirs in zip(copied.modules(), original.modules(), strict=True):
            mine.training = theirs.training


def warn_if_evaluating(model: nn.Module) -> None:
    """Warn the caller of a training step whose model is in evaluation mode, if that changes it."""
    if model.training or any(module.training for module in model.modules()):
        return
    if any(isinstance(module, _BatchNorm | _DropoutNd) for module in model.modules()):
        warnings.warn(
            "The model learns in evaluation mode: dropout is off and BatchNorm statistics stay as "
            "they are; call model.train() before the first step",
            UserWarning,
            stacklevel=3,
        )


@contextmanager
def preserved_rng() -> Iterator[None]:
    """Restore the random states of torch (CPU, CUDA, XPU, MPS), NumPy and Python afterwards.

    Devices that this process has not started stay unstarted; see `generators`.
    """
    python_state, numpy_state = random.getstate(), np.random.get_state()
    torch_state, accelerators = torch.get_rng_state(), accelerator_states()
    try:
        yield
    finally:
        torch.set_rng_state(torch_state)
        set_accelerator_states(accelerators)
        np.random.set_state(numpy_state)
        random.setstate(python_state)
