"""All figures of a classifier, with intervals, and how far each is from a reference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from earlysieve._arrays import Floats, Ints
from earlysieve.errors import InputError
from earlysieve.groups.accuracy import wilson_bounds
from earlysieve.groups.classes import ClassAccuracy, class_accuracies
from earlysieve.groups.group_report import GroupReport, group_report
from earlysieve.groups.selection_rules import Answers
from earlysieve.measures.bias_amplification import attribute_in
from earlysieve.measures.bootstrap import DRAWS, Drawn, bootstrap
from earlysieve.measures.by_cell import RateGap, WeighedCells, tpr_gaps
from earlysieve.measures.calibration import BINS
from earlysieve.measures.figures import FIGURES, Known, Weighed, weighed_figures
from earlysieve.model.one_logit import two_columns

if TYPE_CHECKING:
    import pandas as pd

_NAN = float("nan")
_NO_GROUPS = "no group of any example is known: figures by group are left out"
_NO_SHARES = "no shares of training groups were given: the reweighted accuracy is left out"
_NO_ATTRIBUTE = (
    "groups are not numbered label * K + attribute and no attribute was given: bias amplification "
    "is left out"
)


@dataclass(frozen=True)
class Measured:
    """One figure.

    Attributes:
        name: as in `FIGURES`.
        value: of the examples.
        low, high: its 95% interval.
        interval: "Wilson" for shares (of the worst cell, where it is one), else "bootstrap".
        reference: the same figure of the reference; this and the next three NaN without one.
        difference: `value` minus `reference`; `difference_low`, `difference_high`: its 95% interval
            by a paired bootstrap.
    """

    name: str
    value: float
    low: float
    high: float
    interval: str
    reference: float = _NAN
    difference: float = _NAN
    difference_low: float = _NAN
    difference_high: float = _NAN


@dataclass(frozen=True, eq=False)
class Measures:
    """What `measure` found.

    Attributes:
        figures: in the order of `FIGURES`, those for which there is what it takes.
        groups: accuracy by group; None without groups.
        classes: accuracy by class.
        tpr_gaps: by class; empty without groups.
        notes: what is left out, and why.
    """

    figures: tuple[Measured, ...]
    groups: GroupReport | None
    classes: tuple[ClassAccuracy, ...]
    tpr_gaps: tuple[RateGap, ...]
    notes: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Measured:
        """The figure of that name.

        Raises:
            KeyError: it is unknown or was left out.
        """
        return next((one for one in self.figures if one.name == name), None) or _absent(name)

    @property
    def values(self) -> dict[str, float]:
        """The figures by name, without intervals."""
        return {one.name: one.value for one in self.figures}

    @property
    def table(self) -> "pd.DataFrame":
        """One row per figure."""
        import pandas as pd

        return pd.DataFrame([{**vars(one), "help": FIGURES[one.name][0]} for one in self.figures])


def measure(
    logits: Any,
    labels: Any,
    *,
    groups: Any | None = None,
    group_names: Sequence[str] = (),
    group_shares: Mapping[int, float] | None = None,
    attribute: Any | None = None,
    class_names: Sequence[str] = (),
    reference: Any | None = None,
    bins: int = BINS,
    draws: int = DRAWS,
    seed: int = 0,
) -> Measures:
    """Accuracies, gaps, calibration and bias of a classifier's answers, with 95% intervals.

    Shares of examples have Wilson's interval, all else a bootstrap over examples; intervals of the
    worst group or class are of that one, chosen after the fact. Sources and equations are those of
    `earlysieve.measures` (`calibration`, `by_cell`, `bias_amplification`, `bootstrap`).

    Args:
        logits: arrays or tensors, shape (N, C), or (N,) of one logit.
        labels: shape (N,), values in [0, C).
        groups: shape (N,), -1 where unknown.
        group_names, class_names: name of number 0, 1, ...
        group_shares: of the training groups; see `by_cell.shares_of`. A group that is not named
            has none.
        attribute: shape (N,), -1 where unknown, for `bias_amplification`; by default that in groups
            that are numbered label * K + attribute, if they are.
        reference: logits of another model, such as the teacher, of the same examples.
        bins: of calibration errors.
        draws: of the bootstrap.
        seed: of a generator of its own.

    Raises:
        InputError: a shape or range is another one, or shares are negative or all 0.

    Example:
        >>> import earlysieve as es
        >>> logits = [[2.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 3.0]]
        >>> es.measure(logits, [0, 1, 1, 1])["accuracy"].value
        0.75
    """
    ours = Answers(_logits(logits), _array(labels), None if groups is None else _array(groups))
    size, classes = ours.logits.shape
    if bins < 1 or draws < 2:
        raise InputError(
            f"Expected at least 1 bin and 2 draws, but got {bins} and {draws}; leave the defaults"
        )
    given = None if attribute is None else _attribute(attribute, size)
    if given is None and ours.groups is not None:
        given = attribute_in(ours.groups, ours.labels, classes)
    known = Known(given, group_shares if ours.groups is not None else None, bins)
    theirs = None if reference is None else _reference(reference, ours)
    one = weighed_figures(ours, known)
    other = None if theirs is None else weighed_figures(theirs, known)
    drawn = bootstrap(lambda w: _both(one, other, w), size, draws=draws, seed=seed)
    said = ours.logits.argmax(axis=1)
    report = None
    if ours.groups is not None:
        report = group_report(said == ours.labels, ours.groups, group_names)
    return Measures(
        figures=tuple(_measured(one, drawn, size, paired=other is not None)),
        groups=report,
        classes=tuple(class_accuracies(ours.labels, said, class_names)),
        tpr_gaps=() if report is None else tuple(tpr_gaps(said, ours.labels, _known(ours.groups))),
        notes=tuple(_notes(one, known)),
    )


def _both(one: Weighed, other: Weighed | None, weights: Floats) -> Floats:
    """The figures of the model, and then their differences to those of the reference."""
    ours = one.all_of(weights)
    return ours if other is None else np.concatenate([ours, ours - other.all_of(weights)])


def _measured(one: Weighed, drawn: Drawn, size: int, *, paired: bool) -> list[Measured]:
    low, high = drawn.intervals()
    count, found = len(one.by_name), []
    for k, name in enumerate(one.by_name):
        value = float(drawn.values[k])
        _, least, most = FIGURES[name]
        share = _wilson(one, name, value, size)
        ends = share or (max(float(low[k]), least), min(float(high[k]), most))
        beside: tuple[float, ...] = ()
        if paired:
            away = float(drawn.values[count + k])
            beside = (value - away, away, float(low[count + k]), float(high[count + k]))
        found.append(Measured(name, value, *ends, "Wilson" if share else "bootstrap", *beside))
    return found


def _wilson(one: Weighed, name: str, value: float, size: int) -> tuple[float, float] | None:
    """Wilson's interval where the figure is a share of examples."""
    cells = {"worst_group_accuracy": one.groups, "worst_class_accuracy": one.classes}
    if name == "accuracy":
        return wilson_bounds(value, size)
    found = cells.get(name)
    return None if found is None else wilson_bounds(value, _size_of_worst(found))


