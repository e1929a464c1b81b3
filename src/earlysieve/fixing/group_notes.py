"""What a user should know about the groups by which a model is repaired."""

from collections.abc import Iterator

import torch
from torch import Tensor

from earlysieve.auditing.result import AuditResult
from earlysieve.datasets.example_groups import Groups
from earlysieve.datasets.opened_data import OpenedData
from earlysieve.grouping.agreement import agreement, in_words
from earlysieve.groups.classes import class_name, listed

_FEW = 5


def notes_on_groups(
    groups: Groups | None, data: OpenedData, labels: Tensor, audit: AuditResult
) -> Iterator[str]:
    """Classes with few suspects, and the agreement with groups that the data name.

    Args:
        groups: that were given or inferred; None: there are none.
        data: whose they are.
        labels: of the examples, shape (N,).
        audit: of the data, for names of classes.
    """
    if groups is None:
        return
    yield from groups.notes
    if groups.suspects is not None:
        yield from _few(groups.suspects & (groups.numbers >= 0), labels, audit.class_names)
    true = data.groups
    if true is not None and bool(((true >= 0) & (groups.numbers.numpy() >= 0)).any()):
        yield in_words(agreement(groups, true, labels))


def _few(suspects: Tensor, labels: Tensor, names: tuple[str, ...]) -> Iterator[str]:
    classes = torch.unique(labels).tolist()
    counts = {c: int((suspects & (labels == c)).sum()) for c in classes}
    none = [class_name(c, names) for c in classes if counts[c] == 0]
    few = [class_name(c, names) for c in classes if 0 < counts[c] < _FEW]
    if none:
        yield f"No suspect in {_classes(none)}: all of its examples count as one group."
    if few:
        yield (
            f"Fewer than {_FEW} suspects in {_classes(few)}: what a repair does for these is "
            "learnt from very few examples, or cannot be learnt."
        )


def _classes(names: list[str]) -> str:
    return f"{'class' if len(names) == 1 else 'classes'} {listed(names)}"
