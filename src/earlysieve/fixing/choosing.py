"""Choose among what was tried, by a rule that needs no group labels; no change wins ties."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Tensor

from earlysieve.fixing.basis import GIVEN, NAMED, Basis, must_change
from earlysieve.fixing.candidates import NO_CHANGE
from earlysieve.fixing.guessing import accuracy_of, guesses
from earlysieve.fixing.still_followed import follows_more

if TYPE_CHECKING:
    import pandas as pd
    from torch import nn

    from earlysieve.auditing.result import AuditResult
    from earlysieve.training.select_model import Choice


# Accuracy over all examples that may be lost where no shortcut is called, and where one is but
# only a layer was named, which sees the task as well: an honest model was once called that.
MOST_LOST = 0.01
MOST_LOST_FOR_A_LAYER = 0.05
MOST_REFUSED = 3
# Where nothing speaks for a change but its figures, one honest model in a hundred may be changed.
SURE_OVER_ALL = 0.99
INFERRED = "inferred groups"
UNSURE = "Left out, since it is not right on more of all examples by more than chance"


def most_lost(basis: Basis) -> float:
    """Accuracy over all examples that a candidate may lose, as a share; infinite where it is known.

    What misleads may be the task itself, unless the audit calls a shortcut or was told that it must
    not matter, or groups were given or chosen: to weigh it down would make a sound model worse, so
    that one point may be lost. Where a shortcut is called of something simple that a layer sees,
    without a name, it may be five.

    Args:
        basis: what they are judged by.
    """
    if {GIVEN, NAMED} & set(basis.sources):
        return math.inf
    summary = basis.audit.summary
    about = next((one for one in summary.leanings if one.name == summary.leans_on), None)
    if not must_change(basis):
        return MOST_LOST
    of_a_layer = about is not None and about.of_network and not about.irrelevant
    return MOST_LOST_FOR_A_LAYER if of_a_layer else math.inf


def too_dear(basis: Basis, tried: Mapping[str, Tensor]) -> dict[str, float]:
    """Candidates that cost what no verdict justifies, and their accuracy over all examples.

    Args:
        basis, tried: as for `choose`; see `most_lost`.
    """
    least = accuracy_of(basis, basis.features.logits) - most_lost(basis)
    found = {name: accuracy_of(basis, logits) for name, logits in tried.items()}
    return {name: share for name, share in found.items() if share < least}


def names_nothing(basis: Basis) -> bool:
    """Whether it was but guessed who is misled: by the strongest sign of an audit that names none.

    Such a sign is mostly a reader of the model's own layers, which errs where the model does. Any
    other model that is as good errs elsewhere, so that it gains on these examples (regression to
    the mean), and their mean with the others, in which they weigh as much, says that it is better.
    """
    given = bool({GIVEN, NAMED} & set(basis.sources))
    return not must_change(basis) and not given and basis.audit.summary.leans_on is None


def unsure(basis: Basis, tried: Mapping[str, Tensor], select: str) -> tuple[str, ...]:
    """Candidates that a rule on inferred groups may prefer though nobody gains by them.

    Where the audit names nothing, what is better on those who were guessed to be misled has to be
    better over all examples, too, by more than chance (99%, for all candidates at once).

    Args:
        basis, tried, select: as for `choose`.
    """
    from earlysieve.groups.paired_margin import paired_margins
    from earlysieve.groups.selection_rules import Answers, rule_named

    if not tried or not names_nothing(basis) or rule_named(select).supervision != INFERRED:
        return ()
    labels = basis.labels
    unchanged, *others = (
        Answers(logits.double().numpy(), labels)
        for logits in (basis.features.logits, *tried.values())
    )
    margins = paired_margins(rule_named("accuracy"), unchanged, others, level=SURE_OVER_ALL)
    return tuple(
        name for name, is_sure in zip(tried, margins.beyond_noise, strict=True) if not is_sure
    )


def choose(basis: Basis, tried: Mapping[str, Tensor], select: str) -> "Choice":
    """The candidate that the rule prefers to no change; which wins ties.

    Where the audit calls a shortcut (or was told that what the label goes with must not matter),
    that balancing groups helps is known beforehand, and what
    scores higher is preferred: held-out examples that are misled are few, and a gain of ten points
    on a hundred of them is within chance. In all other cases a candidate has to be better by more
    than chance (95%, for all candidates at once), and may be neither `too_dear` nor `unsure`. What
    is one of the `guesses` is never chosen.

    Args:
        basis: what they are judged by.
        tried: logits (N, C) of every candidate by name, each of examples that it was not fitted to.
        select: name of a selection rule.

    Raises:
        InputError: the rule needs what is not there.
    """
    from earlysieve.training.select_model import select_model

    barred = {*too_dear(basis, tried), *guesses(basis, tried), *unsure(basis, tried, select)}
    kept = {name: logits for name, logits in tried.items() if name not in barred}
    candidates = {NO_CHANGE: basis.features.logits, **kept}
    return select_model(
        candidates,
        basis.data.data,
        select=select,
        groups=basis.judged_by,
        reader_predictions=basis.reader_predictions,
        margin="ties" if must_change(basis) else "paired",
    )


@dataclass(frozen=True, eq=False)
class Taken:
    """What was chosen in the end.

    Attributes:
        name: of the candidate.
        scores: the table of `select_model`; None where nothing was compared.
        changed: the model that the candidate stands for, and its audit; None for no change.
        refused: a sentence on each candidate with a better score.
    """

    name: str
    scores: "pd.DataFrame | None" = None
    changed: "tuple[nn.Module, AuditResult] | None" = None
    refused: tuple[str, ...] = ()


def take(
    basis: Basis,
    tried: Mapping[str, Tensor],
    select: str,
    made: "Callable[[str], tuple[nn.Module, AuditResult]]",
) -> Taken:
    """The best candidate that does not follow what the model leans on more than before.

    Such a one is no repair of it, whatever its score. Three are looked at; then there is no change.

    Args:
        basis, tried, select: as for `choose`; without candidates nothing is compared.
        made: gives the model that a candidate stands for, and its audit.

    Raises:
        InputError: the rule needs what is not there.
    """
    left, refused, scores = dict(tried), list[str](), None
    while len(refused) < MOST_REFUSED and left:
        choice = choose(basis, left, select)
        scores = choice.table if scores is None else scores
        if choice.name == NO_CHANGE:
            break
        changed = made(choice.name)
        more = follows_more(basis.audit.summary, changed[1].summary)
        if not more:
            return Taken(choice.name, _told(scores, choice.name), changed, tuple(refused))
        refused.append(f"'{choice.name}' has a better score and is not taken: {more}")
        del left[choice.name]
    return Taken(NO_CHANGE, _told(scores, NO_CHANGE), None, tuple(refused))


def _told(scores: "pd.DataFrame | None", name: str) -> "pd.DataFrame | None":
    return None if scores is None else scores.assign(chosen=scores["candidate"] == name)
