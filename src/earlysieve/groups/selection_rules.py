"""By which figure one of several models is chosen; each is larger for better models.

A rule takes a figure of every example (is it right, what is its loss), means over cells of examples
(classes, groups, all), and one figure of these means (the lowest, their mean, ...).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from earlysieve._arrays import Floats, Ints
from earlysieve.errors import InputError
from earlysieve.groups.accuracy import bounds_of_mean, wilson_bounds, wilson_lower_bounds
from earlysieve.groups.rule_names import RULE_HELP

Need = Literal["groups", "pseudo_groups", "reader_predictions"]
Supervision = Literal["labels", "inferred groups", "groups"]


@dataclass(frozen=True, eq=False)
class Answers:
    """What a model says of labelled examples, and what else is known of these.

    Attributes:
        logits: shape (N, C), finite, N and C >= 1.
        labels: shape (N,), values in [0, C).
        groups: true groups, shape (N,), -1 where unknown; None: there are none.
        pseudo_groups: groups that were inferred, once for all candidates; as `groups`.
        reader_predictions: the class that a biased reader (an early readout, say) tells of each
            example, shape (N,), not below 0.

    Raises:
        InputError: a shape or a range is another one.
    """

    logits: Floats
    labels: Ints
    groups: Ints | None = None
    pseudo_groups: Ints | None = None
    reader_predictions: Ints | None = None

    def __post_init__(self) -> None:
        shape = self.logits.shape
        if len(shape) != 2 or 0 in shape or not np.isfinite(self.logits).all():
            raise InputError(
                f"Expected finite logits of shape (N, C), but got {self.logits.dtype} of shape "
                f"{shape}; pass one row of class scores per example, without NaN or infinity"
            )
        size, classes = shape
        _check_numbers("labels", self.labels, size, 0, classes - 1)
        for name, low in (("groups", -1), ("pseudo_groups", -1), ("reader_predictions", 0)):
            value = getattr(self, name)
            if value is not None:
                _check_numbers(name, value, size, low, None)

    @property
    def right(self) -> Floats:
        """1 where the largest logit is that of the label, else 0; shape (N,), float64."""
        return np.asarray(self.logits.argmax(axis=1) == self.labels, np.float64)

    @property
    def log_probabilities(self) -> Floats:
        """Logarithms of the softmax, float64, shape (N, C)."""
        logits = self.logits.astype(np.float64)
        shifted = logits - logits.max(axis=1, keepdims=True)
        found: Floats = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        return found


class Cells(NamedTuple):
    """Cells of examples.

    Attributes:
        place: the cell of each example, shape (N,), -1 where it is in none.
        sizes: examples per cell, shape (G,), each >= 1.
    """

    place: Ints
    sizes: Ints

    def means(self, values: Floats) -> Floats:
        """The mean in each cell of figures of examples, shape (N,) -> (G,)."""
        known = self.place >= 0
        sums = np.bincount(self.place[known], weights=values[known], minlength=len(self.sizes))
        return sums / self.sizes


@dataclass(frozen=True)
class Rule:
    """A figure by which models are chosen.

    Attributes:
        name, help: as the command line shows them.
        needs: which optional fields of `Answers` it needs.
        supervision: what it knows: "labels" (classes alone), "inferred groups", or "groups"
            (true ones, which makes it an oracle).
        value: a figure of each example, shape (N,).
        by: a number for each example; those of one number are a cell, those of -1 are left out.
        combine: from means, shape (G,) or (G, K), and sizes, shape (G,), to one figure or K.
    """

    name: str
    help: str
    needs: tuple[Need, ...]
    supervision: Supervision
    value: Callable[[Answers], Floats]
    by: Callable[[Answers], Ints]
    combine: Callable[[Floats, Ints], Floats]

    def score(self, answers: Answers) -> float:
        """The figure; larger is better.

        Raises:
            InputError: something is missing that the rule needs.
        """
        cells = self.cells(answers)
        return float(self.combine(cells.means(self.value(answers)), cells.sizes))

    def interval(self, answers: Answers) -> tuple[float, float] | None:
        """Interval, 95%, of the accuracy that is the figure; None: it is made of no proportions.

        Where the figure is that of the worst cell, Wilson's of this cell; where it is the mean of
        cells, see `bounds_of_mean`.

        Raises:
            InputError: see `score`.
        """
        if self.value is not _right or self.combine is minus_difference:
            return None
        cells = self.cells(answers)
        means = cells.means(self.value(answers))
        if self.combine is mean:
            return bounds_of_mean(means, cells.sizes)
        each = [self.combine(means[k : k + 1], cells.sizes[k : k + 1]) for k in range(len(means))]
        worst = int(np.argmin(each))
        return wilson_bounds(float(means[worst]), int(cells.sizes[worst]))

    def missing(self, answers: Answers) -> tuple[Need, ...]:
        """What the rule needs and is not there, or nowhere known."""
        return tuple(need for need in self.needs if not _is_known(getattr(answers, need)))

    def cells(self, answers: Answers) -> Cells:
        """The cells over which the rule takes means.

        Raises:
            InputError: see `score`.
        """
        for need in self.missing(answers):
            raise lacking(self.name, need)
        numbers = self.by(answers)
        known = numbers >= 0
        _, inverse, sizes = np.unique(numbers[known], return_inverse=True, return_counts=True)
        place = np.full(len(numbers), -1, np.int64)
        place[known] = inverse.ravel()
        return Cells(place, sizes.astype(np.int64))


def rule_named(name: str) -> Rule:
    """The rule of that name.

    Raises:
        InputError: there is none.
    """
    if name not in RULES:
        import difflib

        near = difflib.get_close_matches(name, RULES, n=1, cutoff=0.4) or list(RULES)
        raise InputError(
            f"Expected select to be one of {', '.join(RULES)} or a function, but got "
            f"'{name}'; did you mean '{near[0]}'?"
        )
    return RULES[name]


def lacking(rule: str, need: Need) -> InputError:
    """What to raise where a rule lacks something."""
    return InputError(_LACKING[need].format(rule=rule))


_LACKING: dict[Need, str] = {
    "groups": (
        "Expected groups in the validation data for select='{rule}', but got none; "
        "select by 'accuracy' or 'loss', or add groups"
    ),
    "pseudo_groups": (
        "Expected pseudo-groups of the validation data for select='{rule}', but got none; infer "
        "them from an audit of these data and give validation_groups=result.pseudo_groups() to "
        "fit, groups= to select_model, or --validation-groups-from AUDIT_FOLDER"
    ),
    "reader_predictions": (
        "Expected what a biased reader says of the validation data for select='{rule}', but got "
        "none; audit these data and give the column readout_prediction of result.examples as "
        "reader_predictions=, or --validation-groups-from AUDIT_FOLDER"
    ),
}


def lowest(means: Floats, sizes: Ints) -> Floats:
    """The lowest mean."""
    return np.asarray(means.min(axis=0))


def lowest_bound(means: Floats, sizes: Ints) -> Floats:
    """The lowest of the lower ends of Wilson's intervals, 95%, of means that are shares."""
    counts = sizes.reshape(-1, *[1] * (means.ndim - 1))
    return np.asarray(wilson_lower_bounds(means, counts).min(axis=0))


