"""What a shell offers for the value of an option, where there is a list of names."""

from collections.abc import Callable, Iterable

import click

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