def _size_of_worst(cells: WeighedCells) -> int:
    worst = int(np.argmin(cells.accuracies(np.ones(len(cells.known)))))
    return int((cells.place == worst).sum())


def _notes(one: Weighed, known: Known) -> list[str]:
    if one.groups is None:
        return [_NO_GROUPS]
    lacking = [_NO_SHARES] if known.shares is None else []
    return [*lacking, *([_NO_ATTRIBUTE] if known.attribute is None else [])]


def _logits(given: Any) -> Floats:
    import torch

    tensor = given.detach().cpu().double() if isinstance(given, torch.Tensor) else given
    found = torch.from_numpy(np.asarray(tensor, np.float64))
    return np.asarray(two_columns(found).numpy())


def _array(given: Any) -> Ints:
    tensor = given.detach().cpu() if hasattr(given, "detach") else given
    return np.asarray(tensor)


def _attribute(given: Any, size: int) -> Ints:
    found = _array(given)
    if found.shape != (size,) or found.dtype.kind not in "iu" or found.min() < -1:
        raise InputError(
            f"Expected the attribute as whole numbers from -1, one for each of {size} examples, "
            f"but got {found.dtype} of shape {found.shape}; number its values from 0"
        )
    return found.astype(np.int64)


def _reference(given: Any, ours: Answers) -> Answers:
    found = _logits(given)
    if found.shape != ours.logits.shape:
        raise InputError(
            f"Expected logits of the reference of shape {ours.logits.shape}, but got "
            f"{found.shape}; evaluate it on the same examples"
        )
    return Answers(found, ours.labels, ours.groups)


def _known(groups: Ints | None) -> Ints:
    return np.zeros(0, np.int64) if groups is None else groups


def _absent(name: str) -> Measured:
    why = "was left out, see notes" if name in FIGURES else f"is none of {', '.join(FIGURES)}"
    raise KeyError(f"'{name}' {why}")
