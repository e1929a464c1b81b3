"""What to do after an audit: sentences, below some of them the code that does it.

Both are of Python; the command line puts its own commands and options in their place
(`earlysieve.runs.audit_steps`, `earlysieve.auditing.step_options`).
"""

import json
from collections.abc import Callable, Sequence

from earlysieve._readable import capitalised
from earlysieve.auditing.columns_left_out import columns_left_out
from earlysieve.auditing.filled_beside import Beside, left_out_too
from earlysieve.auditing.known_data import memorised
from earlysieve.auditing.leading import OF_SCENE, OUTDONE
from earlysieve.auditing.leaning import Leaning
from earlysieve.auditing.leaning_checks import FEWEST_MISLED, worth_asking
from earlysieve.auditing.naming_steps import (
    MUST_NOT,
    can_be_the_task,
    is_sum,
    is_the_task,
    may_be_the_task,
    must_not_matter,
)
from earlysieve.auditing.order_words import order_step
from earlysieve.auditing.power import examples_needed
from earlysieve.auditing.rule import FOLLOWS_HERE, OF_KIND, WORD, Decision, Facts, gathered_unnamed
from earlysieve.auditing.untie import Kind, untie, without_it
from earlysieve.auditing.words import are_several, called
from earlysieve.groups.classes import listed
from earlysieve.groups.output_order import OutputOrder

FIX = "outcome = es.fix(model, held_out=data, audit=result)"
RETRAIN = "outcome = es.fix(model, held_out=data, audit=result, train=train_data, retrain=True)"
# The same call; on the command line it is `fix`, too, where RETRAIN is one training by groups.
FIX_OR_RETRAIN = (
    "outcome = es.fix(model, held_out=data, train=train_data, audit=result, retrain=True)"
)
REFERENCE = "result = es.audit(model, data, reference=train_data)"
UNSEEN = "result = es.audit(model, unseen_data, seen_in_training=False)"
SAID = "result = es.audit(model, data, seen_in_training=False)"
ARRAYS = "result = es.audit_arrays(features_by_layer, labels, logits)"
_ARRAYS_SAID = "result = es.audit_arrays(features_by_layer, labels, logits, seen_in_training=False)"
MORE = "result = es.audit(model, more_data)"
RELIANCE = 'measured = es.measure_reliance(model, data, {"cue": values})'


def step(text: str, code: str = "") -> str:
    """A step as it is kept: its sentence in one line, the code in those below."""
    line = " ".join(text.split())
    return f"{line}\n{code}" if code else line


def parts(kept: str) -> tuple[str, str]:
    """The sentence and the code of a step; the code is empty where there is none."""
    text, _, code = kept.partition("\n")
    return text, code


def with_code(steps: Sequence[str], instead: Callable[[str], str]) -> list[str]:
    """The same steps with other code.

    Args:
        steps: as `step` makes them.
        instead: the code in place of one of this file's; empty where there is none.
    """
    return [_with_code(*parts(kept), instead) for kept in steps]


def without_model(steps: Sequence[str]) -> list[str]:
    """Those of the steps that can be done with activations alone, in words of Python.

    Args:
        steps: as `step` makes them.
    """
    need_model = (FIX, RETRAIN, FIX_OR_RETRAIN, REFERENCE, RELIANCE)
    kept = [
        one
        for one in steps
        if parts(one)[1] not in need_model and not parts(one)[0].startswith((MUST_NOT, _SUSPECTED))
    ]

    def of_arrays(code: str) -> str:
        if columns_left_out(code):
            return ""
        return _ARRAYS_SAID if code == SAID else ARRAYS

    coded = with_code(kept, of_arrays)
    return [_of_arrays(*parts(one)) for one in coded]


def of_one_layer(steps: Sequence[str]) -> list[str]:
    """Those of the steps that can be done with a model of one layer."""
    found = [one.replace(_OTHERS_TOO, _OTHER_READOUT) for one in steps if one != _OTHER_LAYERS]
    return [capitalised(one.removeprefix("Or ")) for one in found]


def _of_arrays(text: str, code: str) -> str:
    """A step that is none of several choices, of which others need the model."""
    text = text.replace("layers=[...], ", "").replace(": layers=[...]", "").removeprefix("Or ")
    return step(capitalised(text), code)


def _with_code(text: str, code: str, instead: Callable[[str], str]) -> str:
    other = instead(code) if code else ""
    # Nothing follows the colon any more.
    return step(text, other) if other or not code else step(f"{text.rstrip(':.')}.")


