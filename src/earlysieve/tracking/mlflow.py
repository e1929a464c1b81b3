"""MLflow: a run of the experiment "earlysieve" in a local folder or on a server."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from earlysieve._files import write_text
from earlysieve._imports import need
from earlysieve.tracking.tracker import Tracking, flat

EXPERIMENT = "earlysieve"
RUN_FILE = "mlflow-run.txt"  # in the folder of the run, so that a resumed run goes on there
_DATABASE = "mlflow.db"  # a plain folder takes no figures any more
_LONGEST = 500  # of a parameter's value


class MLflow:
    """A client of its own, which leaves MLflow's active run alone."""

    def __init__(self, tracking: Tracking) -> None:
        client = _client(tracking.place)
        self._client = client
        experiment = _experiment(client)
        kept = tracking.folder / RUN_FILE
        self._run = _kept_run(client, kept)
        if self._run is None:
            self._run = str(client.create_run(experiment, run_name=tracking.name).info.run_id)
            for name, value in flat(tracking.config).items():
                client.log_param(self._run, name, str(value)[:_LONGEST])
            write_text(kept, f"{self._run}\n")

    def log(self, figures: Mapping[str, float], step: int) -> None:
        """Log metrics."""
        for name, value in figures.items():
            self._client.log_metric(self._run, name, value, step=step)

    def close(self) -> None:
        """Say that the run has ended."""
        self._client.set_terminated(self._run)


def prepare(place: str | None) -> None:
    """Make the database, where there is to be one, and the experiment in it."""
    _experiment(_client(place))


def _client(place: str | None) -> Any:
    return need("mlflow.tracking", extra="mlflow").MlflowClient(_address(place))


def _experiment(client: Any) -> str:
    known = client.get_experiment_by_name(EXPERIMENT)
    return str(client.create_experiment(EXPERIMENT) if known is None else known.experiment_id)


def _address(place: str | None) -> str | None:
    """An address as it is, of a folder the database in it; None: as MLflow is configured."""
    if place is None or "://" in place or place.startswith("databricks"):
        return place
    folder = Path(place).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{folder / _DATABASE}"


def _kept_run(client: Any, kept: Path) -> str | None:
    """The run that the folder's file names, if it is still there."""
    if not kept.exists():
        return None
    run = kept.read_text(encoding="utf-8").strip()
    try:
        client.get_run(run)
    except Exception:  # noqa: BLE001 - another server, or a run that was removed
        return None
    return run
