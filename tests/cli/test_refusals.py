"""Options that would do nothing, hide something or cannot be: refused or said, in one sentence."""

import json
import re
import sys
from pathlib import Path

import click
import pytest

from earlysieve.cli.main import COMMANDS, main
from earlysieve.methods.registry import method_named, method_names
from earlysieve.methods.settings import settings_in
from tests.cli.helpers import DIGITS, SMALL, contents, ok, problem, run, weights

TRAIN = ("train", "--model", SMALL, *DIGITS, "--epochs", 1, "-q")
HUGE = "99999999999999999999999"
NETS = """
import torch
from torch import nn
from earlysieve.networks import small_cnn

def net(num_classes=10, width=1):
    return small_cnn(num_classes, seed=0)

def no_width(num_classes):
    return nn.Sequential(nn.Conv2d(3, 0, 3), nn.Linear(1, num_classes, bias="x" > 1))

class given(nn.Module):
    def __init__(self, num_classes, width=4):
        super().__init__()
        self.last = nn.Linear(width, num_classes)

    def forward(self, x):
        return self.last(x)

def raises(num_classes):
    raise LookupError("of my\\nown")

class Breaks(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        self.last = nn.Linear(3, num_classes)

    def forward(self, x):
        raise OverflowError("in forward")
"""


