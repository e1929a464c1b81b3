"""Why an audit comes to its verdict, in sentences and numbers."""

import math
from collections.abc import Sequence

from earlysieve._readable import capitalised, readable
from earlysieve.auditing.altered_checks import is_altered
from earlysieve.auditing.answered import FOLLOWED_IN_TABLE
from earlysieve.auditing.budget_words import budget_decided
from earlysieve.auditing.evidence import Evidence
from earlysieve.auditing.hardly_more import told_by_a_layer
from earlysieve.auditing.headline import MOSTLY
from earlysieve.auditing.layer_words import (
    against_the_label,
    nearest_sign,
    not_used,
    what_a_layer_tells,
    where_errors_gather,
)
from earlysieve.auditing.leading import errors_gather, overlapping
from earlysieve.auditing.leaning import Leaning
from earlysieve.auditing.leaning_checks import FOLLOWS, TELLS
from earlysieve.auditing.marks import EDGE, MARK, OF_ONE_CLASS, base_of
from earlysieve.auditing.misleading_words import LONGEST, misleading
from earlysieve.auditing.not_to_matter import answers
from earlysieve.auditing.of_the_task import told_of_the_task
from earlysieve.auditing.order_words import likely_order
from earlysieve.auditing.outdone import OUTDONE_HERE
from earlysieve.auditing.pair_checks import is_one_text
from earlysieve.auditing.patches import PATCH
from earlysieve.auditing.power import examples_needed
from earlysieve.auditing.properties import part_of
from earlysieve.auditing.reasons import REASONS
from earlysieve.auditing.rule import FOLLOWS_HERE, Decision, Facts
from earlysieve.auditing.swaps.found import Swaps
from earlysieve.auditing.swaps.image_parts import UNSEEN_SIZE
from earlysieve.auditing.swaps.kind_parts import DETAILS as OF_KINDS
from earlysieve.auditing.swaps.text_parts import WORDS
from earlysieve.auditing.swaps.text_signs import DETAILS
from earlysieve.auditing.transfer import LayerTransfer, Transfer
from earlysieve.auditing.where_it_fails import Estimate, nearest_property
from earlysieve.auditing.words import called, pairs_of_examples, percent_of
from earlysieve.groups.classes import listed
from earlysieve.groups.output_order import OutputOrder
from earlysieve.model.predictor import INPUTS


def explanation(
    decision: Decision,
    evidence: Evidence,
    facts: Facts,
    fails: Estimate | None,
    swaps: Swaps,
    layer: str,
    filled: str = "",
    order: OutputOrder | None = None,
) -> str:
    """Two paragraphs: the reason and its cost, and what was seen of the feature and a layer.

    Args:
        decision: of `decide`.
        evidence: of the readout of `layer`.
        facts: that decided.
        fails: the model's accuracy where what it leans on fails; None: not known.
        swaps: of parts.
        layer: whose readout flags examples.
        filled: a question about the column of a table that the verdict is about.
        order: another order of the classes in which the model would be right; None: no such.
    """
    first, then = [_reason(decision, facts, swaps)], []
    if order is not None:
        first = [
            likely_order(facts.accuracy, order),
            *(first if decision.reason != "chance" else []),
        ]
    on = decision.leaning if decision.reason != "outdone" else _outdoing(facts.leanings)
    if on is not None:
        first += [_nearest(on, facts.leanings) if decision.reason in _NEARLY_ALL else ""]
        first += [words_told(on, swaps), filled, _cost(fails)]
        then.append(_seen(on, swaps, of_answers=decision.reason == FOLLOWS_HERE))
        then.append(budget_decided(on, facts.leanings, swaps))
    if facts.transfer is not None:
        then.append(_transferred(facts.transfer))
    then += answers(decision, facts.leanings, swaps)
    then.append(not_used(facts.leanings, facts.best_reads))
    then += told_of_the_task(facts.of_task, facts.relevant, swaps)
    then.append(_observation(evidence, layer))
    paragraphs = (" ".join(filter(None, sentences)) for sentences in (first, then))
    return "\n\n".join(filter(None, paragraphs))


_NEARLY_ALL = ("told as well", "hardly more")


def _nearest(on: Leaning, others: Sequence[Leaning]) -> str:
    """The property that comes nearest to what only a layer sees; nothing where none does."""
    near = nearest_property(on, others)
    if near is on:
        return ""
    return (
        f"Of what has a name, {called(near)} comes nearest: a reader of it achieves "
        f"{near.reads:.0%} of what the model achieves."
    )


def _cost(fails: Estimate | None) -> str:
    if fails is None:
        return ""
    return f"Where it fails, the model's accuracy is estimated at {percent_of(fails)}."


