"""Teachers of `earlysieve train`, and everything that is refused before anything is written."""

import pickle

import numpy as np
import pytest
import torch

from earlysieve.networks.small import small_cnn
from tests.cli.helpers import DIGITS, SMALL, contents, ok, problem, run, weights

pytestmark = pytest.mark.filterwarnings("ignore::earlysieve.weighting.WeightWarning")

NETWORKS = "tests.cli.networks"
TRAINED = ("--teacher", f"{NETWORKS}:trained")
FAST = ("--model", SMALL, *DIGITS, "--epochs", 1, "--batch-size", 64)
KD = ("train", *FAST, "--method", "kd")
DEDIER = ("train", *FAST, "--method", "dedier", *TRAINED)


def same_weights(one, two):
    a, b = (torch.load(folder / "model.pt", weights_only=True) for folder in (one, two))
    return all(torch.equal(a[key], b[key]) for key in a)


def test_logits_are_kept_in_a_file_for_other_runs(tmp_path):
    kept = tmp_path / "kept.logits"
    first = ok(*KD, *TRAINED, "--teacher-logits", kept, "--out", tmp_path / "a")
    assert f"The teacher's logits are computed once and kept in '{kept}'." in first.stdout
    before = kept.read_bytes()
    ok(*KD, *TRAINED, "--teacher-logits", kept, "--out", tmp_path / "b", "--quiet")
    ok(*KD, "--teacher-logits", kept, "--out", tmp_path / "c", "--quiet")
    assert kept.read_bytes() == before
    assert same_weights(tmp_path / "a", tmp_path / "b")
    assert same_weights(tmp_path / "a", tmp_path / "c")
    assert not (tmp_path / "a" / "teacher.logits").exists()


def test_checkpoint_and_options_of_the_teacher(tmp_path):
    words = ("--teacher", SMALL, "--teacher-checkpoint", weights(tmp_path / "t.pt", seed=3))
    ok(*KD, *words, "--out", tmp_path / "a", "--quiet")
    ok(*KD, *TRAINED, "--out", tmp_path / "b", "--quiet")
    assert same_weights(tmp_path / "a", tmp_path / "b")
    other = ("--teacher-option", "seed=4")
    ok(*KD, *TRAINED, *other, "--out", tmp_path / "c", "--quiet")
    assert not same_weights(tmp_path / "b", tmp_path / "c")


def test_weights_of_a_teacher_are_found_as_those_of_a_model_are(tmp_path):
    """By key and prefix in another tool's file, or as the pretrained weights of a file."""
    plain = weights(tmp_path / "t.pt", seed=3)
    state = torch.load(plain, weights_only=True)
    both = {f"student.{k}": v + 1 for k, v in state.items() if v.is_floating_point()}
    both |= {f"student.{k}": v for k, v in state.items() if not v.is_floating_point()}
    both |= {f"teacher.{k}": v for k, v in state.items()}
    torch.save({"state_dict": both, "ema": {}}, tmp_path / "lit.ckpt")
    file = ("--teacher", SMALL, "--teacher-checkpoint", tmp_path / "lit.ckpt")
    named = ("--teacher-checkpoint-key", "state_dict", "--teacher-checkpoint-prefix", "teacher.")
    ok(*KD, *file, *named, "--out", tmp_path / "a", "--quiet")
    ok(*KD, "--teacher", SMALL, "--teacher-pretrained", plain, "--out", tmp_path / "b", "--quiet")
    ok(*KD, *TRAINED, "--out", tmp_path / "c", "--quiet")
    assert same_weights(tmp_path / "a", tmp_path / "c")
    assert same_weights(tmp_path / "b", tmp_path / "c")
    no = ("--out", tmp_path / "no")
    assert "prefix" in problem(*KD, *file, *no)  # which of the two networks?
    wrong = ("--teacher-checkpoint-key", "emma")
    assert "it has weights under 'state_dict'" in problem(*KD, *file, *wrong, *no)
    alone = problem(*KD, "--teacher", SMALL, *named, *no)
    assert "Expected --teacher-checkpoint with --teacher-checkpoint-" in alone
    assert "but got both" in problem(*KD, *file, "--teacher-pretrained", plain, *no)
    small = ("--teacher-pretrained", weights(tmp_path / "four.pt", classes=4))
    assert "last layer" in problem(*KD, *no, "--teacher", SMALL, *small)
    bare = problem(*KD, *no, "--teacher", SMALL, "--teacher-pretrained")
    assert "since 'earlysieve.networks:small_cnn' builds a network with random weights" in bare
    said = problem(*KD, *no, "--teacher", "torchvision:resnet18")
    assert "or --teacher-pretrained for published ones" in said


