"""One trial: an ordinary run in a folder, with what came of it and its validation logits."""

import json
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from earlysieve._files import write_text, write_with
from earlysieve._json import plain
from earlysieve.errors import CheckpointError, InputError
from earlysieve.runs.reporter import Reporter
from earlysieve.runs.train_run import TrainRun
from earlysieve.training import Event, FitResult, TrainConfig, evaluate
from earlysieve.training.run_folder import ANEW
from earlysieve.training.selection import score_of

if TYPE_CHECKING:
    from torch import Tensor

    from earlysieve._arrays import Floats

RECORD_NAME = "trial.json"
LOGITS_NAME = "validation_logits.npy"

State = Literal["complete", "pruned", "failed"]


@dataclass(frozen=True)
class Record:
    """What came of a trial.

    Attributes:
        values: of the settings that are searched; empty for trial 0.
        state: "complete", "pruned" (stopped, since it lagged behind) or "failed".
        score: by the selection rule, larger is better; None unless it is complete.
        reports: the score after each epoch that was evaluated, by epoch.
        why: why it failed.
    """

    values: Mapping[str, Any]
    state: State
    score: float | None = None
    reports: Mapping[int, float] = field(default_factory=dict)
    why: str = ""


def score_in(logs: Mapping[str, float], select: str) -> float:
    """The score among the figures of an evaluation; larger is better."""
    return -logs["loss"] if select == "loss" else logs[select]


def train_trial(
    config: TrainConfig,
    folder: Path,
    values: Mapping[str, Any],
    *,
    on_score: Callable[[int, float], None],
    reporter: Reporter,
) -> Record:
    """Train, or go on where the folder stopped, and say what came of it; a finished trial is read.

    Args:
        config: of the trial.
        folder: of the run.
        values: of the settings that are searched.
        on_score: hears the score of each epoch that is evaluated; what it raises ends the run.
        reporter: hears of the run.

    Raises:
        EarlysieveError: the run cannot start, go on or be saved.
    """
    found = read_record(folder, values)
    if found is not None:
        return found
    reports: dict[int, float] = {}

    def listen(event: Event) -> None:
        if reporter.on_event is not None:
            reporter.on_event(event)
        if event.kind == "evaluation":
            reports[event.epoch] = score_in(event.logs, config.select)
            on_score(event.epoch, reports[event.epoch])

    run, result = trained(config, folder, replace(reporter, on_event=listen, progress=False))
    with few_warnings():
        score, logits = judged(run)
    keep_logits(folder, logits)
    scores = {int(row["epoch"]): _score_of_row(row, config.select) for row in result.history}
    known = {epoch: found for epoch, found in scores.items() if found is not None}
    return keep_record(folder, Record(dict(values), "complete", score, {**known, **reports}))


@contextmanager
def few_warnings() -> Iterator[None]:
    """Keep silent where a search expects what others are warned of.

    The plain method leaves out what it adds, and some settings make a model that says one class.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def trained(config: TrainConfig, folder: Path, reporter: Reporter) -> tuple[TrainRun, FitResult]:
    """A run that is trained, or goes on, to its end, and saved.

    A search begins no finished run anew, and has no option for that, so that none is named.
    """

    def tell(text: str) -> None:
        reporter.tell(text.removesuffix(ANEW))

    with few_warnings():
        run = TrainRun.prepare(config, folder, replace(reporter, tell=tell))
        result = run.train(resume=True)
    run.save(result)
    return run, result


def judged(run: TrainRun) -> tuple[float, "Tensor"]:
    """The score of a trained network by the rule of its configuration, and its logits (N, C)."""
    found = evaluate(
        run.algorithm.model,
        run.validation,
        batch_size=2 * run.config.batch_size,
        num_workers=run.config.num_workers,
        keep_logits=True,
    )
    if found.logits is None:
        raise InputError("Expected logits of the validation data, but got none; report this")
    return score_of(found, run.config.select, run.known), found.logits


def keep_logits(folder: Path, logits: "Tensor") -> None:
    """Write the validation logits beside the weights, float32, shape (N, C)."""

    def write(path: Path) -> None:
        with path.open("wb") as stream:
            np.save(stream, logits.numpy().astype(np.float32))

    write_with(folder / LOGITS_NAME, write)


def read_logits(folder: Path) -> "Floats":
    """The validation logits of a finished trial, shape (N, C)."""
    found: Floats = np.load(folder / LOGITS_NAME, allow_pickle=False)
    return found


def keep_record(folder: Path, record: Record) -> Record:
    """Write what came of a trial: from then on it is finished."""
    write_text(folder / RECORD_NAME, json.dumps(plain(asdict(record)), indent=2) + "\n")
    return record


def read_record(folder: Path, values: Mapping[str, Any]) -> Record | None:
    """What came of a finished trial; None where it is not finished.

    Raises:
        CheckpointError: the folder is of a trial with other values, or cannot be read.
    """
    path = folder / RECORD_NAME
    if not path.exists():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        reports = {int(epoch): float(score) for epoch, score in found["reports"].items()}
        record = Record(found["values"], found["state"], found["score"], reports, found["why"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(
            f"Expected what came of a trial in '{path}', but it cannot be read; remove the folder "
            "of the trial to train it again"
        ) from error
    if dict(record.values) != json.loads(json.dumps(plain(dict(values)))):
        raise CheckpointError(
            f"Expected a trial of this search in '{folder}', but it has other values; give the "
            "--storage that this search began with, or another --out"
        )
    return record


def _score_of_row(row: Mapping[str, float], select: str) -> float | None:
    value = row.get(f"validation_{select}")
    return None if value is None else (-value if select == "loss" else value)
