"""What a shell offers for the value of an option, where there is a list of names."""

from collections.abc import Callable, Iterable
from typing import Any

import click
from click.shell_completion import CompletionItem

Complete = Callable[[click.Context, click.Parameter, str], list[str]]


def among(names: Callable[[], Iterable[str]], *, listed: bool = False) -> Complete:
    """Offer names that begin as what was typed.

    Args:
        names: called when a shell asks, so that help imports nothing for it.
        listed: whether a value is names parted by commas, of which the last is completed.
    """

    def complete(_context: click.Context, _option: click.Parameter, typed: str) -> list[str]:
        before, comma, begun = typed.rpartition(",") if listed else ("", "", typed)
        taken = before.split(",")
        return [
            f"{before}{comma}{name}"
            for name in names()
            if name.startswith(begun) and name not in taken
        ]

    return complete


def verdicts() -> list[str]:
    """The verdicts, as `--fail-on` takes them."""
    from earlysieve.auditing.gate import VERDICTS

    return [verdict.replace(" ", "-") for verdict in VERDICTS]


def methods() -> list[str]:
    """The names of the ways to train."""
    from earlysieve.methods.registry import method_names

    return method_names()


def trackers() -> list[str]:
    """The names of what `--log-to` sends figures to."""
    from earlysieve.tracking.named import TRACKERS

    return list(TRACKERS)


def sources() -> list[str]:
    """The names of the sources of data."""
    from earlysieve.datasets.registry import source_names

    return source_names()


def source_starts() -> list[str]:
    """How `--data` begins: a name, with a colon where something has to follow it."""
    from earlysieve.datasets.registry import FUNCTION, source_forms

    named = [form for form in source_forms() if form != FUNCTION]
    return [
        form.partition("[")[0].partition(":")[0] + ":" * (":" in form and "[" not in form)
        for form in named
    ]


def model_starts() -> list[str]:
    """How `--model` begins, by family; our own builders in full."""
    from earlysieve import networks

    ours = [name for name in networks.__all__ if name[:5] in ("small", "Small")]
    return ["torchvision:", "timm:", "hf:", "hf-hub:", *(f"{networks.__name__}:{n}" for n in ours)]


def or_file(names: Callable[[], Iterable[str]]) -> Callable[..., list[CompletionItem]]:
    """Offer names, and files where none begins as what was typed."""

    def complete(_context: click.Context, _option: click.Parameter, typed: str) -> Any:
        found = [CompletionItem(name) for name in names() if name.startswith(typed)]
        return found or [CompletionItem(typed, type="file")]

    return complete
