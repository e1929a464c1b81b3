"""What to do after an audit: by verdict, by what is missing, by kind of data."""

import math
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from earlysieve._readable import PARTS, as_kept
from earlysieve.auditing.columns_left_out import (
    BOUND,
    BOUND_TRAINING,
    code_without,
    columns_left_out,
)
from earlysieve.auditing.known_data import KnownData
from earlysieve.auditing.naming_steps import IRRELEVANT, RELEVANT, is_the_task, named_part
from earlysieve.auditing.next_steps import (
    FIX,
    FIX_OR_RETRAIN,
    MORE,
    REFERENCE,
    RELIANCE,
    RETRAIN,
    SAID,
    UNSEEN,
    next_steps,
    parts,
    step,
    with_code,
    without_model,
)
from earlysieve.auditing.properties import part_of
from earlysieve.auditing.rule import decide
from earlysieve.auditing.step_options import in_options, on_command_line
from earlysieve.auditing.untie import untie, without_it
from earlysieve.auditing.words import called

from .made_up import COLOUR, IDLE, facts

RISK = facts(replace(COLOUR, sure=19))

AS_WELL = replace(
    IDLE, name="brightness", reads=0.95, sure=20, accuracy=0.5, accuracy_else=0.9,
    accuracy_sure=0.1, at_edge=0.72, recovered=0.45,
)  # fmt: skip


def steps(seen, kind="image"):
    return next_steps(decide(seen), seen, kind)


def codes(seen):
    return [code for _, code in map(parts, steps(seen)) if code]


def either(part):
    """It is the task, or it must not matter."""
    return [f'{RELEVANT}"{part}"])', f'{IRRELEVANT}"{part}"])', REFERENCE]


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        (facts(COLOUR), [FIX, RETRAIN, f'{RELEVANT}"colour"])']),
        (facts(replace(COLOUR, irrelevant=True)), [FIX, RETRAIN]),
        (RISK, either("colour")),
        (facts(replace(COLOUR, sure=19, name="place")), either("place")),
        (facts(replace(COLOUR, sure=19, name="spectrum")), either("texture")),
        (facts(replace(COLOUR, sure=19, name="column x")), either("column x")),
        # Of what was not swapped, or of a name that no line holds, no code.
        (facts(replace(COLOUR, sure=19, followed=math.nan, mended=1.0)), [REFERENCE]),
        (facts(replace(COLOUR, sure=19, name="column a\nb")), [REFERENCE]),
        (
            replace(RISK, leanings=[replace(COLOUR, sure=19, irrelevant=True, followed=0.1)]),
            [FIX_OR_RETRAIN, REFERENCE],
        ),
        (facts(IDLE, replace(AS_WELL, irrelevant=True)), [FIX_OR_RETRAIN, REFERENCE]),
        (facts(IDLE, AS_WELL), [*either("brightness")[:2], RELIANCE, REFERENCE]),
        (
            facts(IDLE, replace(AS_WELL, name="layer1 mean", of_network=True, followed=math.nan)),
            [RELIANCE, REFERENCE],
        ),
        (facts(IDLE), [RELIANCE]),
        (facts(IDLE, examples=400), [MORE, RELIANCE]),
        (facts(data=KnownData(seen_in_training=True)), [UNSEEN, RELIANCE]),
        (facts(IDLE, accuracy=0.99, data=KnownData()), [SAID, UNSEEN, RELIANCE]),
        (facts(IDLE, collapsed=["k1"]), [RELIANCE]),
        (facts(predicted_classes=1), []),
        (facts(above_chance=False), []),
        (facts(best_reads=2.3), [REFERENCE, FIX, RELIANCE]),
    ],
)
def test_code_belongs_to_what_was_found(seen, found):
    assert codes(seen) == found
    assert not re.search(r"\b(fixed|safe|solved)\b", " ".join(steps(seen)), re.IGNORECASE)


def test_more_examples_are_asked_for_where_there_are_too_few():
    enough = steps(facts(IDLE, replace(AS_WELL, irrelevant=True)))
    few = steps(facts(replace(COLOUR, sure=19, irrelevant=True, followed=0.1)))
    assert any("audit at least 20 examples" in one for one in few)
    assert not any("audit at least 20 examples" in one for one in enough)


