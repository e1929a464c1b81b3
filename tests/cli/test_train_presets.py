"""Which value wins: option, preset, configuration file, default."""

import json

import pytest

from earlysieve.cli.train_command import command
from earlysieve.cli.train_config import resolve
from earlysieve.distill import PRESETS
from earlysieve.methods.early_reweighting import PRESET
from earlysieve.methods.readout_settings import READOUTS
from earlysieve.readouts.heads import HEADS
from tests.cli.helpers import contents, ok
from tests.cli.test_train_methods import BASE, TEACHER

REQUIRED = ("--model", "m", "--data", "d", "--out", "o")


def config(*words):
    return resolve(command.make_context("train", [str(word) for word in words]))


def written(path, **fields):
    path.write_text(json.dumps(fields))
    return path


@pytest.mark.parametrize("name", PRESETS)
def test_preset_gives_the_published_settings(name):
    found, published = config(*REQUIRED, "--preset", name), PRESETS[name]
    assert found.method == "dedier"
    for key, value in published.train_options().items():
        assert getattr(found, key) == value, key
    for key, value in published.method_options().items():
        assert found.method_options[key] == value, key
    assert found.method_options["stage"] == published.stage
    assert found.method_options["layer"] is None
    assert found.method_options["preset"] == name


def test_names_in_the_help_are_all_there_are():
    assert all(name in PRESET for name in PRESETS)
    assert set(READOUTS) == set(HEADS)


def test_options_win_over_the_preset_and_the_preset_over_the_file(tmp_path):
    file = written(tmp_path / "c.json", lr=0.3, epochs=2, seed=7, method_options={"alpha": 0.7})
    words = ("--config", file, "--preset", "celeba", "--epochs", 5, "--beta", 1, "--layer", "x")
    found = config(*REQUIRED, *words)
    assert (found.epochs, found.lr, found.seed, found.weight_decay) == (5, 5e-4, 7, 1e-2)
    options = found.method_options
    assert (options["alpha"], options["beta"]) == (0.1, 1.0)
    assert (options["layer"], options["stage"]) == ("x", None)


def test_fields_of_a_file_win_over_the_preset_that_it_names(tmp_path):
    named = {"preset": "celeba", "beta": 2.0, "layer": "x"}
    file = written(tmp_path / "c.json", epochs=2, method_options=named)
    found = config(*REQUIRED, "--config", file)
    assert (found.method, found.epochs, found.lr) == ("dedier", 2, 5e-4)
    assert (found.method_options["alpha"], found.method_options["beta"]) == (0.1, 2.0)
    assert found.method_options["layer"] == "x"
    again = config(*REQUIRED, "--config", file, "--stage", 2)
    assert (again.method_options["layer"], again.method_options["stage"]) == (None, 2)
    other = config(*REQUIRED, "--config", file, "--preset", "multinli")
    assert (other.optimizer, other.epochs, other.clip_norm) == ("adamw", 5, 1.0)
    assert (other.method_options["layer"], other.method_options["stage"]) == (None, 2)
    same = config(*REQUIRED, "--config", file, "--method-option", "preset=multinli")
    assert same == other


def test_preset_for_the_methods_that_share_its_settings():
    kd = config(*REQUIRED, "--method", "kd", "--preset", "waterbirds")
    assert (kd.weight_decay, kd.method_options["temperature"]) == (0.1, 3.0)
    assert "alpha" not in kd.method_options
    early = config(*REQUIRED, "--method", "early-reweighting", "--preset", "celeba")
    assert (early.method_options["beta"], early.method_options["stage"]) == (3.5, 1)


def test_another_method_keeps_what_it_shares_with_the_file_s(tmp_path):
    options = {"alpha": 0.7, "teacher": "t", "temperature": 2.0}
    file = written(tmp_path / "c.json", method="dedier", method_options=options)
    found = config(*REQUIRED, "--config", file, "--method", "kd")
    assert (found.method_options["teacher"], found.method_options["temperature"]) == ("t", 2.0)
    assert "alpha" not in found.method_options
    assert config(*REQUIRED, "--config", file).method_options["alpha"] == 0.7


@pytest.mark.filterwarnings("ignore::earlysieve.weighting.WeightWarning")
def test_written_configuration_repeats_a_run_with_a_preset(tmp_path):
    words = ("--preset", "celeba", *TEACHER, "--epochs", 2, "--teacher-option", "seed=5")
    ok("train", *BASE, *words, "--out", tmp_path / "one", "--quiet")
    file = tmp_path / "one" / "config.json"
    ok("train", "--config", file, "--trust-config", "--out", tmp_path / "two", "--quiet")
    one, two = contents(tmp_path / "one"), contents(tmp_path / "two")
    for name in ("config.json", "training.json", "weights.csv", "teacher.logits"):
        assert one[name] == two[name], name
    fields = json.loads(one["config.json"])
    assert (fields["method"], fields["lr"], fields["model"]) == ("dedier", 0.05, BASE[1])
    assert fields["method_options"]["teacher_options"] == {"seed": 5}
