"""What an output was computed from, read off the autograd graph."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn


@contextmanager
def tracking(parameters: Sequence[nn.Parameter]) -> Iterator[None]:
    """Let autograd see frozen parameters too, which may be unfrozen later."""
    frozen = [p for p in parameters if not p.requires_grad and p.is_floating_point()]
    try:
        for parameter in frozen:
            parameter.requires_grad = True
        with torch.enable_grad():
            yield
    finally:
        for parameter in frozen:
            parameter.requires_grad = False


def reached(tensor: Tensor, *, after: int = -1) -> set[int]:
    """Identities of the leaves that graph nodes with a number above `after` take directly."""
    found: set[int] = set()
    seen: set[Any] = set()
    waiting: list[Any] = [tensor.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            found.add(id(node.variable))
        elif number_of(node) > after:
            waiting.extend(following for following, _ in node.next_functions)
    return found


def number_of(node: Any) -> int:
    """The number of a graph node, in the order in which they ran."""
    return int(node._sequence_nr())