def test_the_part_that_must_not_matter_is_read_from_its_code():
    assert named_part(f'{IRRELEVANT}"column \\"x\\""])') == ("--irrelevant", 'column "x"')
    assert named_part(f'{RELEVANT}"colour"])') == ("--relevant", "colour")
    assert named_part(FIX) is None


@pytest.mark.parametrize(
    "name", ["colour", "spectrum", "frame", "place", "patch", "token", "one word", "length", "ends"]
)
def test_a_part_is_named_as_pages_do_and_understood(name):
    found = codes(facts(replace(COLOUR, name=name, sure=19)))
    named = list(filter(None, map(named_part, found)))
    (typed,) = {part for _, part in named}
    assert [option for option, _ in named] == ["--relevant", "--irrelevant"]
    assert typed in (*PARTS["image"], *PARTS["text"])
    assert as_kept(typed) == part_of(name)


def test_what_is_missing_comes_first():
    few = steps(facts(IDLE, examples=400))[0]
    assert few.startswith("Audit more data, about 1,000 examples instead of 400")
    assert (
        "data that the model was not trained on"
        in steps(facts(data=KnownData(seen_in_training=True)))[0]
    )
    assert "examples of 'k1'" in steps(facts(IDLE, collapsed=["k1"]))[0]
    assert steps(facts(above_chance=False))[0].startswith("Check the model")


@pytest.mark.parametrize(
    ("kind", "said", "unsaid"),
    [
        ("image", ("--mean and --std", "--head conv"), ("--tokenizer",)),
        ("text", ("--tokenizer and --max-length", "--head token"), ("--mean", "conv")),
        ("table", ("columns come in the order", "--head mlp"), ("--mean", "conv", "--tokenizer")),
    ],
)
def test_advice_fits_the_kind_of_data(kind, said, unsaid):
    told = " ".join(on_command_line(steps(facts(predicted_classes=1), kind), lambda code: code))
    assert all(piece in told for piece in said)
    assert "head='" not in told
    assert not any(piece in told for piece in unsaid)


@pytest.mark.parametrize(
    ("kind", "head", "named"),
    [
        ("image", "linear", "head='mlp' or head='conv'"),
        ("image", "mlp", "head='conv'"),
        ("image", "conv", ""),
        ("table", "statistics", "head='mlp'"),
        ("table", "mlp", ""),
        ("text", "", "head='mlp' or head='token'"),  # of the user's own
    ],
)
def test_only_readouts_that_were_not_tried_are_named(kind, head, named):
    for seen in (facts(IDLE), facts(IDLE, examples=400)):
        told = next_steps(decide(seen), seen, kind, head=head)
        about = [one for one in told if "head=" in one or "layers=" in one]
        assert re.findall("head='[a-z]+'(?: or head='[a-z]+')?", " ".join(about)) == [named] * bool(
            named
        )
        assert len(told) > 1
        assert all("{}" not in one for one in told)


@pytest.mark.parametrize(
    ("name", "of_network", "kind", "said"),
    [
        (
            "colour",
            False,
            "image",
            "change the colours of training pictures at random (augment='randaugment'",
        ),
        ("place", False, "image", "mirror training pictures and cut out parts of them"),
        ("length", False, "text", "cut all texts to one short length, or add short"),
        ("token", False, "text", "replace the telling words in training texts"),
        ("columns x and y", False, "table", "leave one of columns x and y out, or add rows"),
        ("direction", False, "table", "leave out columns that only say the same"),
        ("columns", True, "table", "leave out columns that will not be known in use"),
        ("layer1 mean", True, "image", "change training pictures at random in what misleads"),
        ("layer1 mean", True, "unknown", "change at random what misleads"),
    ],
)
def test_what_to_do_with_training_data_fits_the_property(name, of_network, kind, said):
    found = replace(COLOUR, name=name, of_network=of_network)
    assert untie(found, kind).startswith(f"Or {said}")
    assert untie(None, kind).startswith("Or ")


