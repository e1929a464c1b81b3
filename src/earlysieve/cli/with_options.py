"""Several options, added to a command in the order in which its help lists them."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def with_options(command: F, options: Iterable[Callable[[F], F]]) -> F:
    """The command with these options, the first of them listed first."""
    for option in reversed(list(options)):
        command = option(command)
    return command
