"""The steps after an audit as commands: filled in, quoted, and only where they can be run."""

import json
import shlex
from dataclasses import asdict

import pytest

from earlysieve.auditing.columns_left_out import code_without
from earlysieve.auditing.naming_steps import IRRELEVANT, RELEVANT
from earlysieve.auditing.next_steps import (
    FIX,
    MORE,
    REFERENCE,
    RELIANCE,
    REPAIR,
    REPAIR_OR_RETRAIN,
    RETRAIN,
    SAID,
    UNSEEN,
    parts,
    step,
)
from earlysieve.runs.audit_steps import command_steps
from earlysieve.runs.seen_data import audited_part
from earlysieve.training import TrainConfig

STEPS = ["Look.", *(step(f"Do {code[:9]}:", code) for code in (FIX, RETRAIN, REFERENCE, UNSEEN))]
OURS = "earlysieve.networks:SmallMLP"
MODEL = ("--model", "nets:net", "--checkpoint", "a b/model.pt")


def config(*words, split="test", **changes):
    command = shlex.join(["earlysieve", "audit", *words])
    options = {} if split is None else {"split": split}
    return {"command": command, "data_options": options, "checkpoint": None} | changes


def codes(steps, ran, data="digits", split="test"):
    found = [parts(one) for one in command_steps(steps, ran, audited_part(data, split))]
    return [code for _, code in found]


def test_steps_are_filled_in():
    ran = config(*MODEL, "--data", "digits", "--shortcut", "colour", "--head", "mlp", "--seed", "3",
                 "--out", "out/")  # fmt: skip
    none, fix, train, reference, unseen = codes(STEPS, ran)
    about = "--model nets:net --checkpoint 'a b/model.pt'"
    assert none == ""
    assert fix == (
        f"earlysieve fix {about} --data digits --shortcut colour --seed 3 --split test "
        "--audit out --out out/fix"
    )
    assert train.splitlines() == [
        f"earlysieve audit {about} --shortcut colour --seed 3 --data digits --split train "
        "--out out/of-training",
        f"earlysieve train {about} --shortcut colour --seed 3 --data digits --split train "
        "--optimizer adamw --lr 0.001 --weight-decay 0.0001 --scheduler cosine "
        "--method group-dro --balance group --groups-from out/of-training --out out/group-dro",
    ]
    assert reference == (
        f"earlysieve audit {about} --data digits --shortcut colour --head mlp --seed 3 "
        "--split test --reference digits --reference-split train --out out/compared"
    )
    assert unseen == ""  # there is no third split


def test_training_takes_groups_by_the_reader_that_the_verdict_is_about():
    """The audit of what a model was trained on has no verdict, which would name another."""
    ran, kept = config(*MODEL, "--data", "digits", "--out", "out"), [step("Train:", RETRAIN)]
    (found,) = command_steps(kept, ran, audited_part("digits", "test"), "column a b")
    audit, train = parts(found)[1].splitlines()
    assert "--groups-from out/of-training --groups-reader 'column a b' --out out/group" in train
    assert "reader" not in audit
    # The audit of all training data itself knows what its verdict is about.
    ran = config(*MODEL, "--data", "digits", "--out", "out", split="train")
    (found,) = command_steps(kept, ran, audited_part("digits", "train"), "column a b")
    assert "--groups-from out --out out/group-dro" in parts(found)[1]


def test_test_data_beside_validation_data_are_left_to_test_on(tmp_path):
    rows = "".join(f"{k},{k % 2},{split}\n" for k, split in enumerate(("train", "val", "test") * 4))
    (tmp_path / "t.csv").write_text("x,label,split\n" + rows)
    data = f"table:{tmp_path}/t.csv"
    kept = [step("Repair it:", FIX)]
    start = f"earlysieve fix --model nets:net --checkpoint 'a b/model.pt' --data {data} --split"
    ran = config(*MODEL, "--data", data, "--out", "out")
    assert codes(kept, ran, data) == [f"{start} val --out out/fix"]
    ran = config(*MODEL, "--data", data, "--irrelevant", "x", "--out", "out")
    # `fix` takes from an audit what must not matter.
    audit = start.replace(" fix ", " audit ").replace(" --split", " --irrelevant x --split")
    assert codes(kept, ran, data) == [
        f"{audit} val --out out/val\n{start} val --audit out/val --out out/fix"
    ]
    # What was named is asked about in these, too.
    (found,) = command_steps(
        kept, config(*MODEL, "--data", data, "--out", "out"), audited_part(data, "test"),
        asked="column x",
    )  # fmt: skip
    audit = start.replace(" fix ", " audit ")
    assert parts(found)[1] == (
        f"{audit} val --out out/val --irrelevant 'column x'\n"
        f"{start} val --audit out/val --out out/fix"
    )
    ran = config(*MODEL, "--data", data, "--out", "out", split="val")
    assert codes(kept, ran, data, "val") == [f"{start} val --audit out --out out/fix"]


