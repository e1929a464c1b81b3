"""The training loop: a generator that anybody can drive, and `fit`, which drives it."""

import os
import sys
from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from typing import Any

from torch import nn

from earlysieve._interrupts import deferred_interrupts
from earlysieve.datasets.arrays import data_of
from earlysieve.errors import InputError, TrainingError
from earlysieve.model.predictor import check_has_weights
from earlysieve.model.single_example import check_single_example
from earlysieve.model.state import device_of
from earlysieve.training.algorithm import Algorithm
from earlysieve.training.augmentation import Augment
from earlysieve.training.config import TrainConfig
from earlysieve.training.distributed import processes
from earlysieve.training.evaluate import evaluate
from earlysieve.training.events import Event
from earlysieve.training.fit_result import FitResult
from earlysieve.training.freezing import frozen
from earlysieve.training.loading import Data, Source, load_batches
from earlysieve.training.progress import progress_bar
from earlysieve.training.run import Run
from earlysieve.training.run_folder import CheckpointStore
from earlysieve.training.run_settings import RunSettings
from earlysieve.training.sampling import BatchSampler
from earlysieve.training.selection import GivenGroups, Select, beside, keeps_logits


def train_steps(run: Run) -> Generator[Event, None, None]:
    """Train from where `run` is until it is finished; yields after every step, epoch, evaluation.

    At each yield the run is consistent: it can be saved, or left and taken up again. The model is
    put into training mode if it was not; if it was, layers that somebody put into evaluation mode
    (frozen BatchNorm) stay in it. Modes are restored at the end.
    """
    with training_mode(run.algorithm.model):
        while not run.finished:
            if run.epoch.row is None:
                yield from _learn_epoch(run)
                yield _close_epoch(run)
            if run.epoch.row is not None:
                yield _evaluate_epoch(run)


def fit(
    algorithm: Algorithm,
    train_data: Data,
    *,
    epochs: int,
    batch_size: int = 64,
    seed: int = 0,
    validation: Data | None = None,
    evaluate_every: int = 1,
    patience: int | None = None,
    select: Select = "accuracy",
    restore_best: bool | None = None,
    refresh_batches: int = 0,
    checkpoint_dir: str | os.PathLike[str] | None = None,
    checkpoint_every_steps: int | None = None,
    resume: bool = True,
    on_event: Callable[[Event], None] | None = None,
    progress: bool = True,
    sampler: BatchSampler | None = None,
    num_workers: int = 0,
    config: TrainConfig | None = None,
    groups: GivenGroups | None = None,
    validation_groups: GivenGroups | None = None,
    reader_predictions: Any | None = None,
    augment: Augment | None = None,
    freeze: str | Collection[str] | None = None,
    tell: Callable[[str], None] | None = None,
) -> FitResult:
    """Train, evaluate, save, and stop early if asked to.

    A run that was interrupted and is called again with the same arguments goes on exactly as it
    would have: parameters, optimiser state, history and random numbers agree to the last bit. A
    finished run is loaded, not repeated; with more `epochs` it goes on, unless its learning rate
    was scheduled over the first number. Data sets that draw from torch, NumPy or Python random
    numbers are covered for any `num_workers`; ones with a generator of their own are not.

    Args:
        algorithm: what learns; see `Algorithm`. Its model is on the device to train on.
        train_data: a map-style data set, arrays (X, y), or a DataLoader over a data set (whose
            `collate_fn` and workers are used; the order is this function's own).
        epochs, batch_size, seed, evaluate_every, patience, select, restore_best, refresh_batches:
            see `RunSettings`.
        validation: evaluated by `evaluate`.
        checkpoint_dir: where "last.pt" (and "config.json", if `config` is given) are written: at
            the start, after every epoch, and whenever an error, Ctrl-C or SIGTERM ends the run.
        checkpoint_every_steps: save after every so many steps, too.
        resume: go on from `checkpoint_dir` where it holds a checkpoint; False: start again.
        on_event: called with every `Event`.
        progress: show a progress bar on standard error.
        sampler: another order, e.g. a weighted `EpochSampler`.
        num_workers: processes that load data, those of validation among them.
        config: written beside the checkpoint, and compared on resume.
        groups: groups of the training data for methods that need them (GroupDRO), instead of the
            data's own: `infer_groups(...)`, or numbers, shape (N,), -1 where unknown.
        validation_groups: pseudo-groups of the validation data, likewise, for `select`
            "worst_pseudo_group_accuracy" and "pseudo_group_accuracy". They are never taken for true
            groups, and the same for all epochs.
        reader_predictions: the class that a biased reader says of each example of the validation
            data, integers of shape (N,), for `select` "unsupervised_balanced_accuracy".
        augment: change the pictures of the training data, of which every epoch sees others: "none",
            "flip", "flip-crop" (and a random part of at least half of the area), "randaugment"
            (and two operations of RandAugment, Cubuk et al., 2020), or a function of a picture
            (C, H, W) that keeps its size. Draws depend on seed, epoch and example alone. Pictures
            of this package's data sets are changed before they are normalised.
        freeze: keep a part of the network as it is: "backbone" for all but the last layer, the name
            of a layer for all that its output depends on, or names of parameters. BatchNorm in it
            keeps its statistics; `requires_grad` and modes are restored at the end.
        tell: takes a line for people, which says where a run goes on; None: standard error, beside
            the progress bar.

    Raises:
        TrainingError: a loss or parameter is not finite; the last good state has been saved. Or
            several processes of torch.distributed call this.
        KeyboardInterrupt: Ctrl-C; the state after the last whole step has been saved.
        SystemExit: SIGTERM, with code 143, where the program has no handler of its own; as above.
        CheckpointError: the checkpoint belongs to another model or configuration.
        InputError, DataError: an argument is out of its range, there are no examples, groups are of
            other data, or `select` lacks what it needs; nothing is written then.

    Example:
        >>> import torch
        >>> import earlysieve as es
        >>> x = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))
        >>> y = (x[:, 0] + x[:, 1] > 0).long()
        >>> net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
        >>> optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
        >>> from earlysieve.training import ERM
        >>> result = es.fit(ERM(net, optimizer), (x, y), epochs=2, progress=False)
        >>> result.epochs
        2
    """
    _check_alone()
    check_has_weights(algorithm.model)
    settings = RunSettings(
        epochs=epochs,
        batch_size=batch_size,
        seed=seed,
        evaluate_every=evaluate_every,
        patience=patience,
        select=select,
        restore_best=restore_best,
        refresh_batches=refresh_batches,
    )
    run = Run(
        algorithm,
        data_of(train_data),
        settings,
        validation=data_of(validation),
        sampler=sampler,
        num_workers=num_workers,
        config=None if config is None else config.decisive(),
        groups=groups,
        known=beside(validation, groups=validation_groups, reader_predictions=reader_predictions),
        augment=augment,
        freeze=freeze,
    )
    with frozen(algorithm.model, run.frozen):
        _check_single(run)
        store = CheckpointStore(run, checkpoint_dir, checkpoint_every_steps)
        taken_up = store.open(resume=resume, config=config)
        if taken_up:
            (tell or (_above_bar if progress else _ignore))(taken_up)
        _drive(run, store, on_event, progress)
    return _result(run)