def _reason(decision: Decision, facts: Facts, swaps: Swaps) -> str:
    if decision.reason == "collapsed":
        return (
            f"The model hardly recognises {listed(facts.collapsed)}: nothing that these "
            "data show explains it, so that no shortcut can be ruled out."
        )
    gathered = errors_gather(facts.leanings)
    if decision.reason == "too few":
        few = (
            f"{facts.examples:,} examples are too few: a simple feature that fails on one in "
            f"twenty of them and costs 20% of accuracy there would have been found with a "
            f"probability of {decision.power:.0%}. Audit about {examples_needed():,}."
        )
        if gathered:
            return f"{few} {where_errors_gather(gathered, swaps)}"
        return f"{few} {nearest_sign(facts.leanings)}".rstrip()
    if decision.reason == "outdone" and gathered:
        return (
            f"{OUTDONE_HERE} Its errors gather where a reader of "
            f"{readable(gathered.name, of_network=True)} says another class, as those of a "
            f"shortcut do: the model is right on {gathered.accuracy:.0%} of {gathered.misread:,} "
            f"examples there, and on {gathered.accuracy_else:.0%} of the others."
            f"{against_the_label(swaps)}"
        )
    let_go = decision.let_go
    if let_go is not None:
        return (
            f"Readouts do better than the model by {called(let_go)}, which tells the label here, "
            "and the model does not go by it: where it misleads, the model is right "
            f"{let_go.accuracy:.0%} of the time, elsewhere {let_go.accuracy_else:.0%}. "
            + _power(decision)
        )
    if decision.reason == "nothing":
        if gathered:
            return where_errors_gather(gathered, swaps)
        layer = told_by_a_layer(facts.leanings)
        if layer is not None and not facts.of_task:
            return f"{what_a_layer_tells(layer)} {_power(decision)}{_unseen(swaps)}"
        left = f"Besides what belongs to the task, {_UNEXPLAINED[0].lower()}{_UNEXPLAINED[1:]}"
        unexplained = left if facts.of_task else _UNEXPLAINED
        return f"{unexplained} {_power(decision)}{_unseen(swaps)}"
    overlap = overlapping(facts.leanings)
    if decision.reason == "overlaps" and overlap is not None:
        return _overlaps(overlap, swapped="all" not in swaps.skipped)
    on = decision.leaning
    if decision.reason == "leans" and on is not None:
        told = ", although the label can be told" if on.recovered >= MOSTLY else ""
        return f"The model errs where something simple misleads{told}."
    if decision.reason == "rests" and on is not None and math.isnan(on.followed):
        return (
            "It tells nearly as much as the model does, and hardly an example here lacks it, so "
            "that these data cannot show what the answer rests on."
        )
    if decision.reason == FOLLOWS_HERE and on is not None and on.followed < FOLLOWED_IN_TABLE:
        return REASONS["mended here"]
    if decision.reason == "together" and on is not None and on.recovered < _TOLD_BY_OTHERS:
        return REASONS["hardly told"]
    return REASONS.get(decision.reason, decision.reason)


def _power(decision: Decision) -> str:
    return (
        "A simple feature that is plain to one of the readers, fails on one in twenty of these "
        "examples and costs 20% of accuracy there would have been found with a probability of "
        f"{decision.power:.0%}; a faint one, or one of another kind, may go unseen."
    )


def _unseen(swaps: Swaps) -> str:
    """That the size of what stands out is no such kind here."""
    if swaps.skipped.get("size") != UNSEEN_SIZE:
        return ""
    return f" Size is none of these: {UNSEEN_SIZE}."


_TOLD_BY_OTHERS = 0.6
_UNEXPLAINED = "No property and no early layer explains the model's errors."


_BY_MODEL = (
    "; es.audit takes estimators with predict_proba or decision_function as they are, and any "
    "function of rows by es.from_predictor"
)


def _overlaps(found: Leaning, *, swapped: bool) -> str:
    """No power is told: of such a feature it is not known."""
    ask = "name it" if swapped else "audit the model itself, with swaps, and name it"
    return (
        "No property and no early layer explains the model's errors but where classes overlap: "
        f"the model errs where {called(found)} misleads, on rows of which that is itself "
        "unsure, as any feature of the task is. A noisy column that will not hold elsewhere looks "
        f"the same: if one should not matter, {ask} (irrelevant, --irrelevant)"
        f"{'' if swapped else _BY_MODEL}."
    )


def _outdoing(found: Sequence[Leaning]) -> Leaning | None:
    """What to speak of where readers outdo a model.

    A property that answers follow when it is swapped, though it tells nothing here (as on data in
    which a shortcut is broken); else the one that tells the label best, if it tells it as well as
    such a model: what a repair no longer follows is told as well as ever.
    """
    named = [one for one in found if not (one.of_network or one.whole or one.is_combined)]
    followed = [one for one in named if one.followed >= FOLLOWS]
    if followed:
        return max(followed, key=lambda one: one.followed)
    able = [one for one in named if one.reads >= TELLS]
    return max(able, key=lambda one: one.reads, default=None)