def test_what_must_not_matter_is_repaired_and_trained_away(tmp_path):
    kept = [REPAIR_OR_RETRAIN]
    ran = config(*MODEL, "--data", "digits", "--irrelevant", "x", "--out", "out")
    (command,) = codes(kept, ran)
    assert command.endswith("--split test --audit out --out out/fix --retrain")
    named = {"data": "digits", "data_options": {"split": "other one"}}
    (tmp_path / "config.json").write_text(json.dumps(named))
    (tmp_path / "t.csv").write_text("x,label\n1,0\n2,1\n")
    data = f"table:{tmp_path}/t.csv"
    weights = str(tmp_path / "model.pt")
    ran = config(*MODEL, "--data", data, "--out", "out", split=None, checkpoint=weights)
    (command,) = codes(kept, ran, data, None)
    assert command.endswith("--train-data digits --train-split 'other one' --retrain")
    # What it was trained on is not known: there is nothing to train on.
    (found,) = command_steps(kept, ran | {"checkpoint": None}, audited_part(data, None))
    assert parts(found)[0] == parts(REPAIR)[0]
    assert "--retrain" not in found


def test_what_must_not_matter_is_said_in_the_same_audit():
    kept = [step("Say so:", f'{IRRELEVANT}"column a b"])')]
    ran = config(*MODEL, "--data", "digits", "--head", "mlp", "--out", "out")
    about = "earlysieve audit --model nets:net --checkpoint 'a b/model.pt' --data digits --head mlp"
    assert codes(kept, ran) == [
        f"{about} --split test --irrelevant 'column a b' --out out/must-not-matter"
    ]
    ran = config(*MODEL, "--data", "digits", "--held-out", "--out", "out")
    assert codes(kept, ran)[0].endswith("--out out/must-not-matter --held-out")


def test_what_belongs_to_the_task_is_said_beside_what_was_named_before():
    kept = [step("Say so:", f'{RELEVANT}"column region"])')]
    told = ("--relevant", "age", "--irrelevant", "ward")
    ran = config(*MODEL, "--data", "digits", *told, "--out", "out")
    (command,) = codes(kept, ran)
    assert command.endswith(
        "--irrelevant ward --split test --relevant age --relevant 'column region' "
        "--out out/the-task"
    )


def test_another_audit_does_not_write_over_kept_features():
    kept = [*STEPS, step("Say so:", f'{IRRELEVANT}"mark"])')]
    ran = config(*MODEL, "--data", "digits", "--keep-features", "kept", "--out", "out")
    audits = [line for code in codes(kept, ran) for line in code.splitlines() if "audit -" in line]
    assert len(audits) >= 3
    assert all("--keep-features" not in line for line in audits)
    assert any("--features kept" in code for code in codes(kept, ran))


def test_a_gate_is_of_one_audit():
    gate = ("--fail-on", "shortcut", "--min-worst-group", "0.8")
    ran = config(*MODEL, "--data", "digits", *gate, "--out", "out")
    assert codes(STEPS, ran) == codes(STEPS, config(*MODEL, "--data", "digits", "--out", "out"))


def test_nothing_is_trained_on_a_test_split(tmp_path):
    ran = config(*MODEL, "--data", "mine:load", "--split", "test", "--out", "out")
    train = codes(STEPS, ran, "mine:load")[2]
    for line in train.splitlines():
        assert "--data mine:load --split train" in line
    (tmp_path / "t.csv").write_text("text,label,split\na,0,test\nb,1,val\n")
    data = f"csv:{tmp_path / 't.csv'}"
    ran = config(*MODEL, "--data", data, "--split", "test", "--out", "out")
    assert "--split" not in codes(STEPS, ran, data)[2]


def test_features_that_were_kept_are_read_again():
    ran = config(*MODEL, "--data", "digits", "--keep-features", "kept", "--out", "out")
    fix = codes(STEPS, ran)[1]
    assert fix.endswith("--split test --audit out --features kept --out out/fix")


