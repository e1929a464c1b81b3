"""A training run in a folder: prepare, train, save, audit before and after."""

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from earlysieve._arrays import Ints
from earlysieve._files import output_folder, write_text
from earlysieve._json import plain
from earlysieve._progress import wanted
from earlysieve.datasets.example_groups import Groups
from earlysieve.datasets.opened_data import opened
from earlysieve.datasets.with_groups import with_groups
from earlysieve.errors import EarlysieveError, InputError
from earlysieve.methods.job import Job
from earlysieve.networks.built import BuiltModel
from earlysieve.networks.families import shape_option
from earlysieve.networks.fit_check import check_model_takes, pick_device
from earlysieve.networks.own_format import write_own_format
from earlysieve.runs.build import build_learner
from earlysieve.runs.class_names import CLASSES_NAME, write_class_names
from earlysieve.runs.example_weights_file import write_example_weights
from earlysieve.runs.given_groups import beside_validation, groups_for_training
from earlysieve.runs.harm import Start, knows_already
from earlysieve.runs.preparation import prepared_config
from earlysieve.runs.reporter import Reporter
from earlysieve.runs.run_beside import known_beside
from earlysieve.runs.start_of_run import start_of_run
from earlysieve.runs.train_data import Parts, open_parts
from earlysieve.runs.train_start import begin, check_start, run_settings
from earlysieve.runs.while_training import AfterEpoch, told, when_in_words
from earlysieve.tracking.listening import tracked
from earlysieve.training import Algorithm, BatchSampler, Event, FitResult, TrainConfig, fit
from earlysieve.training.archive import save_weights
from earlysieve.training.evaluate import evaluate
from earlysieve.training.freezing import frozen
from earlysieve.training.one_class import check_classes
from earlysieve.training.run_folder import CHECKPOINT_NAME
from earlysieve.training.sampling import EpochSampler
from earlysieve.training.selection import NOTHING, Beside, check_select

if TYPE_CHECKING:
    from earlysieve.auditing.result import AuditResult

WEIGHTS_NAME = "model.pt"
RESULT_NAME = "training.json"
_NOT_HELD_OUT = (
    "No validation data were given, so that this audit is of the training data: hold some out, for "
    "instance with --validation 0.1, to see what the model does on data that it has not seen."
)


