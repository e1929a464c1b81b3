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