def test_the_network_is_trained_again_as_it_was_trained(tmp_path):
    trained = TrainConfig("nets:net", "digits", optimizer="adamw", lr=0.001, epochs=3, freeze="a b")
    (tmp_path / "config.json").write_text(json.dumps(asdict(trained)), encoding="utf-8")
    weights = str(tmp_path / "model.pt")
    ran = config("--model", "nets:net", "--checkpoint", weights, "--data", "digits", "--out", "out")
    _, _, train, *_ = codes(STEPS, ran)
    given = "--optimizer adamw --lr 0.001 --epochs 3 --freeze 'a b' --method group-dro"
    audit, command = train.splitlines()
    assert given in command  # what is as by default is left out
    assert "--lr" not in audit


@pytest.mark.parametrize(
    ("model", "options"),
    [
        ("hf:my-texts", "--optimizer adamw --lr 7e-05 "),
        ("timm:vit_base_patch16_224", "--optimizer adamw --lr 7e-05 "),
        ("torchvision:swin_t", "--optimizer adamw --lr 7e-05 "),
        ("timm:resnet18", "--optimizer adamw --lr 0.001 "),
    ],
)
def test_without_its_run_a_network_is_trained_again_gently(model, options):
    ran = config("--model", model, "--data", "digits", "--out", "out")
    audit, train = codes(STEPS, ran)[2].splitlines()
    assert options in train
    assert ("--clip-norm 1.0" in train) == ("--lr 7e" in options)
    assert "--lr" not in audit
    small = codes(STEPS, ran | {"attention_width": 50})[2]
    assert "--optimizer adamw --lr 0.001 " in small
    assert "--clip-norm 1.0" in small


@pytest.mark.parametrize("audited", ["test", "val", "train"])
def test_validation_data_show_whether_a_training_does_harm(tmp_path, audited):
    (tmp_path / "t.csv").write_text("text,label,split\na,0,test\nb,1,val\nc,1,train\n")
    data = f"csv:{tmp_path / 't.csv'}"
    words = ("--model", "hf:texts", "--data", data, "--split", audited, "--out", "out")
    ran = config(*words, split=audited)
    train = codes(STEPS, ran, data, audited)[2].splitlines()[-1]
    assert " --split train --validation split:val " in train


@pytest.mark.parametrize("validation", ["0.2", "split:test"])
def test_what_the_run_held_out_is_not_trained_on(tmp_path, validation):
    trained = TrainConfig(data="digits", model="nets:net", validation=validation, seed=4)
    (tmp_path / "config.json").write_text(json.dumps(asdict(trained)), encoding="utf-8")
    model = ("--model", "nets:net", "--checkpoint", str(tmp_path / "model.pt"))
    ran = config(*model, "--data", "digits", "--seed", "3", "--limit", "50", "--out", "out")
    audit, command = codes(STEPS, ran)[2].splitlines()
    assert f" --validation {validation} " in command
    assert "--validation" not in audit
    # The seed of the run draws its share again.
    assert (" --seed 4 " in command) == (validation == "0.2")
    # That of the audit was for its time alone.
    assert "--limit" not in command
    assert "--limit" not in audit
    assert ("--seed 3" in audit) == (validation != "0.2")
    of_others = config(*model, "--data", "mine:load", "--split", "test", "--out", "out")
    assert "--validation" not in codes(STEPS, of_others, "mine:load")[2]


def test_what_the_run_held_out_is_named_where_there_is_no_other_split(tmp_path):
    (tmp_path / "rows.csv").write_text("x,label\n0,0\n1,1\n")
    data = f"table:{tmp_path / 'rows.csv'}"
    trained = TrainConfig(data=data, model="nets:net", validation="0.2")
    (tmp_path / "config.json").write_text(json.dumps(asdict(trained)), encoding="utf-8")
    weights = str(tmp_path / "model.pt")
    model = ("--model", "nets:net", "--checkpoint", weights, "--data", data)
    ran = config(*model, "--out", "out", split=None, checkpoint=weights)
    _, fix, train, reference, unseen = codes(STEPS, ran, data, None)
    assert unseen.endswith("--out out/held-out --held-out")
    assert fix.endswith(f"--data {data} --out out/fix")  # it takes the share by itself
    few = config(*model, "--limit", "9", "--out", "out", split=None, checkpoint=weights)
    for line in codes(STEPS, few, data, None)[2].splitlines():
        assert "--limit" not in line  # the share is drawn from all
        assert "out/of-training" in line
    # After that audit nothing says that the model was trained on what was audited.
    ran = config(*model, "--held-out", "--out", "out", split=None, checkpoint=weights)
    _, fix, train, reference, unseen = codes(STEPS, ran, data, None)
    assert fix.endswith(f"--data {data} --audit out --out out/fix")
    audit, train = train.splitlines()
    assert "--held-out" not in audit + train
    assert "--validation 0.2" in train
    assert (reference, unseen) == ("", "")


