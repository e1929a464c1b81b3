"""The command that a training ends in."""

from pathlib import Path

import pytest

from earlysieve.runs.after_training import audit_of_run

from ..cli.helpers import photos

OUT = Path("runs/a")
TRAIN = "earlysieve train --model nets:net --data"


def test_it_audits_a_split_that_was_not_trained_on(tmp_path):
    for split in ("train", "test"):
        photos(tmp_path / "photos" / split, per_class=1)
    found = audit_of_run(
        f"{TRAIN} {tmp_path}/photos --split train --pretrained w.pt --image-size 96 --mean 0 "
        "--epochs 3 --out runs/a",
        OUT,
    )
    assert found == (
        f"earlysieve audit --model nets:net --data {tmp_path}/photos --image-size 96 --mean 0 "
        "--checkpoint runs/a/model.pt --split test --out runs/a/audit"
    )


@pytest.mark.parametrize(
    ("validation", "ends"),
    [
        ("split:val", "--checkpoint runs/a/model.pt --split val --out runs/a/audit"),
        ("0.2", "--checkpoint runs/a/model.pt --out runs/a/audit --held-out"),
        ("other.csv", "--checkpoint runs/a/model.pt --split test --out runs/a/audit"),
    ],
)
def test_it_audits_what_the_run_was_validated_on_and_keeps_the_test(tmp_path, validation, ends):
    for split in ("train", "val", "test"):
        photos(tmp_path / "photos" / split, per_class=1)
    command = f"{TRAIN} {tmp_path}/photos --out runs/a --validation {validation}"
    assert audit_of_run(command, OUT).endswith(ends)


def test_a_share_that_is_too_small_gives_way_to_a_split(tmp_path):
    for split in ("train", "test"):
        photos(tmp_path / "photos" / split, per_class=1)
    command = f"{TRAIN} {tmp_path}/photos --split train --out runs/a --validation 0.1"
    assert audit_of_run(command, OUT, 89).endswith("--split test --out runs/a/audit")
    assert audit_of_run(command, OUT, 900).endswith("--out runs/a/audit --held-out")
    undivided = f"{TRAIN} {tmp_path}/photos/train --out runs/a --validation 0.1"
    assert audit_of_run(undivided, OUT, 89).endswith("--out runs/a/audit --held-out")


def test_without_splits_it_audits_the_share_that_was_held_out(tmp_path):
    (tmp_path / "rows.csv").write_text("x,label\n0,0\n1,1\n")
    command = f"{TRAIN} table:{tmp_path}/rows.csv --epochs 3 --out runs/a --validation"
    assert audit_of_run(f"{command} 0.2", OUT) == (
        f"earlysieve audit --model nets:net --data table:{tmp_path}/rows.csv "
        "--checkpoint runs/a/model.pt --out runs/a/audit --held-out"
    )
    assert audit_of_run(f"{command} other.csv", OUT) == ""


@pytest.mark.parametrize(
    "command",
    [
        "earlysieve train --config runs/b/config.json --out runs/a",
        f"{TRAIN} digits --split test --out runs/a",
        f"{TRAIN} no/such/folder --out runs/a",
        f"{TRAIN} my.module:data --out runs/a",
        "earlysieve fix --model nets:net --data digits --out runs/a",
    ],
)
def test_none_where_there_is_no_such_split(command):
    assert audit_of_run(command, OUT) == ""
