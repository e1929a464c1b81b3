"""The teacher of a training run: a network, or logits that one gave."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from earlysieve._files import check_output_file, is_file
from earlysieve.distill.fingerprint import data_fingerprint, has_fixed_inputs
from earlysieve.distill.teacher import Teacher, keep_logits
from earlysieve.errors import InputError
from earlysieve.methods.job import Job
from earlysieve.model.first_look import check_classes
from earlysieve.networks.fit_check import check_model_takes
from earlysieve.networks.pretrained import names_file
from earlysieve.networks.spec import build_model, load_checkpoint

if TYPE_CHECKING:
    from torch import nn

LOGITS_NAME = "teacher.logits"
_LIBRARIES = ("torchvision:", "timm:", "hf:", "hf-hub:")


class KeptTeacher(Teacher):
    """A network that is run once over the training data, by `keep`, which writes its logits.

    Args:
        model: the network.
        data: the training data, whose inputs are fixed.
        path: where its logits are kept.
        own: whether the file belongs to the run alone, so that a fresh run replaces it.
        batch_size: examples per pass, >= 1.
        num_workers: processes that load the data, >= 0.
    """

    def __init__(
        self,
        model: "nn.Module",
        data: Any,
        path: Path,
        *,
        own: bool,
        batch_size: int,
        num_workers: int,
    ) -> None:
        super().__init__(model)
        self.data, self.path, self.own = data, path, own
        self.batch_size, self.num_workers = batch_size, num_workers

    def keep(self, *, fresh: bool) -> None:
        """Compute the logits, or open those that are there; the network is then let go of.

        Raises:
            DataError: the file belongs to another teacher or to other data.
            OutputError: it cannot be written.
        """
        if self.model is None:
            return
        if fresh and self.own:
            self.path.unlink(missing_ok=True)
        self.kept = keep_logits(
            self.model,
            self.data,
            self.path,
            batch_size=self.batch_size,
            num_workers=self.num_workers,
        )
        self.model = None


def open_teacher(job: Job) -> Teacher:
    """The teacher that the settings name; nothing is computed or written yet.

    Raises:
        EarlysieveError: there is none, or it does not fit the data.
    """
    settings = job.settings
    _check_not_augmented(job)
    file = None if settings.teacher_logits is None else Path(settings.teacher_logits)
    if file is not None and settings.keep_logits is False:
        raise InputError(
            f"Expected the teacher on every batch or its logits from '{file}', but got both; leave "
            "out --teacher-on-the-fly or --teacher-logits"
        )
    if settings.teacher is None:
        if file is None:
            raise _no_teacher(job, " or --teacher-logits")
        _check_no_network(job)
        return _checked(_from_file(job, file), job)
    model = open_teacher_model(job)
    if file is not None:
        check_output_file(file)
    if file is not None and is_file(file):
        return _checked(_from_file(job, file, model), job)
    if file is None and not _keeps(job):
        job.notes.append("The teacher runs on every batch.")
        return _checked(Teacher(model), job)
    return _checked(_to_keep(job, model, file), job)


def open_teacher_model(job: Job) -> "nn.Module":
    """The teacher as a network with trained weights, tried on two examples.

    Raises:
        EarlysieveError: there is none, or it does not fit the data.
    """
    settings = job.settings
    spec, checkpoint = settings.teacher, settings.teacher_checkpoint
    published = settings.teacher_pretrained
    if spec is None:
        raise _no_teacher(job, "")
    if published is not None and checkpoint is not None:
        raise InputError(
            "Expected published weights of the teacher or a checkpoint of it, but got both; leave "
            "out --teacher-pretrained, or --teacher-checkpoint"
        )
    brings_weights = published is not None or (spec.startswith("hf:") and checkpoint is None)
    # Weights by name, and those of a folder, have as many outputs as they have.
    sized = brings_weights and spec.startswith(_LIBRARIES) and not names_file(published or "")
    built = build_model(
        spec,
        num_classes=None if sized else job.num_classes,
        options=settings.teacher_options,
        seed=job.config.seed,
        pretrained=published,
        like=job.data,
    )
    path = None if checkpoint is None else Path(checkpoint)
    notes = load_checkpoint(
        built,
        path,
        spec=spec,
        flag="--teacher-checkpoint",
        key=settings.teacher_checkpoint_key,
        prefix=settings.teacher_checkpoint_prefix,
    )
    job.notes.extend(notes)
    if path is None and not brings_weights:
        job.notes.append(
            f"No --teacher-checkpoint was given: the teacher's weights are those that '{spec}' "
            "made; see to it that they are trained."
        )
    classes = check_model_takes(built.model, job.data, job.device, who="teacher")
    check_classes(classes, job.num_classes, who="teacher", source="as the student does")
    return built.model.requires_grad_(False)


def _check_no_network(job: Job) -> None:
    """Without a network, what would be said of it is an error."""
    settings = job.settings
    said = {
        "--teacher-checkpoint": settings.teacher_checkpoint,
        "--teacher-checkpoint-key": settings.teacher_checkpoint_key,
        "--teacher-checkpoint-prefix": settings.teacher_checkpoint_prefix,
        "--teacher-pretrained": settings.teacher_pretrained,
        "--teacher-option": settings.teacher_options,
        "--keep-logits": settings.keep_logits,
    }
    for flag, value in said.items():
        if value:
            raise InputError(
                f"Expected --teacher with {flag}, but got --teacher-logits alone; add the teacher, "
                f"or leave out {flag}"
            )


def _no_teacher(job: Job, further: str) -> InputError:
    return InputError(
        f"Expected a teacher for the method '{job.config.method}', but got none; give --teacher "
        f"with --teacher-checkpoint{further}"
    )


def _keeps(job: Job) -> bool:
    """Whether to keep logits: as the option says, else where the inputs are the same each time."""
    chosen = job.settings.keep_logits
    if chosen is None:
        return job.config.augment is None and has_fixed_inputs(job.data)
    return bool(chosen)


def _check_not_augmented(job: Job) -> None:
    """With augmented pictures, of which every epoch sees others, logits cannot be kept."""
    settings = job.settings
    kept = {"--teacher-logits": settings.teacher_logits, "--keep-logits": settings.keep_logits}
    for flag, value in kept.items():
        if job.config.augment is not None and value:
            raise InputError(
                "Expected a teacher that is run on every batch with --augment "
                f"{job.config.augment}, since each epoch sees other pictures, but got {flag}, "
                "which keeps its logits; leave out one of them"
            )


def _from_file(job: Job, file: Path, model: "nn.Module | None" = None) -> Teacher:
    data_fingerprint(job.data)  # refuses inputs that differ from one reading to the next
    return Teacher(model, logits=file, data=job.data)


def _to_keep(job: Job, model: "nn.Module", file: Path | None) -> Teacher:
    data_fingerprint(job.data)
    path = job.out / LOGITS_NAME if file is None else file
    job.notes.append(f"The teacher's logits are computed once and kept in '{path}'.")
    c = job.config
    return KeptTeacher(
        model,
        job.data,
        path,
        own=file is None,
        batch_size=2 * c.batch_size,
        num_workers=c.num_workers,
    )


def _checked(teacher: Teacher, job: Job) -> Teacher:
    teacher.check_classes(job.few, job.num_classes)
    return teacher
