"""Choose one of several models by a rule; the unchanged one stays unless another is better."""

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, nn

from earlysieve.datasets.batches import Data
from earlysieve.datasets.example_groups import data_identity
from earlysieve.datasets.opened_data import OpenedData, opened
from earlysieve.errors import InputError
from earlysieve.groups.paired_margin import paired_margins
from earlysieve.groups.selection_rules import RULES, Answers, Rule, rule_named
from earlysieve.model.batch import call_model, logits_of
from earlysieve.model.fitted_to import fitted_to
from earlysieve.model.one_logit import two_columns
from earlysieve.model.state import device_of, looking_at, preserved_rng
from earlysieve.training.evaluate import evaluate, evaluate_logits
from earlysieve.training.evaluation import Evaluation
from earlysieve.training.selection import (
    Beside,
    GivenGroups,
    Select,
    answers_of,
    beside,
    check_select,
    score_of,
)

if TYPE_CHECKING:
    import pandas as pd

NO_CHANGE = "no change"
TIE = 1e-9  # below it a difference is one of rounding
Candidate = nn.Module | Tensor
Margin = Literal["ties", "paired"]


@dataclass(frozen=True, eq=False)
class Choice:
    """Which model was chosen, and why.

    Attributes:
        name: of the chosen candidate.
        model: the chosen model; None where the candidate was logits.
        select: the rule by name; of a function its name.
        supervision: what the rule knows: "labels" (classes alone), "inferred groups", "groups"
            (true ones: an oracle), or "a function".
        unchanged: name of the candidate that stays unless another is better.
        table: one row per candidate, in their order: candidate, chosen, score (larger is better),
            low and high (interval, 95%, where the score is made of accuracies, else NaN: see
            `Rule.interval`), and every rule of `selection_rules` for which there is what it needs.
        explanation: a sentence.
    """

    name: str
    model: nn.Module | None
    select: str
    supervision: str
    unchanged: str
    table: "pd.DataFrame"
    explanation: str

    @property
    def changed(self) -> bool:
        """Whether another model than the unchanged one was chosen."""
        return self.name != self.unchanged


def select_model(
    candidates: Mapping[str, Candidate],
    data: Data,
    *,
    select: Select = "worst_pseudo_group_accuracy",
    groups: GivenGroups | None = None,
    reader_predictions: Any | None = None,
    margin: Margin = "ties",
    batch_size: int = 256,
    num_workers: int = 0,
) -> Choice:
    """Choose the best of several models of the same classes on the same data.

    The unchanged model, the candidate called "no change" or else the first, wins ties; among
    others that are equal the first wins. Each model reads the data once; the logits of all are held
    in memory.

    Args:
        candidates: models by name, or their logits for these data, shape (N, C), in the order of
            the data.
        data: labelled data that no candidate has learned from, and that can be read again. A
            candidate that `repair` fitted to these very examples is warned of.
        select: a rule by name (see `docs/selection.md`), or a function of an `Evaluation` with
            logits that is larger for better models.
        groups: pseudo-groups of `data` for the rules that need them, the same for all candidates:
            `infer_groups(audit)`, or numbers, shape (N,), -1 where unknown. True groups, for
            "worst_group_accuracy", are those of the data.
        reader_predictions: what a biased reader says of `data`, shape (N,): for instance the column
            readout_prediction of `AuditResult.examples`.
        margin: "ties": another model wins if its score is higher; "paired": it has to be higher by
            more than the choice of examples explains, for all candidates at once (95%, see
            `groups.paired_margin`); of those the one with the highest score wins.
        batch_size, num_workers: of the passes.

    Raises:
        InputError: no candidate, other classes or numbers of rows among them, a rule that lacks
            what it needs, or a score that is NaN for all.
        DataError: the groups are of other data.

    Example:
        >>> import torch
        >>> import earlysieve as es
        >>> x = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))
        >>> y = (x[:, 0] + x[:, 1] > 0).long()
        >>> right = torch.nn.functional.one_hot(y).float()  # logits, in place of a model
        >>> es.select_model({"no change": -right, "other": right}, (x, y), select="accuracy").name
        'other'
    """
    source = opened(data)
    known = beside(data, groups=groups, reader_predictions=reader_predictions)
    unchanged = _check(candidates, source, select, known, margin)
    _warn_of_fitted(candidates, source)
    found = dict(_evaluations(candidates, source, batch_size, num_workers))
    scores = {name: score_of(one, select, known) for name, one in found.items()}
    answers = {name: answers_of(one, known) for name, one in found.items()}
    better = [name for name in found if scores[name] > _base(scores[unchanged]) + TIE]
    sure = better
    if margin == "paired" and better:
        sure = _beyond_noise(rule_named(str(select)), answers, unchanged, better)
    name = max(sure, key=scores.__getitem__, default=unchanged)
    if scores[name] != scores[name]:
        raise InputError(
            "Expected a score of the unchanged model or of a better one, but got NaN for each; "
            "give a function that returns a number"
        )
    model = candidates[name]
    return Choice(
        name,
        model if isinstance(model, nn.Module) else None,
        _name_of(select),
        rule_named(select).supervision if isinstance(select, str) else "a function",
        unchanged,
        _table(answers, scores, select, name),
        _explanation(scores, _name_of(select), unchanged, name, len(better)),
    )


