"""Progress bars on the terminal: shown where a person watches, silent elsewhere."""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def wanted(progress: bool | None) -> bool:
    """Whether to draw: as asked, or where standard error is a terminal."""
    return sys.stderr.isatty() if progress is None else progress


def track(
    items: Iterable[T], label: str, *, total: int | None = None, progress: bool | None = None
) -> Iterator[T]:
    """Yield the items, drawing a bar on standard error that vanishes at the end."""
    if not wanted(progress):
        yield from items
        return
    from rich.console import Console
    from rich.progress import track as rich_track

    yield from rich_track(items, label, total=total, console=Console(stderr=True), transient=True)