def test_teacher_runs_on_every_batch_where_inputs_differ(tmp_path):
    words = ("--data", f"{NETWORKS}:flipped", "--model", SMALL, "--epochs", 1, *TRAINED)
    words = ("train", "--num-classes", 10, "--method", "dedier", "--stage", 1, *words)
    result = ok(*words, "--out", tmp_path / "run")
    assert "The teacher runs on every batch." in result.stdout
    assert not (tmp_path / "run" / "teacher.logits").exists()
    header, *rows = (tmp_path / "run" / "weights.csv").read_text().splitlines()
    assert (header, len(rows)) == ("index,label,group,weight", 60)
    text = problem(*words, "--keep-logits", "--out", tmp_path / "no")
    assert text.startswith("Expected fixed inputs, since logits are kept for them")
    assert not (tmp_path / "no").exists()


def test_logits_are_kept_by_default_and_again_for_a_fresh_run(tmp_path):
    ok(*KD, *TRAINED, "--out", tmp_path, "--quiet")
    first = (tmp_path / "teacher.logits").read_bytes()
    fly = ok(*KD, *TRAINED, "--teacher-on-the-fly", "--out", tmp_path / "fly")
    assert "The teacher runs on every batch." in fly.stdout
    assert not (tmp_path / "fly" / "teacher.logits").exists()
    other = ("--teacher-option", "seed=4", "--out", tmp_path, "--quiet")
    before = contents(tmp_path)
    assert "the checkpoint was made" in problem(*KD, *TRAINED, *other)
    assert contents(tmp_path) == before
    ok(*KD, *TRAINED, *other, "--fresh")
    assert (tmp_path / "teacher.logits").read_bytes() != first


@pytest.fixture
def files(tmp_path):
    """Files of logits and weights of which each is wrong in its own way."""
    ok(*KD, *TRAINED, "--teacher-logits", tmp_path / "own", "--out", tmp_path / "x", "--quiet")
    planted = ("--limit", 130, "--limit", 120, "--seed", 9, "--out", tmp_path / "y", "--quiet")
    ok(*KD, *TRAINED, "--teacher-logits", tmp_path / "other", *planted)
    np.save(tmp_path / "twelve.npy", np.zeros((120, 12), np.float32))
    np.save(tmp_path / "short.npy", np.zeros((119, 10), np.float32))
    np.save(tmp_path / "fixed.npy", np.zeros((60, 10), np.float32))
    weights(tmp_path / "four.pt", classes=4)
    state = torch.load(weights(tmp_path / "nan.pt"), weights_only=True)
    spoilt = {k: v * float("nan") if v.is_floating_point() else v for k, v in state.items()}
    torch.save(spoilt, tmp_path / "nan.pt")
    (tmp_path / "damaged").write_bytes((tmp_path / "own").read_bytes()[:30])
    (tmp_path / "flipped").write_bytes(b"E" + (tmp_path / "own").read_bytes()[1:])
    (tmp_path / "unsafe.pt").write_bytes(pickle.dumps(small_cnn(10)))
    return tmp_path


def test_teachers_that_do_not_fit_are_refused_before_anything_is_written(files):
    out = files / "no"
    for words, part in (
        ((), "Expected a teacher for the method 'kd', but got none; give --teacher"),
        (("--teacher", SMALL), "Expected --teacher-checkpoint, since"),
        (("--teacher", SMALL, "--teacher-checkpoint", files / "four.pt"), "in the weights, but"),
        (("--teacher", SMALL, "--teacher-checkpoint", files / "unsafe.pt"), "can run any code"),
        (("--teacher", SMALL, "--teacher-checkpoint", files / "no.pt"), "there is no such file"),
        (("--teacher", "torchvision:nothing"), "Expected a classifier of torchvision"),
        (
            ("--teacher", f"{NETWORKS}:of_twelve"),
            "Expected a teacher that gives 10 logits, as the student does, but it gives 12",
        ),
        (("--teacher", SMALL, "--teacher-option", "channels=1"), "Expected --teacher-checkpoint"),
        (
            ("--teacher", f"{NETWORKS}:small_cnn", "--teacher-option", "channels=1"),
            "Expected the teacher to take inputs of the data, (3, 28, 28)",
        ),
        (("--teacher-logits", files / "none"), "there is no such file"),
        (
            ("--teacher", SMALL, "--teacher-checkpoint", files / "nan.pt"),
            "Expected a teacher that gives finite logits, but it gives NaN",
        ),
        (("--teacher-logits", files / "damaged"), "begin with the shape and the origin"),
        (("--teacher-logits", files / "flipped"), "copy it again"),
        (("--teacher-logits", files / ("a" * 5000)), "there is no such file"),
        (("--teacher-logits", files / "twelve.npy"), "Expected a teacher that gives 10 logits"),
        (("--teacher-logits", files / "short.npy"), "Expected logits of 120 examples"),
        (("--teacher-logits", files / "other"), "made for other examples"),
        (
            (*TRAINED, "--teacher-option", "seed=4", "--teacher-logits", files / "own"),
            "made with other weights",
        ),
        (
            (*TRAINED, "--teacher-logits", files / "own", "--teacher-on-the-fly"),
            "Expected the teacher on every batch or its logits",
        ),
        (
            ("--data", f"{NETWORKS}:flipped", "--teacher-logits", files / "fixed.npy"),
            "Expected fixed inputs",
        ),
        ((*TRAINED, "--patience", 2), "Expected validation data for patience"),
        ((*TRAINED, "--alpha", 1), "Expected an option of the method 'kd', but got 'alpha'"),
    ):
        command = ("train", "--model", SMALL, "--epochs", 1, "--method", "kd", "--num-classes", 10)
        data = () if "--data" in words else DIGITS
        assert part in problem(*command, *data, *words, "--out", out), words
        assert not out.exists(), words


