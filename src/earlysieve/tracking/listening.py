"""Listen to a run for its trackers; one that fails is left out, and never ends the run."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from earlysieve.errors import one_line
from earlysieve.tracking.named import check_trackers, open_tracker
from earlysieve.tracking.tracker import Tracker, Tracking
from earlysieve.training.events import Event

_PARTS = {"epoch": "train", "evaluation": "validation", "audit": "audit", "test": "test"}


@contextmanager
def tracked(
    specs: Sequence[str],
    config: Mapping[str, Any],
    folder: Path,
    tell: Callable[[str], None] = lambda _: None,
    *,
    title: str = "",
) -> Iterator[Callable[[Event], None]]:
    """Open trackers and yield what hears each event of `fit`; close them, however the run ends.

    Figures of an epoch are called "train/NAME", those of an evaluation "validation/NAME", those of
    an audit on the way "audit/NAME" and those on test data "test/NAME", at the steps done by then.

    Args:
        specs: names, each perhaps with a place: "tensorboard", "mlflow:DIR".
        config: of the run.
        folder: of the run.
        tell: takes the sentence about a tracker that failed, one for each.
        title: the name that trackers show; empty: that of the folder.

    Raises:
        InputError: there is no such tracker.
        MissingDependencyError: its package is not installed.
    """
    careful = Careful(tell)
    for spec in check_trackers(specs):
        name, _, place = spec.partition(":")
        careful.open(spec, name, Tracking(place or None, folder, config, title))
    try:
        yield careful.hear
    finally:
        careful.close()


class Careful:
    """Trackers of which each is dropped at its first error."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._open: dict[str, Tracker] = {}

    def open(self, spec: str, name: str, tracking: Tracking) -> None:
        """Open one."""
        try:
            self._open[name] = open_tracker(spec, tracking)
        except Exception as error:  # noqa: BLE001 - trackers and servers fail in their own ways
            self._failed(name, error)

    def hear(self, event: Event) -> None:
        """Pass the figures of an epoch or evaluation on."""
        part = _PARTS.get(event.kind)
        if part is None:
            return
        figures = {f"{part}/{key}": float(value) for key, value in event.logs.items()}
        for name, tracker in list(self._open.items()):
            try:
                tracker.log({**figures, "epoch": float(event.epoch)}, event.step)
            except Exception as error:  # noqa: BLE001 - as above
                del self._open[name]
                self._failed(name, error)

    def close(self) -> None:
        """Close all."""
        for name, tracker in self._open.items():
            try:
                tracker.close()
            except Exception as error:  # noqa: BLE001 - as above
                self._failed(name, error)

    def _failed(self, name: str, error: Exception) -> None:
        self._tell(
            f"No more figures for {name}: {type(error).__name__}, {one_line(error)}; the run goes "
            "on."
        )
