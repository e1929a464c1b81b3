"""How far an accuracy lies below that of validation, and validation below training."""

import json

import pytest
from torch import nn

from earlysieve.runs.validated import overfitted, worse_than_validated
from tests.cli.helpers import ok


def run(folder, *shares, restored=None):
    history = [{"epoch": k, "validation_accuracy": one} for k, one in enumerate(shares, 1)]
    found = {"history": history, "restored_best": restored is not None, "best_epoch": restored}
    (folder / "training.json").write_text(json.dumps(found))
    return folder / "model.pt"


@pytest.mark.parametrize(
    ("shares", "accuracy", "examples", "said"),
    [
        ((0.5, 0.96), 0.58, 400, True),
        ((0.5, 0.96), 0.87, 4000, False),  # less than 0.1
        ((0.5, 0.96), 0.84, 4000, True),
        ((1.0, 1.0), 0.8, 400, True),  # of how many is not known
        # Of 50 and 20 examples Wilson's intervals of 96% and 80% begin at 0.8654 and end at 0.9193:
        # 0.16 is more than the root of 0.0946^2 + 0.1193^2. Of 15 the second ends at 0.9295.
        ((0.94, 0.96), 0.8, 20, True),
        ((0.94, 0.96), 0.8, 15, False),
        ((0.9, 0.8), 0.9, 4000, False),
    ],
)
def test_a_gap_is_told_where_it_is_no_chance(tmp_path, shares, accuracy, examples, said):
    told = worse_than_validated(run(tmp_path, *shares), accuracy, examples)
    assert bool(told) == said


def test_it_is_the_epoch_that_was_kept(tmp_path):
    weights = run(tmp_path, 0.96, 0.5, restored=1)
    told = worse_than_validated(weights, 0.58, 400)
    assert told == (
        "In training the model was right on 96% of its validation data, here on 58%: these data "
        "differ from those, or are prepared otherwise; --reference with the training data shows "
        "what does not hold here."
    )
    assert worse_than_validated(weights, 0.58, 400, compared=True).endswith("otherwise.")
    assert worse_than_validated(run(tmp_path, 0.96, 0.5), 0.5, 400) == ""


@pytest.mark.parametrize(
    "text", ["", "{}", "[1]", '{"history": [{"epoch": 1}], "restored_best": false}', None]
)
def test_without_a_validation_nothing_is_told(tmp_path, text):
    if text is not None:
        (tmp_path / "training.json").write_text(text)
    assert worse_than_validated(tmp_path / "model.pt", 0.1, 400) == ""
    assert worse_than_validated(None, 0.1, 400) == ""
    run(tmp_path, 0.96)
    assert worse_than_validated(tmp_path / "last.pt", 0.1, 400) == ""


PLAIN, NORMED = nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))


@pytest.mark.parametrize(
    ("rows", "steps", "model", "parts"),
    [
        ([(0.5, 0.5), (0.9, 0.6)], 50, NORMED, ("after 50 steps the running", "by heart")),
        ([(0.9, 0.6)], 500, NORMED, ("right on 90% of the training data, but on 60% of",)),
        ([(0.9, 0.6)], 50, PLAIN, ("the network has learned these examples by heart",)),
        ([(0.9, 0.5), (0.89, 0.6)], 50, NORMED, ()),
        ([(0.9, None)], 50, NORMED, ()),
        ([], 0, PLAIN, ()),
    ],
)
def test_far_less_of_validation_than_of_training_is_a_warning(rows, steps, model, parts):
    history = [{"train_accuracy": one, "validation_accuracy": other} for one, other in rows]
    told = overfitted(history, steps, model)
    assert bool(told) == bool(parts)
    assert all(part in told for part in parts)
    assert ("running statistics" in told) == (bool(parts) and steps < 200 and model is NORMED)


def test_both_are_told_by_the_commands(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, turned in (("as-it-is", 0), ("turned", 1)):
        rows = [
            f"{k % 2 + 0.01 * (k % 7)},{(k // 5) % 5},{(k + turned * (k % 5 < 2)) % 2}"
            for k in range(200)
        ]
        (tmp_path / f"{name}.csv").write_text("\n".join(["x,noise,label", *rows]) + "\n")
    words = ("--model", "earlysieve.networks:SmallMLP", "--data", "table:as-it-is.csv")
    adam = ("--optimizer", "adam", "--lr", "0.02", "--epochs", 6, "--batch-size", 20)
    turned = ok("train", *words, *adam, "--validation", "table:turned.csv", "--out", "other")
    assert "Warning: The last epoch was right on" in turned.stdout
    found = ok("train", *words, *adam, "--validation", "0.3", "--out", "same", "--json")
    assert json.loads(found.stdout)["warnings"] == []
    audit = ("audit", *words[:2], "--checkpoint", "same/model.pt", "--swaps", 0, "--out", "audit")
    told = ok(*audit, "--data", "table:turned.csv")
    assert "Note: In training the model was right on" in told.stdout
    kept = json.loads((tmp_path / "audit/audit.json").read_text())
    assert any(note.startswith("In training the model was right on") for note in kept["notes"])
    held_out = ok(*audit, "--data", words[3], "--held-out", "--json")
    assert "In training" not in held_out.stdout
