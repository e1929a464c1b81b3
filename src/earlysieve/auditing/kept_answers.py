"""What a model answers in an audit, kept while it runs, so that the same audit goes on when killed.

An audit asks in an order that data, settings and former answers fix. Each answer is kept with a
digest of its question, and given again where the same question comes at the same place; the model
runs no more for it. Where another one comes, the rest is forgotten, so that nothing is taken over
from other data. The first answer is always made anew and compared, since a network may answer
otherwise with the same weights.
"""

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from earlysieve._files import check_output
from earlysieve._version import __version__
from earlysieve.errors import CheckpointError, OutputError
from earlysieve.model.batch import Inputs, tensors_of
from earlysieve.model.fingerprint import tensors_fingerprint, weights_fingerprint
from earlysieve.training.archive import read_weights, save_weights

# Seconds, or bytes, after which what is new is written; so a short audit writes nothing.
EVERY, MOST_BYTES = 30.0, 1 << 26
_DIGITS = 12
Answer = dict[str, Any]  # tensors, or dictionaries of such


class Answers:
    """Answers that are made anew each time, and not kept."""

    def get(self, question: Callable[[], str], make: Callable[[], Answer]) -> Answer:
        """The answer to a question.

        Args:
            question: gives a digest of all that the answer depends on, and that is not the same in
                the whole audit.
            make: gives the answer.
        """
        del question
        return make()

    def close(self) -> None:
        """No question follows."""


ANEW = Answers()


class KeptAnswers(Answers):
    """Answers of one part of an audit, in files.

    Args:
        folder: of the audit.
        name: of the part.
        check: make the first answer anew and compare it, unless the question says everything.
        tell: takes lines for people.
        since: when the audit began, by `time.monotonic`.
    """

    def __init__(
        self, folder: Path, name: str, *, check: bool, tell: Callable[[str], None], since: float
    ) -> None:
        self._folder, self._name, self._tell = folder, name, tell
        self._check, self._began, self._written = check, since, time.monotonic()
        self._kept = self._read()
        self._file = 0  # that is read, or will be written next
        self._of_file: list[tuple[str, Answer]] = []  # what was given again of the file
        self._new: list[tuple[str, Answer]] = []
        self._bytes, self._works = 0, True

    def get(self, question: Callable[[], str], make: Callable[[], Answer]) -> Answer:
        """See `Answers`."""
        asked, kept = question(), next(self._kept, None)
        if kept is not None and kept[0] == asked:
            if not self._check:
                return kept[1]
            made, self._check = make(), False
            if _same(made, kept[1]):
                self._tell(f"Going on with an audit that was stopped ({self._name}).")
                return made
            self._forget(1)
            self._keep(asked, made)
            return made
        if kept is not None:
            self._forget(1)
        self._check = False
        made = make()
        self._keep(asked, made)
        return made

    def close(self) -> None:
        """Write what is new, where the audit is a long one."""
        if self._new and time.monotonic() - self._began >= EVERY:
            self._write()

    def _path(self, number: int) -> Path:
        return self._folder / f"{self._name}-{number:05d}.pt"

    def _read(self) -> Iterator[tuple[str, Answer]]:
        """What is kept, file by file, as long as they are whole."""
        while True:
            try:
                content = read_weights(self._path(self._file))
                pairs = list(zip(content["questions"], content["answers"], strict=True))
            except (CheckpointError, KeyError, TypeError, ValueError):
                self._remove_from(self._file)
                return
            self._of_file = []
            for pair in pairs:
                self._of_file.append(pair)
                yield pair
            self._file += 1
            self._of_file = []

    def _forget(self, last: int) -> None:
        """Drop what follows, and the last ones that were read; what came before them stays."""
        self._kept = iter(())
        self._remove_from(self._file)
        self._new = self._of_file[:-last]
        self._bytes = sum(_size(answer) for _, answer in self._new)

    def _remove_from(self, number: int) -> None:
        for path in self._folder.glob(f"{self._name}-*.pt"):
            if path.name >= self._path(number).name:
                path.unlink(missing_ok=True)

    def _keep(self, question: str, answer: Answer) -> None:
        if not self._works:
            return
        self._new.append((question, _on_cpu(answer)))
        self._bytes += _size(answer)
        if self._bytes >= MOST_BYTES or time.monotonic() - self._written >= EVERY:
            self._write()

    def _write(self) -> None:
        questions, answers = zip(*self._new, strict=True)
        content = {"questions": list(questions), "answers": list(answers)}
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            save_weights(self._path(self._file), content)
        except (OSError, OutputError) as error:
            self._works = False
            self._tell(f"What is finished is not kept, so that no audit can go on: {error}")
        self._file += 1
        self._new, self._bytes, self._written = [], 0, time.monotonic()


class UnfinishedAudit:
    """The folder in which parts of an audit are kept until it ends.

    Args:
        folder: that holds nothing else; None: nothing is kept.
        key: digest of the model and of all settings; what lies there of others goes.
        tell: takes lines for people.
    """

    def __init__(self, folder: Path | None, key: str, tell: Callable[[str], None]) -> None:
        self._parent, self._tell, self._since = folder, tell, time.monotonic()
        self._folder = None if folder is None else folder / key[:_DIGITS]
        if folder is not None and folder.is_dir():
            others = [path for path in folder.iterdir() if path != self._folder]
            for path in others:
                shutil.rmtree(path, ignore_errors=True)
            if others:
                tell(
                    f"'{folder}' held parts of an audit of another model or with other settings; "
                    "they were removed."
                )

    def part(self, name: str, *, check: bool = True) -> Answers:
        """Answers of one part; see `KeptAnswers`."""
        if self._folder is None:
            return ANEW
        return KeptAnswers(self._folder, name, check=check, tell=self._tell, since=self._since)

    def done(self) -> None:
        """The audit is complete: its parts go."""
        if self._folder is None or self._parent is None:
            return
        shutil.rmtree(self._folder, ignore_errors=True)
        with suppress(OSError):
            self._parent.rmdir()


def unfinished(
    folder: str | os.PathLike[str] | None,
    model: nn.Module,
    settings: Sequence[Any],
    tell: Callable[[str], None],
) -> UnfinishedAudit:
    """The folder of an audit of this very model with these settings; None: nothing is kept.

    Raises:
        OutputError: the folder cannot be written.
    """
    said = repr(tuple(settings))
    if folder is None or " at 0x" in said:  # a head of somebody's that says nothing of itself
        return UnfinishedAudit(None, "", tell)
    place = check_output(Path(folder))
    about = [type(model).__qualname__, weights_fingerprint(model), said, torch.__version__]
    key = hashlib.sha256("\n".join([*about, __version__]).encode()).hexdigest()
    return UnfinishedAudit(place, key, tell)


def digest_of(*inputs: Inputs, about: str = "") -> str:
    """A digest of inputs of any form: kinds, shapes and bits; `about` tells questions apart."""
    parts = [(f"{number}", one) for number, some in enumerate(inputs) for one in tensors_of(some)]
    return f"{about} {tensors_fingerprint(parts)}"


def _on_cpu(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _on_cpu(one) for key, one in value.items()}
    return value.detach().to("cpu", copy=True)


def _size(value: Any) -> int:
    if isinstance(value, dict):
        return sum(_size(one) for one in value.values())
    return int(value.nbytes)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if not (isinstance(one, Tensor) and isinstance(other, Tensor)):
        return False
    mine, theirs = one.detach().cpu(), other.cpu()
    return mine.dtype == theirs.dtype and torch.equal(mine, theirs)
