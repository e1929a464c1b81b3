"""What a tracker is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True)
class Tracking:
    """What a tracker is opened for.

    Attributes:
        place: a folder or address, as given; None: none was.
        folder: of the run.
        config: of the run, as plain values.
        title: what the run is called; empty: as its folder.
    """

    place: str | None
    folder: Path
    config: Mapping[str, Any]
    title: str = ""

    @property
    def name(self) -> str:
        """What the run is called."""
        return self.title or self.folder.absolute().name

    @property
    def file_name(self) -> str:
        """The same, as a name that a file can have."""
        return re.sub(r"[^\w.@+-]+", "-", self.name).strip("-.") or "run"


class Tracker(Protocol):
    """Takes figures of one run."""

    def log(self, figures: Mapping[str, float], step: int) -> None:
        """Take figures by name, such as "train/loss", after so many steps."""

    def close(self) -> None:
        """Write what is left; called once."""


def flat(config: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """A configuration without nesting: {"a": {"b": 1}} is {"a.b": 1}; what is None is left out."""
    found: dict[str, Any] = {}
    for key, value in config.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{above}{key}.")
        elif value is not None:
            found[f"{above}{key}"] = value
    return found
