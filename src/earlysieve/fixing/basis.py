"""What candidates are judged by: held-out examples, what the model says of them, and groups."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from torch import Tensor, nn

from earlysieve._arrays import Ints
from earlysieve.auditing.pseudo_groups import groups_from_audit
from earlysieve.auditing.result import AuditResult
from earlysieve.auditing.summary import Summary
from earlysieve.datasets.example_groups import Groups, label_by_suspect
from earlysieve.datasets.opened_data import OpenedData
from earlysieve.errors import InputError
from earlysieve.fixing.group_notes import notes_on_groups
from earlysieve.grouping.infer import infer_groups
from earlysieve.groups.crossing import not_crossed
from earlysieve.repairing.features import LastFeatures

AUDIT, ERRORS, GIVEN, NAMED = "audit", "errors", "given", "named"
# Candidates are compared on those whom the reader surely misleads: where it errs because its
# property is hard to read, nothing can be won, and each such example blurs the comparison.
SURE, FEWEST = 0.5, 20


@dataclass(frozen=True, eq=False)
class Basis:
    """What all candidates share.

    Attributes:
        model: as it was given.
        data: examples that it was not trained on.
        features: what its last layer reads of them, and its logits.
        audit: of the model on these data.
        judged_by: groups of these data by which candidates are compared: misled or not, of all
            classes together, since a class alone has few; or those that were given, or that the
            data name, where the rule is about these. None: none can be told.
        sources: groups that repairs may use, by the name of their source.
        notes: what could not be done.
        no_repair: why the last layer cannot be repaired; empty where it can.
        seconds_each: that an audit without swaps takes for one example, about.
    """

    model: nn.Module
    data: OpenedData
    features: LastFeatures
    audit: AuditResult
    judged_by: Groups | None
    sources: Mapping[str, Groups] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    no_repair: str = ""
    seconds_each: float = 0.0

    @property
    def labels(self) -> Ints:
        """Of the examples, int64, shape (N,)."""
        return self.features.labels.numpy()

    @property
    def reader_predictions(self) -> Ints:
        """The class that the audit's early readout says of each example, shape (N,)."""
        table = self.audit.examples
        order = np.argsort(table["index"].to_numpy(), kind="stable")
        return table["readout_prediction"].to_numpy()[order].astype(np.int64)


def of_the_task(basis: Basis) -> list[str]:
    """Names of parts of which the audit was told that they belong to the task."""
    return [str(name) for name in basis.audit.config.get("relevant", [])]


def must_change(basis: Basis) -> bool:
    """Whether balancing groups is known to be right: a shortcut was called, or it was said so.

    Else what misleads may be the task.
    """
    return _has_to_change(basis.audit.summary)


def _has_to_change(summary: Summary) -> bool:
    about = (one for one in summary.leanings if one.name == summary.leans_on)
    return summary.verdict == "shortcut" or any(one.irrelevant for one in about)


def make_basis(
    model: nn.Module,
    data: OpenedData,
    features: LastFeatures,
    audit: AuditResult,
    groups: Groups | None,
    no_repair: str = "",
    seconds_each: float = 0.0,
    *,
    named: Groups | None = None,
) -> Basis:
    """Infer groups from the audit, unless they are given; errors of the model are a second source.

    Args:
        model, data, features, audit: see `Basis`.
        groups: of the data, given by the user.
        named: those of the data, where the rule is about them and none are given. Those of the
            audit are a further source, unless it found nothing.
        no_repair, seconds_each: see `Basis`.
    """
    notes = [no_repair] if no_repair else []
    sources: dict[str, Groups] = {}
    if groups is not None:
        groups.check(data)
        sources[GIVEN] = groups
    elif named is not None:
        sources[NAMED] = named
    if groups is None and (named is None or audit.summary.verdict != "none found"):
        try:
            sources[AUDIT] = infer_groups(audit, data=data)
        except InputError as error:
            notes += [] if named is not None else [str(error)]
    judged_by = sources.get(GIVEN, named)
    if judged_by is None and AUDIT in sources:
        judged_by = _judging(audit, sources[AUDIT])
    wrong = features.logits.argmax(1) != features.labels
    if judged_by is not None and bool(wrong.any()):
        sources[ERRORS] = _errors(features.labels, wrong, audit)
    noted = sources.get(AUDIT, sources.get(GIVEN))
    notes += notes_on_groups(noted, data, features.labels, audit)
    notes += _crossed(sources.get(GIVEN, named), features.labels)
    return Basis(
        model, data, features, audit, judged_by, sources, tuple(notes), no_repair, seconds_each
    )


def _crossed(groups: Groups | None, labels: Tensor) -> list[str]:
    """That groups which people named are not crossed with the class."""
    if groups is None:
        return []
    found = not_crossed(groups.numbers.numpy(), labels.numpy(), groups.names)
    return [found] if found else []


def _judging(audit: AuditResult, whole: Groups) -> Groups:
    """Misled or not: by whom the reader surely misleads, or, where these are few, misleads.

    Where the model has to change, these are all of them: a label that is wrong no candidate gets
    right but by chance, and one that only looks so is what they are compared on.
    """
    surely = groups_from_audit(audit, sure=SURE)
    found = surely if _count(surely) >= FEWEST else whole
    suspects = whole.suspects if found.suspects is None else found.suspects
    if suspects is None:
        return whole
    left_out = whole.numbers < 0
    if _has_to_change(audit.summary):
        left_out &= ~suspects
    numbers = suspects.long().masked_fill(left_out, -1)
    return Groups(
        numbers,
        ("not misled", "misled"),
        AUDIT,
        whole.identity,
        suspects,
        config=found.config,
    )


def _count(groups: Groups) -> int:
    return 0 if groups.suspects is None else int(groups.suspects.sum())


def _errors(labels: Tensor, wrong: Tensor, audit: AuditResult) -> Groups:
    return label_by_suspect(labels, wrong, audit.class_names, source=ERRORS)
