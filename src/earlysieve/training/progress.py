"""A progress bar of training on standard error."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from earlysieve.training.events import Event


def format_logs(logs: Mapping[str, float]) -> str:
    """Figures on one line, such as "loss 0.693, accuracy 0.512, readout accuracy 0.250"."""
    first = [key for key in ("loss", "accuracy") if key in logs]
    keys = first + [key for key in logs if key not in first]
    return ", ".join(f"{key.replace('_', ' ')} {_figure(key, logs[key])}" for key in keys)


def is_count(key: str) -> bool:
    """Whether a figure is a number of examples."""
    return key.endswith("examples")


def _figure(key: str, value: float) -> str:
    return f"{value:,.0f}" if is_count(key) else f"{value:.3f}"


@contextmanager
def progress_bar(total: int, *, done: int = 0, epochs: int) -> Iterator[Callable[[Event], None]]:
    """Show a bar of `total` steps; yields a function that takes each event of the run.

    The bar carries the figures of the last step; evaluations are written above it.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[figures]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("training", total=total, completed=done, figures="")

        def show(event: Event) -> None:
            if event.kind == "step":
                progress.update(
                    task,
                    completed=event.step,
                    description=f"epoch {event.epoch}/{epochs}",
                    figures=format_logs(event.logs),
                )
            elif event.kind == "evaluation":
                progress.console.print(
                    f"epoch {event.epoch}/{epochs}, validation: {format_logs(event.logs)}",
                    highlight=False,
                )

        yield show


def is_by_group(key: str) -> bool:
    """Whether a figure is that of one group; there may be too many of them to show."""
    return "/" in key
