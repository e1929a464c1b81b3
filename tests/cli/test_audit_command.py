import json
import os
import pickle
import re
import shlex
from pathlib import Path

import pandas as pd
import pytest
import torch

from earlysieve import AuditResult
from tests.cli.helpers import DIGITS, SMALL, contents, ok, photos, problem, run, weights

FAST = ("--model", SMALL, *DIGITS)


@pytest.fixture(scope="module")
def audited(tmp_path_factory) -> Path:
    """A folder with weights and a finished audit in `out`."""
    folder = tmp_path_factory.mktemp("audited")
    file = weights(folder / "w.pt")
    ok("audit", *FAST, "--checkpoint", file, "--out", folder / "out", "--seed", "3")
    return folder


def test_result_and_page_are_written(audited):
    assert {"audit.json", "scores.csv", "report.html"} <= set(contents(audited / "out"))
    result = AuditResult.load(audited / "out")
    assert list(result.layers["layer"]) == ["stage1", "stage2", "stage3"]
    assert len(result.examples) == 120
    assert len(pd.read_csv(audited / "out" / "scores.csv")) == 120
    assert "<html" in (audited / "out" / "report.html").read_text()


def test_configuration_says_how_to_repeat_it(audited):
    config = AuditResult.load(audited / "out").config
    assert config["model"] == SMALL
    assert config["data"] == "digits"
    assert config["data_options"] == {"split": "test", "limit": 120, "shortcut": "colour"}
    assert len(config["checkpoint_sha256"]) == 64
    words = shlex.split(config["command"])
    assert words[:2] == ["earlysieve", "audit"]
    again = audited / "again"
    ok(*words[1:-1], words[-1], "--out", again)
    one, two = (AuditResult.load(audited / name) for name in ("out", "again"))
    pd.testing.assert_frame_equal(one.examples, two.examples)
    pd.testing.assert_frame_equal(one.layers, two.layers)


def test_page_shows_the_command(audited):
    words = re.sub("<[^>]*>", "", (audited / "out" / "report.html").read_text())
    assert "earlysieve audit --model earlysieve.networks:small_cnn" in words


def test_table_for_people(audited):
    out = ok("report", audited / "out").stdout
    assert f"Page: {audited / 'out' / 'report.html'}" in out
    shown = ok("audit", *FAST, "--checkpoint", audited / "w.pt", "--out", audited / "o2").stdout
    for piece in ("stage1", "margin on errors", "8 worst of 20 groups", "Next: ", "Page: "):
        assert piece in shown


def test_json_and_nothing_else(audited):
    words = (
        "--checkpoint",
        audited / "w.pt",
        "--out",
        audited / "o3",
        "--layers",
        "stage2, stage1",
    )
    result = ok("audit", *FAST, *words, "--json")
    assert result.stderr == ""
    found = json.loads(result.stdout)
    assert [row["layer"] for row in found["layers"]] == ["stage1", "stage2"]
    assert found["summary"]["verdict"] in ("shortcut", "at risk", "none found", "inconclusive")
    assert len(found["groups"]["table"]) == 20
    assert found["page"] == str(audited / "o3" / "report.html")


def test_quiet_prints_nothing(audited):
    words = ("--checkpoint", audited / "w.pt", "--out", audited / "o4", "--folds", 0, "--quiet")
    assert ok("audit", *FAST, *words).output == ""
    assert AuditResult.load(audited / "o4").config["scores"] == "in-sample"


def test_folder_of_photographs_with_an_unreadable_one(tmp_path):
    folder = photos(tmp_path / "photos")
    (folder / "cat" / "broken.png").write_bytes(b"not an image")
    file = weights(tmp_path / "w.pt", classes=2)
    words = ("--model", SMALL, "--checkpoint", file, "--data", folder, "--image-size", 16)
    shown = ok("audit", *words, "--out", tmp_path / "out").stdout
    assert "1 unreadable files were skipped" in shown
    assert "broken.png" in shown
    result = AuditResult.load(tmp_path / "out")
    assert len(result.examples) == 24
    assert result.class_names == ("cat", "dog")
    assert "broken.png" in problem("audit", *words, "--out", tmp_path / "no", "--strict")
    assert not (tmp_path / "no").exists()


