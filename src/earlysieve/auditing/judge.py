"""From what was seen to the summary, and the piles of the examples."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from earlysieve._arrays import Bools, Floats, Ints
from earlysieve.auditing.altered_checks import is_altered
from earlysieve.auditing.doubt import DOUBTFUL, contrary, piles
from earlysieve.auditing.evidence import chance, readability, weigh
from earlysieve.auditing.examine import Examined
from earlysieve.auditing.filled_in import filled_in, place_of
from earlysieve.auditing.known_data import BELOW_CHANCE, KnownData, known_data
from earlysieve.auditing.leaning import RECOVER, Leaning
from earlysieve.auditing.leaning_figures import leanings, with_class
from earlysieve.auditing.marks import ONE_WORD, PHRASE, base_of
from earlysieve.auditing.of_the_task import of_the_task
from earlysieve.auditing.properties import OTHER_TOKENS, TOKEN
from earlysieve.auditing.pseudo_groups import SCORE
from earlysieve.auditing.rule import FOLLOWS_HERE, Decision, decide, follows
from earlysieve.auditing.second_look import SecondLook, surely_said, without_idle_denials
from earlysieve.auditing.summary import Summary
from earlysieve.auditing.swaps.table_parts import part_name
from earlysieve.auditing.telling_ranges import TellingRange
from earlysieve.auditing.untie import Kind
from earlysieve.auditing.values_inside import values_inside
from earlysieve.auditing.verdict import Reported, conclude, facts_of
from earlysieve.auditing.views import Views, places, rows_of
from earlysieve.auditing.where_it_fails import (
    Estimate,
    accuracy_where_it_fails,
    accuracy_where_misread,
    accuracy_where_swapped,
    between,
    nearest_property,
)
from earlysieve.auditing.without_columns import beside_it, code_without_it, column_of
from earlysieve.groups.classes import class_accuracies, confused_pairs
from earlysieve.groups.group_report import GroupReport
from earlysieve.groups.output_order import other_order
from earlysieve.readouts.heads import HEADS, Head

if TYPE_CHECKING:
    import pandas as pd

_READABLE = 0.2
_DEVIATIONS = 2.0


def judged(
    seen: Examined,
    groups: GroupReport | None,
    class_names: Sequence[str],
    *,
    seen_in_training: bool | None,
    out_of_fold: bool,
    head: Head,
) -> tuple["pd.DataFrame", Summary]:
    """The example table with its piles, and the summary.

    Args:
        seen: what was found.
        groups: where known; reported, never used for the verdict.
        class_names: of class 0, 1, ...
        seen_in_training: whether the model was trained on the data; None: unknown.
        out_of_fold: whether an example was scored by readouts that have not seen it.
        head: of the readouts.
    """
    table, again = seen.examples, seen.again
    labels, said = (table[name].to_numpy() for name in ("label", "prediction"))
    accuracies = dict(zip(seen.layers["layer"], seen.layers["accuracy"], strict=True))
    evidence = weigh(table, float(accuracies[seen.layer]))
    classes = class_accuracies(labels, said, class_names)
    facts = facts_of(
        evidence,
        len(table),
        int((said != labels).sum()),
        _best_reads(again, labels, said),
        _leanings(seen, again, class_names),
        _known(seen, seen_in_training, out_of_fold, class_names),
        classes,
        None if seen.compared is None else seen.compared.transfer,
        seen.relevant,
    )
    decision = decide(facts)
    if seen.answered is not None and _is_broken(decision, again, labels):
        again = seen.answered.again
        found = [one for one in _leanings(seen, again, class_names) if not one.relevant]
        facts = replace(facts, leanings=found)
        decision = follows(decision, found, seen.answered.name)
        table = _scored(table, again, seen.answered.name)
    on, shown = (decision.leaning if decision.verdict == "shortcut" else None), again
    if on is not None and on.is_reserved and not on.is_value:
        again = surely_said(again, on.name, labels)
        shown = without_idle_denials(again, on.name, labels, said)
        table = _scored(table, shown, on.name)
    failing = _failing(on, shown)
    if decision.reason == "does not transfer":
        wrong = table["readout_prediction"].to_numpy() != labels
        failing = np.where(wrong, 1, -1) * table["margin"].to_numpy(float)
    told = piles(
        said != labels,
        failing,
        again.doubt,
        _against(decision, again),
        _misleading(decision, again),
        _rest(decision.leaning, again),
    )
    costed = decision.costed
    near = None if costed is None else nearest_property(costed, facts.leanings)
    fails = _where_swapped(costed, seen, again, labels)
    # What is swapped is the thing itself.
    if fails is not None:
        near = costed
    elif near is not None and near.misread and decision.reason == FOLLOWS_HERE:
        fails = accuracy_where_misread(near.name, again, labels, said)
    elif near is not None and near.misread:
        fails = accuracy_where_it_fails(near, again, labels, said)
        if is_altered(near):
            fails = between(fails, _where_altered(near, seen, again, labels))
    beside = beside_it(decision.leaning, seen)
    summary = conclude(
        decision,
        facts,
        evidence,
        Reported(
            layer=seen.layer,
            num_classes=seen.collected.num_classes,
            groups=groups,
            classes=classes,
            confused=confused_pairs(labels, said, class_names),
            swaps=seen.swaps,
            piles=told,
            fails=fails,
            elsewhere=math.nan if near is None else near.accuracy_else,
            survival=seen.survival,
            left_out=seen.collected.views.left_out,
            kind=_kind(seen.collected.views),
            head=next((name for name, kind in HEADS.items() if type(head) is kind), ""),
            without=code_without_it(decision.leaning, seen, beside),
            filled=_told_of_values(decision.leaning, seen, labels, class_names),
            beside=beside,
            class_groups=_are_classes(seen.collected.groups, labels),
            out_of_fold=out_of_fold,
            order=other_order(labels, said, class_names),
        ),
    )
    doubt = again.doubt.astype(np.float32)
    return table.assign(pile=told, label_doubt=doubt), summary


def _leanings(seen: Examined, again: SecondLook, class_names: Sequence[str]) -> list[Leaning]:
    """What is known of every property and early view, with what belongs to the task marked so."""
    labels, said = (seen.examples[name].to_numpy() for name in ("label", "prediction"))
    confidence = seen.examples["confidence"].to_numpy(float)
    found = [
        with_class(one, again, class_names)
        for one in leanings(again, labels, said, confidence, seen.swaps)
    ]
    return of_the_task(found, seen.relevant, again, labels, said) if seen.relevant else found


def _are_classes(groups: Tensor | None, labels: Ints) -> bool:
    """Whether known groups tell classes apart and nothing else, shape (N,) each; -1 is unknown."""
    if groups is None:
        return False
    numbers = groups.numpy()
    known = numbers >= 0
    both = len(np.unique(np.stack([numbers[known], labels[known]], 1), axis=0))
    count = len(np.unique(numbers[known]))
    return count > 1 and count == len(np.unique(labels[known])) == both


def _kind(views: Views) -> Kind:
    """What the data are, by what can be computed of them."""
    if views.columns is not None:
        return "table"
    if "brightness" in views.properties:
        return "image"
    return "text" if TOKEN in views.properties else "unknown"


def _told_of_values(
    on: Leaning | None, seen: Examined, labels: Ints, class_names: Sequence[str]
) -> str:
    """Which values of the column that a verdict is about tell, and what a number of it may be."""
    columns = seen.collected.views.columns
    inside = ""
    if on is not None and on.is_column and columns is not None:
        own = (one for one in seen.telling if part_name(one.variable) == on.name)
        one = next(own, None)
        if one is not None:
            parts = (rows_of(columns, place).numpy() for place in places(columns, len(columns)))
            held = np.concatenate([one.said_by(part) for part in parts])
            inside = values_inside(one, held, labels, class_names)
    return " ".join(filter(None, (inside, _filled(on, seen))))


def _filled(on: Leaning | None, seen: Examined) -> str:
    """What a number is that a verdict is about, or that is in much of the column it is about."""
    if on is None:
        return ""
    valued = next((one for one in seen.telling if on.is_value and one.name == on.name), None)
    named = (one for one in seen.variables if part_name(one) == on.name)
    found = next(named, None) if valued is None else valued.variable
    rows = seen.collected.views.columns
    if found is None or found.is_category or rows is None:
        return ""
    name, column = found.name.removeprefix("column "), column_of(rows, found)
    if isinstance(valued, TellingRange):
        return valued.place_in(column)
    return filled_in(column, name) if valued is None else place_of(column, valued.values, name)


def _known(
    seen: Examined,
    seen_in_training: bool | None,
    out_of_fold: bool,
    class_names: Sequence[str],
) -> KnownData:
    """What is known of the data; a readout of the reference may well fail on them."""
    known = known_data(
        seen.examples,
        seen_in_training=seen_in_training,
        out_of_fold=out_of_fold,
        class_names=class_names,
    )
    return known if seen.compared is None else replace(known, readout_below_chance=False)


def _failing(on: Leaning | None, again: SecondLook) -> Floats:
    """How much what the model leans on contradicts the label, shape (N,); all 0 without."""
    if on is None:
        return np.zeros(len(again.score))
    return again.by_reader[on.name]


def _misleading(decision: Decision, again: SecondLook) -> Floats | None:
    """How much what is no shortcut for sure contradicts the label, shape (N,); None: nothing does.

    Of texts without a finding these are telling words where the label is in doubt, since a word
    that misleads now and then explains that, too.
    """
    if decision.verdict == "at risk":
        return _failing(decision.leaning, again)
    if decision.verdict == "shortcut" or OTHER_TOKENS not in again.by_reader:
        return None
    return np.where(again.doubt > DOUBTFUL, again.by_reader[TOKEN], 0)


def _rest(on: Leaning | None, again: SecondLook) -> Floats | None:
    """How much all words but the telling ones contradict the label, shape (N,).

    None where something else is in question.
    """
    told = on is None or on.name in (TOKEN, ONE_WORD, PHRASE)
    return again.by_reader.get(OTHER_TOKENS) if told else None


def _scored(table: "pd.DataFrame", again: SecondLook, name: str) -> "pd.DataFrame":
    """The table with what a reader says now: groups of the audit are made of this column."""
    return table.assign(**{SCORE.format(name): again.by_reader[name]})


def _is_broken(decision: Decision, again: SecondLook, labels: Ints) -> bool:
    """The model does worse than what is there to be read, so that its labels are not to blame."""
    if decision.reason in ("chance", BELOW_CHANCE):
        by_chance = chance(labels)
        return max(again.reads.values()) - by_chance >= _READABLE * (1 - by_chance)
    return decision.reason == "outdone"


def _against(decision: Decision, again: SecondLook) -> Floats:
    """How much readers contradict the label once suspects weigh more, shape (N,); see `contrary`.

    What answers follow here tells nothing of the label: these are not in doubt by it, nor by what
    the user said must not matter.
    """
    on = decision.leaning if decision.verdict == "shortcut" else None
    if on is None:
        return again.preference
    if decision.reason == FOLLOWS_HERE or on.irrelevant:
        return np.full(len(again.preference), -1.0)
    return contrary(again.preference, on.recovered, on.explained, RECOVER)


def _where_altered(on: Leaning, seen: Examined, again: SecondLook, labels: Ints) -> Estimate | None:
    """The accuracy on images of other classes that are altered as those of the class are."""
    part = seen.swaps.of(base_of(on.name))
    if part is None:
        return None
    return accuracy_where_swapped(on, part, again, seen.collected.index.numpy(), labels)


def _where_swapped(
    on: Leaning | None, seen: Examined, again: SecondLook, labels: Ints
) -> Estimate | None:
    """The accuracy where what was said not to matter is another class's, where that is known."""
    part = None if on is None or not on.irrelevant or on.of_table else seen.swaps.of(on.name)
    if on is None or part is None or on.name not in again.by_reader:
        return None
    return accuracy_where_swapped(on, part, again, seen.collected.index.numpy(), labels)


def _best_reads(again: SecondLook, labels: Ints, said: Ints) -> float:
    """What the best reader of a layer achieves of what the model achieves above chance.

    One that is ahead by no more than chance achieves as much: of many readers one always is.
    """
    right, by_chance = said == labels, chance(labels)
    found = []
    for name in again.reads:
        if name not in again.properties:
            share = readability(again.reads[name], float(right.mean()), by_chance)
            ahead = surely_more_often(again.says[name] == labels, right)
            found.append(share if ahead or not share > 1 else 1.0)
    return max(found)


def surely_more_often(ours: Bools, theirs: Bools) -> bool:
    """Whether one is right more often by more than chance: McNemar, Psychometrika 1947.

    Args:
        ours, theirs: who is right on each example, shape (N,).
    """
    alone, others = int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
    return alone - others > _DEVIATIONS * math.sqrt(alone + others)
