"""The sentences of a summary: what they say, and that their own numbers bear them out."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earlysieve.auditing.known_data import KnownData
from earlysieve.auditing.leaning import Leaning, strength
from earlysieve.auditing.rule import Facts, decide
from earlysieve.auditing.step_options import on_command_line
from earlysieve.auditing.swaps.found import PartFound, Share, Swaps
from earlysieve.auditing.swaps.words import WordFound
from earlysieve.auditing.verdict import Reported, conclude, facts_of
from earlysieve.auditing.where_it_fails import Estimate, lost
from earlysieve.auditing.words import called, percent_of
from earlysieve.groups.classes import ClassAccuracy
from earlysieve.groups.group_report import group_report
from earlysieve.groups.output_order import OutputOrder

from .made_up import COLOUR, EVIDENCE, IDLE, LAYER, facts

FAILS = Estimate(0.55, 0.4, 0.7)
DIVERS = ClassAccuracy(1, "diving", 40, 0.0, 0.0, 0.09, 0.59)
OTHERS = ClassAccuracy(0, "racing", 100, 0.6, 0.5, 0.7, 0.4)
DIVING = "only 0% of 40 examples of class 'diving' are right, against 59% of the others"
RARE = "only 20% of group 'rare' are right, against 84% of all"


def groups(worst):
    """Forty usual examples, all right, and ten rare ones."""
    right = np.r_[np.ones(40, bool), np.arange(10) < worst]
    return group_report(right, np.repeat([0, 1], [40, 10]), ["usual", "rare"])


def summary(seen, evidence=EVIDENCE, **reported):
    decision = decide(seen)
    elsewhere = math.nan if decision.leaning is None else decision.leaning.accuracy_else
    fields = {"layer": "layer1", "num_classes": 2, "elsewhere": elsewhere} | reported
    return conclude(decision, seen, evidence, Reported(**fields))


def texts(found):
    return " ".join([found.headline, found.explanation, *found.next_steps, *found.warnings])


def test_a_shortcut():
    found = summary(facts(IDLE, COLOUR), fails=FAILS, piles=["", "label doubtful", "", ""])
    assert found.verdict == "shortcut"
    assert found.headline == (
        "This model takes a shortcut: it relies partly on colour, and loses 42% [27%, 57%] of "
        "accuracy where that fails."
    )
    assert found.explanation == (
        "The model errs where something simple misleads, although the label can be told. Where it "
        "fails, the model's accuracy is estimated at 55% [40%, 70%].\n\nA reader "
        "that sees only colour achieves 85% of what the model achieves; where it is misled (40 "
        "examples) the model is right 20% of the time, elsewhere 97%; swapped, its answer follows "
        "50% more often than by chance, and 60% more of its errors are right. On 25 of the 30 "
        "errors that it explains, a reader of texture prefers the label to the answer (half would "
        "be a guess). "
        "Layer 'layer1', early in the network, already gives 90% of "
        "what the model achieves above chance. It misreads 100 examples, 60 of them with "
        "confidence. On these the model is right 10% of the time, against 97% elsewhere, and gives "
        "the readout's wrong answer 90% of the time."
    )
    assert (found.leans_on, found.accuracy_where_it_fails) == ("colour", FAILS)
    assert found.reliance == lost(FAILS, 0.97)
    assert found.strength == pytest.approx(sum(found.signs.values()))
    assert found.strength == strength(COLOUR).total
    assert [one.name for one in found.leanings] == ["colour", "size"]
    assert found.piles == {
        "shortcut fails": 0,
        "misled": 0,
        "label doubtful": 1,
        "rare or hard": 0,
    }
    assert found.share_flagged == 60 / 2000
    assert found.warnings == [
        "1 label is in doubt: model and readers agree on another class, unless both go by colour. "
        "Look what they have in common before you remove any."
    ]
    assert "beside correctly read examples: do they differ in colour?" in found.next_steps[0]
    told = 'es.infer_groups(es.audit(model, train_data), reader="colour") gives these'
    assert told in " ".join(found.next_steps)
    assert "infer_groups" not in " ".join(on_command_line(found.next_steps, lambda _: ""))


@pytest.mark.parametrize(
    ("fails", "headline"),
    [
        (Estimate(0.2, 0.1, 0.3), "it relies mostly on colour, and loses 77% [67%, 87%] of"),
        (Estimate(0.5, 0.4, 0.6), "it relies partly on colour, and loses 47% [37%, 57%] of"),
        # Nothing is lost: then nothing is said of a loss.
        (Estimate(0.98, 0.9, 1.0), "it relies partly on colour."),
        (None, "it relies partly on colour."),
    ],
)
def test_partly_or_mostly_as_the_loss_says(fails, headline):
    assert headline in summary(facts(COLOUR), fails=fails).headline


@pytest.mark.parametrize(
    ("texts_against", "named"), [(30, ", above all 'not', and loses"), (3, ", and loses")]
)
def test_the_headline_names_the_word_that_surely_misleads(texts_against, named):
    words = (WordFound("not", "bad", 90, texts_against, 0.9),)
    part = PartFound("token", "words that tell each class best: not (bad)", *[Share(1, 2)] * 5,
                     words=words)  # fmt: skip
    token = replace(COLOUR, name="token")
    found = summary(facts(token), fails=FAILS, swaps=Swaps((part,)))
    assert f"it relies partly on single telling words{named}" in (found.headline)
    other = summary(facts(COLOUR), fails=FAILS, swaps=Swaps((part,)))
    assert "relies partly on colour, and loses" in other.headline


def test_what_is_lost_is_unknown_where_the_property_always_fails():
    always = replace(COLOUR, accuracy_else=math.nan)
    found = summary(facts(always), fails=FAILS)
    assert (found.reliance, found.accuracy_where_it_fails) == (None, FAILS)
    assert "nan" not in texts(found)
    assert "the model is right 20% of the time; swapped" in found.explanation


@pytest.mark.parametrize(
    ("seen", "start"),
    [
        (
            facts(replace(COLOUR, recovered=0.4, times_worse=36.0)),
            "The model errs where something simple misleads.",
        ),
        (facts(replace(COLOUR, recovered=math.nan)), "The model errs where something simple misl"),
        (facts(replace(COLOUR, sure=19)), "Fewer than 20 examples surely lack it, too few to say"),
        (
            facts(replace(COLOUR, own_tells=0.5, recovered=0.4, accuracy_sure=0.04,
                          times_worse=100.0, mended=1.0, reads=1.0)),
            "What the model errs on are examples that contradict a property which it hardly ever",
        ),
        (
            facts(replace(IDLE, irrelevant=True, followed=0.3)),
            "Answers follow it when it is swapped, and it was said not to matter.",
        ),
        (
            facts(replace(IDLE, reads=0.96, followed=0.6, sure=3, misread=3)),
            "The answer rests on it, and hardly an example here lacks it.",
        ),
        # What was never swapped may well not matter to the model.
        (
            facts(replace(IDLE, reads=0.98, followed=math.nan, mended=math.nan, sure=3, misread=3)),
            "It tells nearly as much as the model does, and hardly an example here lacks it, so",
        ),
        (
            facts(replace(IDLE, reads=0.96, followed=0.5), data=KnownData()),
            "Answers follow the part when it is swapped, and yet most examples that lack it are",
        ),
        (facts(IDLE, examples=400), "400 examples are too few: a simple feature that fails on one"),
        (facts(IDLE), "No property and no early layer explains the model's errors. "),
        (
            facts(IDLE, collapsed=[f"k{i}" for i in range(7)]),
            "The model hardly recognises 'k0', 'k1', 'k2', 'k3', 'k4' and 2 more: nothing that th",
        ),
        (facts(predicted_classes=1), "The model gives the same class for every example."),
        (facts(above_chance=False), "The model does no better than always giving the most frequ"),
        (facts(best_reads=1.2), "The model does worse than a simple readout of its own layers"),
        (facts(data=KnownData(seen_in_training=True)), "The model was trained on these data and"),
    ],
)  # fmt: skip
def test_how_the_explanation_begins(seen, start):
    found = summary(seen)
    assert found.explanation.startswith(start)
    assert "nan" not in texts(found)
    assert "although the label can be told" not in found.explanation


def test_a_model_that_hardly_does_better_than_guessing_is_to_be_checked_first():
    found = summary(facts(COLOUR, far_above_chance=False))
    assert found.verdict == "shortcut"
    assert found.next_steps[0].startswith("Check the model before its shortcuts")
    assert "does hardly better than guessing" in " ".join(found.warnings)
    usual = summary(facts(COLOUR))
    assert not usual.next_steps[0].startswith("Check the model")
    assert "guessing" not in " ".join(usual.warnings)


def test_at_risk_none_found_and_no_answer():
    risk = summary(facts(replace(COLOUR, sure=19)), fails=FAILS)
    assert risk.headline == (
        "At risk: the label goes with colour, and these data hold too few examples where it does "
        "not, or it is the task."
    )
    wrong = replace(
        COLOUR, own_tells=0.5, accuracy_sure=0.0, recovered=0.55, reads=0.97, times_worse=36.0
    )
    task = summary(facts(wrong))
    assert task.verdict == "at risk"
    assert task.headline == (
        "At risk: the label goes with colour, and where it does not the model errs, too: a "
        "shortcut, or it is the task and these labels are wrong."
    )
    # What is not called a shortcut costs nothing.
    assert (risk.reliance, risk.accuracy_where_it_fails) == (None, None)
    assert "estimated" not in risk.explanation
    assert risk.next_steps[0].startswith("Decide whether the task is about colour")
    assert "audit at least 20 examples" in risk.next_steps[1]
    told = summary(facts(replace(COLOUR, sure=19, irrelevant=True, followed=0.1)), fails=FAILS)
    assert told.headline.endswith("too few examples where it does not.")
    assert told.next_steps[0].startswith(
        "Try repairs of the last layer, and trainings of the whole"
    )
    assert told.next_steps[1].startswith("To see what colour costs, audit at least 20 examples")
    assert "Decide" not in " ".join(told.next_steps)
    both = replace(COLOUR, name="columns a and b", accuracy_sure=0.2, times_worse=11.0, at_edge=0.5)
    two = summary(facts(both))
    assert two.headline == (
        "At risk: the label goes with columns a and b, and the model errs where it does not, or it "
        "is the task (relevant, --relevant NAME)."
    )
    assert two.explanation.startswith("The model errs where two columns together mislead")
    assert two.next_steps[1].startswith("If columns a and b must not count")
    assert 'irrelevant=["columns a and b"]' in two.next_steps[2]
    none = summary(facts(IDLE))
    assert none.headline == "No shortcut was found that these data could show."
    assert none.examples_needed is None
    assert "with a probability of 100%" in none.explanation
    assert (none.leans_on, none.signs) == (None, {})
    assert math.isnan(none.strength)
    few = summary(facts(IDLE, examples=400))
    assert few.headline == "This audit cannot tell whether the model takes a shortcut."
    assert few.examples_needed == 1000
    assert few.power == decide(facts(examples=400)).power
    assert "with a probability of 3%. Audit about 1,000." in few.explanation


def test_the_words_that_tell_classes_are_named_where_a_tokenizer_says_them():
    seen = facts(replace(COLOUR, name="token"))
    words = "words that tell each class best: rain, wet (a); sun (b)"
    for said, shown in ((words, True), (words.replace("words", "tokens"), False)):
        part = PartFound("token", said, *[Share(1, 2)] * 5)
        found = summary(seen, swaps=Swaps((part,))).explanation
        assert (f". W{words[1:]}." in found) is shown
        assert ("that tell each class best" in found) is shown


def test_swaps_that_were_not_made_are_said():
    skipped = Swaps(skipped={"colour": "there is one channel"})
    assert summary(facts(IDLE), swaps=skipped).not_looked_at == {"colour": "there is one channel"}


@pytest.mark.parametrize(
    ("reads", "said"), [(1.004, "more than"), (1.0, "100% of"), (0.85, "85% of"), (-0.1, "0% of")]
)
def test_a_reader_that_outdoes_the_model_is_said_to(reads, said):
    seen = facts(replace(COLOUR, reads=reads, times_worse=1e4, mended=1.0))
    found = summary(seen).explanation
    assert f"sees only colour achieves {said} what the model achieves" in found


def test_a_model_that_its_readout_outdoes_is_to_be_checked_first():
    found = summary(facts(best_reads=2.3), replace(EVIDENCE, readability=2.3))
    assert "already gives more than what the model achieves above chance" in found.explanation
    assert found.next_steps[0].startswith("Check the model before its shortcuts: ")
    assert "inputs are prepared as in training" in found.next_steps[0]


def test_a_collapsed_model_is_said_loudly():
    evidence = replace(EVIDENCE, predicted_classes=1, readability=math.nan)
    seen = facts(predicted_classes=1, above_chance=False)
    found = summary(seen, evidence, num_classes=5)
    assert found.warnings == [
        "The model predicts a single class of 5 for every example: it has collapsed, or its "
        "weights or preprocessing do not belong together."
    ]
    assert "Layer 'layer1', early in the network, misreads 100 examples" in found.explanation
    assert (found.worst_group, found.worst_group_accuracy) == (None, None)
    assert found.next_steps[0].startswith("Check the model")


def test_a_readout_that_is_never_wrong_or_always_flagged():
    never = replace(EVIDENCE, errors=0, flagged=0, same_mistake=math.nan, accuracy_flagged=math.nan)
    found = summary(facts(IDLE), never)
    assert found.warnings == [
        "The readout misreads no example, so that it misleads nowhere. Its verdict rests on what "
        "else was looked at."
    ]
    assert found.explanation.endswith("misreads 0 examples, 0 of them with confidence.")
    always = summary(facts(IDLE), replace(EVIDENCE, accuracy_unflagged=math.nan))
    assert "right 10% of the time and gives the readout's wrong answer" in always.explanation


def test_next_steps_belong_to_each_summary():
    summary(facts(COLOUR)).next_steps.clear()
    assert summary(facts(COLOUR)).next_steps != []


# --- groups and classes ---------------------------------------------------------------------------


@pytest.mark.parametrize("seen", [facts(COLOUR), facts(IDLE), facts(examples=300)])
@pytest.mark.parametrize("worst", [2, 10])
def test_known_groups_never_change_the_verdict(seen, worst):
    alone, told = summary(seen, fails=FAILS), summary(seen, fails=FAILS, groups=groups(worst))
    assert told.verdict == alone.verdict
    assert told.explanation == alone.explanation
    assert (told.worst_group, told.worst_group_accuracy) == (
        ("rare", 0.2) if worst == 2 else ("usual", 1.0)
    )


def test_a_cue_that_a_model_does_not_go_by_is_named_though_nothing_was_found():
    cue = replace(COLOUR, reads=1.2, accuracy=0.8, accuracy_else=0.82, followed=0.1)
    found = summary(facts(IDLE, cue, best_reads=1.2))
    assert (found.verdict, found.leans_on) == ("none found", None)
    told = "No shortcut was found: the model does not go by colour, which tells the label here"
    assert found.headline == f"{told}."
    assert "where it misleads, the model is right 80% of the time, elsewhere 82%" in (
        found.explanation
    )
    groups_of = summary(facts(IDLE, cue, best_reads=1.2), groups=groups(2))
    assert groups_of.headline == (
        f"{told.replace('No shortcut was found', 'This audit names no shortcut')}, but {RARE}."
    )


def test_groups_that_contradict_nothing_found_are_in_the_headline():
    found = summary(facts(IDLE), groups=groups(2)).headline
    assert found == f"This audit names no shortcut, but {RARE}."
    assert summary(facts(IDLE), groups=groups(9)).headline == (
        "No shortcut was found that these data could show."
    )


def test_groups_that_contradict_are_in_the_headline_of_an_audit_that_cannot_tell():
    told = "This audit cannot tell whether the model takes a shortcut"
    assert summary(facts(best_reads=1.2), groups=groups(2)).headline == f"{told}, but {RARE}."
    assert summary(facts(best_reads=1.2), groups=groups(9)).headline == f"{told}."


def test_no_class_is_far_below_the_rest_without_a_sentence():
    found = summary(facts(IDLE), classes=[OTHERS, DIVERS])
    assert found.headline == f"No shortcut was found, but {DIVING}."
    assert f"The model fails on a whole class: {DIVING}." in found.warnings
    many = summary(facts(IDLE), classes=[DIVERS] * 8)
    assert many.warnings[-1] == "3 more classes are far below the rest."
    both = summary(facts(IDLE), classes=[OTHERS, DIVERS], groups=groups(2))
    assert both.headline == f"This audit names no shortcut, but {DIVING}, and {RARE}."


def test_a_rare_class_that_is_hardly_recognised_is_no_collapse():
    for count, named in ((40, ["diving"]), (30, [])):
        classes = [replace(OTHERS, n=120), replace(DIVERS, n=count)]
        assert facts_of(EVIDENCE, 900, 90, 0.9, [], classes=classes).collapsed == named


@pytest.mark.parametrize(("each", "far"), [((0.6, 0.54), False), ((0.6, 0.56), True)])
def test_a_model_is_far_above_chance_by_the_mean_over_classes(each, far):
    # Of two classes chance is 0.5, and 0.15 of what it leaves are 0.075.
    classes = [replace(OTHERS, accuracy=one) for one in each]
    assert facts_of(EVIDENCE, 900, 90, 0.9, [], classes=classes).far_above_chance is far


def test_facts_of_what_was_found():
    owls = replace(DIVERS, name="owl", high=0.3)  # not below half of the rest
    seen = facts_of(EVIDENCE, 2000, 200, 0.97, [COLOUR], classes=[OTHERS, DIVERS, owls])
    mean = (OTHERS.accuracy + 2 * DIVERS.accuracy) / 3
    assert seen == Facts(
        examples=2000, errors=200, accuracy=0.9, above_chance=True, predicted_classes=2,
        best_reads=0.97, leanings=[COLOUR], data=KnownData(), collapsed=["diving"],
        far_above_chance=mean >= 1 / 3 + 0.15 * 2 / 3,
    )  # fmt: skip
    assert not facts_of(replace(EVIDENCE, readability=math.nan), 9, 9, 0.9, []).above_chance


# --- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "name"),
    [
        (COLOUR, "colour"),
        (replace(COLOUR, name="place"), "where something stands out"),
        (replace(COLOUR, name="top half", whole=True), "the top half of the image"),
        (replace(COLOUR, name="column age"), "column 'age'"),
        (replace(COLOUR, name="column column 3"), "column 'column 3'"),
        (LAYER, "something simple that layer 'layer1' sees"),
        (replace(LAYER, name="a.0 map"), "something simple that layer 'a.0' sees in its place"),
        (replace(LAYER, name="columns"), "a weighted sum of the columns"),
    ],
)
def test_what_leanings_are_called(found, name):
    assert called(found) == name


def test_an_estimate_in_words():
    assert percent_of(Estimate(0.421, 0.349, 0.49)) == "42% [35%, 49%]"


# --- anything -------------------------------------------------------------------------------------

SHARES = st.floats(0, 1) | st.just(math.nan)
EFFECTS = st.floats(-1, 1) | st.just(math.nan)
LEANINGS = st.builds(
    Leaning,
    name=st.sampled_from(["colour", "place", "column 3", "columns", "layer1 map"]),
    of_network=st.booleans(),
    whole=st.booleans(),
    reads=st.floats(-3, 3) | st.just(math.nan),
    misread=st.integers(0, 300),
    accuracy_sure=st.floats(0, 1) | st.just(math.nan),
    sure=st.integers(0, 300),
    accuracy=SHARES,
    accuracy_else=SHARES,
    explained=st.integers(0, 300),
    times_worse=st.floats(0, 1e4) | st.just(math.nan),
    recovered=SHARES,
    recovered_by=st.sampled_from(["spectrum", ""]),
    own_tells=SHARES,
    followed=EFFECTS,
    mended=EFFECTS,
    irrelevant=st.booleans(),
)


@given(
    st.lists(LEANINGS, max_size=4, unique_by=lambda one: one.name),
    st.integers(1, 5000),
    SHARES,
    st.floats(-1, 2) | st.just(math.nan),
    st.sampled_from([None, FAILS, Estimate(1.0, 0.9, 1.0)]),
    st.sampled_from([None, 2, 10]),
    st.sampled_from([KnownData(), KnownData(True), KnownData(False)]),
)
def test_whatever_was_found_is_said_without_a_gap(found, count, accuracy, best, fails, worst, data):
    seen = facts(*found, data=data, examples=count, accuracy=accuracy, best_reads=best)
    evidence = replace(EVIDENCE, accuracy=accuracy, readability=best, flagged=min(60, count))
    with_groups = None if worst is None else groups(worst)
    told = summary(seen, evidence, fails=fails, groups=with_groups)
    assert told.verdict in ("shortcut", "at risk", "none found", "inconclusive")
    assert told.verdict == summary(seen, evidence).verdict
    assert "nan" not in texts(told)
    assert "loses -" not in told.headline
    assert (told.verdict == "none found") <= (decide(seen).power >= 0.5)
    assert (told.verdict in ("shortcut", "at risk")) <= (told.leans_on is not None)
    if "although the label can be told" in told.explanation:
        assert next(one for one in found if one.name == told.leans_on).recovered >= 0.5
    assert ("mostly" in told.headline) == (told.reliance is not None and told.reliance.value >= 0.5)
    if told.reliance is not None:
        assert told.reliance.low <= told.reliance.value <= told.reliance.high


@pytest.mark.parametrize(
    ("leaning", "told"),
    [
        (COLOUR, "A reader that sees only colour achieves"),
        (replace(LAYER, name="layer1 mean"), "A reader of layer 'layer1' achieves"),
    ],
)
def test_what_readers_are_called(leaning, told):
    assert told in summary(facts(leaning)).explanation


def test_a_model_that_readers_outdo_is_told_what_the_best_of_them_sees():
    token = replace(COLOUR, name="token", reads=1.3, followed=0.1, mended=math.nan)
    seen = facts(IDLE, token, replace(LAYER, reads=1.4), best_reads=1.4)
    found = summary(seen, piles=["label doubtful"])
    assert found.verdict == "inconclusive"
    assert found.leans_on is None
    assert (
        "A reader that sees only single telling words achieves more than what the model achieves; "
        "where it is misled (40 examples) the model is right 20% of the time, elsewhere 97%; "
        "swapped, its answer follows 10% more often than by chance."
    ) in found.explanation
    assert "or the same simple thing misleads both" in found.warnings[-1]
    assert "A reader" not in summary(facts(IDLE, best_reads=1.4)).explanation
    broken = replace(IDLE, name="column leak", followed=0.6, reads=0.0)
    assert "only column 'leak'" in summary(facts(token, broken, best_reads=1.4)).explanation


def test_what_was_said_not_to_matter_is_answered_where_it_is_not_called():
    def part(name, hits, irrelevant=True):
        nothing = Share()
        return PartFound(
            name, "", Share(hits, 60), Share(0, 60), nothing, nothing, nothing,
            irrelevant=irrelevant,
        )  # fmt: skip

    swaps = Swaps((part("spectrum", 3), part("colour", 3, irrelevant=False), part("frame", 30)))
    told = summary(facts(IDLE), swaps=swaps).explanation
    assert told.count("must not matter") == 2
    assert "50% more often than by chance, of 60 pairs of examples. It is not called" in told
    assert (
        "It was said that texture must not matter: given that of another class, answers follow it "
        "5% more often than by chance, of 60 pairs of examples; from 20% on that is called a "
        "shortcut."
    ) in told


def named_part(name, hits=24, count=60):
    nothing = Share()
    return PartFound(
        name, "", Share(hits, count), Share(0, count), nothing, nothing, nothing, irrelevant=True
    )


def test_a_column_and_its_values_are_said_to_be_two_questions():
    """`--irrelevant income` and "column 'income' where it is 0" gave figures without a word."""
    values, column = named_part("values of income: 0", 36), named_part("column income", 12)
    other = named_part("values of site: B", 30)
    told = summary(facts(IDLE), swaps=Swaps((values, column, other))).explanation
    assert (
        "Two things are asked of column 'income': whether answers follow it when it is given any "
        "value of another class (20% more often than by chance), and whether they follow column "
        "'income' where it is 0 (60%). Who names the column names both, who names the value that "
        "alone; figures of the one are not those of the other." in told
    )
    assert told.count("Two things are asked") == 1
    alone = (values, replace(column, irrelevant=False))
    assert "Two things" in summary(facts(IDLE), swaps=Swaps(alone)).explanation
    asked = (replace(values, irrelevant=False), replace(column, irrelevant=False))
    assert "Two things" not in summary(facts(IDLE), swaps=Swaps(asked)).explanation
    unknown = (values, named_part("column income", 0, 0))
    assert "Two things" not in summary(facts(IDLE), swaps=Swaps(unknown)).explanation


@pytest.mark.parametrize(
    ("seen", "part", "told"),
    [
        # An early layer has no reader of its own.
        (facts(IDLE), named_part("stage", 6, 14), "43% more often than by chance, of 14 pairs of "
         "examples. It is not called a shortcut, since no reader sees it by itself"),
        # Its reader is of a property with another name: where something stands out.
        (facts(COLOUR, replace(IDLE, name="place", accuracy=0.94)), named_part("window"),
         "40% more often than by chance, of 60 pairs of examples. Where it misleads (900 examples),"
         " the model is right 94% of the time, elsewhere 95%. Too little is lost there to call it"),
        (facts(COLOUR, replace(IDLE, name="frame", accuracy=0.7)), named_part("frame"),
         "elsewhere 95%. The verdict is about colour all the same."),
        (facts(replace(COLOUR, followed=0.2, mended=0.0), best_reads=1.4, predicted_classes=1),
         named_part("colour"), "since nothing can be told of such a model."),
        (facts(IDLE), named_part("spectrum", 0, 0), "too few pairs of examples to ask whether"),
    ],
)  # fmt: skip
def test_what_answers_follow_and_is_not_called_is_answered_too(seen, part, told):
    found = summary(seen, swaps=Swaps((part,))).explanation
    assert found.count("must not matter") == 1
    assert told in found


def test_what_was_said_not_to_matter_and_could_not_be_swapped_is_answered():
    swaps = Swaps(skipped={"spectrum": "the budget is spent"}, named=("spectrum",))
    told = "It was said that texture must not matter, but it was not swapped: the budget is spent."
    assert told in summary(facts(IDLE), swaps=swaps).explanation
    assert "must not matter" not in summary(facts(IDLE), swaps=replace(swaps, named=())).explanation


def test_what_the_verdict_is_about_is_not_answered_twice():
    seen = facts(replace(COLOUR, irrelevant=True))
    assert "said that" not in summary(seen, swaps=Swaps((named_part("colour"),))).explanation


def test_where_errors_gather_in_a_layer_it_is_not_said_that_none_explains_them():
    layer = replace(
        LAYER, accuracy=0.33, accuracy_else=0.99, misread=75, explained=50, explained_share=0.89,
        reads=0.94, recovered=0.5,
    )  # fmt: skip
    found = summary(facts(IDLE, layer), piles=["label doubtful"])
    assert found.verdict == "none found"
    assert found.headline == (
        "No shortcut was found, but the errors gather where an early layer misleads, as of hard "
        "examples, of a simple task and of a shortcut alike."
    )
    assert "would have been found" not in found.explanation
    assert found.explanation.startswith(
        "No property explains the model's errors. They gather where a reader of layer 'layer1' "
        "says another class: the model is right on 33% of 75 examples there, and on 99% of the "
    )
    assert "something simple that has no reader here misleads both" in found.warnings[0]
    few = summary(facts(IDLE, layer, examples=400))
    assert few.verdict == "inconclusive"
    assert "are too few: " in few.explanation
    assert "They gather where a reader of layer 'layer1'" in few.explanation
    words = (
        WordFound("cabin", "complaint", 84, 12, 1.0),
        WordFound("gate", "complaint", 76, 5, 0.8),
        WordFound("pool", "praise", 70, 4, 1.0),
        WordFound("room", "praise", 70, 9, 0.7),
    )
    swaps = Swaps((replace(named_part("token"), words=words, irrelevant=False),))
    against = (
        "Words by which the model goes there, against the label: 'cabin' for 'complaint' (12 of "
        "12), 'gate' for 'complaint' (4 of 5). Are they the task?"
    )
    assert against in summary(facts(IDLE, layer), swaps=swaps).explanation
    outdone = summary(facts(IDLE, layer, best_reads=1.1), swaps=swaps)
    assert outdone.verdict == "inconclusive"
    assert "Its errors gather where a reader of layer 'layer1' says" in outdone.explanation
    assert against in outdone.explanation
    for change in ({"accuracy": 0.51}, {"times_worse": 11.9}, {"explained_share": 0.49}):
        told = summary(facts(IDLE, replace(layer, **change))).explanation
        assert told.startswith(
            f"No property explains the model's errors. Layer 'layer1' tells {layer.reads:.0%} of "
        )
        assert "these data cannot tell the two apart. A simple feature" in told
    told = summary(facts(IDLE, replace(layer, accuracy=0.51, reads=0.89))).explanation
    assert told.startswith("No property and no early layer explains the model's errors.")


def test_of_a_layer_that_tells_as_much_the_nearest_thing_with_a_name_is_told():
    layer = replace(
        LAYER, reads=0.97, accuracy=0.2, accuracy_sure=0.1, recovered=0.5, times_worse=20.0,
        at_edge=0.5,
    )  # fmt: skip
    near = replace(IDLE, name="spectrum", reads=0.91)
    said = summary(facts(near, layer))
    assert said.verdict == "at risk"
    assert (
        "Of what has a name, texture (how strong each frequency is) comes nearest: a reader of it "
        "achieves 91% of what the model achieves."
    ) in said.explanation
    assert "comes nearest" not in summary(facts(IDLE, layer)).explanation


def test_without_a_model_the_advice_is_to_ask_the_model():
    column = replace(
        COLOUR, name="column a", reads=0.96, at_edge=0.85, own_tells=0.6, recovered=0.5,
    )  # fmt: skip
    rest = replace(IDLE, name="column b")
    asked = summary(facts(rest, column)).explanation
    assert "if one should not matter, name it (irrelevant" in asked
    nobody = Swaps(skipped={"all": "there is no model to ask, only its activations"})
    told = summary(facts(rest, column), swaps=nobody).explanation
    assert "audit the model itself, with swaps, and name it (irrelevant" in told
    assert "any function of rows by es.from_predictor" in told
    assert "es.from_predictor" not in asked


def test_no_share_is_less_than_nothing_by_a_rounding():
    assert percent_of(Estimate(0.1, -0.004, 0.226)) == "10% [0%, 23%]"
    assert percent_of(Estimate(-0.1, -0.126, -0.0)) == "-10% [-13%, 0%]"


def test_another_order_of_the_outputs_leaves_a_verdict_and_comes_first():
    order = OutputOrder(0.9, tuple(range(7)), tuple("bcdefga"))
    plain, found = (summary(facts(COLOUR), order=one) for one in (None, order))
    assert found.verdict == plain.verdict == "shortcut"
    assert found.explanation.endswith(plain.explanation)
    assert "output 4 for 'f' and 2 more): most likely they do" in found.explanation
    assert found.next_steps[1:] == plain.next_steps
    assert found.next_steps[0].startswith("Give the classes the numbers of the model's outputs")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("numbers", "the numbers in the text tell the label as well as the model does, and where "
         "they are wrong the"),
        ("length", "the length of the text tells the label as well as the model does, and where "
         "it is wrong the"),
    ],
)  # fmt: skip
def test_what_is_called_by_a_plural_is_spoken_of_so(name, told):
    on = replace(
        IDLE, name=name, reads=0.97, sure=40, misread=40, accuracy=0.2, accuracy_sure=0.1,
        accuracy_else=0.9, recovered=0.45, at_edge=0.5,
    )  # fmt: skip
    assert told in summary(facts(on), kind="text").headline


def test_a_name_that_the_budget_of_swaps_decided_is_said_to_be_one():
    other = replace(IDLE, name="patch", reads=COLOUR.reads, followed=math.nan, mended=math.nan)
    spent = Swaps(skipped={"patch": "the budget is spent"})
    told = summary(facts(other, COLOUR), swaps=spent).explanation
    assert "The budget of swaps was spent before it came to what lies in one small part" in told
    assert "The budget" not in summary(facts(other, COLOUR), swaps=Swaps()).explanation