def next_steps(
    decision: Decision,
    facts: Facts,
    kind: Kind = "unknown",
    *,
    doubtful: bool = True,
    head: str = "linear",
    left_out: str = "",
    beside: Beside | None = None,
    order: OutputOrder | None = None,
) -> list[str]:
    """What to do, most useful first.

    Args:
        decision: the verdict with its reason.
        facts: what it was made of.
        kind: of the data.
        doubtful: whether any label is.
        head: name of the readouts' kind; only more complex ones are worth a try.
        left_out: the code that leaves out the columns of a table that the verdict is about; empty
            where there is none.
        beside: columns that tell the same as that flag or value.
        order: another order of the classes in which the model would be right; None: no such.
    """
    if order is not None and decision.verdict == "inconclusive":
        return [order_step(order)]
    steps = [
        *([] if order is None else [order_step(order)]),
        *_first(decision, facts, kind),
        *_with_left_out(
            _STEPS[decision.verdict](decision, facts, kind), decision, left_out, beside or Beside()
        ),
        *_last(decision, facts, kind),
    ]
    left = _heads_left(kind, head)
    named = (_with_readouts(one, left) for one in steps if doubtful or one != _DOUBTFUL)
    return [one for one in named if one]


def _heads_left(kind: Kind, head: str) -> str:
    """More complex kinds of readouts than this, in words; empty where there is none."""
    names = _HEADS[kind]
    left = names[names.index(head) + 1 :] if head in names else names
    return " or ".join(f"head='{name}'" for name in left)


def _with_readouts(one: str, left: str) -> str:
    """A step with the readouts that are left to try; empty where none is and it is about these."""
    if one == _DEEPER:
        return one.format(left) if left else ""
    if one == _OTHERS:
        return one.format(left) if left else _OTHER_LAYERS
    return one


def _first(decision: Decision, facts: Facts, kind: Kind) -> list[str]:
    if decision.reason == "does not transfer":
        return [_PREPARED]
    if decision.reason == "outdone":
        return [f"{_CHECK.format(_TREATED[kind])}{_LAGGING * (kind == 'image')} {REPAIRED}"]
    others = ("chance", "one class", FOLLOWS_HERE)  # what weights of other data look like
    untrained = decision.reason in others or not facts.far_above_chance
    return [_CHECK.format(_TREATED[kind])] if untrained else []


def _last(decision: Decision, facts: Facts, kind: Kind) -> list[str]:
    """What follows from swaps is found of a model that its readers outdo, too."""
    told = decision.verdict in ("shortcut", "at risk") and decision.reason != "does not transfer"
    return [_OUTDONE.format(_TREATED[kind])] if told and facts.best_reads > OUTDONE else []


def _shortcut(decision: Decision, _facts: Facts, kind: Kind) -> list[str]:
    on = decision.leaning
    what = "the feature" if on is None else called(on)
    reader = "" if on is None else f", reader={json.dumps(on.name, ensure_ascii=False)}"
    own = OWN_GROUPS.format(reader)
    return [
        step(
            "Look at the pile 'shortcut fails' beside correctly read examples: "
            f"do they differ in {what}?"
        ),
        REPAIR,
        step(
            f"Or train the network again, with groups of the examples that it is trained on{own} "
            "(whatever the verdict on these is):",
            RETRAIN,
        ),
        *([] if _is_of_columns(on) else [untie(on, kind)]),
        "Collect examples like those in the pile: no training adds what the data do not show.",
        _DOUBTFUL,
        *(step(*one) for one in is_the_task(on)),
        "After any change, audit again on held-out data and compare accuracy where it fails.",
    ]


def _is_of_columns(on: Leaning | None) -> bool:
    """Whether it is a column of a table, values of one, or two together: what can be left out."""
    return on is not None and (on.is_column or on.is_value or on.is_pair)


def _with_left_out(steps: list[str], decision: Decision, code: str, beside: Beside) -> list[str]:
    """With the training without the column, or the two, that a verdict is about.

    First, or after the question whether that is the task.
    """
    on = decision.leaning
    if on is None or not _is_of_columns(on):
        return steps
    if decision.verdict not in ("shortcut", "at risk"):
        return steps
    left_out = step(f"{without_it(on)}{left_out_too(beside)}", code)
    asked = decision.verdict == "at risk" and not on.irrelevant
    return [*steps[:asked], left_out, *steps[asked:]]


_ENOUGH_MISLED = ("together", "hardly more", WORD, OF_KIND, *OF_SCENE)


