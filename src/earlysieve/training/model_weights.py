"""Load weights into a model, and say precisely why they do not fit it."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from earlysieve.datasets.checks import name_some
from earlysieve.errors import CheckpointError, one_line
from earlysieve.training.check_weights import check_keys
from earlysieve.training.find_weights import Found, find_state
from earlysieve.training.match_weights import Matched, match, plain_names, wrappers_in
from earlysieve.training.transformers_names import by_own_names
from earlysieve.training.weight_files import read_weight_files

_MOST_NAMED = 5


@dataclass(frozen=True)
class LoadedWeights:
    """What was found in a file of weights, and loaded.

    Attributes:
        key: under which keys of the file they lay, joined by points; "" if under none.
        prefix: what stood before the model's names; "" if nothing did.
        ignored: names that were left out: the model has none of them, and they lie elsewhere.
        notes: sentences that say what was chosen, where there was something to choose.
    """

    key: str
    prefix: str
    ignored: tuple[str, ...]
    notes: tuple[str, ...]


def load_weights(
    model: nn.Module,
    path: str | os.PathLike[str],
    *,
    key: str | None = None,
    prefix: str | None = None,
) -> LoadedWeights:
    """Load somebody's file of weights into `model`, all or nothing.

    The file is one of torch.save or safetensors, an index of several, or a folder of
    `save_pretrained`. It holds a state_dict, alone or under a key, as Lightning, timm and the
    checkpoints of this package do. What stands before all of the model's names, such as "module.",
    "_orig_mod." or "model.", is found by itself; what lies outside it, such as the weights of a
    loss, is left out. Nothing that a file names is ever imported or run.

    Args:
        model: what gets the weights.
        path: of the file or folder.
        key: under which key they lie, or several joined by points; None: looked for. Averaged
            weights (EMA) are taken only if they are named, or there are no others.
        prefix: what stands before the model's names; None: looked for; "": nothing.

    Returns:
        What was chosen.

    Raises:
        CheckpointError: the file is missing, damaged or unsafe, or belongs to another model; the
            message names the first key that does not match. The model is then unchanged.
        MissingDependencyError: a .safetensors file without the package safetensors.

    Example:
        >>> import tempfile
        >>> import torch
        >>> import earlysieve as es
        >>> net = torch.nn.Linear(4, 2)
        >>> weights = {f"model.{name}": value for name, value in net.state_dict().items()}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     torch.save({"state_dict": weights}, f"{folder}/last.ckpt")
        ...     es.load_weights(net, f"{folder}/last.ckpt").prefix
        'model.'
    """
    source = f"'{path}'"
    names, own = _own(model)
    content = read_weight_files(path)
    found, matched = _in_file(own, content, key, prefix, source=source)
    more, of_buffers = _buffers(model, names, own, matched, content, found.key, source)
    matched.state.update(more)
    inside = f"{source} under '{matched.prefix}'" if matched.prefix else source
    state = _renamed(model, own, matched.state, source)
    _load_plain(model, names, own, state, source=inside)
    notes = [*_notes(found, matched, source), *([of_buffers] if of_buffers else [])]
    return LoadedWeights(found.key, matched.prefix, tuple(matched.ignored), tuple(notes))


def read_state(model: nn.Module, path: str | os.PathLike[str]) -> dict[str, Any]:
    """What a file of weights holds for a model, by the model's names; shapes may differ.

    Raises:
        CheckpointError, MissingDependencyError: see `load_weights`.
    """
    _, own = _own(model)
    return dict(_in_file(own, read_weight_files(path), None, None, source=f"'{path}'")[1].state)


def _in_file(
    own: Mapping[str, Any],
    content: Any,
    key: str | None,
    prefix: str | None,
    *,
    source: str,
) -> tuple[Found, Matched]:
    found = find_state(content, key, source=source)
    return found, match(own, found.state, prefix, source=source)


def _buffers(
    model: nn.Module,
    names: Mapping[str, str],
    own: Mapping[str, Any],
    matched: Matched,
    content: Any,
    key: str,
    source: str,
) -> tuple[dict[str, Any], str]:
    """Buffers that averaged weights lack, of the weights beside them, and a sentence on these.

    Some averages are of parameters alone: what evaluates with these leaves running statistics in
    the model as training left them.
    """
    missing = [name for name in own if name not in matched.state]
    buffers = {name for name, _ in model.named_buffers(remove_duplicate=False)}
    if not missing or not key or not {names[name] for name in missing} <= buffers:
        return {}, ""
    try:
        found, beside = _in_file(own, content, None, None, source=source)
    except CheckpointError:
        return {}, ""
    if found.key == key or not set(missing) <= beside.state.keys():
        return {}, ""
    told = (
        f"What '{key}' lacks was taken from '{found.key}' beside it: "
        f"{name_some(missing, _MOST_NAMED)}."
    )
    return {name: beside.state[name] for name in missing}, told


def load_state(model: nn.Module, state: Mapping[str, Any], *, source: str) -> None:
    """Load a state_dict into `model`, all or nothing, whatever wrappers either of them is in.

    Raises:
        CheckpointError: a key is missing or unexpected, or a shape or kind of number differs; the
            first is named.
    """
    given = dict(zip(plain_names(state, source), state.values(), strict=True))
    _load_plain(model, *_own(model), given, source=source)


def _own(model: nn.Module) -> tuple[dict[str, str], dict[str, Any]]:
    """The model's names and values, by its names without wrappers."""
    own = model.state_dict()
    names = dict(zip(plain_names(own, "the model"), own, strict=True))
    return names, {plain: own[name] for plain, name in names.items()}


