"""Find out whether a network can take one example alone: batch normalisation often cannot."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from earlysieve.errors import InputError
from earlysieve.model.batch import Inputs, call_model, take
from earlysieve.model.capture import run_hooked
from earlysieve.model.state import looking_at, preserved_rng
from earlysieve.model.unwrap import named_layers


def check_single_example(model: nn.Module, inputs: Inputs) -> None:
    """Check that the model, in the modes that it is in, can take a batch of one example.

    Batch normalisation that uses the batch's own statistics (in training mode, or without running
    ones) needs two values for each channel: several positions, or several examples.

    Args:
        model: it is left as it was.
        inputs: one example or more, as the model takes them.

    Raises:
        InputError: a layer would get a single value.
    """
    uses_batch = {
        name: module
        for name, module in named_layers(model).items()
        if isinstance(module, _BatchNorm) and (module.training or module.running_mean is None)
    }
    if not uses_batch:
        return
    twice = take(inputs, torch.tensor([0, 0]))
    found: list[str] = []

    def look(name: str, _module: nn.Module, args: Any) -> None:
        values = args[0] if args else None
        if isinstance(values, Tensor) and values.ndim > 1 and values[:1, 0].numel() == 1:
            found.append(name)

    def forward(network: nn.Module) -> None:
        call_model(network, twice)

    def run() -> None:
        run_hooked(model, list(uses_batch), _nothing, forward, before=look)

    with preserved_rng():
        looking_at(run, model)
    if found:
        raise InputError(
            "Expected batches of two examples or more, since layer "
            f"'{found[0]}' ({type(uses_batch[found[0]]).__name__}) normalises by the statistics of "
            "the batch and gets one value per channel from each, but got a batch of one; choose "
            "another batch size, or leave one example out"
        )


def _nothing(_name: str, _module: nn.Module, _output: Any) -> None:
    pass
