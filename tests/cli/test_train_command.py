import json
import re
import shutil
import signal
import sys
import time
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from earlysieve import AuditResult
from earlysieve.cli.train_command import _show, command
from earlysieve.cli.train_options import FIELD_NAMES
from earlysieve.errors import InputError
from earlysieve.methods import Method, erm, method_settings, registry, setting
from earlysieve.runs.train_run import TrainRun
from earlysieve.training import TrainConfig, load_checkpoint
from tests.cli.helpers import DIGITS, SMALL, contents, ok, photos, problem, process, run

FAST = ("--model", SMALL, *DIGITS, "--epochs", 1)
NETS = """
import os, time
from torch import nn
from earlysieve.networks.small import SmallCNN


class Slow(SmallCNN):
    def forward(self, images):
        time.sleep(float(os.environ.get("SLOW", "0")))
        return super().forward(images)


def build(num_classes):
    return Slow(num_classes)
"""


def parameters(path: Path) -> dict[str, torch.Tensor]:
    return torch.load(path, weights_only=True)


def same(one: Path, two: Path) -> bool:
    a, b = parameters(one), parameters(two)
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


def test_every_field_of_the_configuration_is_an_option_with_its_default():
    separate = {
        "data",
        "validation",
        "groups_from",
        "validation_groups_from",
        "groups_reader",
        "data_options",
        "model",
        "model_options",
        "checkpoint",
        "checkpoint_key",
        "checkpoint_prefix",
        "pretrained",
        "head",
        "freeze",
        "num_classes",
        "method_options",
        "restore_best",
    }
    assert {field.name for field in fields(TrainConfig)} == {*FIELD_NAMES, *separate}
    defaults = TrainConfig().to_dict()
    options = {option.name: option for option in command.params}
    for name in FIELD_NAMES:
        shown = re.search(r"\[default: (.*)\]$", options[name].help)
        default = defaults[name]
        assert (shown and shown[1]) == (None if default is None else str(default)), name


def test_run_writes_weights_checkpoint_configuration_and_history(tmp_path):
    words = (*FAST, "--validation", "0.25", "--optimizer", "adam", "--lr", "0.003", "--seed", 4)
    result = ok("train", *words, "--out", tmp_path / "run")
    assert set(contents(tmp_path / "run")) == {
        "classes.json",
        "config.json",
        "last.pt",
        "model.pt",
        "training.json",
    }
    history = json.loads((tmp_path / "run" / "training.json").read_text())["history"]
    assert [row["epoch"] for row in history] == [1]
    assert history[0]["step"] == 2  # 90 of 120 examples in batches of 64
    assert "validation_worst_group_accuracy" in history[0]
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert (config["lr"], config["optimizer"], config["seed"]) == (0.003, "adam", 4)
    assert config["data_options"] == {"split": "test", "limit": 120, "shortcut": "colour"}
    assert f"Weights: {tmp_path / 'run' / 'model.pt'}" in result.stdout
    assert "epoch 1, trained: loss " in result.stderr
    assert "epoch 1, validation: loss " in result.stderr


def test_configuration_file_repeats_a_run_and_options_win_over_it(tmp_path):
    ok("train", *FAST, "--optimizer", "adam", "--out", tmp_path / "one", "--quiet")
    file = tmp_path / "one" / "config.json"
    ok("train", "--config", file, "--out", tmp_path / "two", "--quiet")
    assert same(tmp_path / "one" / "model.pt", tmp_path / "two" / "model.pt")
    words = ("--lr", "0.5", "--limit", 60, "--batch-size", 30)
    ok("train", "--config", file, *words, "--out", tmp_path / "three", "--quiet")
    found = json.loads((tmp_path / "three" / "config.json").read_text())
    assert (found["lr"], found["optimizer"], found["batch_size"]) == (0.5, "adam", 30)
    assert found["data_options"] == {"split": "test", "limit": 60, "shortcut": "colour"}


def test_json_and_quiet(tmp_path):
    result = ok("train", *FAST, "--out", tmp_path / "run", "--json", "--validation", "split:train")
    assert result.stderr == ""
    found = json.loads(result.stdout)
    assert (found["epochs"], found["steps"], found["best_epoch"]) == (1, 2, 1)
    assert found["audits"] == {}
    assert ok("train", *FAST, "--out", tmp_path / "other", "--quiet").output == ""


