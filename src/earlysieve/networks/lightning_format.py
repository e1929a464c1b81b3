"""A checkpoint of Lightning with the weights of the network in it replaced."""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earlysieve.training.archive import save_weights

if TYPE_CHECKING:
    from torch import nn

CKPT = "model.ckpt"
_VERSION, _WEIGHTS, _MARK = "pytorch-lightning_version", "state_dict", "earlysieve"
# What belongs to the training that is over, and to the weights of before.
_LEFT_OUT = ("optimizer_states", "lr_schedulers", "loops", "callbacks")


def write_lightning(model: "nn.Module", file: Path, checkpoint: Path | None) -> Path | None:
    """Write the checkpoint of a `LightningModule` again with these weights of its network.

    Its settings, counters and other weights stay; optimisers, schedules and callbacks are left out.

    Args:
        model: the network that is an attribute of the module.
        file: where to; one that is not ours is never replaced.
        checkpoint: that the first weights came from; None: there was none.

    Returns:
        The file; None where it is no checkpoint of Lightning, holds what is not plain, or does not
        hold all weights of the network behind one name alone.
    """
    content = {} if checkpoint is None else _plain(checkpoint)
    if file.exists() and _MARK not in _plain(file):
        return None
    file.unlink(missing_ok=True)
    weights = content.get(_WEIGHTS)
    if _VERSION not in content or not isinstance(weights, Mapping):
        return None
    state = {name: value.detach().cpu() for name, value in model.state_dict().items()}
    prefixes = _prefixes(state, weights)
    if len(prefixes) != 1:
        return None
    again = {prefixes[0] + name: value for name, value in state.items()}
    kept = {name: value for name, value in content.items() if name not in _LEFT_OUT}
    save_weights(file, {**kept, _WEIGHTS: {**weights, **again}, _MARK: "model.pt"})
    return file


def _plain(file: Path) -> dict[str, Any]:
    """What a file of PyTorch holds, if that is plain values and tensors alone; else nothing."""
    import torch

    try:
        found = torch.load(file, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, ValueError, EOFError, pickle.UnpicklingError):
        return {}
    return found if isinstance(found, dict) else {}


def _prefixes(state: Mapping[str, Any], weights: Mapping[str, Any]) -> list[str]:
    """All names behind which the file has every weight of the network, of the same shape."""
    first = next(iter(state), "")
    starts = {name.removesuffix(first) for name in weights if name.endswith(first)}
    return sorted(
        start
        for start in starts
        if all(
            getattr(weights.get(start + name), "shape", None) == value.shape
            for name, value in state.items()
        )
    )