def mean(means: Floats, sizes: Ints) -> Floats:
    """The mean of the means, large and small cells alike."""
    return np.asarray(means.mean(axis=0))


def minus_difference(means: Floats, sizes: Ints) -> Floats:
    """Minus the mean absolute difference over pairs of cells; 0 for a single cell."""
    count = len(means)
    if count < 2:
        return np.zeros(means.shape[1:])
    # In order, the k-th of n is the larger one of k pairs and the smaller one of n - 1 - k.
    ordered = np.sort(means - means.min(axis=0), axis=0)
    weights = (2 * np.arange(count) - count + 1).reshape(-1, *[1] * (means.ndim - 1))
    return np.asarray(-(weights * ordered).sum(axis=0) / (count * (count - 1) / 2))


def _right(answers: Answers) -> Floats:
    return answers.right


def _minus_loss(answers: Answers) -> Floats:
    rows = np.arange(len(answers.labels))
    return np.asarray(answers.log_probabilities[rows, answers.labels])


def _flip_probability(answers: Answers) -> Floats:
    classes = answers.logits.shape[1]
    if classes == 1:
        return np.zeros(len(answers.labels))
    highest = np.exp(answers.log_probabilities.max(axis=1))
    sure = (highest - 1 / classes) * classes / (classes - 1)
    return np.asarray((1 - answers.right) * np.clip(sure, 0.0, 1.0))


