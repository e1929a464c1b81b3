from dataclasses import dataclass

import pytest

from earlysieve.errors import InputError
from earlysieve.methods import Range, method_named, method_names, method_settings, setting
from earlysieve.methods.settings import settings_in
from earlysieve.searching.space import (
    TRAINING,
    Dimension,
    configured,
    plain_config,
    space_of,
    usual_values,
)
from earlysieve.training import TrainConfig

SIEVE = TrainConfig(method="sieve", epochs=4, method_options={"layer": "stage1"})


def by_name(space: tuple[Dimension, ...]) -> dict[str, Dimension]:
    return {item.name: item for item in space}


def test_what_is_given_is_fixed_and_the_rest_is_searched():
    space = by_name(space_of(SIEVE, fixed={"forget_lr", "layer"}))
    assert set(space) == {"forget_every", "readout_lr"}
    assert space["forget_every"] == Dimension("forget_every", "int", 1, 20, True)


def test_layers_are_searched_only_where_none_is_named():
    found = by_name(space_of(TrainConfig(method="sieve"), layers=lambda: ["a", "b"]))
    assert found["layer"].choices == ("a", "b")
    staged = TrainConfig(method="early-reweighting", method_options={"stage": 1})
    assert "layer" not in by_name(space_of(staged))


def test_a_range_ends_below_a_field_of_the_configuration():
    jtt = [by_name(space_of(TrainConfig(method="jtt", epochs=n))) for n in (2, 4, 20)]
    assert "identification_epochs" not in jtt[0]
    assert [space["identification_epochs"].high for space in jtt[1:]] == [3, 5]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"forget_lr": "0.01:2:log"}, Dimension("forget_lr", "float", 0.01, 2, True)),
        ({"forget_steps": "1:3"}, Dimension("forget_steps", "int", 1, 3)),
        ({"forget_steps": "1,4"}, Dimension("forget_steps", "choice", choices=(1, 4))),
        (
            {"order": "shared,published"},
            Dimension("order", "choice", choices=("shared", "published")),
        ),
        ({"lr": "0.01:1"}, Dimension("lr", "float", 0.01, 1, of_method=False)),
        (
            {"forget_with_lr": "true,false"},
            Dimension("forget_with_lr", "choice", choices=(True, False)),
        ),
    ],
)
def test_further_dimensions(given, wanted):
    assert by_name(space_of(SIEVE, given=given))[wanted.name] == wanted


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ({"forget_rl": "0:1"}, "did you mean forget_lr"),
        ({"forget_every": "-1:3"}, "forget_every to be a whole number of at least 0"),
        ({"forget_lr": "1:0.1"}, "LOW below HIGH"),
        ({"forget_lr": "0:1:log"}, "above 0 with log"),
        ({"forget_lr": "0:1:cubic"}, "KEY=LOW:HIGH:log"),
        ({"forget_lr": "few"}, "Expected numbers for the range of forget_lr"),
        ({"forget_every": "1.5:3"}, "Expected whole numbers"),
        ({"order": "shared,publishd"}, "one of shared, published"),
        ({"momentum": "0:2"}, "at most 1.0"),
        ({"layer": "a,b"}, "which is fixed as well"),
    ],
)
def test_wrong_dimensions_are_refused(given, part):
    with pytest.raises(InputError, match=part):
        space_of(SIEVE, fixed={"layer"}, given=given)


def test_nothing_to_search_is_refused():
    with pytest.raises(InputError, match="every setting of 'erm' is given or has no range"):
        space_of(TrainConfig())


def test_a_configuration_takes_the_values_of_a_trial():
    space = space_of(SIEVE, fixed={"readout_lr"}, given={"lr": "0.01:1"})
    values = {"forget_every": 3, "forget_lr": 0.2, "lr": 0.5}
    found = configured(SIEVE, space, values)
    assert found.lr == 0.5
    assert found.method_options == {"layer": "stage1", "forget_every": 3, "forget_lr": 0.2}
    assert usual_values(found, space) == values


def test_the_plain_method_leaves_out_what_the_method_adds():
    space = space_of(SIEVE)
    assert plain_config(SIEVE, space).method_options == {"layer": "stage1", "forget_every": 0}
    unnamed = TrainConfig(method="sieve")
    searched = space_of(unnamed, layers=lambda: ["a", "b"])
    assert plain_config(unnamed, searched).method_options == {"layer": "a", "forget_every": 0}
    jtt = TrainConfig(method="jtt", method_options={"upweight": 3.0})
    assert plain_config(jtt, space_of(jtt)) == TrainConfig()


@pytest.mark.parametrize("name", method_names())
def test_every_method_has_a_space_within_its_ranges_and_a_valid_neutral_setting(name):
    method = method_named(name)
    method_settings(name, method.neutral or {})
    assert set(settings_in(method.settings)).isdisjoint(TRAINING)


def test_a_search_range_outside_the_settings_range_is_a_mistake_in_the_declaration():
    @dataclass(frozen=True)
    class Wrong:
        share: float = setting(0.5, "A share.", low=0, high=1, search=Range(0, 2))

    with pytest.raises(TypeError, match="share to be a number of at least 0 and at most 1"):
        settings_in(Wrong)
