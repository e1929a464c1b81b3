"""Every error that a user can meet.

Each message says what was expected, what came, and what to do about it, in that order. The
command line prints the message alone; Python callers may catch `EarlysieveError` for all of them.
"""


class EarlysieveError(Exception):
    """Base class of all errors raised on purpose by this package."""


class InputError(EarlysieveError, ValueError):
    """An argument, a batch or a label is not of the form that the call needs."""


class LayerError(EarlysieveError, ValueError):
    """A layer does not exist, did not run exactly once, or gave no usable output."""


class DataError(EarlysieveError, ValueError):
    """A data source is missing, incomplete or unreadable."""


class CheckpointError(EarlysieveError, ValueError):
    """A checkpoint is missing, unsafe, or belongs to another model or configuration."""


class OutputError(EarlysieveError, OSError):
    """A result cannot be written where it was asked to go."""


class TrainingError(EarlysieveError, RuntimeError):
    """Training cannot start or cannot go on."""


class MissingDependencyError(EarlysieveError, ImportError):
    """An optional package is needed for this call and is not installed."""


class UserCodeError(EarlysieveError, RuntimeError):
    """The user's own model or data raised an exception, which is the cause of this one."""


def one_line(error: BaseException) -> str:
    """What an exception says, on one line and without a full stop."""
    return " ".join(str(error).split()).rstrip(".") or repr(error)


def first_line(error: BaseException) -> str:
    """The first line of what an exception says, without a full stop."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if not lines:
        return repr(error)
    # "Validation error for field 'x':" says nothing without the line below.
    said = " ".join(lines[:2]) if lines[0].endswith(":") else lines[0]
    return said.rstrip(".")