def test_a_column_is_left_out_and_the_network_trained_as_before(tmp_path):
    (tmp_path / "rows.csv").write_text("x,place,ward 3,label\n0,1,2,0\n1,2,3,1\n")
    data, weights = f"table:{tmp_path / 'rows.csv'}", str(tmp_path / "model.pt")
    about = ("--model", OURS, "--checkpoint", weights, "--data", data)
    ran = config(*about, "--model-option", "input_shape=[3]", "--model-option", "depth=2",
                 "--categories", "place=1,2", "--out", "out", split=None,
                 checkpoint=weights)  # fmt: skip
    leave = [step("Leave it out.", code_without(one, [one])) for one in
             ("ward 3", "gone")]  # fmt: skip
    assert codes(leave, ran, data, None) == ["", ""]  # how it was trained is not known
    options = {"drop_column": "place"}
    trained = TrainConfig(data=data, model=OURS, validation="0.2", epochs=3, data_options=options)
    (tmp_path / "config.json").write_text(json.dumps(asdict(trained)), encoding="utf-8")
    assert codes(leave, ran, data, None) == [
        f"earlysieve train --model {OURS} --model-option depth=2 --drop-column place "
        f"--drop-column 'ward 3' --epochs 3 --validation 0.2 --seed 0 --data {data} "
        "--out out/without-ward-3",
        "",
    ]


@pytest.mark.parametrize(
    ("variables", "columns", "dropped"),
    [
        (["ward 3", "x"], ["ward 3", "x"], "--drop-column 'ward 3' --drop-column x"),
        (["on/off", "x"], ["on", "off", "x"], "--drop-column x --drop-column on --drop-column off"),
        (["town", "x"], ["town_Bern", "town_Ulm", "x"], "--drop-column town --drop-column x"),
        (["x", "gone"], ["x", "gone"], ""),
        (["on/gone"], ["on", "gone"], ""),
    ],
)
def test_all_that_tells_the_same_is_left_out_by_the_names_of_the_file(
    tmp_path, variables, columns, dropped
):
    (tmp_path / "rows.csv").write_text(
        "x,on,off,town,ward 3,label\n0,1,0,Bern,2,0\n1,0,1,Ulm,3,1\n"
    )
    data, weights = f"table:{tmp_path / 'rows.csv'}", str(tmp_path / "model.pt")
    trained = TrainConfig(data=data, model=OURS)
    (tmp_path / "config.json").write_text(json.dumps(asdict(trained)), encoding="utf-8")
    ran = config("--model", OURS, "--checkpoint", weights, "--data", data, "--out", "out",
                 split=None, checkpoint=weights)  # fmt: skip
    (code,) = codes([step("Leave them out.", code_without(variables, columns))], ran, data, None)
    assert f" --model {OURS} {dropped} --" in code if dropped else not code


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"patience": 5}, "--patience 5"),
        ({"patience": 5, "restore_best": True}, "--patience 5 --restore-best"),
        ({"patience": 5, "restore_best": False}, "--patience 5 --keep-last"),
        ({"restore_best": True, "select": "loss"}, "--restore-best --select loss"),
        ({"restore_best": False}, ""),
        ({"patience": 5, "select": "pseudo_group_accuracy"}, ""),  # of groups that it has not
        ({"patience": 5, "validation": None}, ""),
    ],
)
def test_an_epoch_is_chosen_as_before_but_not_by_a_method_of_groups(tmp_path, chosen, said):
    (tmp_path / "rows.csv").write_text("x,ward,label,split\n0,1,0,train\n1,2,1,val\n1,2,1,test\n")
    data, weights = f"table:{tmp_path / 'rows.csv'}", str(tmp_path / "model.pt")
    ran = config("--model", OURS, "--checkpoint", weights, "--data", data, "--out", "out",
                 checkpoint=weights)  # fmt: skip
    known = {"data": data, "model": OURS, "validation": "split:val", "epochs": 30} | chosen
    (tmp_path / "config.json").write_text(json.dumps(asdict(TrainConfig(**known))))
    without = codes([step("Leave it out.", code_without("ward", ["ward"]))], ran, data, "test")[0]
    validated = " --validation split:val" if known["validation"] else ""
    assert f" --epochs 30{validated}{' ' * bool(said)}{said} --data " in without
    group_dro = codes(STEPS, ran, data, "test")[2]
    assert f" --epochs 30{validated} --method group-dro " in group_dro


