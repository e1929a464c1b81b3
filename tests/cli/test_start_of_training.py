"""What a training says of the weights that it starts from and of what is frozen."""

from pathlib import Path

import pytest

from tests.cli.helpers import ok, problem


@pytest.fixture
def started(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for classes in (2, 3):
        rows = [f"{k % classes}.{k % 7},{k % 5},{k % classes}" for k in range(90)]
        (tmp_path / f"{classes}.csv").write_text("\n".join(["x,y,label", *rows]) + "\n")
    net = ("train", "--model", "earlysieve.networks:SmallMLP", "--epochs", 1, "--data")
    ok(*net, "table:2.csv", "--out", "two")
    return net


def test_weights_of_other_classes_are_named_by_another_option(started):
    words = (*started, "table:3.csv", "--checkpoint", "two/model.pt", "--out", "three")
    told = problem(*words)
    assert "Expected data with the 2 classes that 'two/model.pt' tells apart, but " in told
    assert "'table:3.csv' holds 3 (0, 1, 2); to start" in told
    assert "to start from weights of other classes, name them by --pretrained instead" in told


def test_a_rate_for_what_is_frozen_has_no_effect(started):
    words = (*started, "table:2.csv", "--checkpoint", "two/model.pt", "--out", "again")
    scale = ("--backbone-lr-scale", 0.1)
    assert "--backbone-lr-scale has no effect" in ok(*words, "--freeze", *scale).stdout
    assert "no effect" not in ok(*words, *scale, "--fresh").stdout


def test_data_of_other_classes_than_the_weights_are_said_to_be_so(started):
    words = ("audit", "--model", "earlysieve.networks:SmallMLP", "--out", "audit", "--data")
    ok(*started, "table:3.csv", "--out", "three")
    (Path("three") / "classes.json").unlink()
    told = problem(*words, "table:2.csv", "--checkpoint", "three/model.pt")
    assert (
        "the 3 classes that 'three/model.pt' tells apart, but 'table:2.csv' holds 2 (0, 1); "
        in told
    )
    assert "give --num-classes 3, with whole numbers as labels, in the order of its outputs" in told
