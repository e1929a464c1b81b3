"""What a cell leaves besides its result: a log, and the time it took."""

import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from earlysieve._files import write_text
from earlysieve.networks.fit_check import pick_device

if TYPE_CHECKING:
    from earlysieve.runs.reporter import Reporter
    from earlysieve.training import Event

LOG_NAME, TIME_NAME = "log.txt", "seconds.json"


class Log:
    """Lines with their time, appended to a file of the cell."""

    def __init__(self, folder: Path, name: str = LOG_NAME) -> None:
        self.path = folder / name

    def __call__(self, text: str) -> None:
        """Append a line."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(f"{now} {' '.join(text.split())}\n")


class Clock:
    """Seconds spent on a cell; what was kept of an interrupted attempt counts, what was lost not.

    Args:
        folder: of the cell.
        device: where its networks run, as a configuration names it.
    """

    def __init__(self, folder: Path, device: str | None = None) -> None:
        self._path = folder / TIME_NAME
        before = self._read()
        self._before, self._used_before = before.get("seconds", 0.0), before.get("processor", 0.0)
        self._start, self._used = time.monotonic(), _processor()
        self._on_processors = pick_device(device).type == "cpu"

    @property
    def seconds(self) -> float:
        """So far, by the clock."""
        return self._before + time.monotonic() - self._start

    @property
    def processor(self) -> float | None:
        """Seconds of processors so far; None where another device does the work.

        Other programs beside this one do not count.
        """
        if not self._on_processors:
            return None
        return self._used_before + _processor() - self._used

    def keep(self) -> None:
        """Write it down, where a checkpoint has just been written."""
        kept = {"seconds": self.seconds, "processor": self.processor or 0.0}
        write_text(self._path, json.dumps(kept) + "\n")

    def _read(self) -> dict[str, float]:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            return {str(name): float(value) for name, value in found.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}


def _processor() -> float:
    """Seconds of processors that this process and its children that are over have used."""
    return sum(os.times()[:4])


def logging(reporter: "Reporter", log: Log, on_event: "Callable[[Event], None]") -> "Reporter":
    """A reporter that writes into a log, and hands events on."""

    def tell(text: str) -> None:
        log(text)

    def hear(event: "Event") -> None:
        if event.kind != "step":
            said = ", ".join(f"{name} {value:.4g}" for name, value in event.logs.items())
            log(f"epoch {event.epoch}, {event.kind}: {said}")
        on_event(event)

    return replace(reporter, tell=tell, on_event=hear, progress=False)
