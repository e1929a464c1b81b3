"""Where Optuna keeps the trials of a search."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earlysieve._imports import need
from earlysieve.errors import InputError, one_line

if TYPE_CHECKING:
    import optuna

FILE_NAME = "search.db"
JOURNAL = "journal:"
BEAT, GRACE = 30, 120  # seconds between signs of life, and after which a worker counts as dead
# What reaches a database, by the beginning of its URL, without a driver that is named there.
_DRIVERS = {"postgresql": "psycopg2-binary", "mysql": "mysqlclient", "oracle": "cx_Oracle"}
_WAIT = 60  # seconds for which a process waits for its turn to write


def import_optuna() -> Any:
    """Optuna.

    Raises:
        MissingDependencyError: it is not installed.
    """
    return need("optuna", extra="search")


@contextmanager
def quiet_optuna() -> Iterator[None]:
    """Keep Optuna's own lines and its words on experimental parts from people."""
    optuna = import_optuna()
    usual = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(usual)


def open_storage(url: str | None, folder: Path) -> "optuna.storages.BaseStorage":
    """The storage: a file of the folder, a journal file ("journal:PATH"), or any URL of Optuna.

    Raises:
        InputError: it cannot be reached.
        MissingDependencyError: Optuna is not installed.
    """
    optuna = import_optuna()
    try:
        if url is not None and url.startswith(JOURNAL):
            return _journal(optuna, Path(url.removeprefix(JOURNAL)))
        return _database(optuna, url or f"sqlite:///{(folder / FILE_NAME).absolute()}")
    except Exception as error:
        raise InputError(
            f"Expected a storage that can be reached at '{_shown(url) or folder / FILE_NAME}', but "
            f"got: {type(error).__name__}, {one_line(error)[:200]}; {_advice(url, error)}"
        ) from error


def _advice(url: str | None, error: Exception) -> str:
    """What to do; where a driver is not installed, which one."""
    if not isinstance(error, ImportError):
        return "check --storage, or leave it out"
    database, _, driver = (url or "").partition("://")[0].partition("+")
    name = driver or _DRIVERS.get(database, f"a driver of {database}")
    told = f"pip install {name}" if driver or database in _DRIVERS else f"install {name}"
    return f"the driver of this database is not installed: {told}; or leave --storage out"


def _database(optuna: Any, url: str) -> "optuna.storages.BaseStorage":
    waiting = {"connect_args": {"timeout": _WAIT}} if url.startswith("sqlite") else {}
    found: optuna.storages.BaseStorage = optuna.storages.RDBStorage(
        url,
        engine_kwargs=waiting,
        heartbeat_interval=BEAT,
        grace_period=GRACE,
        heartbeat_stale_trial_callback=retry(),
    )
    return found


def _journal(optuna: Any, path: Path) -> "optuna.storages.BaseStorage":
    path.parent.mkdir(parents=True, exist_ok=True)
    backend = optuna.storages.journal.JournalFileBackend(str(path))
    found: optuna.storages.BaseStorage = optuna.storages.JournalStorage(backend)
    return found


def retry() -> Any:
    """What puts a trial that a dead worker left back into the queue."""
    return import_optuna().storages.RetryHeartbeatStaleTrialCallback(
        inherit_intermediate_values=True
    )


def _shown(url: str | None) -> str | None:
    """The URL without a password."""
    if url is None or "@" not in url:
        return url
    head, _, place = url.rpartition("@")
    return f"{head.partition('://')[0]}://...@{place}"
