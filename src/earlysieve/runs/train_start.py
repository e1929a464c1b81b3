"""What is done between preparing a training run and its first step."""

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from earlysieve.training import Run, RunSettings, load_checkpoint
from earlysieve.training.checkpoint import check_configuration
from earlysieve.training.run_folder import CHECKPOINT_NAME
from earlysieve.training.selection import NOTHING

if TYPE_CHECKING:
    from earlysieve.datasets.example_groups import Groups
    from earlysieve.methods.job import Job
    from earlysieve.runs.reporter import Reporter
    from earlysieve.training import Algorithm, BatchSampler, TrainConfig
    from earlysieve.training.selection import Beside


def run_settings(config: "TrainConfig") -> dict[str, Any]:
    """The fields of a configuration that `RunSettings` and `fit` take, by name."""
    return {item.name: getattr(config, item.name) for item in fields(RunSettings)}


def begin(
    job: "Job",
    algorithm: "Algorithm",
    reporter: "Reporter",
    *,
    sampler: "BatchSampler | None",
    validation: Any,
    resume: bool,
    groups: "Groups | None" = None,
    known: "Beside | None" = None,
) -> None:
    """Say what was decided, and compute the teacher's logits where they are to be kept.

    Nothing is said or computed for a run that cannot start.

    Args:
        job, algorithm, sampler, validation, resume: of the run.
        reporter: whom to tell.
        groups: those that were given for the training data.
        known: what was given of the validation data.

    Raises:
        EarlysieveError: the run cannot start or go on, or the file of logits belongs to another.
    """
    keep = getattr(getattr(algorithm, "teacher", None), "keep", None)
    if not job.notes and keep is None:
        return  # nothing is done here that the run itself would not check
    check_start(job, algorithm, sampler, validation, resume=resume, groups=groups, known=known)
    for note in job.notes:
        reporter.tell(note)
    if keep is not None:
        keep(fresh=not resume)


def check_start(
    job: "Job",
    algorithm: "Algorithm",
    sampler: "BatchSampler | None",
    validation: Any,
    *,
    resume: bool,
    groups: "Groups | None" = None,
    known: "Beside | None" = None,
) -> None:
    """Check that a run can start, or go on with what its folder holds.

    Raises:
        EarlysieveError: it cannot.
    """
    c = job.config
    started = Run(
        algorithm,
        job.data,
        RunSettings(**run_settings(c)),
        validation=validation,
        sampler=sampler,
        num_workers=c.num_workers,
        config=c.decisive(),
        groups=groups,
        known=known or NOTHING,
        augment=c.augment,
    )
    last = job.out / CHECKPOINT_NAME
    if resume and last.exists():
        check_configuration(load_checkpoint(last)["configuration"], started.configuration)
