"""What is done between preparing a training run and its first step."""

from typing import TYPE_CHECKING

from earlysieve.training import Run, RunSettings, load_checkpoint
from earlysieve.training.checkpoint import check_configuration
from earlysieve.training.store import CHECKPOINT_NAME

if TYPE_CHECKING:
    from earlysieve.cli.train_run import TrainRun
    from earlysieve.model.batch import Batch
    from earlysieve.training import Algorithm


def look_ahead(algorithm: "Algorithm", few: "Batch") -> None:
    """Let the method find out now what its first step would: a missing layer, other classes.

    Raises:
        EarlysieveError: as that step would.
    """
    prepare = getattr(algorithm, "prepare", None)
    if prepare is not None:
        prepare(few)


def begin(run: "TrainRun", *, resume: bool) -> None:
    """Say what was decided, and compute the teacher's logits where they are to be kept.

    Nothing is said or computed for a run that cannot start.

    Raises:
        EarlysieveError: the run cannot start or go on, or the file of logits belongs to another.
    """
    if not run.job.notes:
        return
    _check_start(run, resume=resume)
    for note in run.job.notes:
        run.console.say(note)
    keep = getattr(getattr(run.algorithm, "teacher", None), "keep", None)
    if keep is not None:
        keep(fresh=not resume)


def _check_start(run: "TrainRun", *, resume: bool) -> None:
    c = run.config
    started = Run(
        run.algorithm,
        run.job.data,
        RunSettings(
            c.epochs, c.batch_size, c.seed, c.evaluate_every, c.patience, c.select, c.restore_best
        ),
        validation=run.validation,
        sampler=run.sampler,
        num_workers=c.num_workers,
        config=c.decisive(),
    )
    last = run.out / CHECKPOINT_NAME
    if resume and last.exists():
        check_configuration(load_checkpoint(last)["configuration"], started.configuration)