def test_what_was_chosen_for_the_user_is_told(tmp_path, monkeypatch):
    for split in ("train", "test"):
        photos(tmp_path / "photos" / split)
    (tmp_path / "own_nets_of_a_test.py").write_text(
        "from earlysieve.networks import small_cnn\n\n\ndef build():\n    return small_cnn(2)\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    words = ("--model", "own_nets_of_a_test:build", "--data", "photos", "--image-size", 16)
    ok("audit", *words, "--out", "out")
    result = AuditResult.load("out")
    told = " ".join(result.notes)
    assert "No --split was given: these are the examples of 'test'." in told
    assert "No --checkpoint was given: the weights are those that 'own_nets_of_a_test" in told
    assert result.config["images.image_size"] == 16
    assert result.config["images.mean"] == pytest.approx([0.485, 0.456, 0.406])
    file = weights(tmp_path / "w.pt", classes=2)
    ok("audit", *words, "--out", "asked", "--split", "test", "--checkpoint", file)
    assert not [n for n in AuditResult.load("asked").notes if "was given" in n]
    assert AuditResult.load("asked").config["split"] == "test"


def test_the_split_is_chosen_and_recorded(audited, tmp_path):
    file = ("--model", SMALL, "--checkpoint", audited / "w.pt", "--limit", 120)
    ok("audit", *file, "--data", "digits", "--out", tmp_path / "chosen")
    chosen = AuditResult.load(tmp_path / "chosen")
    assert chosen.config["split"] == "test"
    assert chosen.config["data_options"] == {"split": "test", "limit": 120}
    assert chosen.config["seen_in_training"] is None
    ok("audit", *file, "--data", "digits", "--split", "train", "--out", tmp_path / "train")
    train = AuditResult.load(tmp_path / "train")
    assert (train.config["split"], train.config["seen_in_training"]) == ("train", True)
    assert train.summary.verdict != "none found"
    assert "These are data that the model was trained on" in " ".join(train.summary.warnings)


def bad_inputs(folder: Path) -> dict[str, tuple[list[object], str]]:
    """Options that break a good command, by name, with a part of the message."""
    weights(folder / "w3.pt", classes=3)
    (folder / "code.pt").write_bytes(pickle.dumps(os.getcwd, protocol=2))
    torch.save(torch.nn.Linear(2, 2), folder / "whole.pt")
    (folder / "text.pt").write_text("hello")
    (folder / "file").write_text("kept")
    (folder / "columns.csv").write_text("image,class\na.png,1\n")
    (folder / "files.csv").write_text("path,label,split\na.png,1,test\nb.png,0,test\n")
    (folder / "empty").mkdir()
    return {
        "layer": (["--layers", "stage9"], "near names are: 'stage"),
        "other model": (
            ["--checkpoint", folder / "w3.pt"],
            f"Expected data with the 3 classes that '{folder / 'w3.pt'}' tells apart, but 'digits' "
            "holds 10 (0, 1, 2, 3, 4, 5, 6, 7, 8, 9); leave out rows of classes that it does not",
        ),
        "other outputs": (
            ["--checkpoint", folder / "w3.pt", "--num-classes", 10],
            "Expected 'head.weight' to have shape",
        ),
        "pickled code": (["--checkpoint", folder / "code.pt"], "which can run any code"),
        "pickled model": (["--checkpoint", folder / "whole.pt"], "which can run any code"),
        "no checkpoint": (["--checkpoint", folder / "none.pt"], "there is no such file"),
        "damaged": (["--checkpoint", folder / "text.pt"], "cannot be read as one"),
        "columns": (["--data", folder / "columns.csv"], "Expected the columns path, label in"),
        "files": (["--data", folder / "files.csv"], "'a.png', 'b.png'"),
        "empty": (["--data", folder / "empty"], "empty"),
        "folder": (["--data", "no/such"], "Expected a folder at 'no/such', but there is none"),
        "source": (["--data", "nonsense"], "'nonsense' is neither a source nor"),
        "split": (["--split", "middle"], "Expected split to be 'train', 'test' or 'all'"),
        "model": (["--model", "torchvision:resnet19"], "near names are: resnet18"),
        "device": (["--device", "abacus"], "Expected a device of this machine, but got 'abacus'"),
        "options": (["--model-option", "depth=3"], "correct the model or its options"),
        "channels": (["--model-option", "channels=1"], "Expected"),
        "tokenizer": (["--tokenizer", folder / "empty"], "Expected a tokenizer in the folder"),
        "no tokenizer": (
            ["--tokenizer", "no-folder"],
            "at 'no-folder', but there is no such folder",
        ),
        "out": (["--out", folder / "file" / "below"], "is a file; choose another output folder"),
    }


def test_bad_input_ends_in_one_sentence_and_touches_nothing(audited, tmp_path):
    good = [*FAST, "--checkpoint", audited / "w.pt", "--out", audited / "out"]
    before = contents(audited / "out")
    for name, (words, part) in bad_inputs(tmp_path).items():
        assert part in problem("audit", *good, *words), name
        assert contents(audited / "out") == before, name
    assert (tmp_path / "file").read_text() == "kept"


def test_network_for_other_inputs_is_told_before_the_audit(audited, tmp_path):
    file = tmp_path / "w1.pt"
    from earlysieve.networks.small import small_cnn

    torch.save(small_cnn(10, channels=1).state_dict(), file)
    words = ("--checkpoint", file, "--model-option", "channels=1", "--out", tmp_path / "out")
    text = problem("audit", *FAST, *words)
    assert text.startswith(
        "Expected the model to take inputs of the data, (3, 28, 28), but it failed: "
    )
    assert text.endswith("; choose another model, or set --image-size or --model-option")
    assert not (tmp_path / "out").exists()


def test_random_weights_are_not_audited(tmp_path):
    text = problem("audit", *FAST, "--out", tmp_path / "out")
    assert text.startswith("Expected --checkpoint, since 'earlysieve.networks:small_cnn' builds")


def test_report_needs_an_audit(tmp_path):
    text = problem("report", tmp_path)
    assert text.startswith(f"Expected a saved audit at '{tmp_path / 'audit.json'}'")


def test_report_writes_the_page_again(audited, tmp_path):
    again = audited / "out" / "again.html"
    found = json.loads(ok("report", audited / "out", "--out", again, "--json").stdout)
    assert found["page"] == str(again)
    assert again.read_text() == (audited / "out" / "report.html").read_text()
    again.unlink()
    # Elsewhere, nothing is beside the page that it could lead to.
    ok("report", audited / "out", "--out", tmp_path / "p.html", "-q")
    assert 'href="scores.csv"' not in (tmp_path / "p.html").read_text()
    assert run("report", audited / "out", "--out", tmp_path / "p.html" / "q").exit_code == 1
    assert ok("report", audited / "out", "--quiet").output == ""


def test_streams_and_loaders_of_a_function_are_audited(tmp_path):
    model = ("--model", SMALL, "--checkpoint", weights(tmp_path / "w.pt"), "--num-classes", 10)
    for name in ("stream", "loader"):
        out = tmp_path / name
        ok("audit", *model, "--data", f"tests.cli.networks:{name}", "--out", out, "-q")
        assert len(pd.read_csv(out / "scores.csv")) == 120


def test_features_in_files_give_the_same_audit(audited, tmp_path):
    words = ("audit", *FAST, "--checkpoint", audited / "w.pt", "--seed", 3, "--swaps", 300)
    assert "file" in ok(*words, "--memory-budget", 0, "--out", tmp_path / "out").stdout
    written = [folder / "scores.csv" for folder in (audited / "out", tmp_path / "out")]
    assert written[0].read_bytes() == written[1].read_bytes()


def test_a_folder_for_features_that_cannot_be_used(audited, tmp_path):
    (tmp_path / "file").touch()
    given = ("--checkpoint", audited / "w.pt", "--out", tmp_path / "o")
    told = problem("audit", *FAST, *given, "--features-dir", tmp_path / "file")
    assert told.startswith(f"Expected a folder that can be written at '{tmp_path / 'file'}'")
    assert not (tmp_path / "o").exists()


def test_a_reference_is_opened_and_recorded(audited, tmp_path):
    words = ("audit", *FAST, "--checkpoint", audited / "w.pt", "--swaps", 0)
    shown = ok(*words, "--reference", "digits", "--out", tmp_path / "out").stdout
    assert "What transfers: readouts that were fitted on the reference" in shown
    result = AuditResult.load(tmp_path / "out")
    config = result.config
    assert (config["reference"], config["swaps"]) == ("digits", 0)
    assert config["reference_options"] == {"split": "train", "limit": 120, "shortcut": "colour"}
    assert config["reference_examples"] == 120
    assert config["scores"] == "by readouts of the reference"
    assert [row.layer for row in result.summary.transfer] == [*result.layers["layer"], "model"]
    assert "What transfers" in (tmp_path / "out" / "report.html").read_text()
    words = shlex.split(config["command"])
    ok(*words[1:], "--out", tmp_path / "again")
    again = AuditResult.load(tmp_path / "again")
    assert again.summary == result.summary


def test_a_reference_that_is_the_data_is_refused(audited, tmp_path):
    words = ("audit", *FAST, "--checkpoint", audited / "w.pt", "--out", tmp_path / "out")
    told = problem(*words, "--reference", "digits", "--reference-split", "test")
    assert "all of its 120 examples are among the data" in told
    assert not (tmp_path / "out").exists()
    result = run(*words, "--reference-split", "train")
    assert result.exit_code == 2
    assert "--reference-split is a part of the --reference" in result.stderr


def test_parts_that_must_not_matter(audited, tmp_path):
    words = ("audit", *FAST, "--checkpoint", audited / "w.pt", "--out", tmp_path / "out")
    told = problem(*words, "--irrelevant", "smell")
    assert told.startswith("Expected irrelevant parts among ")
    assert told.endswith("but got smell; name parts that these data have")
    assert not (tmp_path / "out").exists()
    ok(*words, "--irrelevant", "colour", "--irrelevant", "brightness", "--swaps", 300)
    config = AuditResult.load(tmp_path / "out").config
    assert config["irrelevant"] == ["colour", "brightness"]
    assert config["swaps"] == 300
    assert "--irrelevant colour --irrelevant brightness" in config["command"]
    told = problem(*words, "--irrelevant", "colour", "--swaps", 0)
    assert "leave out one of both" in told
    told = problem(*words, "--relevant", "smell")
    assert told.startswith("Expected relevant parts among ")
    told = problem(*words, "--relevant", "colour", "--irrelevant", "color")
    assert told == (
        "Expected each part to be irrelevant or relevant, but got both of colour; leave out one of "
        "both"
    )
    shown = ok(*words, "--relevant", "colour", "--swaps", 300).stdout
    assert "You said that colour belongs to the task: it is not counted for the verdict." in shown
    assert AuditResult.load(tmp_path / "out").config["relevant"] == ["colour"]


def test_as_many_swaps_as_the_library_makes():
    from earlysieve.auditing.swaps.follow import DEFAULT_BUDGET
    from earlysieve.cli.audit_command import command

    assert next(p for p in command.params if p.name == "swaps").default == DEFAULT_BUDGET