def left_out(name, columns, verdict=None):
    """The step that leaves a column out, and its place."""
    seen = facts(replace(COLOUR, name=name)) if verdict is None else verdict
    code = code_without(name.removeprefix("column "), columns)
    told = next_steps(decide(seen), seen, "table", left_out=code)
    return next(((k, *parts(one)) for k, one in enumerate(told) if "never gets it" in one), None)


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("column branch", ["branch"]),
        ("column branch", ["branch_Bern", "branch_Ulm"]),
        ("column 3", [3]),
    ],
)
def test_a_column_that_is_the_shortcut_is_left_out_first_by_code_that_runs(name, columns):
    place, text, code = left_out(name, columns)
    assert place == 0
    assert text.startswith(f"If {called(replace(COLOUR, name=name))} must not count, or will not")
    assert columns_left_out(code) == [name.removeprefix("column ")]
    names = ["x", "branch", "branch_Bern", "branch_Ulm"]
    frame = pd.DataFrame(np.arange(8.0).reshape(2, 4), columns=names)
    is_array = isinstance(columns[0], int)
    found = {"X": frame.to_numpy() if is_array else frame, "np": np}
    found["X_train"] = found["X"][:1]
    lines = code.split("\n")
    assert lines[-1] == "result = es.audit(model, (X, y), seen_in_training=False)"
    assert lines[1:3] == [BOUND, BOUND_TRAINING]
    exec("\n".join(lines[3:-1]), found)
    kept = names[:3] if is_array else [one for one in names if one not in columns]
    assert np.array_equal(np.asarray(found["X"]), frame[kept].to_numpy())
    assert len(found["X_train"]) == 1


def test_a_column_that_may_be_the_task_is_left_out_if_it_is_not():
    seen = facts(replace(COLOUR, name="column x", sure=19))
    assert decide(seen).verdict == "at risk"
    place, *_ = left_out("", ["x"], verdict=seen)
    assert place == 1


@pytest.mark.parametrize("name", ["columns x and y", "colour", "direction"])
def test_what_is_no_column_cannot_be_left_out(name):
    assert left_out(name, ()) is None


@pytest.mark.parametrize(("name", "columns"), [("column x", ()), ("column a\nrm -rf ~", ["a\nb"])])
def test_a_column_that_no_code_can_name_is_left_out_in_words(name, columns):
    _, _, code = left_out(name, columns)
    assert code == ""


def test_python_names_no_option_of_the_command_line():
    for kind in ("image", "text", "table", "unknown"):
        for seen in CASES:
            told = " ".join(next_steps(decide(seen), seen, kind, left_out=code_without("x", ["x"])))
            assert not re.search(r"--|command line|earlysieve ", told)


def test_the_command_line_names_its_own_options_and_says_them_once():
    for kind in ("image", "text", "table", "unknown"):
        for seen in CASES:
            told = on_command_line(next_steps(decide(seen), seen, kind), lambda code: code)
            text = " ".join(parts(one)[0] for one in told)
            assert not re.search(r"es\.|\w=['\[]", text)
            assert [in_options(parts(one)[0]) for one in told] == [parts(one)[0] for one in told]


NAMES = ("colour", "brightness", "spectrum", "frame", "size", "place", "token", "length",
         "column x", "columns x and y", "direction")  # fmt: skip
CASES = [
    *(facts(replace(COLOUR, name=name, **more)) for name in NAMES for more in ({}, {"sure": 19})),
    facts(IDLE), facts(IDLE, examples=400), facts(IDLE, collapsed=["k1"]), facts(best_reads=2.3),
    facts(predicted_classes=1), facts(data=KnownData(seen_in_training=True)),
    facts(COLOUR, best_reads=2.3),
]  # fmt: skip


@pytest.mark.parametrize("kind", ["image", "text", "table", "unknown"])
def test_what_activations_allow_is_said_in_whole_sentences_of_python(kind):
    for seen in CASES:
        for one in without_model(steps(seen, kind)):
            text, code = parts(one)
            assert re.fullmatch(r"[A-Z](?!r ).*[^.]" + (":" if code else "[.?]"), text)
            assert not re.search(r"--|earlysieve |layers=|  ", text)
    of_column = without_model(steps(facts(replace(COLOUR, name="column x")), kind))
    assert of_column[0] == without_it(replace(COLOUR, name="column x"))


