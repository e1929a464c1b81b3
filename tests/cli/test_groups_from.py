"""`earlysieve train` with groups from an audit or a file."""

import json

import numpy as np
import pytest
import torch

from earlysieve import AuditResult
from earlysieve.groups.rule_names import RULE_NAMES
from tests.cli.helpers import SMALL, contents, ok, problem, weights

DATA = ("--data", "digits", "--limit", 150)
COLOURED = (*DATA, "--shortcut", "colour")
BASE = ("--model", SMALL, *DATA, "--epochs", 2, "--batch-size", 32)


@pytest.fixture(scope="module")
def audited(tmp_path_factory):
    """The folder of an audit of the training digits."""
    folder = tmp_path_factory.mktemp("audits")
    file = weights(folder / "w.pt")
    words = ("--data", "digits", "--split", "train", "--limit", 150, "--out", folder / "audit")
    ok("audit", "--model", SMALL, "--checkpoint", file, *words, "--quiet")
    return folder / "audit"


def history(out):
    return json.loads((out / "training.json").read_text())["history"]


def test_an_audit_gives_groups_to_a_method_and_a_rule(audited, tmp_path):
    out = tmp_path / "run"
    words = ("--method", "group-dro", "--groups-from", audited, "--validation", "0.2")
    select = ("--select", "worst_pseudo_group_accuracy", "--validation-groups-from", audited)
    ok("train", *BASE, *words, *select, "--out", out, "--quiet")
    rows = history(out)
    named = ("--groups-reader", "texture", "--out", tmp_path / "named")
    said = ok("train", *BASE, *words, *select, *named).stdout
    assert f"by the audit '{audited}': whom a reader of 'texture' misleads (" in said
    assert json.loads((tmp_path / "named/config.json").read_text())["groups_reader"] == "texture"
    groups = AuditResult.load(audited).pseudo_groups()
    assert sum(key.startswith("train_group_weight/") for key in rows[0]) <= int(groups.max()) + 1
    assert "validation_worst_pseudo_group_accuracy" in rows[0]
    assert "validation_worst_group_accuracy" not in rows[0]
    config = json.loads((out / "config.json").read_text())
    assert config["groups_from"] == config["validation_groups_from"] == str(audited)
    before = contents(out)
    ok("train", "--config", out / "config.json", "--out", out, "--quiet")  # done: nothing changes
    assert contents(out)["model.pt"] == before["model.pt"]


def test_groups_of_a_file_are_as_groups_of_the_data(tmp_path):
    """The audits of a run, though, see the data as they are."""
    from earlysieve.runs.train_data import open_train_data
    from earlysieve.training import TrainConfig

    options = {"limit": 150, "shortcut": "colour"}
    data, _ = open_train_data(TrainConfig(data="digits", data_options=options))
    np.save(tmp_path / "g.npy", data.groups)
    method = ("--method", "balanced", "--balance", "group")
    rest = ("--model", SMALL, *COLOURED, "--epochs", 2, "--quiet")
    for name, more in (("own", ()), ("given", ("--groups-from", tmp_path / "g.npy"))):
        ok("train", *rest, *method, *more, "--out", tmp_path / name)
    own, given = (
        torch.load(tmp_path / name / "model.pt", weights_only=True) for name in ("own", "given")
    )
    assert all(torch.equal(own[key], given[key]) for key in own)
    plain = ("--model", SMALL, *DATA, "--epochs", 1, "--quiet", "--audit", *method)
    ok("train", *plain, "--groups-from", tmp_path / "g.npy", "--out", tmp_path / "audited")
    assert AuditResult.load(tmp_path / "audited" / "audit-after").groups is None