def words_told(on: Leaning, swaps: Swaps) -> str:
    """Where a mark or bar lies, or which words the reader goes by; nothing where these are many."""
    part = swaps.of(base_of(on.name))
    if part is not None and on.name == MARK:
        return f"The mark is {part.detail}."
    if part is not None and (on.name in (EDGE, PATCH) or is_altered(on)):
        return f"It is {part.detail}."
    told = (f"{WORDS} ", *DETAILS.values(), *OF_KINDS.values())
    found = misleading(on, swaps)
    text = "" if part is None else f"{capitalised(part.detail)}. "
    if part is not None and (not part.detail.startswith(told) or len(part.detail) > LONGEST):
        return ""
    if found is None:
        return text.strip()
    return (
        f"{text}Above all, '{found.word}' misleads the model towards '{found.speaks_for}': so it "
        f"answers on {found.followed:.0%} of {found.against:,} texts of other classes that hold it."
    )


def _seen(on: Leaning, swaps: Swaps, *, of_answers: bool) -> str:
    """What was seen of one leaning, in numbers."""
    what = readable(on.name, of_network=True)
    only = "" if is_one_text(on) else "only "
    text = f"A reader {f'of {what}' if on.of_network else f'that sees {only}{called(on)}'}"
    if of_answers:
        text += " was fitted to the model's answers"
    elif math.isnan(on.reads):
        text += " was fitted"
    else:
        much = "more than" if on.reads > 1 else f"{max(0.0, on.reads):.0%} of"
        text += f" achieves {much} what the model achieves"
    if on.misread and not math.isnan(on.accuracy):
        text += (
            f"; where it is misled ({on.misread:,} examples) the model is right "
            f"{on.accuracy:.0%} of the time"
        )
        if not math.isnan(on.accuracy_else):
            text += f", elsewhere {on.accuracy_else:.0%}"
    moved = []
    if not math.isnan(on.followed):
        part = None if on.name.endswith(OF_ONE_CLASS) else swaps.of(part_of(on.name))
        count = "" if part is None else f" (of {pairs_of_examples(part.followed.count)})"
        moved.append(
            f"its answer follows {max(0.0, on.followed):.0%} more often than by chance{count}"
        )
    if not math.isnan(on.mended):
        moved.append(f"{max(0.0, on.mended):.0%} more of its errors are right")
    if moved:
        text += f"; swapped, {', and '.join(moved)}"
    if not math.isnan(on.lost_without):
        text += (
            f". Given another value, the model loses {max(0.0, on.lost_without):.0%} of its right "
            "answers in rows that hold it rightly, against other rows of their class"
        )
    if not math.isnan(on.recovered):
        text += (
            f". On {on.sided}, a reader of {readable(on.recovered_by)} prefers the label to the "
            "answer (half would be a guess)"
        )
    return f"{text}."


def _transferred(found: Transfer) -> str:
    """What holds of reference and data, in numbers."""
    model, stand_in = found.model, found.stand_in
    text = ""
    if found.simple is not None:
        text = (
            f"Fitted on the reference, the readout of layer '{found.simple.layer}' is right on "
            f"{_on_both(found.simple)}. "
        )
    return (
        f"{text}The readout of the last layer, '{stand_in.layer}', is right on "
        f"{_on_both(stand_in)}; the model is right on "
        f"{percent_of(Estimate(model.data_accuracy, model.data_low, model.data_high))} of these "
        f"data, and on {model.reference_accuracy:.0%} of the reference, which is no measure if it "
        "was trained on it."
    )


def _on_both(row: LayerTransfer) -> str:
    before = Estimate(row.reference_accuracy, row.reference_low, row.reference_high)
    after = Estimate(row.data_accuracy, row.data_low, row.data_high)
    return f"{percent_of(before)} of it out of fold, and on {percent_of(after)} of these data"


_OF_INPUTS = "A readout of all inputs together"


def _observation(evidence: Evidence, layer: str) -> str:
    share = max(0.0, evidence.readability)
    much = "more than" if share > 1 else f"{share:.0%} of"
    given = f"already gives {much} what the model achieves above chance. It "
    early = f"Layer '{layer}', early in the network,"
    text = (
        f"{_OF_INPUTS if layer == INPUTS else early} "
        f"{'' if math.isnan(evidence.readability) else given}"
        f"misreads {evidence.errors:,} examples, {evidence.flagged:,} of them with confidence."
    )
    if not evidence.flagged:
        return text
    rest = evidence.accuracy_unflagged
    against = "" if math.isnan(rest) else f", against {rest:.0%} elsewhere,"
    return (
        f"{text} On these the model is right {evidence.accuracy_flagged:.0%} of the time{against} "
        f"and gives the readout's wrong answer {evidence.same_mistake:.0%} of the time."
    )