def _check_single(run: Run) -> None:
    """Try a batch of one example, where there will be such, before anything is written."""
    if run.settings.batch_size > 1 and len(run.source) > 1:
        return
    model, source = run.algorithm.model, Source(run.source.dataset, run.source.collate, 0)
    batch = next(load_batches(source, [[0]], key=(run.settings.seed,)))
    with training_mode(model):
        check_single_example(model, batch.to(device_of(model)).inputs)


@contextmanager
def training_mode(model: nn.Module) -> Iterator[None]:
    """Training mode, unless the model is in it already; every module's mode is restored after."""
    modes = [(module, module.training) for module in model.modules()]
    try:
        if not model.training:
            model.train()
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def _learn_epoch(run: Run) -> Iterator[Event]:
    plan = run.sampler.batches(run.position.epoch)
    key = (run.settings.seed, run.position.epoch)
    if run.position.batch >= len(plan):
        return
    for batch in load_batches(run.source, plan, key=key, start=run.position.batch):
        logs = run.learn(batch)
        yield Event("step", run.position.epoch + 1, run.position.step, logs, batch)


def _close_epoch(run: Run) -> Event:
    number = run.position.epoch + 1
    means = run.close_epoch()
    if not run.evaluation_is_due():
        run.finish_epoch(None)
    return Event("epoch", number, run.position.step, means)


def _evaluate_epoch(run: Run) -> Event:
    number = run.position.epoch + 1
    if run.validation is None:  # a run that was saved while it had validation data
        raise InputError("Expected validation data, but got none; pass validation= as before")
    found = evaluate(
        run.algorithm.model,
        run.validation,
        batch_size=2 * run.settings.batch_size,
        num_workers=run.num_workers,
        keep_logits=keeps_logits(run.settings.select),
    )
    logs = run.finish_epoch(found)
    return Event("evaluation", number, run.position.step, logs)


def _check_alone() -> None:
    if processes() > 1:
        raise TrainingError(
            f"Expected one process to train, but torch.distributed has {processes()}, which would "
            "all learn from the same batches; run fit in one process, or call the algorithm's step "
            "in a loop of your own that divides the data"
        )


def _drive(
    run: Run, store: CheckpointStore, on_event: Callable[[Event], None] | None, progress: bool
) -> None:
    with (
        deferred_interrupts() as requests,
        _shown(run, progress) as show,
        closing(train_steps(run)) as events,  # modes and workers are given back at once
        store.saving_on_errors(),
    ):
        for event in events:
            show(event)
            if on_event is not None:
                on_event(event)
            store.after(event)
            requests.answer()


def _shown(run: Run, progress: bool) -> AbstractContextManager[Callable[[Event], None]]:
    if not progress:
        return nullcontext(_ignore)
    total = run.settings.epochs * len(run.sampler)
    return progress_bar(total, done=run.position.step, epochs=run.settings.epochs)


def _ignore(_: object) -> None:
    pass


def _above_bar(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _result(run: Run) -> FitResult:
    restored = run.restore_best()
    return FitResult(
        history=run.history,
        best_score=run.best.score,
        best_epoch=run.best.epoch,
        epochs=run.position.epoch,
        steps=run.position.step,
        stopped_early=run.stopped_early,
        restored_best=restored,
    )