def test_other_groups_are_refused_before_anything_is_overwritten(audited, tmp_path):
    out = tmp_path / "run"
    method = ("--method", "group-dro", "--groups-from")
    ok("train", *BASE, *method, audited, "--out", out, "--quiet")
    before = contents(out)
    np.save(tmp_path / "g.npy", np.arange(150) % 3)
    np.save(tmp_path / "short.npy", np.arange(7) % 3)
    said = problem("train", *BASE, *method, tmp_path / "short.npy", "--out", out, "--fresh")
    assert said.startswith("Expected groups of 150 examples, but got those of 7; ")
    assert said.endswith(f"(groups from '{tmp_path / 'short.npy'}')")
    other = ("--model", SMALL, "--data", "digits", "--limit", 150, "--seed", 3, "--epochs", 2)
    said = problem("train", *other, *method, audited, "--out", out, "--fresh")
    assert "they are of others" in said
    said = problem("train", *BASE, *method, tmp_path / "nope", "--out", out, "--fresh")
    assert said.startswith("Expected the folder of an audit, a .npy file")
    said = problem("train", *BASE, *method, tmp_path / "g.npy", "--out", out)
    assert said.startswith(("Expected groups_from=", "Expected num_groups="))
    assert contents(out) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("--method", "group-dro"),
            "Expected data with groups for the method 'group-dro', but 'digits' names none; infer "
            "them from an audit of these data with --groups-from AUDIT_FOLDER, add",
        ),
        (
            ("--validation", "0.2", "--select", "worst_pseudo_group_accuracy"),
            "Expected pseudo-groups of the validation data",
        ),
        (
            ("--validation", "0.2", "--select", "unsupervised_balanced_accuracy"),
            "Expected what a biased reader says of the validation data",
        ),
    ],
)
def test_what_is_missing_is_said_before_anything_is_written(words, said, tmp_path):
    assert problem("train", *BASE, *words, "--out", tmp_path / "run").startswith(said)
    assert not (tmp_path / "run").exists()


def test_options_without_effect_are_refused(audited, tmp_path):
    out = ("--out", tmp_path / "run")
    said = problem("train", *BASE, "--groups-from", audited, *out)
    assert said.startswith("Expected a method that uses groups for --groups-from, but 'erm' as it")
    said = problem("train", *BASE, "--validation", "0.2", "--validation-groups-from", audited, *out)
    assert said.startswith("Expected --select worst_pseudo_group_accuracy or ")
    select = ("--select", "pseudo_group_accuracy")
    said = problem("train", *BASE, *select, "--validation-groups-from", audited, *out)
    assert said.startswith("Expected validation data for --validation-groups-from")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("select", RULE_NAMES[:4] + RULE_NAMES[6:8])
def test_every_rule_has_its_name_here(select, audited, tmp_path):
    more = ()
    if select == "unsupervised_balanced_accuracy":
        more = ("--validation-groups-from", audited)
    words = ("--select", select, "--validation", "0.2", "--epochs", 1, "--quiet")
    ok("train", *BASE, *words, *more, "--out", tmp_path / "run")
    assert f"validation_{select}" in history(tmp_path / "run")[0]


def test_help_says_what_each_rule_is():
    text = " ".join(ok("train", "--help").stdout.split())
    for name in RULE_NAMES:
        assert f"{name}: " in text


TABLE = "x,diagnosis,has\n" + "".join(
    f"{i % 7},{'ab'[i % 2]},{'yes' if i % 2 == (i % 10 > 1) else 'no'}\n" for i in range(60)
)
CROSSED = "holds several classes. A cue misleads only beside some classes"


@pytest.mark.parametrize(
    ("method", "columns", "noted"),
    [
        ("balanced", ("has",), 1),
        ("balanced", ("diagnosis", "has"), 0),
        ("group-dro", ("has",), 1),
        ("erm", ("has",), 0),
    ],
)
def test_groups_of_a_cue_alone_are_noted_once(method, columns, noted, tmp_path):
    (tmp_path / "rows.csv").write_text(TABLE)
    given = [word for column in columns for word in ("--group-column", column)]
    words = ("--data", f"table:{tmp_path / 'rows.csv'}", "--label-column", "diagnosis", *given)
    model = ("--model", "earlysieve.networks:SmallMLP", "--epochs", 1, "--method", method)
    said = ok("train", *words, *model, "--out", tmp_path / "run").output
    assert said.count(CROSSED) == noted
    assert said.count("--group-column diagnosis beside") == noted