def test_audit_before_and_after(tmp_path):
    found = json.loads(
        ok("train", *FAST, "--out", tmp_path, "--audit", "--validation", "0.5", "--json").stdout
    )
    assert set(found["audits"]) == {"before", "after"}
    for when in ("before", "after"):
        folder = tmp_path / f"audit-{when}"
        document = json.loads((folder / "audit.json").read_text())
        assert document["config"]["audited"] == "validation data"
        assert document["config"]["examples"] == 60
        assert (folder / "report.html").exists()
    plain = tmp_path / "plain"
    ok("train", *FAST, "--out", plain, "--validation", "0.5", "--quiet")
    assert same(tmp_path / "model.pt", plain / "model.pt")


def test_audits_between_epochs_change_nothing(tmp_path):
    words = ("train", "--model", SMALL, *DIGITS, "--epochs", 3, "--validation", "0.5", "--seed", 2)
    told = ok(*words, "--out", tmp_path / "run", "--audit-every", 2).output
    assert "Audit after epoch 2: " in told
    lines = [line.partition(":")[0] for line in told.splitlines() if line.startswith("epoch 2, ")]
    assert lines == ["epoch 2, trained", "epoch 2, audit", "epoch 2, validation"]
    assert "epoch 2, audit: accuracy " in told
    folders = {path.name for path in (tmp_path / "run").glob("audit-*")}
    assert folders == {"audit-epoch-2"}
    document = json.loads((tmp_path / "run/audit-epoch-2/audit.json").read_text())
    assert document["config"]["when"] == "after epoch 2"
    assert document["config"]["audited"] == "validation data"
    ok(*words, "--out", tmp_path / "plain", "--quiet")
    assert same(tmp_path / "run" / "model.pt", tmp_path / "plain" / "model.pt")


def audit_of(folder):
    return json.loads((folder / "audit-before" / "audit.json").read_text())


def test_an_audit_of_another_configuration_is_not_taken_over(tmp_path):
    """A run that was stopped between its first audit and its first checkpoint leaves no other."""
    other = ("--limit", "100", "--model-option", "seed=7")
    ok("train", *FAST, *other, "--out", tmp_path / "other", "--audit", "--quiet")
    shutil.copytree(tmp_path / "other" / "audit-before", tmp_path / "run" / "audit-before")
    shown = ok("train", *FAST, "--out", tmp_path / "run", "--audit", "--json").stdout
    ok("train", *FAST, "--out", tmp_path / "plain", "--audit", "--quiet")
    assert audit_of(tmp_path / "run") == audit_of(tmp_path / "plain")
    assert audit_of(tmp_path / "run")["config"]["examples"] == 120
    assert set(json.loads(shown)["audits"]) == {"before", "after"}


def test_the_first_audit_is_taken_over_and_its_page_comes(tmp_path, monkeypatch):
    words = ("train", *FAST, "--out", tmp_path, "--audit", "--json")
    first = json.loads(ok(*words).stdout)
    folder = tmp_path / "audit-before"
    page = (folder / "report.html").read_text()
    (folder / "report.html").unlink()
    audited = []
    taken = TrainRun.audit

    def count(self, when, **record):
        audited.append(when)
        return taken(self, when, **record)

    monkeypatch.setattr(TrainRun, "audit", count)
    again = json.loads(ok(*words).stdout)
    assert audited == ["after"]
    assert again["audits"] == first["audits"]
    assert (folder / "report.html").read_text() == page
    (folder / "audit.json").write_text("{")
    ok(*words, "--epochs", 2)
    ok(*words, "--epochs", 3)
    assert audited == ["after", "before", "after", "after"]
    assert (folder / "report.html").read_text() == page


def test_a_run_that_is_refused_replaces_no_audit(tmp_path):
    ok("train", *FAST, "--out", tmp_path, "--audit", "--quiet")
    before = contents(tmp_path)
    text = problem("train", *FAST, "--out", tmp_path, "--audit", "--lr", "0.5")
    assert text.startswith("Expected lr=")
    assert contents(tmp_path) == before


def test_finished_run_is_loaded_and_fresh_starts_again(tmp_path):
    words = ("train", *FAST, "--out", tmp_path, "--json")
    first = json.loads(ok(*words).stdout)
    again = json.loads(ok(*words).stdout)
    assert first.pop("going_on") is None
    assert again.pop("going_on").startswith(f"The run in '{tmp_path}' is finished (1 epoch): ")
    assert {**again, "seconds": first["seconds"]} == first
    text = problem(*words[:-1], "--lr", "0.5")
    assert text.startswith("Expected lr=")
    assert json.loads(ok(*words, "--lr", "0.5", "--fresh").stdout) != first