def test_a_network_of_a_fixed_width_has_to_be_another_one_without_a_column(tmp_path):
    rows = ["x,town,ward,site,label", "0,Bern,2,a,no", *["1,Ulm,3,b,yes"] * 3]
    (tmp_path / "rows.csv").write_text("\n".join(rows) + "\n")
    data, weights = f"table:{tmp_path / 'rows.csv'}", str(tmp_path / "model.pt")
    ran = config("--model", "nets:net", "--checkpoint", weights, "--data", data, "--group-column",
                 "site", "--out", "out", split=None, checkpoint=weights)  # fmt: skip
    leave = [step("Leave it out.", code_without(one, [one])) for one in
             ("ward", "town", "gone")]  # fmt: skip
    trained = TrainConfig(data=data, model="nets:net")
    (tmp_path / "config.json").write_text(json.dumps(asdict(trained)), encoding="utf-8")
    assert command_steps(leave, ran, audited_part(data, None)) == [
        "Leave it out. There are 3 inputs then ('x', 'town_Bern', 'town_Ulm'): --model has to name "
        "a network whose first layer takes 3, as nets:net takes more, "
        "or earlysieve.networks:SmallMLP, which takes as many as there are.",
        "Leave it out. There are 2 inputs then ('x', 'ward'): --model has to name a network whose "
        "first layer takes 2, as nets:net takes more, "
        "or earlysieve.networks:SmallMLP, which takes as many as there are.",
        "Leave it out.",
    ]


def test_an_audit_of_training_data_is_repeated_on_others_and_its_groups_are_used():
    ran = config(*MODEL, "--data", "digits", "--split", "train", "--out", "out", split="train")
    _, _, train, reference, unseen = codes(STEPS, ran, split="train")
    assert len(train.splitlines()) == 1
    assert "--groups-from out " in train
    assert reference == ""
    assert unseen.endswith("--split test --out out/test")


@pytest.mark.parametrize("split", ["test", "val"])
def test_held_out_data_that_are_all_right_are_said_to_be_unseen(tmp_path, split):
    (tmp_path / "t.csv").write_text("text,label,split\na,0,test\nb,1,val\nc,1,train\n")
    data = f"csv:{tmp_path / 't.csv'}"
    words = ("--model", "hf:texts", "--data", data, "--split", split, "--out", "out")
    ran = config(*words, split=split)
    said, unseen = codes([step("Say:", SAID), step("Others:", UNSEEN)], ran, data, split)
    assert said == (
        f"earlysieve audit --model hf:texts --data {data} --split {split} --out out/unseen --unseen"
    )
    assert unseen == ""  # the other of both splits would say as much
    words = ("--model", "hf:texts", "--data", data, "--split", "train", "--out", "out")
    assert codes([step("Say:", SAID)], config(*words, split="train"), data, "train") == [""]


def test_a_source_without_splits_is_trained_on_itself_unless_the_run_names_another(tmp_path):
    (tmp_path / "photos/cat").mkdir(parents=True)
    (tmp_path / "photos/dog").mkdir()
    data = str(tmp_path / "photos")
    ran = config(*MODEL, "--data", data, "--out", "out", split=None)
    _, fix, train, reference, _ = codes(STEPS, ran, data, None)
    assert "--split" not in fix + train
    assert f"--data {data} --optimizer adamw " in train
    assert "--method group-dro --balance group --groups-from out " in train
    assert reference == ""
    told = " ".join(command_steps(STEPS, ran, audited_part(data, None)))
    assert "Which these are is not known: audit them first" in told
    (tmp_path / "config.json").write_text(json.dumps({"data": "csv:all.csv"}))
    beside = ran | {"checkpoint": str(tmp_path / "model.pt")}
    assert "not known" not in " ".join(command_steps(STEPS, beside, audited_part(data, None)))
    assert "--reference csv:all.csv --out" in codes(STEPS, beside, data, None)[3]
    # What would run code is not taken from a file.
    (tmp_path / "config.json").write_text(json.dumps({"data": "evil:data"}))
    assert "evil" not in " ".join(codes(STEPS, beside, data, None))