def test_a_shortcut_says_how_training_data_are_changed():
    assert [text for text in steps(facts(COLOUR)) if text == untie(COLOUR, "image")]


def test_where_nothing_is_found_a_suspicion_can_be_asked_for():
    said = steps(facts(IDLE), "table")
    assert "(es.measure_reliance)" in said[-1]
    assert "(irrelevant=[...])" in said[-1]
    there = on_command_line(said, lambda code: code)[-1]
    assert "(--irrelevant NAME)" in there
    assert "reliance --cue-column COLUMN)" in there
    assert not any("irrelevant" in one for one in without_model(said))


@pytest.mark.parametrize(("kind", "what"), [("image", "camera"), ("text", "subject")])
def test_how_to_ask_about_what_has_no_reader(kind, what):
    for seen in (facts(IDLE), facts(IDLE, examples=400)):
        text, code = parts(steps(seen, kind)[-1])
        assert text.startswith(f"To ask about what has no reader, as the {what}")
        assert code == RELIANCE
        there, _ = parts(on_command_line([step(text, code)], lambda code: code)[0])
        assert "write a CSV file with a column of it beside path (or text) and label" in there
        assert "no reader, as" not in " ".join(without_model(steps(seen, kind)))
        assert "(es.measure_reliance)" not in " ".join(steps(seen, kind))


def test_code_gives_way_to_other_code_or_to_none():
    kept = ["Look.", step("Do it:", FIX)]
    assert with_code(kept, lambda code: code.upper()) == ["Look.", f"Do it:\n{FIX.upper()}"]
    assert with_code(kept, lambda _: "") == ["Look.", "Do it."]


def test_doubtful_labels_are_to_be_checked_where_there_are_any():
    seen = facts(COLOUR)
    both = [next_steps(decide(seen), seen, doubtful=any_) for any_ in (True, False)]
    (told,) = [one for one in both[0] if one not in both[1]]
    assert told.startswith("Look at the pile 'label doubtful' before you remove any of it")
    assert "something simple that has no reader here" in told


def test_flagged_examples_are_not_said_to_be_wrong_labels_alone():
    told = next(one for one in steps(facts(IDLE)) if "flagged" in one)
    assert "something simple that has no reader here misleads the model" in told
    assert told.endswith("before you remove any.")


def test_a_shortcut_of_a_model_that_its_readouts_outdo_is_looked_at_first():
    found = steps(facts(COLOUR, best_reads=1.1))
    assert found[0].startswith("Look at the pile 'shortcut fails'")
    assert "do better than the model: check that images are resized" in found[-1]
    assert "do better than the model" not in " ".join(steps(facts(COLOUR)))


def test_a_repair_may_be_why_readouts_outdo_the_model():
    first, *_ = steps(facts(IDLE, best_reads=1.1))
    assert first.startswith("Check the model before its shortcuts")
    assert "es.compare" in first
    assert "compare BEFORE AFTER" in in_options(first)


def test_of_two_columns_together_both_are_left_out():
    code = code_without(["a", "b"], ["a", "b"])
    two = facts(replace(COLOUR, name="columns a and b"))
    found = next_steps(decide(two), two, "table", left_out=code)
    (place,) = [k for k, one in enumerate(found) if columns_left_out(parts(one)[1]) == ["a", "b"]]
    text = parts(found[place])[0]
    assert text.startswith("If columns a and b must not count, or will not be known in use, leave")
    assert "leave both out (--drop-column) and train again" in in_options(text)
    assert place == (0 if decide(two).verdict == "shortcut" else 1)
    assert "leave one of" not in " ".join(found)
    seen = replace(COLOUR, name="columns a and b")
    assert is_the_task(seen)[0][0].startswith("If columns a and b belong to the task after all")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("token", "If single telling words belong to"),
        ("symbols", "If marks and emojis belong to"),
        ("numbers", "If the numbers in the text belong to"),
        ("capitals", "If words with capital letters belong to"),
        ("one word", "If a word of one class belongs to"),
        ("spectrum", "If texture (how strong each frequency is) belongs to"),
    ],
)
def test_several_things_belong_and_one_belongs(name, said):
    assert is_the_task(replace(COLOUR, name=name))[0][0].startswith(said)
