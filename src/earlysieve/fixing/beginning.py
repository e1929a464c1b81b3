"""What a fix begins with: features, the first audit, groups; and what retraining needs."""

from collections.abc import Mapping

import torch
from torch import nn

from earlysieve.auditing.result import AuditResult
from earlysieve.datasets.example_groups import Groups
from earlysieve.datasets.opened_data import OpenedData
from earlysieve.fixing.asked import Asked
from earlysieve.fixing.basis import GIVEN, NAMED, Basis, make_basis, of_the_task
from earlysieve.fixing.checks import check_audit
from earlysieve.fixing.durations import (
    after_trials,
    check_time_for_audit,
    each_of_audit,
    least_of_audit,
    seconds_each,
)
from earlysieve.fixing.keys import data_key, key_of, start_key
from earlysieve.fixing.reading import read_held_out
from earlysieve.fixing.saving import BEFORE
from earlysieve.fixing.training_groups import training_groups
from earlysieve.fixing.trials import Training
from earlysieve.groups.crossing import not_crossed
from earlysieve.groups.selection_rules import rule_named
from earlysieve.repairing.features import LastFeatures


def begin(
    model: nn.Module,
    data: OpenedData,
    audit: AuditResult | None,
    read: LastFeatures | None,
    groups: Groups | None,
    asked: Asked,
) -> tuple[Basis, str]:
    """What candidates share, and the digest that what is kept of them is known by.

    The budget keeps free what comes after the trials.

    Args:
        model: to be compared with.
        data: that it has not seen.
        audit: of these, where it is given.
        read: features of these, where they are given.
        groups: of these, where they are given.
        asked: see `Asked`.

    Raises:
        InputError: the budget has no time for an audit, or as `read_held_out`.
        DataError: the audit is of other data or of another model.
    """
    budget = asked.budget
    named = _named(data, asked) if groups is None else None
    began = budget.clock()
    features, no_repair = read_held_out(model, data, read, asked)
    each = (budget.clock() - began) / max(1, len(features))
    if read is not None and budget.timed:
        each = seconds_each(model, data, budget.clock)
    least = least_of_audit(each, len(features))
    start = "" if asked.kept.folder is None else start_key(model, data, asked.seed)
    if audit is not None:
        check_audit(audit, data, features)
        start = start and key_of(start, audit.identity)
        budget.reserved = after_trials(least)
        return make_basis(model, data, features, audit, groups, no_repair, each, named=named), start

    def make() -> AuditResult:
        check_time_for_audit(least, budget, "the held-out examples")
        return asked.audit(model, data, seen=False)

    asked.tell("Auditing the model on them.")
    made = asked.kept_audit(BEFORE, start, make)
    budget.reserved = after_trials(made.seconds or least)
    each = each_of_audit(made.seconds, each, max(1, len(features)))
    return make_basis(
        model, data, features, made.result, groups, no_repair, each, named=named
    ), start


def _named(data: OpenedData, asked: Asked) -> Groups | None:
    """The groups that the data name, where the rule chooses by these."""
    if "groups" not in rule_named(asked.select).needs or data.groups is None:
        return None
    return Groups(torch.from_numpy(data.groups), data.group_names, "data")


def worth_trying(basis: Basis) -> bool:
    """Whether there are groups to compare candidates by, and a reason to look for a better one."""
    if basis.judged_by is None:
        return False
    return basis.audit.summary.verdict != "none found" or bool({GIVEN, NAMED} & set(basis.sources))


def training_of(
    basis: Basis, train: OpenedData, given: Groups | None, start: str, asked: Asked
) -> Training | None:
    """What retraining needs; None where nothing is to be retrained.

    Raises:
        BudgetSpentError: there is no time for an audit of the training data.
    """
    if asked.recipe is None:
        return None
    key = data_key(train) if start else ""
    named = _named(train, asked) if NAMED in basis.sources else None
    if given is not None:
        sources: Mapping[str, Groups] = {GIVEN: given}
        note = not_crossed(given.numbers.numpy(), train.labels, given.names)
        if note:
            asked.tell(note)
    elif named is not None:
        sources = {NAMED: named}
    else:
        least, matters = basis.seconds_each * (train.size or 0), of_the_task(basis)

        def make() -> AuditResult:
            asked.budget.check(least)
            return asked.training_audit(basis.model, train, matters)

        asked.tell("Auditing the training data, for groups of theirs.")
        found = asked.kept_audit("audit-training", key_of(start, key), make)
        sources = training_groups(basis, train, found.result)
    return Training(train.data, sources, asked.recipe, bool(asked.progress), key)