@pytest.mark.parametrize("limit", [(), ("--limit", "100")])
def test_more_data_are_those_that_a_limit_left_out(limit):
    ran = config(*MODEL, "--data", "digits", *limit, "--out", "out")
    (kept,) = command_steps([step("Audit more:", MORE)], ran, audited_part("digits", "test"))
    text, code = parts(kept)
    assert (text == "Audit more:") == bool(limit)
    assert ("--out out/all" in code) == bool(limit)
    assert "--limit" not in code
    assert limit or text == "Audit more."


@pytest.mark.parametrize(
    "command",
    [
        "",
        "earlysieve demo --seed 0",
        "earlysieve audit 'open",
        "earlysieve audit --data digits --out 'a\nb'",
    ],
)
def test_an_audit_that_was_run_otherwise_keeps_its_steps(command):
    part = audited_part("digits", "test")
    assert command_steps(STEPS, config() | {"command": command}, part) == STEPS


def test_whatever_is_named_is_quoted():
    evil = "x; rm -rf '$HOME' `y`"
    ran = config("--model", evil, "--data", "digits", "--out", evil)
    for code in codes(STEPS, ran)[1:4]:
        for line in code.splitlines():
            words = shlex.split(line)
            assert words[words.index("--model") + 1] == evil
            assert words[words.index("--out") + 1].startswith(evil)


def test_reliance_on_what_has_no_reader_is_measured_by_a_column_of_a_file(tmp_path):
    kept = [step("Measure:", RELIANCE)]
    about = "earlysieve reliance --model nets:net --checkpoint 'a b/model.pt'"
    column = "--cue-column COLUMN --cue-class VALUE=CLASS"
    of_folder = config(*MODEL, "--data", str(tmp_path), "--image-size", "96", "--limit", "9",
                       "--irrelevant", "size", "--out", "out")  # fmt: skip
    assert codes(kept, of_folder) == [f"{about} --image-size 96 --data with-column.csv {column}"]
    of_list = config(*MODEL, "--data", "a.csv", "--text-column", "t", "--out", "out")
    assert codes(kept, of_list) == [f"{about} --data a.csv --text-column t --split test {column}"]
    assert codes(kept, config(*MODEL, "--data", "digits", "--out", "out")) == [""]


def listed(path, rows):
    path.write_text("path,label,size,camera,id\n" + "".join(f"{row}\n" for row in rows))
    return str(path)


def test_reliance_is_asked_about_the_column_that_nobody_used(tmp_path):
    """Of two columns that of the size goes with the label more; of a rare label, too."""
    rows = [f"{k}.png,{kind},{size},{'ab'[k % 2]},{k}" for k, (kind, size) in enumerate(
        [("coat", "small")] * 9 + [("shirt", "large")] * 3 + [("coat", "large")] * 2)]  # fmt: skip
    data = listed(tmp_path / "list of images.csv", rows)
    (code,) = codes([step("Measure:", RELIANCE)], config(*MODEL, "--data", data, "--out", "out"))
    assert shlex.split(code)[-6:] == [
        "--cue-column", "size", "--cue-class", "large=shirt", "--cue-class", "small=coat"
    ]  # fmt: skip


@pytest.mark.parametrize("sizes", [["", ""], ["large", "large"], ["coat", "shirt"]])
def test_a_column_that_says_nothing_or_the_label_itself_is_not_asked_about(tmp_path, sizes):
    rows = [f"{k}.png,{'coat' if k % 2 else 'shirt'},{sizes[k % 2]},,{k}" for k in range(8)]
    data = listed(tmp_path / "a.csv", rows)
    (code,) = codes([step("Measure:", RELIANCE)], config(*MODEL, "--data", data, "--out", "out"))
    assert code.endswith("--cue-column COLUMN --cue-class VALUE=CLASS")


def test_a_column_that_is_balanced_by_class_is_not_asked_about(tmp_path):
    """Camera a took half of either class."""
    rows = [f"{k}.png,{'coat' if k % 2 else 'shirt'},,{'ab'[k // 2 % 2]},{k}" for k in range(80)]
    data = listed(tmp_path / "a.csv", rows)
    (code,) = codes([step("Measure:", RELIANCE)], config(*MODEL, "--data", data, "--out", "out"))
    assert code.endswith("--cue-column COLUMN --cue-class VALUE=CLASS")