@dataclass
class TrainRun:
    """Everything of a run that is ready to start; nothing is written yet.

    Attributes:
        job: what the method was built from: data, configuration and folder among it.
        reporter: whom to tell.
        algorithm: what learns.
        sampler: the order of the examples; None: the usual one.
        parts: the data; training data in groups of their own, whatever the method is given.
        groups: those that were given to the method; None: those of the data.
        known: what was given of the validation data, to select by.
        frozen: names of the parameters that do not learn.
        going_on: where the run went on, in words; None: it did not.
        trained: whether it starts from weights that may know these classes already.
        warned: what was told on the way.
    """

    job: Job
    reporter: Reporter
    algorithm: Algorithm
    sampler: BatchSampler | None
    parts: Parts
    groups: Groups | None = None
    known: Beside = NOTHING
    frozen: tuple[str, ...] = ()
    going_on: str | None = None
    trained: bool = False
    warned: list[str] = field(default_factory=list)

    @property
    def validation(self) -> Any:
        """Validation data or None."""
        return self.parts.validation

    @property
    def config(self) -> TrainConfig:
        """The whole configuration."""
        return self.job.config

    @property
    def out(self) -> Path:
        """The folder of the run."""
        return self.job.out

    @classmethod
    def prepare(
        cls, config: TrainConfig, out: Path, reporter: Reporter, *, parts: Parts | None = None
    ) -> "TrainRun":
        """Open data and network, and try them out.

        Args:
            config: of the run.
            out: its folder.
            reporter: whom to tell.
            parts: the data where they are open already, or others than the configuration names.

        Raises:
            EarlysieveError: something is missing, wrong, or does not fit.
        """
        _check_weights(config)
        config = _as_before(config)
        device = pick_device(config.device)
        if parts is None:
            config = prepared_config(config, reporter.tell)
            parts = open_parts(config, progress=reporter.progress)
        groups, known = groups_for_training(config, parts), beside_validation(config, parts)
        check_select(config.select, parts.validation, known)
        data = parts.train if groups is None else with_groups(parts.train, groups)
        check_classes(opened(data))
        skipped = opened(data).skipped
        if skipped:
            files = "1 file" if len(skipped) == 1 else f"{len(skipped)} files"
            reporter.tell(f"Left out {files} that cannot be read, first '{skipped[0]}'.")
        shape = shape_option(*config.model.partition(":")[::2], data)
        config = replace(config, model_options={**shape, **config.model_options})
        built = start_of_run(config, data, reporter.tell)
        if built.new is not None:
            if config.checkpoint is None:  # else its weights are those of the file
                reporter.tell(str(built.new))
            config = _with_head(config, built)
        learner = build_learner(
            config, built.model, data, device=device, out=out, new=built.new_parameters
        )
        if parts.validation is not None:
            check_model_takes(built.model, parts.validation, device, what="validation data")
        return cls(
            learner.job,
            reporter,
            learner.algorithm,
            learner.sampler,
            parts,
            groups,
            known,
            learner.frozen,
            trained=config.checkpoint is not None
            or (built.carries_weights and not built.new_parameters),
        )

    def start(self) -> Start | None:
        """How often the weights that it starts from are right; None where nobody can know.

        To be called before `train`.
        """
        if not self.trained or self.validation is None:
            return None
        c = self.config
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # it need not be good before it is trained
                found = evaluate(
                    self.algorithm.model,
                    self.validation,
                    batch_size=2 * c.batch_size,
                    num_workers=c.num_workers,
                )
        except EarlysieveError:
            return None  # training says what is wrong
        return Start.of(found)

    def chance(self) -> float:
        """The highest accuracy in training of answers that do not look at the inputs.

        0 where it is not known: examples are drawn by what a model says of them, or no list of
        labels is at hand.
        """
        drawn = self._labels_drawn()
        return float(np.bincount(drawn).max() / len(drawn)) if len(drawn) else 0.0

    def classes_drawn(self) -> int:
        """How many classes an epoch has; 0 where that is not known."""
        return len(np.unique(self._labels_drawn()))

    def _labels_drawn(self) -> Ints:
        """Those of an epoch; none where they are not known."""
        labels = getattr(self.job.opened.source, "labels", None)
        if not isinstance(labels, np.ndarray):
            return np.zeros(0, np.int64)
        if self.sampler is None:
            return labels
        if not isinstance(self.sampler, EpochSampler):
            return np.zeros(0, np.int64)
        return np.concatenate([labels[rows] for rows in self.sampler.batches(0)])

    def train(self, *, resume: bool, after_epoch: AfterEpoch | None = None) -> FitResult:
        """Train to the end, from the checkpoint in the folder if there is one and `resume`.

        Args:
            resume: whether to go on from what the folder holds.
            after_epoch: called with the number, from 1, of each epoch in which the network learned;
                figures of an audit that it returns are told as those of the epoch are.
        """
        c = self.config
        begin(
            self.job,
            self.algorithm,
            self.reporter,
            sampler=self.sampler,
            validation=self.validation,
            resume=resume,
            groups=self.groups,
            known=self.known,
        )
        bar = wanted(self.reporter.progress)
        watching = self.reporter.trackers, c.to_dict(), self.out, self.reporter.tell
        called = tracked(*watching, title=self.reporter.title)
        with called as hear, frozen(self.job.model, self.frozen):
            listener = self._listener(hear, silent=bar)
            return self._fit(
                resume=resume, bar=bar, hear=told(listener, self.algorithm, after_epoch)
            )

    def _fit(self, *, resume: bool, bar: bool, hear: Callable[[Event], None]) -> FitResult:
        c = self.config
        # Accuracies are reweighted to the shares of the groups of the data, not of inferred ones.
        own = self.job.data if self.groups is None else self.parts.train
        return fit(
            self.algorithm,
            own,
            **run_settings(c),
            validation=self.validation,
            checkpoint_dir=self.out,
            checkpoint_every_steps=c.checkpoint_every_steps,
            resume=resume,
            on_event=hear,
            progress=bar,
            sampler=self.sampler,
            num_workers=c.num_workers,
            config=c,
            groups=self.groups,
            validation_groups=self.known.pseudo_groups,
            reader_predictions=self.known.reader_predictions,
            augment=c.augment,
            tell=self._tell_going_on,
        )

    def _tell_going_on(self, text: str) -> None:
        self.going_on = text
        self.reporter.tell(text)

    def _listener(self, hear: Callable[[Event], None], *, silent: bool) -> Callable[[Event], None]:
        """What hears of each event: trackers, who reports, who needs the labels of all examples."""
        tell = self.reporter.on_event
        weighted = hasattr(self.algorithm, "weights")

        def listen(event: Event) -> None:
            if weighted and event.batch is not None:
                self.job.opened.note(event.batch)
            hear(event)
            if event.kind == "epoch" and event.epoch == 1:
                self._warn_of_start(event.logs)
            if tell is not None and (event.kind == "audit" or not silent):  # the bar shows none
                tell(event)

        return listen

    def _warn_of_start(self, logs: Mapping[str, float]) -> None:
        """Say at once, before the other epochs, that they will hardly change anything."""
        said = knows_already(logs.get("accuracy"), self.config) if self.trained else ""
        if said:
            self.warned.append(said)
            self.reporter.tell(f"Warning: {said}")

    def save(self, result: FitResult) -> Path:
        """Write the weights, the names of their classes, the history; the path of the weights.

        Weights that came as a folder of transformers or as safetensors are written so, too.
        """
        weights = self.out / WEIGHTS_NAME
        # Without names, rather than with those of other weights, if this is stopped halfway.
        weights.with_name(CLASSES_NAME).unlink(missing_ok=True)
        model = self.algorithm.model
        also = write_own_format(
            model,
            self.out,
            spec=self.config.model,
            checkpoint=self.config.checkpoint or self.config.pretrained,
            prefix=self.config.checkpoint_prefix,
            tell=self.reporter.tell,
        )
        save_weights(weights, model.state_dict())
        if also is not None:
            self.reporter.tell(f"Weights in the form of those given: {also}")
        write_class_names(weights, self.job.data)
        text = json.dumps(plain(asdict(result)), indent=2, allow_nan=False)
        write_text(self.out / RESULT_NAME, f"{text}\n")
        return weights

    def save_example_weights(self) -> Path | None:
        """Write the weights of the examples, if the method has any; the path."""
        weights = getattr(self.algorithm, "weights", None)
        return None if weights is None else write_example_weights(weights, self.job)

    def audit_before(self, *, resume: bool) -> "AuditResult":
        """The audit of the network as it is at the start of this run, in the folder audit-before.

        It is made unless the folder holds it already and `resume`.

        Raises:
            EarlysieveError: the run cannot go on with what its folder holds; no audit is replaced.
        """
        from earlysieve.runs.audit_run import START, start_of, taken_over

        check_start(
            self.job,
            self.algorithm,
            self.sampler,
            self.validation,
            resume=resume,
            groups=self.groups,
            known=self.known,
        )
        start = start_of(self.config, self.algorithm.model, opened(self._audited).size)
        folder = self.out / "audit-before"
        found = taken_over(folder, start, self.reporter.tell) if resume else None
        return found or self.audit("before", **{START: start})

    def audit(self, when: str, **record: str) -> "AuditResult":
        """Audit the network as it is now, on validation data if there are any; save and return it.

        Args:
            when: "before", "after" or "epoch-N"; the result goes to the folder audit-WHEN.
            record: what else to write down in the configuration of the audit.
        """
        from earlysieve.auditing.audit import audit
        from earlysieve.auditing.pseudo_groups import told_by
        from earlysieve.runs.audit_run import save

        result = audit(
            self.algorithm.model,
            self._audited,
            seed=self.config.seed,
            batch_size=self.config.batch_size,
            num_workers=self.config.num_workers,
            resume_dir=self.out / "unfinished-audit",
            progress=self.reporter.progress,
            seen_in_training=self._seen(when),
        )
        known = {
            "model": self.config.model,
            "data": self.config.data,
            "audited": "training data" if self.validation is None else "validation data",
            "when": when_in_words(when),
            "split": self._split(),
        }
        told = [*result.summary.warnings, *([] if self.validation is not None else [_NOT_HELD_OUT])]
        result = replace(
            result,
            config={**result.config, **known, **record},
            summary=replace(
                result.summary,
                warnings=told,
                next_steps=self._steps(result.summary.next_steps, when, told_by(result)),
            ),
        )
        save(result, output_folder(self.out / f"audit-{when}"), self.reporter.tell)
        return result

    def _steps(self, steps: Sequence[str], when: str, reader: str | None) -> list[str]:
        """What to do next, as commands that name the weights of this run, or those before it."""
        from earlysieve.runs.training_steps import steps_of_run

        before = None if self.config.checkpoint is None else Path(self.config.checkpoint)
        weights = self.out / WEIGHTS_NAME if when == "after" else before
        return steps_of_run(steps, self.config, weights, self.out / f"audit-{when}", reader)

    @property
    def _audited(self) -> Any:
        return self.parts.train if self.validation is None else self.validation

    def _seen(self, when: str) -> bool | None:
        """Whether the network was trained on what is audited, where that is known."""
        from earlysieve.runs.seen_data import part_of, seen_in_training

        if when != "before":
            return self.validation is None
        if self.config.checkpoint is None:
            return None
        part = part_of(self.config.data, self.config.data_options.get("split"))
        return seen_in_training(self.config.checkpoint, part) if self.validation is None else None

    def _split(self) -> str | None:
        """The part of the source that is audited."""
        from earlysieve.runs.seen_data import part_of

        validation = self.config.validation
        if validation is not None:
            return validation.removeprefix("split:")
        return part_of(self.config.data, self.config.data_options.get("split")).split

    def how_to_go_on(self) -> str:
        """What to say after Ctrl-C or SIGTERM."""
        checkpoint = self.out / CHECKPOINT_NAME
        if not checkpoint.exists():
            return "Stopped before training began."
        return f"Stopped. The run is saved in '{checkpoint}'; the same command goes on from there."


def _check_weights(config: TrainConfig) -> None:
    """Check that one thing is named to start from."""
    if config.pretrained is not None and config.checkpoint is not None:
        raise InputError(
            "Expected pretrained weights or a checkpoint to start from, but got both; leave out "
            "--pretrained, or --checkpoint"
        )
    if config.head is not None and config.pretrained is None and config.checkpoint is None:
        raise InputError(
            f"Expected pretrained weights with the last layer '{config.head}' to make anew, but "
            "got none; give --pretrained, or leave out --head"
        )


def _as_before(config: TrainConfig) -> TrainConfig:
    """The configuration with the last layer that the run of its checkpoint made anew."""
    found = None if config.head is not None else known_beside(config.checkpoint)
    return config if found is None or found.head is None else replace(config, head=found.head)


def _with_head(config: TrainConfig, built: BuiltModel) -> TrainConfig:
    """The configuration with the layer that was replaced, where the builder would not do it."""
    layers = () if built.new is None else built.new.layers
    return replace(config, head=layers[0]) if built.resized and layers else config
