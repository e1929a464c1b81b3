"""The share that a run held out: named by the run beside a checkpoint, or refused with a reason."""

import json
from dataclasses import asdict

import pytest

from earlysieve.datasets.opened_data import opened
from earlysieve.errors import InputError
from earlysieve.runs.held_out import held_out_run, open_share, share_beside
from earlysieve.training import TrainConfig


@pytest.fixture
def run(tmp_path):
    """A run on forty rows, and the checkpoint beside which its configuration lies."""
    rows = "".join(f"{k},{k % 2},{k % 3}\n" for k in range(40))
    (tmp_path / "rows.csv").write_text(f"x,label,shift\n{rows}")

    def made(validation):
        config = TrainConfig(
            data=f"table:{tmp_path / 'rows.csv'}",
            model="nets:net",
            validation=validation,
            data_options={"drop_column": "shift"},
            seed=3,
        )
        (tmp_path / "config.json").write_text(json.dumps(asdict(config)))
        return tmp_path / "model.pt", config.data

    return made


def test_it_is_what_training_held_out_whatever_else_is_asked_of_the_data(run):
    checkpoint, data = run("0.2")
    config = held_out_run(checkpoint, data, {"drop_column": "shift", "group_column": "shift"})
    trained, held = open_share(config, {})
    assert (len(trained), len(held)) == (32, 8)
    named = open_share(config, {"group_column": "shift", "limit": 4})[1]
    assert [list(held[k][0]) for k in range(8)] == [list(named[k][0]) for k in range(8)]
    assert opened(held).groups is None
    assert {0, 2} <= set(opened(named).groups) <= {0, 1, 2}
    assert share_beside(checkpoint, data)
    assert not share_beside(checkpoint, "digits")


@pytest.mark.parametrize(
    ("validation", "source", "asked", "message"),
    [
        ("0.2", "digits", {}, "this one was trained on 'table:.*rows.csv'; name that with --data"),
        (None, None, {}, "this one held nothing out; leave --held-out out"),
        ("split:val", None, {}, "validated on the split 'val'; name it with --split val"),
        ("table:b.csv", None, {}, "was validated on 'table:b.csv'; name that with --data"),
        ("0.2", None, {"limit": 3}, "got another limit; leave --limit out"),
        ("0.2", None, {"fold": 3}, "got another fold; leave fold out"),
    ],
)
def test_where_there_is_no_such_share_it_is_said_why(run, validation, source, asked, message):
    checkpoint, data = run(validation)
    with pytest.raises(InputError, match=message):
        held_out_run(checkpoint, source or data, asked)


def test_without_a_run_nothing_is_known(tmp_path):
    with pytest.raises(InputError, match="but none lies beside"):
        held_out_run(tmp_path / "model.pt", "digits", {})
    with pytest.raises(InputError, match="but got no --checkpoint"):
        held_out_run(None, "digits", {})
    (tmp_path / "config.json").write_text('{"method": "erm", "colour": 3}')
    assert not share_beside(tmp_path / "model.pt", "digits")
