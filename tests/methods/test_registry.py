import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from earlysieve.errors import InputError
from earlysieve.methods import method_named, method_names, method_settings
from earlysieve.methods.registry import GROUP, OWN
from earlysieve.methods.settings import Allowed, SettingInfo, settings_in
from tests import plugins
from tests.cli.helpers import DIGITS, SMALL, ok, problem

TOY = """
from dataclasses import dataclass

from earlysieve.methods import Method, setting


@dataclass(frozen=True)
class Settings:
    shrink: float = setting(0.5, "Factor of the loss.", low=0)
    lr: float = setting(1.0, "Something else than the learning rate.", low=0)


def build(job):
    from earlysieve.training import ERM

    job.notes.append(f"Shrinks by {job.settings.shrink:g}, {job.settings.lr:g}.")
    optimizer, around = job.update(job.model.parameters())
    return ERM(job.model, optimizer, **around)


METHOD = Method("toy", "a toy", build, Settings)
"""


def install(folder: Path, entry: str) -> Path:
    return plugins.install(folder, GROUP, entry, TOY)


@pytest.fixture
def toy(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(install(tmp_path / "site", "toy = toy_package:METHOD"))
    yield
    sys.modules.pop("toy_package", None)


def test_names_are_those_of_the_files():
    assert method_names()[: len(OWN)] == list(OWN)
    assert [method_named(name).name for name in OWN] == list(OWN)


def test_settings_are_checked_and_filled_in():
    assert method_settings("sieve", {"forget_every": 2}).forget_every == 2
    assert method_settings("sieve", {}).order == "shared"
    for given, message in (
        ({"forget_evry": 2}, "but got 'forget_evry'; did you mean forget_every"),
        ({"forget_every": -1}, "Expected forget_every to be a whole number of at least 0, but got"),
        ({"forget_every": True}, "a whole number of at least 0, but got True; correct"),
        (
            {"forget_lr": float("nan")},
            "Expected forget_lr to be a number of at least 0, but got nan",
        ),
        ({"order": "any"}, "Expected order to be one of shared, published, but got 'any'"),
        ({"forget_lr": None}, "forget_lr to be a number of at least 0, but got None; correct"),
        ({"forget_with_lr": 1}, "Expected forget_with_lr to be true or false, but got 1"),
    ):
        with pytest.raises(InputError) as caught:
            method_settings("sieve", given)
        assert message in str(caught.value)


def test_unknown_method_lists_near_names():
    with pytest.raises(InputError, match="but got 'siev'; did you mean sieve"):
        method_named("siev")


def test_help_shows_the_settings_of_the_method_alone():
    sieve, jtt = (ok("train", "--method", name, "--help").stdout for name in ("sieve", "jtt"))
    assert "Settings of the method sieve" in sieve
    assert "--forget-warmup" in sieve
    assert "--upweight" not in sieve
    assert "--upweight" in jtt
    assert "--forget-warmup" not in jtt
    assert "--epochs" in sieve
    assert "--epochs" in jtt
    assert "--forget-warmup" not in ok("train", "--help").stdout


def test_help_follows_the_method_of_a_configuration(tmp_path):
    file = tmp_path / "c.json"
    file.write_text(json.dumps({"method": "jtt"}))
    assert "--upweight" in ok("train", "--config", file, "--help").stdout


@pytest.mark.usefixtures("toy")
def test_method_of_another_package_is_an_option_with_its_settings(tmp_path):
    assert method_names()[-1] == "toy"
    text = ok("train", "--method", "toy", "--help").stdout
    assert "--shrink" in text
    assert "--toy-lr" in text
    words = ("--method", "toy", "--shrink", "0.25", "--toy-lr", 3, "--lr", "0.1")
    result = ok(
        "train", "--model", SMALL, *DIGITS, "--epochs", 1, *words, "--out", tmp_path / "run"
    )
    assert "Shrinks by 0.25, 3." in result.stdout
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert (config["method"], config["lr"]) == ("toy", 0.1)
    assert config["method_options"] == {"shrink": 0.25, "lr": 3.0}
    again = ("train", "--config", tmp_path / "run" / "config.json", "--out", tmp_path / "again")
    assert "Shrinks by 0.25, 3." in ok(*again).stdout
    assert "toy" in ok("methods").stdout


def test_method_of_another_package_in_a_process_of_its_own(tmp_path):
    site = install(tmp_path / "site", "toy = toy_package:METHOD")
    path = os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "earlysieve.cli", "methods", "toy"],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Factor of the loss." in done.stdout


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("toy = toy_package:nothing", "but it cannot be imported"),
        ("toy = toy_package:Settings", "Expected an earlysieve.methods.Method at"),
    ],
)
def test_broken_entry_points_are_named(entry, message, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(install(tmp_path / "site", entry))
    text = problem("train", "--method", "toy", "--model", SMALL, *DIGITS, "--out", tmp_path / "run")
    assert message in text
    sys.modules.pop("toy_package", None)


def test_methods_command_lists_settings_for_people_and_programs():
    assert "forget_every" in ok("methods", "sieve").stdout
    found = json.loads(ok("methods", "--json").stdout)
    assert list(found)[: len(OWN)] == list(OWN)
    assert found["jtt"]["settings"]["upweight"]["default"] == 20.0


def test_methods_command_says_where_a_search_looks():
    assert "logarithm" in ok("methods", "jtt").stdout
    found = json.loads(ok("methods", "--json").stdout)
    searched = {
        f"{method}.{name}": said["searched"]
        for method, one in found.items()
        for name, said in one["settings"].items()
    }
    assert searched["jtt.upweight"] == "2 to 100, by logarithm"
    assert searched["jtt.identification_epochs"] == "1 to 5, below epochs"
    assert searched["early-reweighting.beta"] == "0.5 to 6"
    assert searched["poe.layer"] == "the ends of the network's stages"
    assert searched["dfr.min_group"] is None
    choice = Allowed("Which.", search=("a", "b"))
    assert SettingInfo("kind", str, "a", choice).searched == "a or b"


# What begins the help of a setting, so that it can be read as an instruction alone.
VERBS = {
    *("Average", "Begin", "Build", "Call", "Compute", "Distil", "Divide", "Draw", "Favour", "Fit"),
    *("Forget", "Give", "Keep", "Learn", "Leave", "Let", "Load", "Move", "Order", "Penalise"),
    *("Pull", "Raise", "Read", "Refuse", "Run", "Set", "Take", "Train", "Update", "Weight", "Zero"),
}


@pytest.mark.parametrize("method", OWN)
def test_help_of_settings_are_sentences_that_say_what_to_do(method):
    for info in settings_in(method_named(method).settings).values():
        assert info.allowed.help.split()[0] in VERBS, info.allowed.help
        assert info.allowed.help.endswith(".")
