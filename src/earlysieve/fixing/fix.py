"""The loop: audit, groups, repair or retrain, choose without group labels, audit again."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from earlysieve.auditing.audit import audit as run_audit
from earlysieve.auditing.result import AuditResult
from earlysieve.datasets.batches import Data
from earlysieve.datasets.example_groups import Groups, as_groups
from earlysieve.datasets.opened_data import OpenedData, opened
from earlysieve.errors import InputError
from earlysieve.fixing.basis import GIVEN, Basis, make_basis
from earlysieve.fixing.budget import Budget, parse_budget
from earlysieve.fixing.candidates import (
    NO_CHANGE,
    Candidate,
    repair_candidates,
    retrain_candidates,
)
from earlysieve.fixing.choosing import choose
from earlysieve.fixing.figures import figures
from earlysieve.fixing.holding_out import hold_out, train_plain
from earlysieve.fixing.outcome import candidate_table, words_of
from earlysieve.fixing.pictures import fix_rows
from earlysieve.fixing.result import FixResult
from earlysieve.fixing.retraining import Recipe, as_recipe
from earlysieve.fixing.training_groups import training_groups
from earlysieve.fixing.trials import Training, Trial, attempt, finished
from earlysieve.groups.selection_rules import rule_named
from earlysieve.repairing.features import last_features
from earlysieve.repairing.unseen import check_unseen
from earlysieve.report.fix_view import ExampleRow

DEFAULT_SELECT = "pseudo_group_accuracy"
AnyGroups = Groups | Tensor | np.ndarray[Any, Any]
_COMPARED = (
    "The given model has seen all examples, so that a plain network was trained anew on four "
    "fifths of them: 'before' and 'no change' are that network, and the others are compared with "
    "it."
)


@dataclass(frozen=True)
class _Asked:
    """What `fix` was asked for."""

    recipe: Recipe | None
    select: str
    budget: Budget
    seed: int
    batch_size: int
    num_workers: int
    progress: bool | None
    tell: Callable[[str], None]
    folder: Path | None


def fix(
    model: nn.Module,
    *,
    held_out: "Data | OpenedData | None" = None,
    train: "Data | OpenedData | None" = None,
    audit: AuditResult | None = None,
    groups: AnyGroups | None = None,
    train_groups: AnyGroups | None = None,
    retrain: "Recipe | bool | None" = None,
    select: str = DEFAULT_SELECT,
    budget: str | None = None,
    folder: str | os.PathLike[str] | None = None,
    batch_size: int = 64,
    num_workers: int = 0,
    seed: int = 0,
    progress: bool | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> FixResult:
    """Try to make a classifier rely less on what its audit found, and keep it where nothing helps.

    The model is audited on held-out examples; groups label x misled follow from the audit; repairs
    of the last layer (and trainings of the whole network, where asked for) are tried; a rule that
    needs no group labels compares them, each on examples that it was not fitted to; "no change" is
    among them, and only what is better by more than chance takes its place. The given model is not
    changed by a bit.

    Args:
        model: any classifier, see `audit`; repairs need a last layer that is linear.
        held_out: labelled examples that the model was not trained on, which can be read again in
            the same order. None, with `retrain`: a fifth of the training data is held out, a plain
            network is trained on the rest (as the recipe says, from fresh weights), and the others
            are compared with that one, since the given model has seen everything.
        train: the training data; needed to retrain.
        audit: of `model` on `held_out`, where it exists.
        groups: of `held_out`, instead of those that follow from the audit.
        train_groups: of `train`, likewise.
        retrain: True, or how to train; None: repairs alone.
        select: the selection rule, see docs/selection.md.
        budget: "10m", "90s", "2h" or "20trials"; None: all candidates. The best so far counts.
        folder: where checkpoints of retraining lie, so that a second call goes on; None: nowhere.
        batch_size, num_workers: of passes over data that are no DataLoader.
        seed: of folds and orders.
        progress: draw bars; by default where standard error is a terminal.
        tell: takes lines for people.

    Returns:
        The chosen model with what was tried and both audits.

    Raises:
        InputError: the model has seen the held-out data, its last layer is not linear, retraining
            lacks training data, a rule lacks what it needs, or an argument is wrong.
        DataError: groups or the audit are of other data.
    """
    rule_named(select)
    recipe = as_recipe(retrain)
    _check_data(held_out, train, recipe)
    place = None if folder is None else Path(folder)
    asked = _Asked(
        recipe,
        select,
        parse_budget(budget),
        seed,
        batch_size,
        num_workers,
        progress,
        tell,
        place,
    )
    given = None if groups is None else as_groups(groups)
    start, data, rest = _parts(model, held_out, train, asked)
    basis = _basis(start, data, audit, given, asked)
    training = None
    if recipe is not None and rest is not None and worth_trying(basis):
        found = None if train_groups is None else as_groups(train_groups)
        training = _training(basis, rest, found, recipe, asked)
    trials = _try_all(basis, training, asked)
    return _conclude(model, basis, trials, asked)


def _check_data(held_out: Any, train: Any, recipe: Recipe | None) -> None:
    if recipe is not None and train is None:
        raise InputError(
            "Expected training data to retrain on, but got none; pass train=, or leave out retrain"
        )
    if held_out is None and recipe is None:
        raise InputError(
            "Expected held_out, examples that the model was not trained on, but got none: on what "
            "it has seen, nothing can be repaired or chosen; pass some, or retrain=True with "
            "train=, which holds a fifth out before training"
        )


def _parts(
    model: nn.Module, held_out: Any, train: Any, asked: _Asked
) -> tuple[nn.Module, OpenedData, OpenedData | None]:
    """The network to compare with, examples that it has not seen, and training data."""
    whole = None if train is None else opened(train)
    if held_out is not None:
        return model, opened(held_out), whole
    recipe = asked.recipe
    if whole is None or recipe is None:
        raise InputError("Expected training data to hold some out; pass train=")
    rest, fifth = hold_out(whole, asked.seed)
    asked.tell("Training a plain network on four fifths, to compare with.")
    plain = train_plain(
        model,
        rest,
        recipe,
        seed=asked.seed,
        folder=asked.folder,
        progress=bool(asked.progress),
    )
    return plain, fifth, rest


def _basis(
    model: nn.Module,
    data: OpenedData,
    audit: AuditResult | None,
    groups: Groups | None,
    asked: _Asked,
) -> Basis:
    asked.tell("Reading the features of the last layer from the held-out examples.")
    features = last_features(
        model,
        data,
        batch_size=asked.batch_size,
        num_workers=asked.num_workers,
        progress=asked.progress,
        tell=asked.tell,
    )
    if not torch.equal(features.index, torch.arange(len(features))):
        raise InputError(
            "Expected held-out examples in the order of their data set, but the loader shuffles or "
            "leaves some out; pass the data set, or a DataLoader with shuffle=False"
        )
    check_unseen(features.logits, features.labels, None)
    found = audit
    if found is None:
        asked.tell("Auditing the model on them.")
        found = _audit(model, data, asked, seen=False)
    return make_basis(model, data, features, found, groups)


def _audit(model: nn.Module, data: OpenedData, asked: _Asked, *, seen: bool) -> AuditResult:
    return run_audit(
        model,
        data,
        batch_size=asked.batch_size,
        num_workers=asked.num_workers,
        seed=asked.seed,
        seen_in_training=seen,
        progress=asked.progress,
        tell=asked.tell,
    )


def worth_trying(basis: Basis) -> bool:
    """Whether there are groups to compare candidates by, and a reason to look for a better one."""
    if basis.judged_by is None:
        return False
    return basis.audit.summary.verdict != "none found" or GIVEN in basis.sources


def _training(
    basis: Basis, train: OpenedData, given: Groups | None, recipe: Recipe, asked: _Asked
) -> Training:
    if given is not None:
        given.check(train)
        sources: Mapping[str, Groups] = {GIVEN: given}
    else:
        asked.tell("Auditing the training data, for groups of theirs.")
        sources = training_groups(
            basis,
            train,
            batch_size=asked.batch_size,
            num_workers=asked.num_workers,
            seed=asked.seed,
            progress=asked.progress,
        )
    folder = None if asked.folder is None else asked.folder / "candidates"
    return Training(train.data, sources, recipe, folder, bool(asked.progress))


def _try_all(basis: Basis, training: Training | None, asked: _Asked) -> list[Trial]:
    if not worth_trying(basis):
        return []
    repairs = list(repair_candidates(tuple(basis.sources)))
    trainings = [] if training is None else list(retrain_candidates(tuple(training.sources)))
    trials: list[Trial] = []
    for candidate in _ordered(repairs, trainings):
        if not asked.budget.allows(_estimate(candidate, trials)):
            break
        asked.budget.use()
        trials.append(attempt(candidate, basis, training, seed=asked.seed))
        asked.tell(_told(trials[-1]))
    if not trials:
        raise InputError(
            "Expected a budget for one candidate at least, but it was spent before the first; "
            "allow more time, or give budget in trials"
        )
    return trials


def _ordered(repairs: list[Candidate], trainings: list[Candidate]) -> list[Candidate]:
    """The first repairs, which take seconds, then the first training, then the rest."""
    return [*repairs[:3], *trainings[:1], *repairs[3:], *trainings[1:]]


def _estimate(candidate: Candidate, trials: list[Trial]) -> float:
    """Seconds that it will take: the longest of its kind so far."""
    return max((t.seconds for t in trials if t.candidate.kind == candidate.kind), default=0.0)


def _told(trial: Trial) -> str:
    name = trial.candidate.name
    if trial.failure:
        return f"{name}: cannot be used here. {trial.failure}"
    return f"{name}: tried in {trial.seconds:.1f} s."


def _conclude(given: nn.Module, basis: Basis, trials: list[Trial], asked: _Asked) -> FixResult:
    usable = {t.candidate.name: t for t in trials if t.logits is not None}
    logits = {name: t.logits for name, t in usable.items() if t.logits is not None}
    choice = choose(basis, logits, asked.select) if logits else None
    chosen = NO_CHANGE if choice is None else choice.name
    model, after, answers = given, basis.audit, basis.features.logits
    rows: tuple[ExampleRow, ...] = ()
    if chosen != NO_CHANGE:
        trial = usable[chosen]
        model, answers = finished(trial, basis, seed=asked.seed), logits[chosen]
        asked.tell(f"Auditing '{chosen}'.")
        after = _audit(model, basis.data, asked, seen=trial.candidate.kind == "repair")
        rows = fix_rows(basis.model, model, basis.data, basis.audit)
    parts = figures(basis, answers)
    headline, explanation = words_of(basis, chosen, parts, asked.select, len(trials))
    return FixResult(
        model=model,
        chosen=chosen,
        candidates=candidate_table(basis, trials, None if choice is None else choice.table),
        figures=parts,
        before=basis.audit,
        after=after,
        groups=basis.judged_by,
        select=asked.select,
        headline=headline,
        explanation=explanation,
        notes=(*basis.notes, *([] if given is basis.model else [_COMPARED])),
        config={"select": asked.select, "seed": asked.seed, "seconds": asked.budget.spent},
        rows=rows,
    )