def test_methods_refuse_what_they_cannot_use_before_anything_is_written(tmp_path):
    out = tmp_path / "no"
    plain = ("--data", "digits", "--split", "test", "--limit", 120)
    ungrouped = ("--data", f"{NETWORKS}:flipped_without_groups", "--num-classes", 10)
    for method, words, part in (
        ("simkd", (), "Expected a teacher for the method 'simkd', but got none"),
        ("dett", (), "Expected a teacher for the method 'dett', but got none"),
        (
            "simkd",
            ("--teacher", f"{NETWORKS}:classless"),
            "Expected a model whose logits come from",
        ),
        ("simkd", (*TRAINED, "--classifier", "stage1"), "Expected a linear layer named 'stage1'"),
        ("simkd", (*TRAINED, "--teacher-logits", "x"), "Expected an option of the method 'simkd'"),
        ("dedier", ("--stage", 1), "Expected a teacher for the method 'dedier', but got none"),
        ("dedier", TRAINED, "Expected a layer for this method, but got none; give --layer"),
        ("dedier", (*TRAINED, "--layer", "stage9"), "but got 'stage9', which it does not have"),
        ("dedier", (*TRAINED, "--layer", "stage1,stage2"), "Expected one layer for the method"),
        ("dedier", (*TRAINED, "--stage", 4), "Expected a stage from 1 to 3"),
        ("early-reweighting", ("--layer", "stage9"), "but got 'stage9', which it does not have"),
        ("sieve", ("--layer", "stage9"), "but got 'stage9', which it does not have"),
        (
            "early-reweighting",
            ("--stage", 1, "--method-option", "alpha=-1"),
            "Expected alpha to be a number of at least 0, but got -1; correct the option",
        ),
        (
            "early-reweighting",
            ("--stage", 1, "--method-option", "alpha=much"),
            "Expected alpha to be a number of at least 0, but got 'much'",
        ),
        (
            "sieve",
            ("--layer", "stage1", "--method-option", "forget_every=true"),
            "Expected forget_every to be a whole number of at least 0, but got True",
        ),
        (
            "sieve",
            ("--layer", "stage1", "--method-option", "readout=deep"),
            "Expected readout to be one of linear, mlp, statistics, conv, token, but got 'deep'",
        ),
        ("jtt", (), "Expected more epochs than the 1 that train the first model"),
        ("group-dro", plain, "Expected data with groups for the method 'group-dro', but 'digits'"),
        ("group-dro", ungrouped, "Expected data with groups for the method 'group-dro'"),
        ("balanced", plain, "Expected data with groups for the method 'balanced'"),
        ("dedier", (*TRAINED, "--preset", "celebA"), "did you mean 'celeba'?"),
        ("jtt", ("--preset", "celeba"), "Expected a method with published settings (dedier, "),
    ):
        data = () if "--data" in words else DIGITS
        command = ("train", "--model", SMALL, *data, "--method", method, "--epochs", 1)
        assert part in problem(*command, *words, "--out", out), (method, words)
        assert not out.exists(), (method, words)


def test_wrong_values_of_flags_are_wrong_usage(tmp_path):
    for words in (("--alpha", "-1"), ("--kd-weight", "2"), ("--balance", "all"), ("--stage", "0")):
        assert run(*DEDIER, *words, "--out", tmp_path / "no").exit_code == 2