def test_validation_of_another_source_needs_the_same_classes(tmp_path):
    folder = photos(tmp_path / "photos")
    words = ("--model", SMALL, "--data", folder, "--image-size", 16, "--epochs", 1, "--quiet")
    (folder / "cat" / "broken.png").write_bytes(b"no")
    text = ok("train", *words[:-1], "--validation", folder, "--out", tmp_path / "run").stdout
    assert "Left out 1 file that cannot be read, first '" in text
    other = photos(tmp_path / "other")
    (other / "dog").rename(other / "owl")
    text = problem("train", *words, "--validation", other, "--out", tmp_path / "no")
    assert text == (
        "Expected validation data with the classes of the training data, cat, dog, but got "
        "cat, owl; use data with the same classes"
    )
    assert not (tmp_path / "no").exists()


def test_bad_input_touches_nothing(tmp_path):
    ok("train", *FAST, "--out", tmp_path / "run", "--quiet")
    before = contents(tmp_path / "run")
    (tmp_path / "bad.json").write_text('{"epoch": 3}')
    (tmp_path / "no.json").write_text("{")
    (tmp_path / "type.json").write_text('{"lr": "fast"}')
    for words, part in (
        (["--config", tmp_path / "bad.json"], "did you mean 'epochs'"),
        (["--config", tmp_path / "no.json"], "Expected a configuration in JSON at"),
        (["--config", tmp_path / "type.json"], "Expected lr to be of type float"),
        (["--config", tmp_path / "none.json"], "Expected a configuration in JSON at"),
        (["--num-classes", 4], "Expected a model with at least 10 outputs, one for each class"),
        (["--method", "magic"], "Expected method to be one of erm"),
        (["--method-option", "depth=1"], "Expected an option of the method 'erm', but got 'depth'"),
        (["--validation", "1.5"], "Expected a fraction between 0 and 1"),
        (["--patience", 2], "Expected validation data for patience"),
        (["--checkpoint", tmp_path / "none.pt"], "there is no such file"),
        (["--data", tmp_path / "nowhere"], "Expected a folder at"),
        (["--out", tmp_path / "bad.json" / "x"], "is a file; choose another output folder"),
        (["--model", "torchvision:nothing"], "Expected a classifier of torchvision"),
    ):
        command = ("train", *FAST, "--out", tmp_path / "run", *words, "--fresh")
        assert part in problem(*command), words
        assert contents(tmp_path / "run") == before, words


def test_data_and_model_may_come_from_the_file_but_must_come(tmp_path):
    result = run("train", "--model", SMALL, "--out", tmp_path / "run")
    assert result.exit_code == 2
    assert "Missing option '--data'" in result.stderr
    assert not (tmp_path / "run").exists()


def test_loss_that_is_not_finite_ends_in_one_sentence(tmp_path):
    words = ("train", *FAST, "--epochs", 3, "--lr", 1e30, "--momentum", 0, "--out", tmp_path)
    result = run(*words, "--quiet")
    assert result.exit_code == 1
    assert len(result.stderr.strip().splitlines()) == 1
    assert "the last good state is in" in result.stderr
    state = load_checkpoint(tmp_path / "last.pt")["model"]
    assert all(torch.isfinite(value).all() for value in state.values())


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_run_goes_on_to_the_same_result(tmp_path, number, code):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "nets.py").write_text(NETS)
    words = ["train", "--model", "mine.nets:build", *DIGITS, "--epochs", 3, "--batch-size", 8]
    words += ["--lr", "0.05", "--validation", "0.2"]
    whole = process(*words, "--out", "whole", "--quiet", cwd=tmp_path)

    stopped = process(*words, "--out", "run", cwd=tmp_path, SLOW="0.1")
    assert stopped.stderr is not None
    assert stopped.stderr.readline().startswith("epoch 1, trained: ")
    time.sleep(0.5)
    stopped.send_signal(number)
    out, err = stopped.communicate(timeout=120)
    assert stopped.returncode == code
    assert out == ""
    assert err.splitlines()[-1] == (
        "Stopped. The run is saved in 'run/last.pt'; the same command goes on from there."
    )
    assert "Traceback" not in err
    position = load_checkpoint(tmp_path / "run" / "last.pt")["position"]
    assert 1 <= position["epoch"] < 3
    assert not (tmp_path / "run" / "model.pt").exists()

    again = process(*words, "--out", "run", "--quiet", cwd=tmp_path)
    assert again.communicate(timeout=120) == ("", "")
    assert again.returncode == 0
    assert whole.communicate(timeout=120) == ("", "")
    assert whole.returncode == 0
    assert same(tmp_path / "run" / "model.pt", tmp_path / "whole" / "model.pt")
    histories = [(tmp_path / name / "training.json").read_text() for name in ("run", "whole")]
    assert histories[0] == histories[1]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupt_before_training_began(tmp_path, number, code):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "nets.py").write_text(
        "import sys, time\ndef build(num_classes):\n"
        "    print('here', file=sys.stderr, flush=True)\n    time.sleep(60)\n"
    )
    words = ("train", "--model", "mine.nets:build", *DIGITS, "--out", "run")
    started = process(*words, cwd=tmp_path)
    assert started.stderr is not None
    assert started.stderr.readline() == "here\n"
    started.send_signal(number)
    out, err = started.communicate(timeout=60)
    assert (started.returncode, out, err) == (code, "", "Stopped. Nothing was left half written.\n")
    assert not (tmp_path / "run").exists()


