"""The headline of an audit: whether there is a shortcut, and what it costs."""

from collections.abc import Sequence

from earlysieve.auditing.leading import OF_SCENE
from earlysieve.auditing.leaning_checks import FEWEST_MISLED, FOLLOWS_IRRELEVANT
from earlysieve.auditing.marks import base_of
from earlysieve.auditing.misleading_words import above_all
from earlysieve.auditing.naming_steps import how_to_say
from earlysieve.auditing.of_the_task import not_counted
from earlysieve.auditing.rule import ALTERED, FOLLOWS_HERE, OF_VALUES, Decision
from earlysieve.auditing.swaps.found import Swaps
from earlysieve.auditing.untie import Kind
from earlysieve.auditing.where_it_fails import Estimate
from earlysieve.auditing.words import are_several, called, percent_of
from earlysieve.groups.classes import ClassAccuracy
from earlysieve.groups.group_report import GroupReport

MOSTLY = 0.5
_FAR_GROUP = 0.2


def headline(
    decision: Decision,
    weak: Sequence[ClassAccuracy],
    groups: GroupReport | None,
    reliance: Estimate | None,
    swaps: Swaps,
    *,
    gathered: bool = False,
    of_task: Sequence[str] = (),
    guesses: str = "",
) -> str:
    """One sentence.

    Args:
        decision: of `decide`.
        weak: classes that are far below the rest.
        groups: where known.
        reliance: accuracy lost where what the model leans on fails; None: not known.
        swaps: of parts.
        gathered: whether nothing was found, and yet the errors gather where a layer misleads.
        of_task: names of what belongs to the task, as the user said.
        guesses: of a model that hardly does better than guessing, how often it is right and what
            else may be wrong, see `other_weights`; empty of any other.
    """
    on = decision.leaning
    if decision.reason == FOLLOWS_HERE and on is not None and guesses:
        return guesses.format(f"{called(on)}{above_all(on, swaps)}")
    if decision.verdict == "shortcut" and on is not None:
        much = "partly" if reliance is None or reliance.value < MOSTLY else "mostly"
        found = (
            f"This model takes a shortcut: it relies {much} on {called(on)}{above_all(on, swaps)}"
        )
        cost = "" if reliance is None or reliance.value <= 0 else (
            f", and loses {percent_of(reliance)} of accuracy where that fails"
        )  # fmt: skip
        return f"{found}{cost}{_unless_task(decision)}."
    if decision.reason == "does not transfer" and reliance is not None:
        return (
            "This model takes a shortcut: what its early layers tell of the reference fails on "
            f"these data, and the model loses up to {percent_of(reliance)} of accuracy with it."
        )
    if decision.reason == "told as well" and on is not None:
        tell, it_is = ("tell", "they are") if are_several(on) else ("tells", "it is")
        much = "" if reliance is None else f" (it loses {percent_of(reliance)} of accuracy there)"
        return (
            f"At risk: {called(on)} {tell} the label as well as the model does, and where {it_is} "
            f"wrong the model mostly is, too{much}: a shortcut, a task as simple as that"
            f"{how_to_say(on)}, or wrong labels."
        )
    if decision.reason == "hardly more" and on is not None:
        tell, it_misleads = (
            ("tell", "they mislead") if are_several(on) else ("tells", "it misleads")
        )
        return (
            f"At risk: {called(on)} {tell} nearly all that the model tells, and where "
            f"{it_misleads} the model errs {on.times_worse:.0f} times as often: a shortcut, or a "
            f"task nearly as simple as that{how_to_say(on)}."
        )
    if decision.reason in (*OF_SCENE, ALTERED) and on is not None:
        return (
            f"At risk: the label goes with {called(on)}, and answers follow it "
            f"({max(0.0, on.followed):.0%} more often than by chance): a shortcut, unless the "
            f"{base_of(on.name)} is the task."
        )
    if decision.reason in OF_VALUES and on is not None and on.misread >= FEWEST_MISLED:
        mislead = "they mislead" if are_several(on) else "it misleads"
        return (
            f"At risk: answers follow {called(on)}{above_all(on, swaps)} "
            f"({max(0.0, on.followed):.0%} more often than by chance), and where {mislead} the "
            f"model errs {on.times_worse:.0f} times as often: a shortcut, or the task"
            f"{how_to_say(on)}."
        )
    if decision.reason == "together" and on is not None:
        return (
            f"At risk: the label goes with {called(on)}, and the model errs where it does not, or "
            f"it is the task{how_to_say(on)}."
        )
    if decision.reason == "task" and on is not None and on.sure >= FEWEST_MISLED:
        task = f"it is the task{how_to_say(on)} and these labels are wrong"
        labels = "wrong labels" if on.irrelevant else task
        errs = "errs, too" if reliance is None else f"loses {percent_of(reliance)} of accuracy"
        return (
            f"At risk: the label goes with {called(on)}{above_all(on, swaps)}, and where it does "
            f"not the model {errs}: a shortcut, or {labels}."
        )
    if decision.verdict == "at risk" and on is not None:
        # The user has said already that it is not.
        task = "" if on.irrelevant else f", or it is the task{how_to_say(on)}"
        if (
            decision.reason == "few misled"
            and on.followed >= FOLLOWS_IRRELEVANT
            and on.accuracy_sure >= 0
        ):
            mislead = "they mislead" if are_several(on) else "it misleads"
            return (
                f"At risk: the label goes with {called(on)}{above_all(on, swaps)}, and answers "
                f"follow it ({on.followed:.0%} more often than by chance); where {mislead} the "
                f"model is right on {on.accuracy_sure:.0%} of {on.sure}, too few to say what it "
                f"costs{task}."
            )
        return (
            f"At risk: the label goes with {called(on)}{above_all(on, swaps)}, and these data "
            f"hold too few examples where it does not{task}."
        )
    but = _but(weak if decision.verdict == "none found" else (), groups, gathered=gathered)
    # Where a group is so far below, something misleads, whether or not an audit can name it.
    far = groups is not None and _is_far(groups)
    opening = "This audit names no shortcut" if far else "No shortcut was found"
    if decision.let_go is not None:
        told = f"the model does not go by {called(decision.let_go)}, which tells the label here"
        return f"{opening}: {told}{but}{not_counted(of_task)}."
    if decision.verdict == "none found":
        found = but or " that these data could show"
        return f"{opening}{found}{not_counted(of_task)}."
    return f"This audit cannot tell whether the model takes a shortcut{but}."


