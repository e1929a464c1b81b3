"""The outcome of a fix in a table and in words."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from earlysieve._readable import capitalised
from earlysieve.auditing.words import called
from earlysieve.fixing.basis import GIVEN, Basis
from earlysieve.fixing.candidates import NO_CHANGE
from earlysieve.fixing.figures import ALL
from earlysieve.fixing.guessing import accuracy_of, surely_above
from earlysieve.fixing.trials import Trial
from earlysieve.groups.accuracy import wilson_bounds
from earlysieve.groups.selection_rules import rule_named

if TYPE_CHECKING:
    import pandas as pd

# Accuracy over all examples that a headline cannot leave out where it is lost.
_MUCH = 0.05
DEAR = "Left out, since it costs more than {most} of accuracy over all"
_FIGURES = ("score", "low", "high", "accuracy", "worst_class_accuracy")
COLUMNS = ("candidate", "kind", "method", "source", "seconds", "failure")


def candidate_table(
    basis: Basis,
    trials: Sequence[Trial],
    scores: "pd.DataFrame | None",
    barred: Mapping[str, str],
) -> "pd.DataFrame":
    """One row per candidate, "no change" first, with the figures of the choice beside it.

    Where nothing was compared the figures are NaN, and "no change" is chosen.

    Args:
        basis: what candidates share.
        trials: what was tried.
        scores: the table of `select_model`, with a column `candidate`; None: nothing was compared.
        barred: why candidates were not compared, by name, see `too_dear` and `guesses`.
    """
    import pandas as pd

    rows = [(NO_CHANGE, "no change", "", "", 0.0, "")]
    rows += [
        (t.candidate.name, t.candidate.kind, t.candidate.method, t.candidate.source or "",
         t.seconds, t.failure or barred.get(t.candidate.name, ""))
        for t in trials
    ]  # fmt: skip
    made = pd.DataFrame(rows, columns=list(COLUMNS))
    made["misled"] = [_misled(basis, None), *(_misled(basis, t) for t in trials)]
    if scores is None:
        figures = dict.fromkeys(_FIGURES, float("nan"))
        return made.assign(chosen=made["candidate"] == NO_CHANGE, **figures)
    found = made.merge(scores, on="candidate", how="left")
    # Of what was left out people see what it costs.
    shares = {
        t.candidate.name: accuracy_of(basis, t.logits) for t in trials if t.logits is not None
    }
    accuracy = found["accuracy"].fillna(found["candidate"].map(shares))
    return found.assign(chosen=found["chosen"].eq(True), accuracy=accuracy)


def _misled(basis: Basis, trial: Trial | None) -> float:
    """Accuracy on the suspects; NaN where there are none, or no logits."""
    suspects = None if basis.judged_by is None else basis.judged_by.suspects
    logits = basis.features.logits if trial is None else trial.logits
    if suspects is None or logits is None or not bool(suspects.any()):
        return float("nan")
    right = logits.argmax(1) == basis.features.labels
    return float(right[suspects].double().mean())


def reader_of(basis: Basis) -> str:
    """What the reader sees that tells who is misled; empty where none is known."""
    name = None if basis.judged_by is None else basis.judged_by.config.get("reader")
    found = (one for one in basis.audit.summary.leanings if one.name == name)
    return next((called(one) for one in found), str(name or ""))


def words_of(
    basis: Basis,
    chosen: str,
    parts: "pd.DataFrame",
    select: str,
    tried: int,
    gain: tuple[float, float, float] | None = None,
    *,
    chance: float = 0.0,
    guessing: int = 0,
    within_chance: int = 0,
) -> tuple[str, str]:
    """Headline and explanation.

    Args:
        basis: what candidates share.
        chosen: name of the candidate.
        parts: see `figures`.
        select: the selection rule.
        tried: how many candidates.
        gain: see `gained`; one whose interval holds 0 is not what the headline praises.
        chance: how often a guess is right, which is named where it may be no better on the misled.
        guessing: how many candidates are `guesses`.
        within_chance: how many are `unsure`.
    """
    if chosen == NO_CHANGE:
        why = _why_not(basis, select, tried, guessing, within_chance)
        return "The model stays as it is.", why
    whole = parts[parts["part"] == ALL].iloc[0]
    misled = parts[(parts["kind"] == "misled") & (parts["part"] == "misled")]
    about = reader_of(basis)
    where = f"where a reader of {about} is misled" if about else "on the examples in question"
    cost = whole["after"] - whole["before"]
    examples = f"{int(whole['n']):,} held-out examples"
    on_all = (
        f"Over all {examples} it is right on {whole['after']:.1%}, "
        f"{100 * abs(cost):.1f} points {'more' if cost >= 0 else 'less'} than before."
    )
    test = "on data in which the shortcut fails"
    if not len(misled):
        headline, beside = _of_groups(chosen, parts, select), on_all
    elif about and cost > 0 and basis.audit.summary.verdict == "inconclusive":
        # The audit names nothing: the reader is but its best guess, and no shortcut is known.
        headline = f"'{chosen}' is {_instead(whole)} of the {examples}."
        beside = f"{capitalised(where)} it is {_beside_a_guess(misled.iloc[0], chance)}."
        test = "on other data"
    elif about and misled.iloc[0]["after"] <= misled.iloc[0]["before"]:
        before, after = misled.iloc[0]["before"], misled.iloc[0]["after"]
        headline = f"'{chosen}' is no better {where}: right on {after:.0%}, before on {before:.0%}."
        beside = on_all
    else:
        lost = f", but {_instead(whole)} of all" if cost <= -_MUCH else ""
        now = _beside_a_guess(misled.iloc[0], chance)
        helps = f"'{chosen}' is {now} {where}{lost}."
        weak = gain is not None and gain[1] <= 0
        of_best = f"Nothing helps surely {where}; the best is '{chosen}', {now}{lost}."
        headline, beside = of_best if weak else helps, on_all
    sure = ""
    if gain is not None and len(misled):
        sure = _how_sure(gain, int(misled.iloc[0]["n"]))
    text = (
        f"{beside}{sure} It was chosen among {tried} candidates and no change by {select}, which "
        f"knows {_known(basis, select)}. Every figure is of examples that the last "
        "layer, or the network, was not fitted to; but the choice was made on them. What else the "
        f"model relies on is not known: test it {test} before you take it."
    )
    return headline, text


def _how_sure(gain: tuple[float, float, float], count: int) -> str:
    """What the gain may be on other examples, given how few it was seen on."""
    value, low, high = (100 * one for one in gain)
    told = (
        f" On the {count:,} misled ones the gain is {value:+.0f} points (95% interval {low:+.0f} "
        f"to {high:+.0f} for one candidate, and the best of several looks better than it is)"
    )
    if low > 0:
        return f"{told}."
    return (
        f"{told}: so few cannot tell it from none. Hold out more of them before you take this for "
        "a repair."
    )


def points(most: float) -> str:
    """How much accuracy, a share, in words."""
    return "a point" if most <= 0.01 else f"{100 * most:.0f} points"


def left_out(basis: Basis, dear: Mapping[str, float], most: float) -> str:
    """Why candidates were not compared, see `too_dear` and `most_lost`."""
    count = "1 candidate was" if len(dear) == 1 else f"{len(dear)} candidates were"
    before = (basis.features.logits.argmax(1) == basis.features.labels).double().mean()
    shares = dict.fromkeys(f"{share:.0%}" for share in sorted(dear.values()))
    low, high = next(iter(shares)), next(reversed(shares))
    now = low if low == high else f"{low} to {high}"
    return (
        f"{count} left out, right on {now} of all held-out examples instead of {before:.0%}: "
        f"{_why_dear(basis)}, so that what misleads may be the task "
        f"itself, and is not worth more than {points(most)} of accuracy. If you know better, give "
        "groups."
    )


def _why_dear(basis: Basis) -> str:
    summary = basis.audit.summary
    if summary.verdict != "shortcut":
        return f"the verdict is '{summary.verdict}'"
    return "the shortcut has no name but that of a layer, which sees the task as well"


def _of_groups(chosen: str, parts: "pd.DataFrame", select: str) -> str:
    """Before and after, of the group on which the model was worst."""
    groups = parts[parts["kind"] == "group"]
    if not len(groups):
        return f"'{chosen}' does better by {select}."
    worst = groups.sort_values("before", kind="stable").iloc[0]
    name = str(worst["part"])
    known = name if name.removeprefix("group ").isdecimal() else f"the group '{name}'"
    where = f"of {known}, on which the model was worst"
    if worst["after"] > worst["before"]:
        return f"'{chosen}' is {_instead(worst)} {where}."
    return f"'{chosen}' does better by {select}, but is {_instead(worst)} {where}."


def _known(basis: Basis, select: str) -> str:
    """What the rule knows."""
    needs = rule_named(select).needs
    if "groups" in needs:
        return "labels and the groups that the data name"
    if "pseudo_groups" in needs and GIVEN in basis.sources:
        return "labels and the given groups"
    return "labels and inferred groups, no true ones"


def _instead(part: "pd.Series[Any]") -> str:
    """How often it is right on a part after and before."""
    return f"right on {part['after']:.0%} instead of {part['before']:.0%}"


def _beside_a_guess(part: "pd.Series[Any]", chance: float) -> str:
    """The same with its interval, and how often a guess is right where it may be no better."""
    known = surely_above(part["after"], int(part["n"]), chance)
    low, high = wilson_bounds(part["after"], int(part["n"]))
    level = f"right on {part['after']:.0%} [{low:.0%}, {high:.0%}] instead of {part['before']:.0%}"
    return level + ("" if known else f" (guessing: {chance:.0%})")


GROUPS, NAMED_GROUPS = "groups=", 'select="worst_group_accuracy"'


def _all_the_same(basis: Basis) -> str:
    """How candidates are tried although the audit found nothing."""
    named = basis.data.groups is not None
    chosen = f", or choose by those that the data name ({NAMED_GROUPS})" * named
    return f"Pass groups to try all the same ({GROUPS}){chosen}."


def in_options(explanation: str) -> str:
    """An explanation with options of the command line in place of arguments."""
    return explanation.replace(f"({GROUPS})", "(--groups-from FILE)").replace(
        f"({NAMED_GROUPS})", "(--select worst_group_accuracy)"
    )


def _why_not(basis: Basis, select: str, tried: int, guessing: int, within_chance: int) -> str:
    verdict = basis.audit.summary.verdict
    if basis.judged_by is None:
        return (
            "No groups could be told from the audit, and without groups a change can do harm "
            f"unseen. {' '.join(basis.notes)}".strip()
        )
    if tried == 0:
        return (
            f"The audit's verdict is '{verdict}': nothing was tried, since a change would cost "
            f"accuracy for nothing that is known. {_all_the_same(basis)}"
        )
    if verdict == "shortcut":
        return (
            f"{_none_higher(tried, guessing, select)} Another last layer only weighs what the "
            "features hold, and here that seems too little; the table lists what was tried."
        )
    if within_chance:
        left = tried - within_chance
        which, verb = f"Only {left}" if left else "None", "are" if left > 1 else "is"
        return (
            f"{which} of {tried} candidates {verb} right on more of all held-out examples than the "
            "model, by more than chance. The audit names nothing that misleads it; those whom the "
            "strongest sign misleads it mostly gets wrong anyway, and any other model as good as "
            "it would gain there, so that a gain on these alone is none. More held-out examples "
            "would show smaller gains; the table lists what was tried."
        )
    return (
        f"None of {tried} candidates scored higher than chance explains by {select}, so that a "
        "change may well do harm. More held-out examples would show smaller gains; the table lists "
        "what was tried."
    )


def _none_higher(tried: int, guessing: int, select: str) -> str:
    if not guessing:
        return f"None of {tried} candidates scored higher by {select}."
    if guessing == tried:
        return f"All {tried} candidates guess where the shortcut misleads, or elsewhere."
    return (
        f"None of the {tried - guessing} candidates that do more than guess scored higher by "
        f"{select}."
    )