def test_method_gets_its_own_options_and_they_are_recorded(tmp_path, monkeypatch):
    seen = []

    def build(job):
        seen.append((asdict(job.settings), job.num_classes, job.steps))
        return erm.build(job)

    @dataclass(frozen=True)
    class Settings:
        depth: int = setting(1, "Depth.")
        layer: str = setting("stage1", "Layer.")

    method = Method("mine", "mine", build, Settings)
    monkeypatch.setitem(registry.OWN, "mine", "mine")
    monkeypatch.setitem(sys.modules, "earlysieve.methods.mine", SimpleNamespace(METHOD=method))
    words = ("--method", "mine", "--method-option", "layer=stage2", "--out", tmp_path, "--quiet")
    ok("train", *FAST, *words)
    assert seen == [({"depth": 1, "layer": "stage2"}, 10, 2)]
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["method_options"] == {"depth": 1, "layer": "stage2"}
    with pytest.raises(InputError) as caught:
        method_settings("mine", {"zzz": 1})
    assert str(caught.value) == (
        "Expected an option of the method 'mine', but got 'zzz'; its options are depth, layer"
    )


def test_entry_point_is_installed():
    script = Path(sys.executable).parent / "earlysieve"
    assert script.exists()


def test_groups_to_select_by_are_asked_for_before_anything_is_written(tmp_path):
    words = ("--data", "digits", "--limit", 100, "--model", SMALL, "--validation", "split:test")
    more = ("--select", "worst_group_accuracy", "--audit", "--out", tmp_path / "run")
    said = problem("train", *words, *more)
    assert said.startswith("Expected groups in the validation data for select='worst_group_acc")
    assert not (tmp_path / "run").exists()


def test_several_processes_are_refused_in_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    said = problem("train", *FAST, "--out", tmp_path / "run")
    assert said == (
        "Expected one process, but got 2 (WORLD_SIZE, as torchrun sets it), which would all do the "
        "same work in one folder; start earlysieve without torchrun"
    )
    assert not (tmp_path / "run").exists()
    monkeypatch.setenv("WORLD_SIZE", "1")
    ok("train", *FAST, "--out", tmp_path / "run", "--quiet")


@pytest.mark.parametrize(("name", "kind"), [("stream", "Stream"), ("loader", "DataLoader")])
def test_training_needs_indices(tmp_path, name, kind):
    data = ("--data", f"tests.cli.networks:{name}", "--num-classes", 10)
    assert problem("train", "--model", SMALL, *data, "--out", tmp_path / "o") == (
        f"Expected training data with a length and indices, but got {kind}; return a map-style "
        "data set, such as a list of examples"
    )


def test_a_thousand_loading_processes_are_refused_before_anything_is_read(tmp_path):
    words = ("train", "--model", SMALL, "--data", "nowhere/", "--num-workers", 1000)
    told = problem(*words, "--out", tmp_path / "o")
    assert told.startswith("Expected num_workers to be at most ")


