"""Where the weights are in what a training script saved: under which key."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from torch import Tensor

from earlysieve.errors import CheckpointError
from earlysieve.training.stand_ins import StandIn

STATE_KEYS = ("state_dict", "model", "model_state_dict", "module", "net", "network")
# Averaged weights, as timm, torchvision and others call them.
EMA_KEYS = (
    "state_dict_ema",
    "model_ema",
    "ema_state_dict",
    "model_ema_state_dict",
    "ema_model",
    "ema",
)
# Whatever else is named as an average of weights: net_ema, ema_weights, swa.
_AVERAGED = re.compile(r"(^|_)(ema|swa|avg|averaged?)(_|$)", re.IGNORECASE)
_ARRAYS = ("_reconstruct", "ndarray")
_MOST_SHOWN = 12
_DEEPEST = 8


class Found(NamedTuple):
    """Weights by name.

    Attributes:
        state: the weights.
        key: under which keys, joined by points; "" where they are the whole content.
        averaged: where averaged weights (EMA) lie beside them; "" where there are none.
    """

    state: Mapping[str, Any]
    key: str
    averaged: str = ""


def find_state(content: Any, key: str | None, *, source: str) -> Found:
    """The weights in the content of a file.

    Without a key they are the whole content, or lie under the first of `STATE_KEYS` that is there,
    else under the first of `EMA_KEYS`, else under the only key that holds tensors by name.

    Args:
        content: what was read.
        key: one key, or several joined by points; None: looked for.
        source: the file, for messages.

    Raises:
        CheckpointError: there are none, several, or none under `key`; the keys are listed.
    """
    if key is not None:
        given = _under(content, key)
        found = None if given is None else _look(given, key)
        if found is None:
            raise _no_such_key(content, key, source)
        return found
    found = _look(content, "")
    if found is not None:
        return found
    several = [name for name, value in _items(content) if _is_state(value)]
    if several:
        raise CheckpointError(
            f"Expected {source} to hold the weights of one model, but its keys {_listed(several)} "
            "all hold some; name the checkpoint key of this model"
        )
    what = (
        f"the keys {_listed(list(map(str, content)), '')}"
        if isinstance(content, Mapping)
        else type(content).__name__
    )
    if _holds_arrays(content):
        raise CheckpointError(
            f"Expected {source} to hold tensors by name, but got arrays of NumPy under {what}; "
            "save them as tensors (torch.from_numpy)"
        )
    raise CheckpointError(
        f"Expected {source} to hold the weights of a model, by name or under 'state_dict' or "
        f"'model', but got {what}; save model.state_dict()"
    )


def _holds_arrays(content: Any) -> bool:
    """Whether what was read in place of most values stands in for arrays."""
    if not isinstance(content, Mapping) or not content:
        return False
    arrays = [one for one in content.values() if type(one).__name__ in _ARRAYS]
    return 2 * len(arrays) > len(content) and all(isinstance(one, StandIn) for one in arrays)


def _look(content: Any, path: str) -> Found | None:
    """The weights in a part of the content that lies under `path`."""
    if path.count(".") >= _DEEPEST:  # a file may hold a mapping that holds itself
        return None
    names = dict(_items(content))
    first = next((name for name in STATE_KEYS if isinstance(names.get(name), Mapping)), None)
    averaged = None if _is_state(content) else _average(names, path)
    beside = "" if averaged is None else averaged.key
    if first is not None:
        found = _look(names[first], _join(path, first))
        if found is not None:
            return found._replace(averaged=found.averaged or beside)
    if _is_state(content):
        return Found(content, path)
    holding = [name for name, value in names.items() if _is_state(value)]
    plain = [name for name in holding if name not in EMA_KEYS and not _AVERAGED.search(name)]
    if averaged is not None and len(plain) != 1:
        return averaged if not plain else None
    if len(plain) == 1:
        return Found(names[plain[0]], _join(path, plain[0]), beside)
    return None


def _average(names: Mapping[str, Any], path: str) -> Found | None:
    """Averaged weights under one of these names, or within what lies under it; None: none."""
    likely = dict.fromkeys([*EMA_KEYS, *(name for name in names if _AVERAGED.search(name))])
    found = (
        _look(names[name], _join(path, name))
        for name in likely
        if isinstance(names.get(name), Mapping)
    )
    return next((one for one in found if one is not None), None)


def _is_state(content: Any) -> bool:
    """Whether it holds tensors by name, or a name that is none, which is told later."""
    return isinstance(content, Mapping) and any(
        isinstance(value, Tensor) and not isinstance(name, int) for name, value in content.items()
    )


def _items(content: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(content, Mapping):
        yield from ((name, value) for name, value in content.items() if isinstance(name, str))


def _under(content: Any, key: str) -> Any:
    """What lies under a key, which may itself have points; None if nothing does."""
    if not isinstance(content, Mapping):
        return None
    if key in content:
        return content[key]
    parts = key.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        inner = content.get(".".join(parts[:cut]))
        if inner is not None:
            return _under(inner, ".".join(parts[cut:]))
    return None


def _no_such_key(content: Any, key: str, source: str) -> CheckpointError:
    names = [name for name, _ in _items(content)]
    holding = [name for name, value in _items(content) if _look(value, name) is not None]
    shown = f"weights under {_listed(holding)}" if holding else f"the keys {_listed(names)}"
    return CheckpointError(
        f"Expected weights under the checkpoint key '{key}' in {source}, but it has {shown}; "
        "name one of them, or leave the key out"
    )


def _listed(names: list[str], quote: str = "'") -> str:
    more = len(names) - _MOST_SHOWN
    few = ", ".join(f"{quote}{name}{quote}" for name in names[:_MOST_SHOWN])
    return (few or "none") + (f" and {more} more" if more > 0 else "")


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
