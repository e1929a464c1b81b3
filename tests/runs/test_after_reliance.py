"""The fix that is named after reliance on a column was measured."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from earlysieve.reliance.figures import Reliance
from earlysieve.runs.after_reliance import fix_of_column
from earlysieve.runs.seen_data import part_of

CLEAR = Reliance(0.9, 0.4, 0.3, 0.5, difference=0.5, low=0.4, high=0.6, agreeing=90, failing=90)
WORDS = "earlysieve reliance --model hf:m --data {} --text-column text --split test --limit 90"
SAID = "--cue-column 'has number' --cue-class no=bad --cue-class yes=good"


def cue(name, found=CLEAR):
    return SimpleNamespace(cue=name, reliance=found)


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text,label,has number,split\na,x,no,train\nb,y,yes,val\nc,y,no,test\n")
    return str(path)


def told(data, cues, more=SAID):
    return fix_of_column(f"{WORDS.format(data)} {more}", part_of(data, "test"), cues)


def test_the_column_becomes_groups_with_the_class(data):
    assert told(data, [cue("has number")]) == (
        f"earlysieve fix --model hf:m --data {data} --text-column text --group-column label "
        "--group-column 'has number' --select worst_group_accuracy --out runs/relies-less --retrain"
    )
    assert "--group-column kind --group-column 'has number'" in told(
        data, [cue("has number")], f"{SAID} --label-column kind"
    )


def test_of_several_columns_the_one_that_the_model_relies_on_most(data):
    more = f"{SAID} --cue-column place"
    both = [cue("place", replace(CLEAR, difference=0.2, low=0.1)), cue("has number")]
    assert "'has number'" in told(data, both, more)


def test_without_a_clear_reliance_on_a_column_of_a_list_nothing_is_named(data):
    assert told(data, [cue("has number", replace(CLEAR, low=0.04))]) == ""
    assert told(data, [cue("colour")], "--cue colour") == ""
    # A feature of a table would be lost as a group.
    assert told(f"table:{data}", [cue("has number")]) == ""
    assert told(data, []) == ""


def test_without_training_data_nothing_is_trained(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text,label,has number\na,x,no\nb,y,yes\n")
    found = fix_of_column(f"{WORDS.format(path)} {SAID}", part_of(str(path), None),
                          [cue("has number")])  # fmt: skip
    assert found.endswith("--out runs/relies-less")
