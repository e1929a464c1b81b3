"""The loop: audit, groups, repair or retrain, choose without group labels, audit again."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor, nn

from earlysieve._progress import teller
from earlysieve.auditing.result import AuditResult
from earlysieve.datasets.batches import Data
from earlysieve.datasets.example_groups import Groups, as_groups
from earlysieve.datasets.opened_data import OpenedData, opened
from earlysieve.errors import InputError
from earlysieve.fixing.asked import Asked
from earlysieve.fixing.basis import Basis, of_the_task
from earlysieve.fixing.beginning import begin, training_of, worth_trying
from earlysieve.fixing.budget import Budget, BudgetSpentError, Pace, parse_budget
from earlysieve.fixing.candidates import NO_CHANGE
from earlysieve.fixing.checks import check_data, check_model, check_rule
from earlysieve.fixing.choosing import UNSURE, most_lost, take, too_dear, unsure
from earlysieve.fixing.figures import figures, gained
from earlysieve.fixing.guessing import LEFT_OUT, chance_of, guesses, notes_on_guesses
from earlysieve.fixing.holding_out import PLAIN, hold_out, train_plain
from earlysieve.fixing.kept import Kept
from earlysieve.fixing.keys import data_key, key_of, start_key, training_key
from earlysieve.fixing.outcome import DEAR, candidate_table, left_out, points, reader_of, words_of
from earlysieve.fixing.pictures import fix_rows
from earlysieve.fixing.reading import read_kept
from earlysieve.fixing.result import FixResult
from earlysieve.fixing.retraining import Recipe, as_recipe
from earlysieve.fixing.saving import AFTER, CANDIDATES, check_place
from earlysieve.fixing.search import Search, Searched
from earlysieve.fixing.search_words import all_trainings_failed, what_is_left
from earlysieve.fixing.still_followed import still_followed
from earlysieve.fixing.trials import FEWEST_STEPS, Trial, finished
from earlysieve.groups.selection_rules import rule_named
from earlysieve.model.fingerprint import weights_fingerprint
from earlysieve.repairing.features import LastFeatures
from earlysieve.report.fix_view import ExampleRow

DEFAULT_SELECT = "pseudo_group_accuracy"
AnyGroups = Groups | Tensor | np.ndarray[Any, Any]
_COMPARED = (
    "The given model has seen all examples, so that a plain network was trained anew on four "
    "fifths of them: 'before' and 'no change' are that network, and the others are compared with "
    "it."
)


def fix(
    model: nn.Module,
    *,
    held_out: "Data | OpenedData | None" = None,
    train: "Data | OpenedData | None" = None,
    audit: AuditResult | None = None,
    features: LastFeatures | str | os.PathLike[str] | None = None,
    groups: AnyGroups | None = None,
    train_groups: AnyGroups | None = None,
    retrain: "Recipe | bool | None" = None,
    select: str = DEFAULT_SELECT,
    budget: "str | Budget | None" = None,
    folder: str | os.PathLike[str] | None = None,
    batch_size: int = 64,
    num_workers: int = 0,
    seed: int = 0,
    progress: bool | None = None,
    tell: Callable[[str], None] | None = None,
) -> FixResult:
    """Try to make a classifier rely less on what its audit found, and keep it where nothing helps.

    The model is audited on held-out examples; groups label x misled follow from the audit; repairs
    of the last layer (and trainings of the whole network, where asked for) are tried; a rule that
    needs no group labels compares them, each on examples that it was not fitted to; "no change" is
    among them and wins ties, and unless the audit calls a shortcut only what is better by more than
    chance takes its place (see `fixing.choosing`). The given model is not changed by a bit.

    Args:
        model: any classifier, see `audit`; repairs need a last layer that is linear.
        held_out: labelled examples that the model was not trained on, which can be read again in
            the same order. None, with `retrain`: a fifth of the training data is held out, a plain
            network is trained on the rest (as the recipe says, from fresh weights), and the others
            are compared with that one, since the given model has seen everything.
        train: the training data; needed to retrain.
        audit: of `model` on `held_out`, where it exists.
        features: of `model` on `held_out`, or their folder, as `audit(keep_features=)` keeps them.
        groups: of `held_out`, instead of those that follow from the audit.
        train_groups: of `train`, likewise.
        retrain: True, or how to train; None: repairs alone.
        select: the selection rule, see docs/selection.md.
        budget: "10m", "90s", "2h" or "20trials"; None: all candidates. The best so far counts. A
            time covers everything from this call to the result: the first audit is counted, the
            second is estimated and kept free, and a candidate is begun only where it fits between.
        folder: in its folder "candidates" everything that is finished is kept, so that the same
            call goes on where one was stopped; what lies there of another model, other data or
            other settings is not used. None: nothing is kept.
        batch_size, num_workers: of passes over data that are no DataLoader.
        seed: of folds and orders.
        progress: draw bars and say what is tried, on standard error; by default where that is a
            terminal.
        tell: takes what is said instead, a line at a time.

    Returns:
        The chosen model with what was tried and both audits.

    Raises:
        InputError: the model has seen the held-out data, its last layer is not linear, retraining
            lacks training data, a rule lacks what it needs, or an argument is wrong.
        DataError: groups, features or the audit are of other data, or of another model.
        OutputError: the folder cannot be written.

    Example:
        >>> import torch
        >>> import earlysieve as es
        >>> x = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))
        >>> y = (x[:, 0] + x[:, 1] > 0).long()
        >>> net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
        >>> outcome = es.fix(net, held_out=(x, y))
        >>> outcome.chosen in set(outcome.candidates["candidate"])
        True
    """
    check_model(model, batch_size, seed)
    rule_named(select)
    told = teller(progress) if tell is None else tell
    recipe = as_recipe(retrain, model)
    if recipe is not None and recipe.note:
        told(recipe.note)
    check_data(held_out, train, recipe, features)
    limit = parse_budget(budget)
    place = None if folder is None else check_place(Path(folder)) / CANDIDATES
    asked = Asked(
        recipe,
        select,
        limit,
        seed,
        batch_size,
        num_workers,
        progress,
        told,
        Kept(place),
    )
    given = None if groups is None else as_groups(groups)
    of_training = None if train_groups is None else as_groups(train_groups)
    _check_groups(given, held_out, of_training, train)
    if held_out is not None:
        check_rule(select, opened(held_out))
    read = None
    if features is not None and held_out is not None:
        read = read_kept(features, model, opened(held_out))
    compared, data, rest = _parts(model, held_out, train, asked)
    check_rule(select, data)
    basis, start = begin(compared, data, audit, read, given, asked)
    searched = Searched()
    if worth_trying(basis):
        training = None
        left_out: tuple[str, ...] = ()
        try:
            training = None if rest is None else training_of(basis, rest, of_training, start, asked)
        except BudgetSpentError:
            left_out = ("trainings of the whole network",)
        search = Search(basis, training, seed, limit, asked.kept, start, told, left_out)
        searched = search.run()
    return _conclude(model, basis, searched, start, asked)


def _check_groups(groups: Groups | None, data: Any, of_training: Groups | None, train: Any) -> None:
    for given, theirs in ((groups, data), (of_training, train)):
        if given is not None and theirs is not None:
            given.check(theirs)


def _parts(
    model: nn.Module, held_out: Any, train: Any, asked: Asked
) -> tuple[nn.Module, OpenedData, OpenedData | None]:
    """The network to compare with, examples that it has not seen, and training data."""
    whole = None if train is None else opened(train)
    if held_out is not None:
        return model, opened(held_out), whole
    recipe = asked.recipe
    if whole is None or recipe is None:
        raise InputError("Expected training data to hold some out, but got none; pass train=")
    rest, fifth = hold_out(whole, asked.seed)
    asked.tell("Training a plain network on four fifths, to compare with.")
    folder = None
    if asked.kept.folder is not None:
        start = start_key(model, fifth, asked.seed)
        folder = asked.kept.checkpoints(
            PLAIN, training_key(start, PLAIN, None, data_key(rest), recipe)
        )
    try:
        plain = train_plain(
            model,
            rest,
            recipe,
            seed=asked.seed,
            folder=folder,
            progress=bool(asked.progress),
            check=Pace(asked.budget, FEWEST_STEPS),
        )
    except BudgetSpentError:
        raise InputError(
            f"Expected a budget with time to train a plain network, but {asked.budget.text} is too "
            "short for that alone; allow more, or give held-out data (held_out=, --data)"
        ) from None
    return plain, fifth, rest


def _conclude(
    given: nn.Module, basis: Basis, searched: Searched, start: str, asked: Asked
) -> FixResult:
    trials = searched.trials
    usable = {t.candidate.name: t for t in trials if t.logits is not None}
    logits = {name: t.logits for name, t in usable.items() if t.logits is not None}
    taken = take(
        basis, logits, asked.select, lambda name: _changed(usable[name], basis, start, asked)
    )
    chosen = taken.name
    model, after, answers = given, basis.audit, basis.features.logits
    rows: tuple[ExampleRow, ...] = ()
    if taken.changed is not None:
        model, after = taken.changed
        answers = logits[chosen]
        rows = fix_rows(basis.model, model, basis.data, basis.audit)
    parts = figures(basis, answers)
    failed = all_trainings_failed(trials)
    gain = gained(basis, answers)
    dear, guessing = too_dear(basis, logits), guesses(basis, logits)
    within_chance = unsure(basis, logits, asked.select)
    headline, explanation = words_of(
        basis, chosen, parts, asked.select, len(trials), gain,
        chance=chance_of(basis), guessing=len(guessing), within_chance=len(within_chance),
    )  # fmt: skip
    left = "" if chosen == NO_CHANGE else still_followed(basis.audit.summary, after.summary)
    return FixResult(
        model=model,
        chosen=chosen,
        candidates=candidate_table(
            basis,
            trials,
            taken.scores,
            dict.fromkeys(within_chance, UNSURE)
            | dict.fromkeys(dear, DEAR.format(most=points(most_lost(basis))))
            | dict.fromkeys(guessing, LEFT_OUT),
        ),
        figures=parts,
        before=basis.audit,
        after=after,
        groups=basis.judged_by,
        select=asked.select,
        headline=headline,
        explanation="\n\n".join(part for part in (failed, explanation, left) if part),
        notes=(*_notes(given, basis, searched, asked, logits), *taken.refused),
        config={
            "select": asked.select,
            "seed": asked.seed,
            "seconds": round(asked.budget.spent, 1),
        },
        rows=rows,
    )


def _changed(trial: Trial, basis: Basis, start: str, asked: Asked) -> tuple[nn.Module, AuditResult]:
    """The model that a trial stands for, and its audit."""
    model = finished(trial, basis, seed=asked.seed)
    asked.tell(f"Auditing '{trial.candidate.name}'.")
    matters = of_the_task(basis)
    key = key_of(start, weights_fingerprint(model)) if start else ""
    seen = trial.candidate.kind == "repair"

    def make() -> AuditResult:
        return asked.audit(model, basis.data, seen=seen, relevant=matters)

    made = asked.kept_audit(AFTER, key, make)
    return model, made.result


def _notes(
    given: nn.Module, basis: Basis, searched: Searched, asked: Asked, logits: Mapping[str, Tensor]
) -> tuple[str, ...]:
    found, dear = list(basis.notes), too_dear(basis, logits)
    trained = any(one.model is not None for one in searched.trials)
    found += notes_on_guesses(basis, logits, reader_of(basis), retrained=trained)
    if dear:
        found.append(left_out(basis, dear, most_lost(basis)))
    if searched.untried:
        found.append(what_is_left(asked.budget, len(searched.trials), searched.untried))
    retrained = any(one.candidate.kind == "retrain" for one in searched.trials)
    if asked.recipe is not None and asked.recipe.note and retrained:
        found.append(asked.recipe.note)
    if given is not basis.model:
        found.append(_COMPARED)
    return tuple(found)