def test_an_audit_of_training_data_says_that_it_is_one(tmp_path):
    ok("train", *FAST, "--out", tmp_path / "all", "--audit", "--quiet")
    for when, seen in (("before", None), ("after", True)):
        result = AuditResult.load(tmp_path / "all" / f"audit-{when}")
        assert result.config["seen_in_training"] is seen
        assert "No validation data were given" in " ".join(result.summary.warnings)
        assert result.config["split"] == "test"
    assert result.summary.verdict != "none found"
    ok("train", *FAST, "--out", tmp_path / "part", "--audit", "--validation", "split:train", "-q")
    held_out = AuditResult.load(tmp_path / "part" / "audit-after")
    assert held_out.config["seen_in_training"] is False
    assert held_out.config["split"] == "train"
    assert "validation data were" not in " ".join(held_out.summary.warnings)


def test_an_audit_of_what_the_run_held_out(tmp_path):
    rows = "".join(f"{k % 7 - 3 + 2 * (k % 2)},{k % 5},{'ab'[k % 2]}\n" for k in range(300))
    (tmp_path / "rows.csv").write_text(f"x,z,label\n{rows}")
    model = ("--model", "earlysieve.networks:SmallMLP", "--data", f"table:{tmp_path}/rows.csv")
    run = tmp_path / "run"
    ok("train", *model, "--validation", "0.4", "--epochs", "2", "--out", run, "-q")
    audit = ("audit", *model, "--checkpoint", run / "model.pt", "--swaps", "0")
    told = ok(*audit, "--out", tmp_path / "all").stdout
    assert "Note: The run beside the checkpoint held a share of these data out: --held-out" in told
    ok(*audit, "--held-out", "--out", tmp_path / "held", "-q")
    held = AuditResult.load(tmp_path / "held")
    assert len(held.examples) == 120
    assert (held.config["seen_in_training"], held.config["held_out"]) == (False, "0.4")
    fix = ("fix", *audit[1:-2], "--audit", tmp_path / "held", "--out", tmp_path / "fix")
    assert "Held out: the share of 0.4" in ok(*fix, "--budget", "1trial").stdout
    found = problem("audit", *model[:2], "--data", "digits", *audit[5:], "--held-out",
                    "--out", tmp_path / "other")  # fmt: skip
    assert "this one was trained on 'table:" in found


def test_an_audit_finds_out_what_its_run_was_trained_on(tmp_path):
    ok("train", *FAST, "--out", tmp_path / "run", "--quiet")
    words = (
        "audit",
        "--model",
        SMALL,
        "--checkpoint",
        tmp_path / "run" / "model.pt",
        "--limit",
        90,
    )
    for split, seen in (("test", True), ("train", False)):  # FAST trains on the test split
        out = tmp_path / split
        ok(*words, "--data", "digits", "--split", split, "--out", out, "-q")
        assert AuditResult.load(out).config["seen_in_training"] is seen


def test_training_on_one_class_is_refused_before_anything_is_written(tmp_path):
    folder = photos(tmp_path / "photos")
    words = ("train", "--model", SMALL, "--data", folder, "--image-size", 16, "--epochs", 1)
    ok(*words, "--out", tmp_path / "run")
    before = contents(tmp_path / "run")
    shutil.rmtree(folder / "dog")
    told = problem(*words, "--out", tmp_path / "run")
    assert told == (
        "Expected training data of two classes or more, but all 12 examples are of class 'cat', so "
        "that a model learns to say nothing else; check the data, the split, the labels and any "
        "limit"
    )
    assert contents(tmp_path / "run") == before
    shares = ("--validation", "0.25", "--out", tmp_path / "other")
    assert problem(*words, *shares).startswith("Expected training data of two classes or more")
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    ("method", "select", "told"),
    [
        ("erm", "accuracy", "Best by accuracy on the validation data was epoch 2"),
        ("group-dro", "accuracy", None),
        ("group-dro", "worst_group_accuracy", "Best by worst group accuracy on the validation"),
        ("jtt", "accuracy", None),
    ],
)
def test_the_best_epoch_is_not_praised_where_accuracy_is_given_up(method, select, told):
    config = TrainConfig(model="m:n", data="digits", method=method, select=select)
    lines = []
    console = SimpleNamespace(say=lines.append, table=lambda *_: None, width=80)
    result = SimpleNamespace(history=[], restored_best=False, best_epoch=2, epochs=3)
    _show(result, {}, console, config, [])
    said = [line for line in lines if line.startswith("Best")]
    assert len(said) == (told is not None)
    assert told is None or (said[0].startswith(told) and "--restore-best" in said[0])