def _unless_task(decision: Decision) -> str:
    """That a column or category may be the task, and how to say so; empty of other shortcuts."""
    on, how = decision.leaning, how_to_say(decision.leaning)
    if on is None or not how or decision.reason == FOLLOWS_HERE:
        return ""
    return f"; if {'they belong' if on.is_pair else 'it belongs'} to the task, say so{how}"


def other_weights(accuracy: float, kind: Kind) -> str:
    """A headline for a model that is right as often as guesses, and answers follow something.

    Weights of other data look like a shortcut that the data break. The name of what answers follow
    is left open.

    Args:
        accuracy: of the model.
        kind: of the data.
    """
    inputs = {"table": "columns in another order"}.get(kind, "inputs that are prepared otherwise")
    return (
        f"On these data the model hardly does better than guessing ({accuracy:.0%} are right): it "
        f"relies on {{}}, which tells hardly anything of the label here, or its weights are of "
        f"other data, or of {inputs}."
    )


_GATHERED = (
    "the errors gather where an early layer misleads, as of hard examples, of a simple task and of "
    "a shortcut alike"
)


def _but(
    weak: Sequence[ClassAccuracy], groups: GroupReport | None, *, gathered: bool = False
) -> str:
    """What is known besides, and contradicts a verdict that is no finding; empty where nothing."""
    but = [_GATHERED] * gathered
    but += [below(one) for one in sorted(weak, key=lambda one: one.accuracy)[:1]]
    if groups is not None and _is_far(groups):
        but.append(
            f"only {groups.worst_accuracy:.0%} of group '{groups.worst_group_name}' are right, "
            f"against {groups.average:.0%} of all"
        )
    return f", but {', and '.join(but)}" if but else ""


def _is_far(groups: GroupReport) -> bool:
    """Whether a group is far below all examples."""
    return groups.worst_accuracy <= groups.average - _FAR_GROUP


def below(found: ClassAccuracy) -> str:
    """A class that is far below the rest, in figures."""
    return (
        f"only {found.accuracy:.0%} of {found.n:,} examples of class '{found.name}' are right, "
        f"against {found.rest:.0%} of the others"
    )
