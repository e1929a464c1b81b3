"""A device without float64, as Apple's MPS, for machines that have no such device.

Tensors "on" it are wrappers of tensors on the CPU. What a real device refuses is refused: float64,
and operations between its tensors and those of the CPU. It goes by the name of "meta", since torch
asks for a driver behind every other name.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only

DEVICE = torch.device("meta")
# Indices and sources of copies may be on the CPU.
_CROSSING = ("_to_copy", "copy_", "index", "index_put_", "index_put", "_index_put_impl_")


class Elsewhere(Tensor):
    """A tensor on the device."""

    inner: Tensor

    @staticmethod
    def __new__(cls, inner: Tensor) -> "Elsewhere":
        if inner.dtype is torch.float64:
            raise TypeError("Cannot convert a MPS Tensor to float64 dtype")
        made = torch.Tensor._make_wrapper_subclass(
            cls,
            inner.shape,
            strides=inner.stride(),
            storage_offset=inner.storage_offset(),
            dtype=inner.dtype,
            device=DEVICE,
        )
        made.inner = inner
        return made

    @classmethod
    def __torch_dispatch__(cls, func: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _run(func, args, dict(kwargs or {}))


class _Mode(TorchDispatchMode):
    def __torch_dispatch__(self, func: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _run(func, args, dict(kwargs or {}))


@contextmanager
def device_without_double() -> Iterator[torch.device]:
    """The device exists within the block."""
    with _Mode():
        yield DEVICE


def _run(func: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    name = func._schema.name.split("::")[1]  # type: ignore[attr-defined]
    tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
    here = any(isinstance(tensor, Elsewhere) for tensor in tensors)
    stray = any(not isinstance(tensor, Elsewhere) and tensor.ndim > 0 for tensor in tensors)
    if here and stray and name not in _CROSSING:
        raise RuntimeError(f"Expected all tensors of {name} to be on the same device")
    if name == "copy_":
        here = isinstance(args[0], Elsewhere)
    wanted = kwargs.get("device")
    if wanted is not None:
        here = torch.device(wanted).type == DEVICE.type
        kwargs["device"] = torch.device("cpu")
    inner_args, inner_kwargs = tree_map_only(Elsewhere, lambda t: t.inner, (args, kwargs))
    found = func(*inner_args, **inner_kwargs)
    if name == "_to_copy" and found is inner_args[0]:
        found = found.clone()
    if name.endswith("_") and not name.startswith("_"):
        return args[0]
    return tree_map_only(Tensor, Elsewhere, found) if here else found
