"""What installed packages bring under an entry-point group."""

from importlib.metadata import EntryPoint, entry_points
from typing import TypeVar

from earlysieve.errors import InputError

T = TypeVar("T")


def plugins(group: str) -> dict[str, EntryPoint]:
    """The entry points of a group by name; nothing is imported."""
    return {entry.name: entry for entry in entry_points(group=group)}


def load_plugin(entry: EntryPoint, kind: type[T], what: str) -> T:
    """What an entry point names.

    Args:
        entry: one of `plugins`.
        kind: the class that it has to be of.
        what: it is, for messages, such as "method".

    Raises:
        InputError: it cannot be imported, or is something else.
    """
    try:
        found = entry.load()
    except Exception as error:
        raise InputError(
            f"Expected the {what} '{entry.name}' at '{entry.value}', but it cannot be imported: "
            f"{error}; mend or uninstall the package that names it"
        ) from error
    if not isinstance(found, kind):
        home = kind.__module__.rpartition(".")[0]
        raise InputError(
            f"Expected an {home}.{kind.__name__} at '{entry.value}', but got "
            f"{type(found).__name__}; correct the entry point '{entry.name}'"
        )
    return found