def _renamed(
    model: nn.Module, own: Mapping[str, Any], state: Mapping[str, Any], source: str
) -> Mapping[str, Any]:
    """Weights by the model's names, where transformers writes others into files."""
    renamed = None if state.keys() == own.keys() else by_own_names(model, state)
    if renamed is None:
        return state
    return dict(zip(plain_names(renamed, source), renamed.values(), strict=True))


def _load_plain(
    model: nn.Module,
    names: Mapping[str, str],
    own: Mapping[str, Any],
    given: Mapping[str, Any],
    *,
    source: str,
) -> None:
    check_keys(own, given, source=source)
    with all_or_nothing(model):
        try:
            model.load_state_dict({name: given[plain] for plain, name in names.items()})
        except Exception as error:  # of a module's own way to load
            raise CheckpointError(
                f"Expected weights that the model takes, but it failed to load those of {source}: "
                f"{one_line(error)}; choose the checkpoint of this model"
            ) from error


def _notes(found: Found, matched: Matched, source: str) -> Iterator[str]:
    """What was chosen of a file, in sentences."""
    removed = [part for part in (matched.prefix, *wrappers_in(found.state)) if part]
    where = f" under the key '{found.key}'" if found.key else ""
    start = f" without the prefix {_quoted(removed)}" if removed else ""
    if where or start:
        yield f"The weights of {source} were taken{where}{start}."
    if found.averaged:
        yield (
            f"It also holds averaged weights (EMA): name the checkpoint key '{found.averaged}' to "
            "take these."
        )
    if matched.others:
        yield (
            f"It also holds weights of the whole model under {_quoted(matched.others)}: name one "
            "as the checkpoint prefix to take these."
        )
    rest = [name for name in matched.ignored if not name.startswith(tuple(matched.others) or "\0")]
    if rest:
        more = len(rest) - _MOST_NAMED
        shown = _quoted(rest[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
        yield f"Left out of {source}, since the model has no such weights: {shown}."


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


@contextmanager
def all_or_nothing(model: nn.Module) -> Iterator[None]:
    """Give a model its parameters and buffers back if the block fails."""
    before = [
        (value, value.detach().to("cpu", copy=True))
        for value in (*model.parameters(), *model.buffers())
    ]
    try:
        yield
    except BaseException:
        with torch.no_grad():
            for value, copy in before:
                value.copy_(copy)
        raise
