"""What is done between preparing a training run and its first step."""

from typing import TYPE_CHECKING, Any

from earlysieve.training import Run, RunSettings, load_checkpoint
from earlysieve.training.checkpoint import check_configuration
from earlysieve.training.store import CHECKPOINT_NAME

if TYPE_CHECKING:
    from earlysieve.methods.job import Job
    from earlysieve.model.batch import Batch
    from earlysieve.runs.reporter import Reporter
    from earlysieve.training import Algorithm, BatchSampler


def look_ahead(algorithm: "Algorithm", few: "Batch") -> None:
    """Let the method find out now what its first step would: a missing layer, other classes.

    Raises:
        EarlysieveError: as that step would.
    """
    prepare = getattr(algorithm, "prepare", None)
    if prepare is not None:
        prepare(few)


def begin(
    job: "Job",
    algorithm: "Algorithm",
    reporter: "Reporter",
    *,
    sampler: "BatchSampler | None",
    validation: Any,
    resume: bool,
) -> None:
    """Say what was decided, and compute the teacher's logits where they are to be kept.

    Nothing is said or computed for a run that cannot start.

    Raises:
        EarlysieveError: the run cannot start or go on, or the file of logits belongs to another.
    """
    if not job.notes:
        return
    _check_start(job, algorithm, sampler, validation, resume=resume)
    for note in job.notes:
        reporter.tell(note)
    keep = getattr(getattr(algorithm, "teacher", None), "keep", None)
    if keep is not None:
        keep(fresh=not resume)


def _check_start(
    job: "Job",
    algorithm: "Algorithm",
    sampler: "BatchSampler | None",
    validation: Any,
    *,
    resume: bool,
) -> None:
    c = job.config
    started = Run(
        algorithm,
        job.data,
        RunSettings(
            c.epochs, c.batch_size, c.seed, c.evaluate_every, c.patience, c.select, c.restore_best
        ),
        validation=validation,
        sampler=sampler,
        num_workers=c.num_workers,
        config=c.decisive(),
    )
    last = job.out / CHECKPOINT_NAME
    if resume and last.exists():
        check_configuration(load_checkpoint(last)["configuration"], started.configuration)
