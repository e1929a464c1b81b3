"""What a training did to weights that could do the task already, or why it did nothing at all."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from earlysieve.groups.accuracy import wilson_bounds
from earlysieve.training import TrainConfig
from earlysieve.training.evaluation import Evaluation

_LEAST, _BY_HEART, _ABOUT_EVEN = 0.05, 0.995, 1.5
_ACCURACY, _WORST = "validation_accuracy", "validation_worst_group_accuracy"


@dataclass(frozen=True)
class Start:
    """How often the weights that a training began with were right on its validation data.

    Attributes:
        accuracy: in [0, 1].
        examples: how many these were.
        worst_group: accuracy of the worst group; None: there are no groups.
    """

    accuracy: float
    examples: int
    worst_group: float | None = None

    @classmethod
    def of(cls, found: Evaluation) -> "Start":
        """The figures of an evaluation."""
        return cls(found.accuracy, found.size, found.worst_group_accuracy)


def harmed(start: Start | None, kept: Mapping[str, Any], config: TrainConfig) -> str:
    """That a training ended below what it began with; empty where it did not.

    Said where it lost at least 0.05, and more than the draw of the examples explains: both
    accuracies are of the same examples, and the interval of the difference by Newcombe's
    square-and-add of Wilson's intervals (see `worse_than_validated`), which is wider than a paired
    one, lies below 0. A training after which the worst group does better did what it was for. One
    that weighs groups may give accuracy over all up for it, and is told what would show that.

    Args:
        start: None: not known.
        kept: the row of the history whose weights are kept.
        config: of the run.
    """
    now = kept.get(_ACCURACY)
    if start is None or now is None or start.accuracy - now < _LEAST:
        return ""
    low = wilson_bounds(start.accuracy, start.examples)[0]
    high = wilson_bounds(now, start.examples)[1]
    if start.accuracy - now <= math.hypot(start.accuracy - low, high - now):
        return ""
    worst, before = kept.get(_WORST), start.worst_group
    if worst is not None and before is not None and worst > before:
        return ""
    if _weighs_groups(config):
        return (
            f"Accuracy over all validation data went from {start.accuracy:.0%} to {now:.0%}. "
            f"'{config.method}' may give it up where a shortcut holds, for more where it fails: "
            "whether it did, a comparison of audits of both models says (earlysieve compare "
            f"BEFORE AFTER). If nothing is gained there, try {_smaller(config)}."
        )
    return (
        f"The weights that training began with were right on {start.accuracy:.0%} of the "
        f"validation data, those that it ends with on {now:.0%}: it undid what they knew. Try "
        f"{_gentler(config)}."
    )


def learned_nothing(
    history: Sequence[Mapping[str, Any]],
    chance: float,
    examples: int,
    config: TrainConfig,
    *,
    classes: int = 0,
) -> str:
    """That the accuracy in training never rose above a guess, or fell to one; empty otherwise.

    A fall is told where classes are about as frequent as each other: elsewhere a method that
    weighs rare ones may rightly end below what the most frequent one gives.

    Args:
        history: see `FitResult`.
        chance: the highest accuracy of answers that do not look at the inputs.
        examples: of the training data, out of which each epoch's accuracy is a share.
        config: of the run.
        classes: in these; 0: not known.
    """
    found = [row["train_accuracy"] for row in history if "train_accuracy" in row]
    guess = wilson_bounds(chance, examples)[1]
    if found and max(found) > guess >= found[-1]:
        even = 0 < chance * classes <= _ABOUT_EVEN
        return _fallen(found, chance, config) if even and not config.restore_best else ""
    if not found or max(found) > guess:
        return ""
    when = f"in all {len(found)} epochs" if len(found) > 1 else "in its one epoch"
    return (
        f"Accuracy in training was {max(found):.0%} at best {when}, no more than a guess "
        f"({chance:.0%}): the network learned nothing. Try {_gentler(config)}, or more --epochs, "
        "and check labels and how inputs are prepared."
    )


def _fallen(found: Sequence[float], chance: float, config: TrainConfig) -> str:
    best = max(range(len(found)), key=found.__getitem__)
    return (
        f"Accuracy in training ended at {found[-1]:.0%}, no more than a guess ({chance:.0%}), "
        f"after {found[best]:.0%} in epoch {best + 1}: the training undid what the network knew. "
        f"Try {_gentler(config)}."
    )


def knows_already(accuracy: float | None, config: TrainConfig) -> str:
    """That a method can change little, since its weights know the examples; empty where they don't.

    Where all are right, and surely so, every loss is near zero, of whichever group: weights have
    nothing to go after. Of plain training nobody expects a change, and a repair of the last layer
    begins with trained weights by design.

    Args:
        accuracy: in training, over the first epoch of a run that starts from trained weights.
        config: of the run.
    """
    from earlysieve.methods.registry import method_named

    by_design = config.method == "erm" or method_named(config.method).starts_trained
    if accuracy is None or accuracy < _BY_HEART or by_design:
        return ""
    other = (
        ""
        if config.checkpoint is None
        else ", or leave out --checkpoint (and begin with --pretrained weights, where there are "
        "published ones)"
    )
    return (
        f"Accuracy in training was {accuracy:.1%} in the first epoch already: the weights that it "
        "started from know these examples by heart, every loss is near zero, and "
        f"'{config.method}' hardly changes anything. To change what the network goes by, give a "
        f"larger --weight-decay than {config.weight_decay:g} (such as 0.1), with a larger --lr "
        f"than {config.lr:g} where that is not enough{other}."
    )


def _weighs_groups(config: TrainConfig) -> bool:
    from earlysieve.methods.registry import method_named, method_settings

    method = method_named(config.method)
    return method.needs_groups(method_settings(method.name, config.method_options))


def _gentler(config: TrainConfig) -> str:
    """What does less to weights, in options."""
    best = "" if config.restore_best or config.validation is None else ", or --restore-best"
    return f"{_smaller(config)}{best}"


def _smaller(config: TrainConfig) -> str:
    """What makes smaller steps than a run's, in options."""
    other = "" if config.optimizer == "adamw" else " with --optimizer adamw (such as 0.0001)"
    return f"a smaller --lr than {config.lr:g}{other}"
