"""Several processes at work on one thing."""

import pickle
import signal
import threading
from collections.abc import Callable
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from typing import Any

from earlysieve._signals import Terminated, terminable

_LOOK = 1.0  # seconds between looks at what the processes have done


def work_together(work: Callable[[], None], jobs: int, hear: Callable[[], None]) -> None:
    """Work in processes of their own until all have returned; an error of one ends all.

    Where the first process is killed, the others end as on SIGTERM.

    Args:
        work: what each of them does; it can be pickled.
        jobs: how many.
        hear: called every second or so.

    Raises:
        Exception: what a process has raised.
    """
    context = get_context("spawn")
    errors = context.SimpleQueue()
    processes = [context.Process(target=_child, args=(work, errors)) for _ in range(jobs)]
    try:
        for process in processes:
            process.start()
        while any(process.is_alive() for process in processes):
            wait([one.sentinel for one in processes if one.is_alive()], timeout=_LOOK)
            hear()
            if not errors.empty():
                raise errors.get()
        if not errors.empty():
            raise errors.get()
    finally:
        for process in processes:
            if process.is_alive():
                process.terminate()  # each saves its run first
        for process in processes:
            if process.pid is not None:
                process.join()


def _child(work: Callable[[], None], errors: Any) -> None:
    try:
        with terminable():
            threading.Thread(target=_end_with_parent, daemon=True).start()
            work()
    except (KeyboardInterrupt, Terminated):
        return  # the first process was stopped as well, and says so
    except BaseException as error:  # noqa: BLE001 - it is raised in the first process
        errors.put(_passable(error))


def _end_with_parent() -> None:
    """Stop as on SIGTERM, which saves the run, when the first process is gone."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)


def _passable(error: BaseException) -> BaseException:
    """The error itself, if it can be sent to another process."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001 - pickling runs code of the error
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
