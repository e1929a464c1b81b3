"""Groups from an audit: whom does the simple thing mislead that the model leans on?"""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch

from earlysieve._arrays import Bools
from earlysieve._readable import VALUES, as_kept, column_and_values
from earlysieve.auditing.marks import base_of
from earlysieve.datasets.example_groups import Groups, identity, label_by_suspect, probes
from earlysieve.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from earlysieve.auditing.summary import Summary

SCORE = "score of {}"
PILE, FAILS = "pile", "shortcut fails"


class Audited(Protocol):
    """What of an `AuditResult` tells groups."""

    @property
    def examples(self) -> "pd.DataFrame":
        """One row per example."""
        ...

    @property
    def summary(self) -> "Summary":
        """With its leanings."""
        ...

    @property
    def class_names(self) -> tuple[str, ...]:
        """Of class 0, 1, ..."""
        ...


def groups_from_audit(result: Audited, *, reader: str | None = None, sure: float = 0.0) -> Groups:
    """Groups label x misled of the data that were audited, in their order.

    An example is misled if a small reader, fitted on the other folds, takes it for another class
    with a larger margin than nothing. Which reader: `reader`, or the one that the verdict is about
    (`summary.leans_on`), or, where it is about none, the strongest of `summary.leanings` that was
    not said to belong to the task. Where no reader has a column in the table, examples in the pile
    "shortcut fails" are meant, then flagged ones. Examples whose label is doubtful belong to no
    group (-1), since a wrong label is no exception to a shortcut; but not where the verdict is
    "inconclusive", as on what a model has memorised: there exceptions look like wrong labels.

    Args:
        result: of `audit`, also of training data: readers are fitted out of fold.
        reader: name of a property or view, as in `summary.leanings` or on the page; for data of
            which the verdict is silent, what the audit of other data of the same model named. Where
            this one has no reader of a property of one class, it is that of all classes.
        sure: by how much a reader has to hold another class more probable than the label, in
            [0, 1): the higher, the fewer are misled and the surer it is.

    Raises:
        InputError: `reader` has no column, or `sure` is out of its range.
    """
    if not 0 <= sure < 1:
        raise InputError(
            f"Expected sure to be at least 0 and below 1, but got {sure}; 0 takes whomever the "
            "reader gets wrong"
        )
    table = result.examples
    chosen, suspects = _suspects(result, reader, sure)
    doubtful = (
        (table[PILE] == "label doubtful").to_numpy()
        if PILE in table.columns and result.summary.verdict != "inconclusive"
        else np.zeros(len(table), bool)
    )
    order = _order(table["index"].to_numpy())
    labels = table["label"].to_numpy()[order]
    ids = [str(name) for name in table["id"].to_numpy()[order]]
    made = label_by_suspect(
        torch.from_numpy(labels.astype(np.int64)),
        torch.from_numpy(suspects[order]),
        result.class_names,
        source="audit",
        identity=identity(ids, [int(labels[i]) for i in probes(len(labels))]),
        config={"reader": chosen, "verdict": result.summary.verdict, "sure": sure},
    )
    found = _without(made, doubtful[order])
    if reader is None or as_kept(reader) == chosen or reader == chosen:
        return found
    note = f"This audit has no reader of {reader}: groups are told by that of {chosen}."
    return _noted(found, note)


def told_by(result: Audited) -> str | None:
    """The reader that the verdict is about, by which groups of other data can be told as well.

    None where the verdict is about none, or where it has no column in the table.
    """
    name = result.summary.leans_on
    return name if name is not None and SCORE.format(name) in result.examples.columns else None


def _suspects(result: Audited, reader: str | None, sure: float) -> tuple[str, Bools]:
    """The reader that is asked, and whom it misleads."""
    table, summary = result.examples, result.summary
    names = [str(name) for name in table.columns]
    known = [name.removeprefix("score of ") for name in names if name.startswith("score of ")]
    for nearest in (as_kept, base_of, partial(_of_same_column, known)):
        if reader is not None and reader not in known:
            reader = nearest(reader)
    if reader is not None and reader not in known:
        raise InputError(
            f"Expected a reader of this audit, {', '.join(known) or 'of which it has none'}, but "
            f"got '{reader}'; name one of these"
        )
    asked = [reader, summary.leans_on, *(one.name for one in summary.leanings if not one.relevant)]
    for name in asked:
        if name is not None and SCORE.format(name) in table.columns:
            return name, (table[SCORE.format(name)] > sure).to_numpy()
    if PILE in table.columns and (table[PILE] == FAILS).any():
        return FAILS, (table[PILE] == FAILS).to_numpy()
    return "flagged", table["flagged"].to_numpy()


def _of_same_column(known: Sequence[str], reader: str) -> str:
    """Other values of the column, which these data have found to tell, else all of it.

    Of other examples a value more or less may tell the class.
    """
    if not reader.startswith(VALUES):
        return reader
    column, _ = column_and_values(reader)
    values = [name for name in known if name.startswith(VALUES)]
    able = [name for name in values if column_and_values(name)[0] == column]
    able += [name for name in known if name == f"column {column}"]
    return able[0] if able else reader


def _order(index: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
    """Rows in the order of the data set, where a loader shuffled them."""
    whole = len(np.unique(index)) == len(index) and index.min(initial=0) >= 0
    return np.argsort(index, kind="stable") if whole else np.arange(len(index))


def _without(groups: Groups, left_out: Bools) -> Groups:
    if not left_out.any():
        return groups
    numbers = groups.numbers.masked_fill(torch.from_numpy(left_out), -1)
    count = int(left_out.sum())
    note = f"{count:,} examples whose label is doubtful are in no group."
    if count == 1:
        note = "1 example whose label is doubtful is in no group."
    return _noted(groups, note, numbers)


def _noted(groups: Groups, note: str, numbers: torch.Tensor | None = None) -> Groups:
    return Groups(
        groups.numbers if numbers is None else numbers,
        groups.names,
        groups.source,
        groups.identity,
        groups.suspects,
        notes=(*groups.notes, note),
        config=groups.config,
    )