@pytest.fixture
def nets(tmp_path, monkeypatch) -> str:
    """The name of a module of the user's own in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "refused_nets.py").write_text(NETS)
    yield "refused_nets"
    sys.modules.pop("refused_nets", None)


def test_an_empty_place_is_not_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    audit = ("audit", "--model", SMALL, "--checkpoint", weights(tmp_path / "w.pt"))
    for words, flag in (
        ((*audit, *DIGITS, "--out", ""), "--out"),
        ((*audit, "--data", "", "--out", "o"), None),
        ((*TRAIN, "--out", ""), "--out"),
        ((*TRAIN, "--validation", "", "--out", "o"), None),
        ((*TRAIN, "--config", "", "--out", "o"), "--config"),
        (("demo", "--out", ""), "--out"),
        (("layers", "--model", ""), None),
        (("layers", "--model", SMALL, "--checkpoint", ""), "--checkpoint"),
        (("report", "."), None),
    ):
        said = problem(*words)
        if flag is not None:
            assert said.startswith(f"Expected a path for {flag}, but got an empty text; write . ")
    assert list(contents(tmp_path)) == ["w.pt"]


@pytest.mark.parametrize(
    "words",
    [
        ("train", "--batch-size", HUGE),
        ("train", "--seed", HUGE),
        ("train", "--accumulate", HUGE),
        ("audit", "--batch-size", HUGE),
        ("audit", "--seed", HUGE),
        ("audit", "--folds", HUGE),
        ("audit", "--limit", HUGE),
        ("layers", "--num-classes", HUGE),
        ("demo", "--seed", HUGE),
    ],
)
def test_numbers_that_no_machine_word_holds_are_wrong_usage(words, tmp_path):
    out = () if words[0] == "layers" else ("--out", tmp_path / "o")
    result = run(*words, *out)
    assert result.exit_code == 2
    assert f"Error: Invalid value for '{words[1]}': {HUGE} is larger than " in result.stderr


def test_such_numbers_in_a_file_or_a_setting(tmp_path):
    config = tmp_path / "c.json"
    for name in ("batch_size", "accumulate", "patience", "evaluate_every", "num_workers"):
        config.write_text(json.dumps({name: int(HUGE)}))
        said = problem(*TRAIN, "--config", config, "--out", tmp_path / "o")
        assert re.match(rf"Expected {name} to be at least \d and at most 2147483647, but", said)
    sieve = ("--method", "sieve", "--layer", "stage1", "--method-option", f"forget_every={HUGE}")
    assert "Expected forget_every to be" in problem(*TRAIN, *sieve, "--out", tmp_path / "o")
    assert "Expected lr to be" in problem(*TRAIN, "--lr", "1e300", "--out", tmp_path / "o")


@pytest.mark.parametrize("value", ["9" * 5000, "[" * 5000])
def test_options_of_a_builder_that_cannot_be_read(value):
    said = problem("layers", "--model", SMALL, "--model-option", f"channels={value}")
    assert said.startswith("Expected a value of 'channels' that can be read, but got one of 5,000 ")


@pytest.mark.parametrize("shape", ["9" * 5000, "3,2147483648", "2147483647,2147483647"])
def test_shapes_that_no_memory_holds(shape):
    said = problem("layers", "--model", SMALL, "--input-shape", shape)
    assert said.startswith("Expected --input-shape ")


def test_two_places_to_read_out(tmp_path):
    both = ("--method", "early-reweighting", "--layer", "stage1", "--stage", 2)
    assert problem(*TRAIN, *both, "--out", tmp_path / "o") == (
        "Expected one place to read out, but got both the layer 'stage1' and the stage 2; leave "
        "out --layer or --stage"
    )
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--optimizer", "adam", "--momentum", 0.9), "Expected --momentum with --optimizer sgd,"),
        (("--warmup", 0.2), "Expected --warmup with --scheduler linear-warmup, but got it with"),
        (
            ("--method", "sieve", "--layer", "stage1", "--readout-depth", 1),
            "Expected readout_depth with a readout that has it (mlp, statistics, conv, token), but",
        ),
        (
            ("--method", "sieve", "--layer", "stage1", "--readout", "mlp", "--readout-block"),
            "Expected readout_block with a readout that has it (conv), but got it with 'mlp'; ",
        ),
        (
            ("--method", "kd", "--teacher-logits", "x.npy", "--teacher-checkpoint", "t.pt"),
            "Expected --teacher with --teacher-checkpoint, but got --teacher-logits alone; add ",
        ),
        (
            ("--method", "kd", "--teacher-logits", "x.npy", "--keep-logits"),
            "Expected --teacher with --keep-logits, but got --teacher-logits alone; add ",
        ),
    ],
)
def test_options_that_would_do_nothing(words, said, tmp_path):
    words = (*words, "residual") if words[-1] == "--readout-block" else words
    assert problem(*TRAIN, *words, "--out", tmp_path / "o").startswith(said)
    assert not (tmp_path / "o").exists()


def test_validation_data_that_the_network_does_not_take(tmp_path):
    """Found before the first step, not after the first epoch."""
    file = tmp_path / "refused_data.py"
    file.write_text(
        "import torch\n"
        "def grey():\n    return [(torch.zeros(1, 8, 8), i % 10) for i in range(20)]\n"
        "def colours():\n    return [(torch.zeros(3, 8, 8), i % 10) for i in range(20)]\n"
    )
    net = ("--model", SMALL, "--model-option", "channels=1", "--num-classes", 10)
    words = ("train", *net, "--data", f"{file}:grey", "--epochs", 1, "-q", "--out", tmp_path / "o")
    said = problem(*words, "--validation", f"{file}:colours")
    assert said.startswith("Expected the model to take inputs of the validation data, (3, 8, 8), ")
    assert not (tmp_path / "o").exists()
    ok(*words, "--validation", f"{file}:grey")


def test_options_that_a_function_does_not_take_are_not_ignored(nets, tmp_path):
    (tmp_path / "refused_nets.py").write_text(
        "def data(image_size):\n    raise ValueError(image_size)\n"
    )
    train = ("train", "--model", SMALL, "--data", f"{nets}:data", "--out", "o")
    assert problem(*train, "--image-size", 8, "--split", "test") == (
        f"Expected options that '{nets}:data' takes as arguments (image_size), but got split; "
        "leave it out, or let the function take it"
    )


def test_a_readout_of_another_kind_over_a_file(tmp_path):
    sieve = ("--method", "sieve", "--layer", "stage1")
    conv = ("--readout", "conv", "--readout-width", 8, "--readout-block", "plain")
    ok(*TRAIN, *sieve, *conv, "--out", tmp_path / "conv")
    config = ("train", "--config", tmp_path / "conv" / "config.json", "-q", "--out")
    ok(*config, tmp_path / "linear", "--readout", "linear")
    ok(*config, tmp_path / "hidden", "--readout", "statistics", "--readout-depth", 1)
    for name, block in (("conv", "plain"), ("linear", "residual"), ("hidden", None)):
        options = json.loads((tmp_path / name / "config.json").read_text())["method_options"]
        assert options["readout_block"] == block


def test_random_weights_of_a_teacher_are_told(nets, tmp_path):
    kd = ("train", "--model", SMALL, *DIGITS, "--epochs", 1, "--method", "kd")
    note = f"No --teacher-checkpoint was given: the teacher's weights are those that '{nets}:net' "
    words = (*kd, "--teacher", f"{nets}:net", "--out", tmp_path / "o")
    assert note in ok(*words).stdout
    weights(tmp_path / "t.pt")
    assert note not in ok(*words, "--fresh", "--teacher-checkpoint", tmp_path / "t.pt").stdout


def test_a_library_that_was_given_the_wrong_thing_is_told_with_its_place(nets):
    words = ("layers", "--model", f"{nets}:given", "--num-classes", 3)
    said = problem(*words, "--model-option", "width=x")
    assert said.startswith("Expected to build the model 'given' with (width='x', num_classes=3), ")
    assert re.search(r" \(.*refused_nets\.py, line \d+\); correct the model or its options$", said)
    said = problem(*words, "--input-shape", "7")
    assert re.search(r" \(.*refused_nets\.py, line \d+\); set --input-shape$", said)


def test_an_error_of_a_builder_comes_without_the_warnings_before_it(nets, recwarn):
    result = run("layers", "--model", f"{nets}:no_width")
    assert result.exit_code == 1
    assert "Initializing zero-element" not in result.stderr
    assert not [w for w in recwarn if "zero-element" in str(w.message)]


@pytest.mark.parametrize(
    ("name", "words", "said"),
    [
        ("raises", ("layers", "--num-classes", 3), "your code raised LookupError: of my own"),
        ("raises", ("train",), "your code raised LookupError: of my own"),
        ("Breaks", ("layers", "--num-classes", 3), "your code raised OverflowError: in forward"),
        ("Breaks", ("train",), "your code raised OverflowError: in forward"),
        ("Breaks", ("audit",), "your code raised OverflowError: in forward"),
    ],
)
def test_code_of_the_user_s_that_fails_is_named_and_keeps_its_traceback(nets, name, words, said):
    data = () if words[0] == "layers" else (*DIGITS, "--out", "o")
    result = run(*words, *data, "--model", f"{nets}:{name}")
    assert result.exit_code == 1
    sentence, _, traceback = result.stderr.partition("\n")
    assert sentence.startswith("Error: Expected ")
    assert said in sentence
    assert "refused_nets.py" in sentence
    assert traceback.startswith("Traceback (most recent call last):")
    assert not Path("o").exists()


def _helps():
    group = click.Context(main)
    for name in COMMANDS:
        command = main.get_command(group, name)
        for option in command.params:
            if isinstance(option, click.Option):
                yield f"{name} {option.opts[0]}", option.help
    for method in method_names():
        for name, info in settings_in(method_named(method).settings).items():
            yield f"{method} {name}", info.allowed.help


def test_help_can_be_read_without_the_line_above():
    """No help begins with what it says something of, or leans on another line."""
    leaning = re.compile(r"(Of|Its|Their|Likewise|Examples)\b(?! per)|.*\blikewise\b")
    assert [name for name, text in _helps() if text is None or leaning.match(text)] == []


def test_a_method_without_a_name_is_none(tmp_path):
    said = problem(*TRAIN, "--method", "", "--out", tmp_path / "o")
    assert said.startswith("Expected method to be one of ")


def test_logits_where_no_file_can_be_are_refused_before_the_teacher_runs(nets, tmp_path):
    words = ("--method", "kd", "--teacher", f"{nets}:net", "--teacher-logits", "x" * 300)
    said = problem(*TRAIN, *words, "--out", tmp_path / "o")
    assert said.startswith("Expected a place that can be written, but got")
    assert not (tmp_path / "o").exists()
