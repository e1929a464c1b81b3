"""Steps that trained weights of a transformer bear, where nobody says others."""

import json

import pytest

from earlysieve.cli.train_command import command
from earlysieve.cli.train_config import resolve
from earlysieve.runs.as_trained import as_trained
from earlysieve.runs.usual_steps import usual_steps
from earlysieve.training import TrainConfig, write_config


@pytest.fixture
def named(tmp_path):
    """A model whose folder says that it is 128 wide."""
    folder = tmp_path / "net"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"hidden_size": 128}))
    return f"hf:{folder}"


def test_the_rate_falls_with_the_width(named, tmp_path):
    assert usual_steps({"model": named}) == {"optimizer": "adamw", "lr": 4e-4}  # 0.05 / 128
    for text, lr in (('{"d_model": 64}', 8e-4), ('{"dim": 8}', 1e-3), ("{}", 7e-5), ("[", 7e-5)):
        (tmp_path / "net" / "config.json").write_text(text)
        assert usual_steps({"model": named})["lr"] == lr
    assert usual_steps({"model": "hf:prajjwal1/bert-base"})["lr"] == 7e-5  # 0.05 / 768


@pytest.mark.parametrize("said", [{"lr": 0.01}, {"optimizer": "sgd"}, {"freeze": "backbone"}])
def test_what_was_said_stays(named, said):
    assert usual_steps({"model": named, **said}) == {}
    assert usual_steps({"model": "torchvision:resnet18"}) == {}


def resolved(*words):
    told = []
    return resolve(command.make_context("train", list(map(str, words))), told.append), told


def test_the_command_chooses_them_and_says_so(named, tmp_path):
    about = ("--model", named, "--data", "x.csv", "--out", tmp_path / "run")
    config, (told,) = resolved(*about)
    assert (config.optimizer, config.lr) == ("adamw", 4e-4)
    assert told.endswith(
        "with --optimizer adamw --lr 0.0004, by the width of the transformer; either option "
        "changes that."
    )
    config, told = resolved(*about, "--lr", 0.01)
    assert (config.optimizer, config.lr, told) == ("sgd", 0.01, [])
    assert resolved(*about, "--method", "dfr")[1] == []
    # A run is repeated as it was.
    write_config(tmp_path / "config.json", TrainConfig(model=named, data="x.csv"))
    config, told = resolved(*about, "--config", tmp_path / "config.json")
    assert (config.optimizer, config.lr, told) == ("sgd", 0.01, [])


def test_a_training_as_before_names_what_is_no_default_of_such_a_network(named, tmp_path):
    write_config(tmp_path / "config.json", TrainConfig(model=named, data="x.csv"))
    found = as_trained(str(tmp_path / "model.pt"), "y.csv")
    assert found == {"--optimizer": "sgd", "--lr": "0.01"}