def _all_together(answers: Answers) -> Ints:
    return np.zeros(len(answers.labels), np.int64)


def _labels(answers: Answers) -> Ints:
    return answers.labels


def _groups(answers: Answers) -> Ints:
    return _present(answers.groups)


def _pseudo_groups(answers: Answers) -> Ints:
    return _present(answers.pseudo_groups)


def _labels_and_readings(answers: Answers) -> Ints:
    said = _present(answers.reader_predictions)
    return answers.labels.astype(np.int64) * (int(said.max()) + 1) + said


def _present(values: Ints | None) -> Ints:
    if values is None:  # `Rule.cells` has checked it
        raise InputError("Expected what the rule needs, but it is missing; pass it")
    return values


def _is_known(values: Ints | None) -> bool:
    return values is not None and bool((values >= 0).any())


def _check_numbers(name: str, value: Ints, size: int, low: int, high: int | None) -> None:
    if value.shape != (size,) or value.dtype.kind not in "iu":
        raise InputError(
            f"Expected {name} to be {size} integers, one per row of the logits, but got "
            f"{value.dtype} of shape {value.shape}; pass one number per example"
        )
    if value.min() < low or (high is not None and value.max() > high):
        bad = int(value.min() if value.min() < low else value.max())
        upper = "" if high is None else f" and at most {high}"
        raise InputError(
            f"Expected {name} to be at least {low}{upper}, but got {bad}; correct the numbers"
        )


def _rule(
    name: str,
    value: Callable[[Answers], Floats],
    by: Callable[[Answers], Ints],
    combine: Callable[[Floats, Ints], Floats],
    needs: tuple[Need, ...] = (),
) -> Rule:
    supervision: Supervision = "inferred groups" if needs else "labels"
    if "groups" in needs:
        supervision = "groups"
    return Rule(name, RULE_HELP[name], needs, supervision, value, by, combine)


# class_difference: Li, Liu and Wei, "Bias Amplification Enhances Minority Group Performance" (BAM),
# TMLR 2024. unsupervised_balanced_accuracy: Tsirigotis et al., "Group Robust Classification Without
# Any Group Information" (uLA), NeurIPS 2023. flip_rate: Pezeshki et al., "Discovering Environments
# with XRM", ICML 2024, the probability with which a label flips.
RULES = {
    rule.name: rule
    for rule in (
        _rule("accuracy", _right, _all_together, lowest),
        _rule("loss", _minus_loss, _all_together, mean),
        _rule("worst_class_accuracy", _right, _labels, lowest),
        _rule("class_difference", _right, _labels, minus_difference),
        _rule(
            "worst_pseudo_group_accuracy", _right, _pseudo_groups, lowest_bound, ("pseudo_groups",)
        ),
        _rule("pseudo_group_accuracy", _right, _pseudo_groups, mean, ("pseudo_groups",)),
        _rule(
            "unsupervised_balanced_accuracy",
            _right,
            _labels_and_readings,
            mean,
            ("reader_predictions",),
        ),
        _rule("flip_rate", _flip_probability, _all_together, mean),
        _rule("worst_group_accuracy", _right, _groups, lowest, ("groups",)),
    )
}