def _at_risk(decision: Decision, facts: Facts, kind: Kind) -> list[str]:
    on = decision.leaning
    what = "the feature" if on is None else called(on)
    compared = step(
        "Or compare with the training data: readouts that are fitted on these show whether what "
        "is simple holds here, too:",
        REFERENCE,
    )
    more = (
        f"audit at least {FEWEST_MISLED} examples (better 100) in which it does not go with the "
        "label."
    )
    if on is not None and on.irrelevant:
        few = on.sure < FEWEST_MISLED
        more = step(f"To see what {what} {'cost' if are_several(on) else 'costs'}, {more}")
        return [
            REPAIR_OR_RETRAIN,
            *([more] if few else []),
            *([] if facts.transfer is not None else [compared]),
        ]
    if decision.reason == "told as well" or _only_a_layer(decision):
        return [
            "Look at the pile 'misled': are these labels right? If they are, what do the examples "
            "share with the class that the model gives them, and lack of their own?",
            *(_worth_asking(facts) if on is not None and on.of_network else []),
            *_task_or_not(on, kind),
            "Do not remove them as wrong labels before: they are what shows a shortcut.",
            *([] if facts.transfer is not None else [compared]),
        ]
    read = "Read both texts of some pairs of the pile 'misled': are these labels right?"
    misled = decision.reason in _ENOUGH_MISLED or decision.costed is not None
    misled |= on is not None and decision.reason == "task" and on.sure >= FEWEST_MISLED
    return [
        *([] if decision.costed is None else [read]),
        step(*may_be_the_task(on)),
        *([] if misled else [f"If it is not, {more}"]),
        *([] if on is not None and is_sum(on) else [step(*must_not_matter(on))]),
        *([] if facts.transfer is not None else [compared]),
    ]


def _task_or_not(on: Leaning | None, kind: Kind) -> list[str]:
    """Either can be said of what has a name; of anything else what has one is asked about."""
    decide = [step(*may_be_the_task(on))] if on is not None and can_be_the_task(on) else []
    if on is None or is_sum(on) or not decide:
        return [*decide, *_suspected(kind)]
    return [*decide, step(*must_not_matter(on)), *_without_reader(kind)]


def _only_a_layer(decision: Decision) -> bool:
    """Whether what misleads has no name of its own, so that nobody can say whether it matters."""
    on = decision.leaning
    return decision.reason == "hardly more" and on is not None and (on.of_network or on.whole)


def _worth_asking(facts: Facts) -> list[str]:
    """How to ask about what has a name, where only a layer shows that something misleads."""
    on = worth_asking(facts.leanings)
    if on is None:
        return []
    return [
        step(
            f"Of what has a name, answers follow {called(on)} most when that is swapped "
            f"({on.followed:.0%} more often than by chance). If it must not matter, ask so:",
            must_not_matter(on)[1],
        )
    ]


def _none_found(decision: Decision, facts: Facts, kind: Kind) -> list[str]:
    return [
        *(_worth_asking(facts) if gathered_unnamed(decision, facts) else []),
        "Read a few flagged examples all the same: wrong labels gather there, and so do examples "
        "on which something simple that has no reader here misleads the model. Look what they have "
        "in common before you remove any.",
        _DEEPER,
        "Where group labels exist, compare the worst group with the average.",
        *_suspected(kind),
    ]


def _suspected(kind: Kind) -> list[str]:
    """How to ask about one thing, with a reader or without."""
    without = _without_reader(kind)
    return [_SUSPECTED if without else f"{_SUSPECTED} {_OF_COLUMN}", *without]


def _without_reader(kind: Kind) -> list[str]:
    """How to ask about what no reader sees; of tables, whose columns all have one, nothing."""
    if kind not in _NO_READER:
        return []
    return [step(f"{_NO_READER[kind]}, {_MEASURED}:", RELIANCE)]


def _inconclusive(decision: Decision, facts: Facts, kind: Kind) -> list[str]:
    above = facts.above_chance and facts.predicted_classes > 1
    asked = _without_reader(kind) if above else []
    if decision.reason == "outdone":
        return [*([] if facts.transfer is not None else [HOLDS_HERE]), HOLDS_MORE, *asked]
    untold = facts.data.seen_in_training is None and decision.reason in _of_memory(facts)
    return [
        *([_SAY_UNSEEN] if untold else []),
        _missing(decision, facts),
        _OTHERS,
        "Read the flagged examples, if there are any; a few may be enough to see the pattern.",
        *asked,
    ]


def _of_memory(facts: Facts) -> tuple[str | None, ...]:
    """Reasons that speak of what a model has memorised."""
    return "copes only here", memorised(facts.data, facts.accuracy)


