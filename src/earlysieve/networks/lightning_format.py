"""A checkpoint of Lightning with the weights of the network in it replaced."""

import argparse
import pathlib
import pickle
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earlysieve.errors import CheckpointError
from earlysieve.training.archive import read_weights, save_weights
from earlysieve.training.match_weights import AVERAGED

if TYPE_CHECKING:
    from torch import nn

CKPT = "model.ckpt"
_VERSION, _WEIGHTS, _MARK = "pytorch-lightning_version", "state_dict", "earlysieve"
# What belongs to the training that is over, and to the weights of before.
_LEFT_OUT = ("optimizer_states", "lr_schedulers", "loops", "callbacks")
# Settings that are kept, and whose making does nothing: what else a file names is refused.
_KEPT = (argparse.Namespace, pathlib.PosixPath, pathlib.WindowsPath, pathlib.PurePosixPath)
_MOST_NAMED = 3


def write_lightning(
    model: "nn.Module",
    file: Path,
    checkpoint: Path | None,
    *,
    prefix: str | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Path | None:
    """Write the checkpoint of a `LightningModule` again with these weights of its network.

    Its settings, counters and other weights stay; optimisers, schedules and callbacks are left out.
    Running averages of the network's weights become these weights, too, so that the module answers
    the same by either.

    Args:
        model: the network that is an attribute of the module.
        file: where to; one that is not ours is never replaced.
        checkpoint: that the first weights came from; None: there was none.
        prefix: behind which these were, where it was named.
        tell: takes a sentence where averages were replaced, or a checkpoint of Lightning is not
            written again.

    Returns:
        The file; None where it is no checkpoint of Lightning, holds more than plain settings, or
        nothing says which of its weights are those of the network.
    """
    content = {} if checkpoint is None else _plain(checkpoint)
    if file.exists() and _MARK not in _plain(file):
        if _VERSION in content:
            tell(f"No {CKPT} was written: one that is not of an earlier run is there.")
        return None
    file.unlink(missing_ok=True)
    if checkpoint is not None and not content and _is_lightning(checkpoint):
        tell(f"No {CKPT} was written: '{checkpoint}' holds {_not_plain(checkpoint)}.")
    weights = content.get(_WEIGHTS)
    if _VERSION not in content or not isinstance(weights, Mapping):
        return None
    state = {name: value.detach().cpu() for name, value in model.state_dict().items()}
    prefixes = _prefixes(state, weights)
    places = _places(prefixes, prefix)
    if not places:
        tell(f"No {CKPT} was written: {_nowhere(prefixes, str(checkpoint))}.")
        return None
    again = {place + name: value for place in places for name, value in state.items()}
    kept = {name: value for name, value in content.items() if name not in _LEFT_OUT}
    save_weights(file, {**kept, _WEIGHTS: {**weights, **again}, _MARK: "model.pt"})
    if len(places) > 1:
        others = ", ".join(f"'{place}'" for place in places[1:])
        tell(f"{CKPT} holds the new weights under '{places[0]}', and under {others}, too.")
    return file


def _places(prefixes: Sequence[str], asked: str | None) -> list[str]:
    """Under which names the network is written; none where nothing says which it is.

    The first is its own; then come averages of it, or what it was an average of.
    """
    plain = [start for start in prefixes if not AVERAGED.search(start)]
    averages = [start for start in prefixes if start not in plain]
    chosen = None if asked is None else asked.rstrip(".") + "." * bool(asked)
    if chosen is None and (len(plain) == 1 or "" in plain):
        chosen = "" if "" in plain else plain[0]
    elif chosen is None and not plain and len(averages) == 1:
        chosen = averages[0]
    if chosen is None or chosen not in prefixes:
        return []
    of_it = plain if chosen in averages and len(plain) == 1 else []
    return list(dict.fromkeys([chosen, *of_it, *averages]))


def _nowhere(prefixes: Sequence[str], source: str) -> str:
    if not prefixes:
        return f"'{source}' does not hold all weights of the network in these shapes"
    named = " and ".join(f"'{start}'" for start in prefixes[:_MOST_NAMED])
    return f"'{source}' holds the network under {named}; name one as the checkpoint prefix"


def _plain(file: Path) -> dict[str, Any]:
    """What a file of PyTorch holds, if that is plain settings and tensors alone; else nothing."""
    import torch

    try:
        with torch.serialization.safe_globals([*_KEPT]):
            found = torch.load(file, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, ValueError, EOFError, pickle.UnpicklingError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_lightning(file: Path) -> bool:
    if file.is_dir() or file.suffix == ".safetensors":
        return False
    try:
        found = read_weights(file)
    except CheckpointError:
        return False
    return isinstance(found, Mapping) and _VERSION in found


def _not_plain(file: Path) -> str:
    """What a file names that is no plain setting, in words."""
    import torch

    known = {f"{one.__module__}.{one.__qualname__}" for one in _KEPT}
    named = sorted(set(torch.serialization.get_unsafe_globals_in_checkpoint(file)) - known)
    listed = ", ".join(named[:_MOST_NAMED])
    return f"settings that are no plain values{f' ({listed})' if listed else ''}"


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
