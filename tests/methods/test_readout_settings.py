"""Readouts refuse shapes they do not have and take those they have; old records mean the same."""

from dataclasses import asdict

import pytest

from earlysieve.errors import InputError
from earlysieve.methods.readout_settings import ReadoutSettings, head_of, shape_for
from earlysieve.methods.settings import make_settings
from earlysieve.readouts.heads import ConvHead, LinearHead, MLPHead, StatisticsHead, TokenHead

OLD = {"readout_depth": 1, "readout_width": 64, "readout_block": "residual"}


@pytest.mark.parametrize(
    ("given", "head"),
    [
        ({}, LinearHead()),
        ({"readout": "mlp"}, MLPHead(width=64, depth=1)),
        ({"readout": "mlp", "readout_depth": 3}, MLPHead(width=64, depth=3)),
        ({"readout": "statistics"}, StatisticsHead()),
        ({"readout": "statistics", "readout_depth": 1}, StatisticsHead(width=64, depth=1)),
        ({"readout": "statistics", "readout_width": 64}, StatisticsHead(width=64, depth=1)),
        (
            {"readout": "statistics", "readout_depth": 2, "readout_width": 8},
            StatisticsHead(width=8, depth=2),
        ),
        ({"readout": "token"}, TokenHead(width=64)),
        ({"readout": "token", "readout_width": 8}, TokenHead(width=8, depth=1)),
        ({"readout": "conv"}, ConvHead(depth=1, width=64)),
        (
            {"readout": "conv", "readout_depth": 2, "readout_width": 8, "readout_block": "plain"},
            ConvHead(depth=2, width=8, block="plain"),
        ),
    ],
)
def test_the_head_has_the_shape_that_was_given_and_its_record_gives_it_again(given, head):
    settings = ReadoutSettings(**given)
    assert head_of(settings) == head
    again = make_settings(ReadoutSettings, asdict(settings), method="sieve")
    assert again == settings
    assert head_of(again) == head


@pytest.mark.parametrize(
    ("kind", "head"),
    [
        ("linear", LinearHead()),
        ("mlp", MLPHead(width=64, depth=1)),
        ("statistics", StatisticsHead()),
        ("token", TokenHead(width=64)),
        ("conv", ConvHead(depth=1, width=64)),
    ],
)
def test_records_of_earlier_versions_hold_every_part_and_stay_as_they_are(kind, head):
    record = {"readout": kind, **OLD, "readout_lr": 0.01}
    settings = make_settings(ReadoutSettings, record, method="sieve")
    assert head_of(settings) == head
    assert asdict(settings) == record
    assert asdict(ReadoutSettings(readout=kind)) == record


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ({"readout_depth": 3}, "readout_depth"),
        ({"readout_width": 256}, "readout_width"),
        ({"readout_block": "plain"}, "readout_block"),
        ({"readout": "mlp", "readout_block": "plain"}, "readout_block"),
        ({"readout": "statistics", "readout_block": "plain"}, "readout_block"),
        ({"readout": "token", **OLD, "readout_width": 32}, "readout_block"),
    ],
)
def test_what_a_kind_does_not_have_is_refused(given, part):
    with pytest.raises(InputError) as caught:
        ReadoutSettings(**given)
    kind = given.get("readout", "linear")
    assert str(caught.value).startswith(f"Expected {part} with a readout that has it (")
    assert f"but got it with '{kind}'; leave it out or choose another" in str(caught.value)


def test_another_kind_takes_over_what_it_has_and_was_chosen():
    conv = {"readout": "conv", "readout_depth": 3, "readout_width": 64, "readout_block": "plain"}
    rest = {"readout": "conv", "alpha": 1}
    assert shape_for("conv", {**conv, **rest}) == {**conv, **rest}
    assert shape_for("mlp", {**conv, **rest}) == {**rest, "readout_depth": 3}
    assert shape_for("linear", {**conv, **rest}) == rest
    old = {"readout": "linear", **OLD}
    assert shape_for("statistics", old) == {"readout": "linear"}
    assert shape_for("statistics", {"readout": "statistics", **OLD}) == {"readout": "statistics"}