def _missing(decision: Decision, facts: Facts) -> str:
    """What would let an audit tell."""
    reason = decision.reason
    if reason == "too few":
        return step(
            f"Audit more data, about {examples_needed():,} examples instead of "
            f"{facts.examples:,}, best of all data that the model was not trained on:",
            MORE,
        )
    if reason in _of_memory(facts):
        return step("Audit data that the model was not trained on:", UNSEEN)
    if reason == "layers alone":
        return (
            "Let properties of the inputs be looked at, too: pass inputs= to audit_arrays, or "
            "audit the model itself. Until then, look what flagged examples have in common before "
            "you remove any as wrongly labelled."
        )
    if reason == "collapsed":
        return step(
            f"Look at the examples of {listed(facts.collapsed)}: are they labelled and prepared "
            "like the others, and were there enough in training?"
        )
    return "Audit more data, best of all data that the model was not trained on."


# Groups of the audited data are no groups of those that it is trained on.
OWN_GROUPS = " (es.infer_groups(es.audit(model, train_data){}) gives these to other methods)"
REPAIR = step(
    "Try repairs of the last layer. They are compared without group labels, and the model stays as "
    "it is where none is better by more than chance:",
    FIX,
)
REPAIR_OR_RETRAIN = step(
    "Try repairs of the last layer, and trainings of the whole network, which may now cost "
    "accuracy where it holds. They are compared without group labels, and the model stays as it is "
    "where none is better by more than chance:",
    FIX_OR_RETRAIN,
)
HOLDS_HERE = step(
    "If all that is so, compare with the training data: readouts that are fitted on these show "
    "whether what the layers tell there holds here, too:",
    REFERENCE,
)
HOLDS_MORE = step(
    "Its layers tell more than its answers do. Unless its last layer was repaired already, another "
    "one may be right far more often; several are compared without group labels, and the model "
    "stays as it is where none is better by more than chance:",
    FIX,
)
_STEPS = {
    "shortcut": _shortcut,
    "at risk": _at_risk,
    "none found": _none_found,
    "inconclusive": _inconclusive,
}
_SAY_UNSEEN = step("If you know that the model was not trained on these data, say so:", SAID)
_SUSPECTED = (
    "If you suspect one thing, say that it must not matter (irrelevant=[...]): the audit then asks "
    "whether answers follow it."
)
_OF_COLUMN = (
    "Where a column of the data names it, measure how far answers rest on it (es.measure_reliance)."
)
_NO_READER: dict[Kind, str] = {
    "image": "To ask about what has no reader, as the camera or what else is in a photograph",
    "text": "To ask about what has no reader, as the subject of a text or who wrote it",
}
_MEASURED = (
    "say which class it speaks for in each example (values), and measure how far answers rest on it"
)
_DOUBTFUL = (
    "Look at the pile 'label doubtful' before you remove any of it: are its labels wrong, or does "
    "something simple that has no reader here mislead the model on what these have in common?"
)
_CHECK = (
    "Check the model before its shortcuts: that it is trained, that these are its weights, and "
    "that {}."
)
_OUTDONE = (
    "Readouts of the model's own layers do better than the model: check that {}. If it was "
    "repaired or trained to rely on this less, nothing need be wrong: its layers still tell it."
)
# How the first step of a model begins that has to be checked before all else.
CHECKS = (_CHECK[:40], _OUTDONE[:40])
REPAIRED = (
    "If it was repaired, nothing need be wrong: a repair costs accuracy where the shortcut holds. "
    "What it gains where it misleads, a comparison of both audits says (es.compare)."
)
_LAGGING = (
    " Statistics of BatchNorm lag behind a short training: a network that did far better on its "
    "training batches than it does here needs them anew (torch.optim.swa_utils.update_bn) or more "
    "steps."
)
_TREATED: dict[Kind, str] = {
    "image": "images are resized and normalised as in training",
    "text": "texts are cut into tokens as in training",
    "table": "columns come in the order and on the scale of training",
    "unknown": "inputs are prepared as in training",
}
# Readouts that see more than a linear one, the simplest first.
_HEADS: dict[Kind, tuple[str, ...]] = {
    "image": ("mlp", "conv"),
    "text": ("mlp", "token"),
    "table": ("mlp",),
    "unknown": ("mlp",),
}
_DEEPER = "Audit again with {} if a more complex shortcut is suspected."
_OTHERS_TOO = "Try other layers, or another readout: layers=[...], "
_OTHER_READOUT = "Try another readout: "
_OTHERS = f"{_OTHERS_TOO}{{}}."
_OTHER_LAYERS = "Try other layers: layers=[...]."
_PREPARED = (
    "Check that data and reference were prepared in the same way, and that their labels mean the "
    "same: data that were prepared otherwise look like this, too."
)
