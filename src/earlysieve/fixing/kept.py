"""What was finished is kept in a folder, so that the same call goes on and repeats nothing.

Each trial is one file and each audit one folder, written whole and named by a digest of all that
it depends on. What another model, other data or other settings left is never read; it goes when
the same candidate is tried anew.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from earlysieve._files import output_folder, write_text
from earlysieve.auditing.result import AuditResult
from earlysieve.errors import CheckpointError, DataError
from earlysieve.fixing.candidates import Candidate
from earlysieve.fixing.trials import Trial
from earlysieve.training.archive import read_weights, save_weights

_FORMAT = 1
_DIGITS = 12
_SECONDS = "seconds.txt"


class Kept:
    """Trials and audits in a folder.

    Args:
        folder: it is created when something is kept; None: nothing is.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    @property
    def unfinished(self) -> Path | None:
        """Where parts of the audit that is under way are kept; None: nowhere."""
        return None if self.folder is None else self.folder / "unfinished-audit"

    def trial(self, candidate: Candidate, key: str, blank: Callable[[], nn.Module]) -> Trial | None:
        """What came of a candidate, if that was finished with the same inputs; else None.

        Args:
            candidate: what was tried.
            key: digest of all that it depends on.
            blank: makes a network that takes the weights of a training.
        """
        if self.folder is None:
            return None
        content = _read(self.folder / f"{_stem(candidate.name, key)}.pt")
        if content is None or content.get("key") != key:
            return None
        try:
            return _trial(candidate, content, blank)
        except (KeyError, TypeError, ValueError, RuntimeError):
            return None

    def keep(self, trial: Trial, key: str) -> None:
        """Write down what came of a candidate; checkpoints of its training go.

        Raises:
            OutputError: the folder cannot be written.
        """
        if self.folder is None:
            return
        stem = _stem(trial.candidate.name, key)
        model = trial.model
        content = {
            "format": _FORMAT,
            "key": key,
            "seconds": trial.seconds,
            "failure": trial.failure,
            "logits": trial.logits,
            "state": None if model is None else dict(model.state_dict()),
            "training": model is not None and model.training,
        }
        save_weights(self.folder / f"{stem}.pt", content)
        self.tidy(trial.candidate, key)

    def has_others(self, candidate: Candidate, key: str) -> bool:
        """Whether this candidate was tried with other inputs, and not with these."""
        if self.folder is None:
            return False
        stems = [path.name.removesuffix(".pt") for path in _under(self.folder, candidate.name)]
        return bool(stems) and _stem(candidate.name, key) not in stems

    def tidy(self, candidate: Candidate, key: str) -> None:
        """Remove what a finished candidate needs no more."""
        if self.folder is None:
            return
        _remove_others(self.folder, candidate.name, f"{_stem(candidate.name, key)}.pt")

    def checkpoints(self, candidate: Candidate, key: str) -> Path | None:
        """The folder in which a training of these very inputs goes on; None: nowhere."""
        if self.folder is None:
            return None
        stem = _stem(candidate.name, key)
        _remove_others(self.folder, candidate.name, stem)
        return self.folder / stem

    def audit(
        self, name: str, key: str, make: Callable[[], AuditResult], clock: Callable[[], float]
    ) -> "KeptAudit":
        """The audit that was kept under this key, or else a new one, which is kept.

        Args:
            name: of the audit.
            key: digest of all that it depends on.
            make: makes it.
            clock: tells seconds.

        Raises:
            OutputError: the folder cannot be written.
            EarlysieveError: as the audit.
        """
        place = None if self.folder is None else self.folder / _stem(name, key)
        if self.folder is None or place is None:
            return _made(make, clock)
        try:
            found = KeptAudit(AuditResult.load(place), _seconds(place / _SECONDS), again=True)
        except DataError:
            found = _made(make, clock)
            # First, so that no audit counts without its time.
            write_text(output_folder(place) / _SECONDS, f"{found.seconds}\n")
            found.result.save(place)
        _remove_others(self.folder, name, place.name)
        return found


@dataclass(frozen=True, eq=False)
class KeptAudit:
    """An audit, and how long it took.

    Attributes:
        result: of the audit.
        seconds: that it took, in an earlier call where `again`; 0 where that is not known.
        again: whether an earlier call had made it.
    """

    result: AuditResult
    seconds: float
    again: bool = False


def _made(make: Callable[[], AuditResult], clock: Callable[[], float]) -> KeptAudit:
    start = clock()
    result = make()
    return KeptAudit(result, clock() - start)


def _seconds(place: Path) -> float:
    try:
        return max(0.0, float(place.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return 0.0


def _stem(name: str, key: str) -> str:
    return f"{_plain(name)}-{key[:_DIGITS]}"


def _plain(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-." else "-" for c in name)


def _remove_others(folder: Path, name: str, keep: str) -> None:
    """Remove what is kept under this name, but for the one that is named."""
    for path in _under(folder, name):
        if path.name == keep:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _under(folder: Path, name: str) -> Iterator[Path]:
    """Everything that is kept under a name, with any key."""
    length = len(_plain(name)) + 1 + _DIGITS
    for path in folder.glob(f"{_plain(name)}-*"):
        if len(path.name.removesuffix(".pt")) == length:
            yield path


def _read(path: Path) -> dict[str, Any] | None:
    try:
        content = read_weights(path)
    except CheckpointError:
        return None
    whole = isinstance(content, dict) and content.get("format") == _FORMAT
    return content if whole else None


def _trial(
    candidate: Candidate, content: dict[str, Any], blank: Callable[[], nn.Module]
) -> Trial | None:
    logits, state = content["logits"], content["state"]
    if logits is not None and not isinstance(logits, Tensor):
        return None
    model = None
    if state is not None:
        model = blank()
        with torch.no_grad():
            model.load_state_dict(state)
        model.train(bool(content["training"]))
    seconds, failure = float(content["seconds"]), str(content["failure"])
    return Trial(candidate, logits, seconds, failure, model)
