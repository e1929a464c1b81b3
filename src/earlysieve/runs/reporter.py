"""How a run says what it does, without knowing who listens."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from earlysieve.training import Event


def _ignore(_: str) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class Reporter:
    """What a run calls on its way.

    Attributes:
        tell: takes a line for people.
        on_event: takes each event of training; None: nobody listens.
        progress: whether to draw progress on standard error; None: where it is a terminal.
        trackers: who gets the figures of each run, "NAME" or "NAME:PLACE"; see `tracking`.
        title: what trackers call the run; empty: as its folder.
    """

    tell: Callable[[str], None] = _ignore
    on_event: "Callable[[Event], None] | None" = None
    progress: bool | None = False
    trackers: tuple[str, ...] = ()
    title: str = ""
