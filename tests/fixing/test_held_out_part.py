"""Which part of a source `fix` takes where none was asked for."""

import json
from dataclasses import asdict

import pytest

from earlysieve.fixing.fix_data import fixed_on, held_out_part
from earlysieve.runs.seen_data import part_of, split_record
from earlysieve.training.config import TrainConfig


@pytest.mark.parametrize(
    ("spec", "validation", "split", "taken"),
    [
        ("ours.py:make", "split:eval", None, "eval"),
        ("ours.py:make", "split:eval", "other", "other"),
        ("ours.py:make", "0.2", None, None),
        ("ours.py:make", None, None, None),
        ("theirs.py:make", "split:eval", None, None),
        ("digits", "split:eval", None, "test"),  # the parts are known
    ],
)
def test_of_a_function_it_is_the_split_that_the_run_held_out(
    tmp_path, spec, validation, split, taken
):
    config = TrainConfig(data="ours.py:make", model="ours.py:net", validation=validation)
    (tmp_path / "config.json").write_text(json.dumps(asdict(config)))
    part = held_out_part(spec, split, tmp_path / "model.pt")
    assert part.split == taken
    assert split_record(part, {}).get("split") == taken  # what is told is what is opened


def test_without_a_run_nothing_is_known():
    assert held_out_part("ours.py:make", None, None).split is None


@pytest.mark.parametrize(
    ("asked", "measured", "changed", "known"),
    [
        ("test", "test", True, True),
        (None, "test", True, True),  # of digits a fix takes the test part by itself
        ("test", "train", True, False),
        ("test", "test", False, False),  # the given model is kept: nothing was fitted
    ],
)
def test_what_a_fix_was_fitted_to_is_known(tmp_path, asked, measured, changed, known):
    options = {} if asked is None else {"split": asked}
    config = {"data": "digits", "data_options": options, "checkpoint": None}
    (tmp_path / "fix.json").write_text(json.dumps({"changed": changed, "config": config}))
    assert fixed_on(tmp_path / "model.pt", part_of("digits", measured)) is known


@pytest.mark.parametrize(
    "text", ["", "[1]", '{"changed": true}', '{"changed": true, "config": {}}']
)
def test_a_file_that_is_no_fix_tells_nothing(tmp_path, text):
    (tmp_path / "fix.json").write_text(text)
    assert not fixed_on(tmp_path / "model.pt", part_of("digits", "test"))
    assert not fixed_on(None, part_of("digits", "test"))
