"""Which part of a source `fix` takes where none was asked for."""

import json
from dataclasses import asdict

import pytest

from earlysieve.fixing.fix_data import held_out_part
from earlysieve.runs.seen_data import split_record
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
