"""Optional packages are imported where they are needed, with one message where they are absent."""

import importlib
from types import ModuleType

from earlysieve.errors import MissingDependencyError


def need(module: str, *, extra: str) -> ModuleType:
    """Import `module`, or say which extra installs it.

    Raises:
        MissingDependencyError: the package is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != module.partition(".")[0]:
            raise
        name = module.partition(".")[0]
        raise MissingDependencyError(
            f"Expected the package '{name}' to be installed for this, but it is not; "
            f"install it with: pip install 'earlysieve[{extra}]'"
        ) from error
