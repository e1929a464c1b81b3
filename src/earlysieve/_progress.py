"""Progress bars on the terminal, shown where a person watches; durations for people."""

import sys
from collections.abc import Callable, Iterable, Iterator
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


def teller(progress: bool | None = None) -> Callable[[str], None]:
    """Takes lines for people: to standard error where bars are drawn, else nowhere."""
    if not wanted(progress):
        return lambda _: None
    return lambda line: print(line, file=sys.stderr, flush=True)  # noqa: T201 - as asked


def duration(seconds: float) -> str:
    """Seconds for people: "40 s", "12 min", "3.5 h"."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