def _warn_of_fitted(candidates: Mapping[str, Candidate], source: OpenedData) -> None:
    """A repair looks better than it is on the examples that its last layer was fitted to."""
    repaired = {name: fitted_to(one) for name, one in candidates.items()}
    if not any(repaired.values()):
        return
    here = data_identity(source)
    names = [name for name, data in repaired.items() if data is not None and data == here]
    if names:
        warnings.warn(
            f"Expected data that no candidate was fitted to, but '{names[0]}' was repaired on "
            "these very examples, so that it looks better than it is: choose on others, for "
            "instance repair on one half of them (stratified_split) and choose on the other",
            stacklevel=3,
        )


def _check(
    candidates: Mapping[str, Candidate],
    source: OpenedData,
    select: Select,
    known: Beside,
    margin: str,
) -> str:
    """Check all that can be known before a pass; the name of the unchanged candidate."""
    if not isinstance(candidates, Mapping) or not candidates:
        raise InputError(
            "Expected candidates as a mapping from names to models, but got "
            f"{type(candidates).__name__ if candidates else 'none'}; pass "
            "{'no change': model, 'repaired': other}"
        )
    if margin not in ("ties", "paired") or (margin == "paired" and callable(select)):
        raise InputError(
            f"Expected margin 'ties', or 'paired' with a rule by name, but got {margin!r}; choose "
            "one"
        )
    if isinstance(source.data, Iterator):
        raise InputError(
            "Expected data that can be read once for each candidate, but got an iterator; pass a "
            "data set or a DataLoader"
        )
    check_select(select, source.data, known)
    _check_classes(candidates, source)
    return NO_CHANGE if NO_CHANGE in candidates else next(iter(candidates))


def _check_classes(candidates: Mapping[str, Candidate], source: OpenedData) -> None:
    classes: dict[str, int] = {}
    for name, one in candidates.items():
        classes[name] = _classes_of(name, one, source)
    first = next(iter(classes))
    for name, count in classes.items():
        if count != classes[first]:
            raise InputError(
                f"Expected candidates of the same classes, but '{first}' gives {classes[first]} "
                f"logits and '{name}' {count}; compare models of one task"
            )


def _classes_of(name: str, one: Candidate, source: OpenedData) -> int:
    if isinstance(one, nn.Module):
        batch = source.few().to(device_of(one))
        with preserved_rng():
            return int(looking_at(lambda: logits_of(call_model(one, batch.inputs)), one).shape[1])
    size = source.size
    if not isinstance(one, Tensor) or one.ndim not in (1, 2) or size not in (None, len(one)):
        what = f"logits of shape {tuple(one.shape)}" if isinstance(one, Tensor) else type(one)
        raise InputError(
            f"Expected '{name}' to be a model, or logits of shape ({size or 'N'}, C) for these "
            f"data, but got {what}; pass one row of class scores per example"
        )
    return int(two_columns(one).shape[1])


def _evaluations(
    candidates: Mapping[str, Candidate], source: OpenedData, batch_size: int, num_workers: int
) -> Iterator[tuple[str, Evaluation]]:
    for name, one in candidates.items():
        if isinstance(one, nn.Module):
            found = evaluate(
                one,
                source.data,
                batch_size=batch_size,
                num_workers=num_workers,
                keep_logits=True,
            )
        else:
            groups = None if source.groups is None else torch.from_numpy(source.groups)
            found = evaluate_logits(one, torch.from_numpy(source.labels), groups)
        yield name, found


def _base(score: float) -> float:
    """What has to be surpassed; anything is better than NaN."""
    return -float("inf") if score != score else score


def _beyond_noise(
    rule: Rule, answers: Mapping[str, Answers], unchanged: str, better: list[str]
) -> list[str]:
    others = [name for name in answers if name != unchanged]
    margins = paired_margins(rule, answers[unchanged], [answers[name] for name in others])
    sure = {name for name, is_sure in zip(others, margins.beyond_noise, strict=True) if is_sure}
    return [name for name in better if name in sure]


def _table(
    answers: Mapping[str, Answers], scores: Mapping[str, float], select: Select, chosen: str
) -> "pd.DataFrame":
    import pandas as pd

    rows = []
    for name, one in answers.items():
        interval = rule_named(select).interval(one) if isinstance(select, str) else None
        low, high = interval or (float("nan"), float("nan"))
        row = {"candidate": name, "chosen": name == chosen, "score": scores[name]}
        usable = (rule for rule in RULES.values() if not rule.missing(one))
        rows.append(
            row | {"low": low, "high": high} | {rule.name: rule.score(one) for rule in usable}
        )
    return pd.DataFrame(rows)


def _explanation(
    scores: Mapping[str, float], select: str, unchanged: str, name: str, better: int
) -> str:
    base = f"{scores[unchanged]:.3f}"
    others = len(scores) - 1
    of = f"{others:,} other candidate{'s' if others != 1 else ''}"
    if name != unchanged:
        return (
            f"'{name}' is chosen by {select}: {scores[name]:.3f}, against {base} of '{unchanged}' "
            f"(best of {of})."
        )
    if not others:
        return f"'{unchanged}' stays, as there is no other candidate ({select} {base})."
    if better:
        return (
            f"'{unchanged}' stays ({select} {base}): {better:,} of {of} "
            f"{'is' if better == 1 else 'are'} ahead, but not by more than the choice of examples "
            "explains."
        )
    return f"'{unchanged}' stays: none of {of} has a higher {select} than its {base}."


def _name_of(select: Select) -> str:
    return select if isinstance(select, str) else getattr(select, "__qualname__", "function")
