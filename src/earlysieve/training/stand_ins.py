"""Settings that people pickle beside weights, read without anything of theirs coming to life.

A file of weights may name a class and ask for one of its objects. For the few classes below, which
training scripts save with their settings, the reader makes an empty object of our own; whatever
else a file names is refused. So nothing that a file names is imported or called.
"""

from contextlib import suppress
from functools import cache
from typing import Any

import torch

_PATHS = ("Path", "PosixPath", "WindowsPath", "PurePath", "PurePosixPath", "PureWindowsPath")
SAFE_SETTINGS = (
    ("argparse", "Namespace"),
    ("types", "SimpleNamespace"),
    *((module, name) for module in ("pathlib", "pathlib._local") for name in _PATHS),
    *(("datetime", name) for name in ("date", "datetime", "timedelta")),
    # A figure such as the best accuracy, or an array of them, as NumPy 1 and 2 save them.
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    *(
        (f"numpy.{core}.multiarray", name)
        for core in ("core", "_core")
        for name in ("scalar", "_reconstruct")
    ),
)


class StandIn:
    """Takes the place of a setting, and forgets what it was given."""

    def __new__(cls, *_: Any) -> "StandIn":
        """An object of any arguments."""
        return super().__new__(cls)

    def __init__(self, *_: Any) -> None:
        """Nothing is kept."""

    def __setstate__(self, _: Any) -> None:
        """Nothing is kept."""


@cache
def stand_ins() -> tuple[type[StandIn], ...]:
    """One class for each of `SAFE_SETTINGS`, which torch's reader takes for it by its name."""
    return tuple(type(name, (StandIn,), {"__module__": module}) for module, name in SAFE_SETTINGS)


def other_classes(path: Any) -> list[str]:
    """What a file of torch.save names that is neither a tensor's nor in `SAFE_SETTINGS`, sorted.

    Empty where it cannot be told, as of files in torch's old form.
    """
    known = {f"{module}.{name}" for module, name in SAFE_SETTINGS}
    found: list[str] = []
    with suppress(Exception):  # of whatever a foreign file makes torch raise
        found = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    return sorted(name for name in set(found) - known if name.replace(".", "").isidentifier())
