"""The steps after audits of `train --audit` and of `fix`, as commands that name their weights."""

from pathlib import Path

import pytest

from earlysieve.auditing.next_steps import FIX, MORE, REFERENCE, RETRAIN, UNSEEN, parts, step
from earlysieve.runs.training_steps import steps_of_fix, steps_of_run
from earlysieve.training import TrainConfig

STEPS = [step(f"Do {code[:9]}:", code) for code in (FIX, RETRAIN, REFERENCE, UNSEEN, MORE)]
OUT = Path("run")
ABOUT = "--model nets:net --checkpoint run/model.pt"


def config(**changes):
    base = {"model": "nets:net", "data": "digits", "batch_size": 8}
    return TrainConfig(**(base | changes))


def codes(steps):
    return [parts(one)[1] for one in steps]


def of_run(ran, weights=OUT / "model.pt"):
    return codes(steps_of_run(STEPS, ran, weights, OUT / "audit-after"))


def test_a_share_that_was_held_out_is_what_fix_takes_by_itself():
    fix, train, reference, unseen, more = of_run(
        config(validation="0.2", data_options={"shortcut": "colour", "mean": [0.5, 0.4]})
    )
    rest = "--shortcut colour --mean 0.5,0.4 --batch-size 8 --seed 0"
    assert fix == (f"earlysieve fix {ABOUT} --data digits {rest} --out run/audit-after/fix")
    assert train.splitlines()[0] == (
        f"earlysieve audit {ABOUT} {rest} --data digits --split train "
        "--out run/audit-after/of-training"
    )
    assert "--method group-dro --balance group --groups-from run/audit-after/of-training" in train
    assert unseen.endswith("--split test --out run/audit-after/test")
    assert (reference, more) == ("", "")


def test_groups_of_the_training_data_are_told_by_what_the_held_out_audit_named():
    ran = config(validation="0.2")
    for steps in (
        steps_of_run(STEPS, ran, OUT / "model.pt", OUT / "audit-after", "phrase"),
        steps_of_fix(STEPS, f"earlysieve fix {ABOUT} --data digits --out f", "test", None, OUT,
                     "phrase"),
    ):  # fmt: skip
        assert "/of-training --groups-reader phrase --out" in codes(steps)[1]


def test_another_split_is_named_and_compared_with_the_training_data():
    fix, _, reference, *_ = of_run(config(validation="split:test", data_options={"limit": 90}))
    assert "--split test --audit run/audit-after --out run/audit-after/fix" in fix
    assert "--limit" not in fix
    assert "--split test --reference digits --reference-split train" in reference


def test_training_data_that_were_audited_are_not_repaired_on():
    fix, train, reference, *_ = of_run(config())
    assert "--split test --out run/audit-after/fix" in fix
    assert "--audit" not in fix
    assert len(train.splitlines()) == 1
    assert "--groups-from run/audit-after " in train
    assert reference == ""


def test_without_other_data_examples_are_held_out_by_retraining(tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
    fix = of_run(config(data=str(tmp_path), model_options={"width": 3, "kind": "x y"}))[0]
    assert fix.endswith("/fix --retrain")
    assert "--model-option width=3 --model-option 'kind=x y'" in fix


def test_weights_in_no_file_cannot_be_named():
    assert of_run(config(), weights=None) == [""] * len(STEPS)
    assert "--checkpoint w.pt " in of_run(config(), weights=Path("w.pt"))[1]


@pytest.mark.parametrize("weights", [None, Path("fixed/model.pt")])
def test_the_audits_of_a_fix_name_its_weights(weights):
    command = (
        "earlysieve fix --model nets:net --checkpoint old.pt --checkpoint-prefix net. --data "
        "digits --split test --budget 2trials --out fixed"
    )
    folder = Path("fixed") / ("audit-before" if weights is None else "audit-after")
    fix, train, reference, *_ = codes(steps_of_fix(STEPS, command, "test", weights, folder))
    named = "--checkpoint old.pt --checkpoint-prefix net." if weights is None else (
        "--checkpoint fixed/model.pt"
    )  # fmt: skip
    assert named in train
    assert named in reference
    assert ("old.pt" in train) == (weights is None)
    assert (fix == "") == (weights is None)
    assert weights is None or f"--audit {folder} --out {folder}/fix" in fix
    assert "--budget" not in fix + train + reference


def test_a_fix_in_python_keeps_its_steps():
    assert steps_of_fix(STEPS, "", "test", None, Path("f")) == STEPS
