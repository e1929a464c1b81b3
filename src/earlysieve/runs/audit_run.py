"""An audit in a folder: saved, or taken over from the run that saved it."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from earlysieve.auditing.audit_folder import PAGE
from earlysieve.errors import DataError, MissingDependencyError

if TYPE_CHECKING:
    from torch import nn

    from earlysieve.auditing.result import AuditResult
    from earlysieve.training import TrainConfig

# Where the configuration of an audit says at which start of which run it was made.
START = "start_sha256"


def save(result: "AuditResult", out: Path, tell: Callable[[str], None]) -> Path | None:
    """Write the result and its page, both or neither; None where the page cannot be made."""
    try:
        return result.save(out, page=True) / PAGE
    except MissingDependencyError as error:
        tell(f"No page: {error}")
        result.save(out)
        return None


def start_of(config: "TrainConfig", model: "nn.Module", examples: int | None) -> str:
    """SHA-256 of what a run starts from; it may be lengthened without starting from another place.

    Args:
        config: of the run.
        model: as it is before the first step.
        examples: how many are audited, where that is known.
    """
    from earlysieve.model.fingerprint import weights_fingerprint

    settings = {key: value for key, value in config.decisive().items() if key != "epochs"}
    written = json.dumps([settings, weights_fingerprint(model), examples], default=str)
    return hashlib.sha256(written.encode()).hexdigest()


def taken_over(folder: Path, start: str, tell: Callable[[str], None]) -> "AuditResult | None":
    """The audit in a folder, with its page, if it was made at this very start of a run."""
    from earlysieve.auditing.result import AuditResult

    try:
        found = AuditResult.load(folder)
    except DataError:
        return None
    if found.config.get(START) != start:
        return None
    if not (folder / PAGE).exists():
        save(found, folder, tell)
    return found
