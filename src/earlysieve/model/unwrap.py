"""Find the user's own network inside wrappers, and run it so that its hooks fire."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import nn

from earlysieve._names import no_such_layer

_COMPILED_ATTRIBUTE = "_orig_mod"
_PARALLEL = ("DataParallel", "DistributedDataParallel")


def unwrap(model: nn.Module) -> nn.Module:
    """The network inside torch.compile, DataParallel and DistributedDataParallel wrappers."""
    while True:
        inner = getattr(model, _COMPILED_ATTRIBUTE, None)
        if inner is None and type(model).__name__ in _PARALLEL:
            inner = getattr(model, "module", None)
        if not isinstance(inner, nn.Module):
            return model
        model = inner


def is_distributed(model: nn.Module) -> bool:
    """Whether the model is wrapped in DistributedDataParallel, which synchronises gradients."""
    inner = getattr(model, _COMPILED_ATTRIBUTE, model)
    return type(inner).__name__ == "DistributedDataParallel"


def clean_name(name: str) -> str:
    """A layer's name without the parts that torch.compile adds to inner modules."""
    return ".".join(part for part in name.split(".") if part != _COMPILED_ATTRIBUTE)


def named_layers(model: nn.Module) -> dict[str, nn.Module]:
    """Every module of the unwrapped model but itself, by clean name.

    A module registered under two names appears under both.
    """
    found: dict[str, nn.Module] = {}
    for name, module in unwrap(model).named_modules(remove_duplicate=False):
        found.setdefault(clean_name(name), module)
    found.pop("", None)
    return found


def check_layers(model: nn.Module, names: Iterable[str]) -> None:
    """Raise LayerError, with near names, where the model has no such layer."""
    known = named_layers(model)
    for name in names:
        if name not in known:
            raise no_such_layer(name, known)


def is_compiled(model: nn.Module) -> bool:
    """Whether any part of the model would run as compiled code, in which hooks do not fire."""
    return any(
        getattr(module, "_compiled_call_impl", None) is not None
        or getattr(module, _COMPILED_ATTRIBUTE, None) is not None
        for module in model.modules()
    )


@contextmanager
def eager(model: nn.Module) -> Iterator[None]:
    """Run compiled parts of `model` as plain Python within the block."""
    if not is_compiled(model):
        yield
        return
    with torch.compiler.set_stance("force_eager"):
        yield


def needs_full_pass(model: nn.Module) -> bool:
    """Whether breaking off a forward pass would skip work that a wrapper does at its end.

    Sharding, weight offloading and gradient checkpointing keep state between the beginning and
    the end of a module's call.
    """
    return is_dispatched(model) or any(
        module.training and getattr(module, "gradient_checkpointing", False) is True
        for module in model.modules()
    )


def is_dispatched(model: nn.Module) -> bool:
    """Whether sharding (FSDP) or offloading (accelerate) decides where parts of the model are."""
    return any(
        hasattr(module, "_fsdp_state")
        or type(module).__name__.startswith(("FSDP", "FullyShardedDataParallel"))
        or hasattr(module, "_hf_hook")
        for module in model.modules()
    )
