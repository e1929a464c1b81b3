"""Every method of `earlysieve train` from its command to its files."""

import json
import warnings
from pathlib import Path

import pandas as pd
import pytest
import torch

from earlysieve import DebiasedDistillation, keep_logits
from earlysieve.cli.train_command import command
from earlysieve.cli.train_config import resolve
from earlysieve.networks.built import BuiltModel
from earlysieve.networks.spec import build_model
from earlysieve.runs import train_run
from earlysieve.runs.train_data import open_train_data
from earlysieve.training import SingleClassWarning, fit
from tests.cli.helpers import DIGITS, SMALL, contents, ok, run

pytestmark = pytest.mark.filterwarnings("ignore::earlysieve.weighting.WeightWarning")

DROPPING = "tests.cli.networks:dropping"
TEACHER = ("--teacher", "tests.cli.networks:trained")
BASE = ("--model", DROPPING, *DIGITS, "--batch-size", 32, "--lr", "0.05")
METHODS = {
    "sieve": ("--layer", "stage1", "--forget-every", 4, "--forget-lr", "0.1"),
    "dedier": ("--layer", "stage1", "--validation", "0.2", *TEACHER),
    "dedier on the fly": ("--stage", 1, *TEACHER, "--teacher-on-the-fly"),
    "early-reweighting": ("--layer", "stage2", "--alpha", "0.5", "--reweight-every", 2),
    "poe": ("--layer", "stage1", "--strength", "0.5"),
    "lff": ("--q", "0.5"),
    "kd": (*TEACHER, "--temperature", 2, "--kd-weight", "0.5"),
    "simkd": TEACHER,
    "jtt": ("--identification-epochs", 2, "--scheduler", "cosine"),
    "dett": ("--identification-epochs", 1, *TEACHER),
    "group-dro": ("--step-size", "0.5", "--adjustment", 1, "--balance", "group"),
    "balanced": ("--balance", "class"),
    "mixture": ("--ratio", "1.5"),
    "pde": ("--warmup-epochs", 1, "--expand-by", 5),
    "large-dropout": ("--rate", "0.8"),
    "dfr": ("--min-group", 1, "--subsets", 2, "--penalty", "l1"),
    "afr": ("--gamma", 2),
    "crt": ("--strength", "0.1"),
    "inlp": ("--min-group", 1, "--rounds", 2),
}
WEIGHTED = ("dedier", "dedier on the fly", "early-reweighting", "jtt", "dett")


def words(name: str, out: Path, epochs: int = 3) -> list[object]:
    method = name.removesuffix(" on the fly")
    options = (*BASE, *METHODS[name], "--method", method)
    return ["train", *options, "--epochs", epochs, "--out", out, "--quiet"]


def stop_after(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Press Ctrl-C after a step of the next run."""
    usual = train_run.fit

    def interrupted(*given, **named):
        def stop(event):
            if event.kind == "step" and event.step == step:
                raise KeyboardInterrupt

        return usual(*given, **{**named, "on_event": stop})

    monkeypatch.setattr(train_run, "fit", interrupted)


@pytest.mark.parametrize("name", METHODS)
def test_interrupted_run_goes_on_to_the_same_files(name, tmp_path, monkeypatch):
    ok(*words(name, tmp_path / "whole"))
    with monkeypatch.context() as patch:
        stop_after(patch, 6)  # within the second epoch
        stopped = run(*words(name, tmp_path / "run"))
    assert stopped.exit_code == 130
    assert stopped.stderr.strip().endswith("the same command goes on from there.")
    assert not (tmp_path / "run" / "model.pt").exists()
    ok(*words(name, tmp_path / "run"))
    whole, again = (contents(tmp_path / folder) for folder in ("whole", "run"))
    assert set(whole) == set(again)
    assert ("weights.csv" in whole) == (name in WEIGHTED)
    assert ("teacher.logits" in whole) == (name in ("dedier", "kd"))
    for file in set(whole) & {"training.json", "weights.csv", "teacher.logits"}:
        assert whole[file] == again[file], file
    states = [
        torch.load(tmp_path / folder / "model.pt", weights_only=True) for folder in ("whole", "run")
    ]
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])


@pytest.mark.parametrize("method", ["neurontune", "crt"])
def test_a_trained_network_gets_another_last_layer(method, tmp_path):
    ok("train", *BASE, "--epochs", 4, "--out", tmp_path / "plain", "--quiet")
    weights = tmp_path / "plain" / "model.pt"
    out = tmp_path / "repaired"
    words = ("--method", method, "--checkpoint", weights, "--epochs", 1, "--unseen")
    ok("train", *BASE, *words, "--out", out, "--quiet")
    before, after = (torch.load(p, weights_only=True) for p in (weights, out / "model.pt"))
    assert list(before) == list(after)
    changed = {key for key in before if not torch.equal(before[key], after[key])}
    assert changed == {"head.weight", "head.bias"}


def test_dedier_is_the_library_s_with_the_options_that_were_given(tmp_path):
    options = {"alpha": 0.3, "beta": 2.0, "temperature": 2.0, "kd_weight": 0.5}
    flags = [w for k, v in options.items() for w in (f"--{k.replace('_', '-')}", v)]
    out = tmp_path / "run"
    ok(
        *words("dedier", out),
        *flags,
        "--reweight-every",
        2,
        "--seed",
        5,
        "--checkpoint-every-steps",
        3,
    )
    data, held_out = open_train_data(train_run.TrainConfig(**saved(out)))
    student = build_model(DROPPING, num_classes=10, seed=5).model
    distiller = DebiasedDistillation(
        student,
        build_model(TEACHER[1]).model,
        layer="stage1",
        num_classes=10,
        optimizer=torch.optim.SGD(student.parameters(), lr=0.05, momentum=0.9),
        num_examples=len(data),
        reweight_every=2,
        seed=5,
        **options,
    )
    distiller.teacher.kept = keep_logits(distiller.teacher, data, batch_size=64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SingleClassWarning)
        fit(distiller, data, epochs=3, batch_size=32, seed=5, validation=held_out, progress=False)
    state = torch.load(out / "model.pt", weights_only=True)
    assert all(torch.equal(value, state[key]) for key, value in student.state_dict().items())
    table = pd.read_csv(out / "weights.csv")
    assert list(table) == ["index", "id", "label", "group", "weight"]
    assert table["index"].tolist() == list(range(96))
    assert table["id"].astype(str).tolist() == [data.identify(i) for i in range(96)]
    assert table["label"].tolist() == data.labels.tolist()
    assert table["group"].tolist() == data.groups.tolist()
    assert table["weight"].to_numpy() == pytest.approx(distiller.weights.numpy(), rel=1e-6)
    assert table["weight"].max() > 1


def saved(out: Path) -> dict:
    fields = json.loads((out / "config.json").read_text())
    fields.pop("versions")
    return fields


def test_dedier_without_weights_is_plain_distillation(tmp_path):
    shared = ("train", *BASE, *TEACHER, "--epochs", 2, "--quiet")
    ok(*shared, "--method", "kd", "--out", tmp_path / "kd")
    ok(*shared, "--method", "dedier", "--stage", 1, "--beta", 0, "--out", tmp_path / "dedier")
    found = [torch.load(tmp_path / n / "model.pt", weights_only=True) for n in ("kd", "dedier")]
    assert all(torch.equal(found[0][key], found[1][key]) for key in found[0])


def test_weights_are_named_in_the_output(tmp_path):
    shared = ("train", *BASE, "--method", "early-reweighting", "--stage", 2, "--epochs", 1)
    result = ok(*shared, "--out", tmp_path / "a")
    assert f"Weights of the examples: {tmp_path / 'a' / 'weights.csv'}" in result.stdout
    assert "Stage 2 of the network ends with the layer 'stage2'." in result.stdout
    assert "Figures by group are in training.json." in result.stdout
    found = json.loads(ok(*shared, "--out", tmp_path / "b", "--json").stdout)
    assert found["example_weights"] == str(tmp_path / "b" / "weights.csv")
    assert "train_weighted_share/group_0" in found["history"][0]
    plain = json.loads(ok("train", *BASE, "--epochs", 1, "--out", tmp_path / "c", "--json").stdout)
    assert plain["example_weights"] is None


def test_what_simkd_saves_can_be_named_as_a_model(tmp_path):
    shared = ("train", *BASE, *TEACHER, "--epochs", 2)
    ok(*shared, "--method", "dett", "--audit", "--validation", "0.3", "--out", tmp_path, "--quiet")
    built = build_model(
        "earlysieve.networks:simkd_student",
        num_classes=10,
        options={"student": DROPPING, "teacher": TEACHER[1]},
    )
    assert isinstance(built, BuiltModel)
    assert not built.carries_weights
    ok(
        "audit",
        *("--model", "earlysieve.networks:simkd_student", "--checkpoint", tmp_path / "model.pt"),
        *("--model-option", f"student={DROPPING}", "--model-option", f"teacher={TEACHER[1]}"),
        *(*DIGITS, "--folds", 2, "--layers", "student.stage1", "--out", tmp_path / "audit", "-q"),
    )
    assert (tmp_path / "audit" / "audit.json").exists()
    shared = ("audit", "--model", DROPPING, *DIGITS, "--checkpoint", tmp_path / "model.pt")
    alone = run(*shared, "--out", tmp_path / "alone")
    assert alone.exit_code == 1
    assert "--model earlysieve.networks:simkd_student" in alone.stderr
    assert not (tmp_path / "alone").exists()


def test_balanced_sampling_draws_kinds_alike_often(tmp_path):
    given = ["--model", SMALL, *map(str, DIGITS), "--method", "balanced", "--out", str(tmp_path)]
    config = resolve(command.make_context("train", given))
    prepared = train_run.TrainRun.prepare(config, tmp_path, train_run.Reporter())
    groups = prepared.job.groups
    drawn = [i for epoch in range(60) for b in prepared.sampler.batches(epoch) for i in b]
    counts = torch.bincount(torch.tensor(groups[drawn]))
    kinds = len(set(groups.tolist()))
    expected = 60 * 120 / kinds
    assert ((counts[counts > 0] - expected).abs() < 5 * expected**0.5).all()
    assert torch.bincount(torch.tensor(groups)).max() > 10  # while the data are not balanced


def test_balanced_run_trains_in_that_order(tmp_path):
    for method in ("balanced", "erm"):
        ok("train", *BASE, "--method", method, "--epochs", 1, "--out", tmp_path / method, "-q")
    found = [torch.load(tmp_path / n / "model.pt", weights_only=True) for n in ("balanced", "erm")]
    assert not torch.equal(found[0]["head.weight"], found[1]["head.weight"])


def test_schedule_ends_with_the_run_though_the_first_model_takes_some_epochs(tmp_path):
    given = [str(w) for w in words("jtt", tmp_path)]
    config = resolve(command.make_context("train", given[1:]))
    run = train_run.TrainRun.prepare(config, tmp_path, train_run.Reporter())
    scheduler = run.algorithm.stepper.scheduler
    assert run.job.steps == 4
    assert scheduler.lr_lambdas[0](3) > 0
    assert scheduler.lr_lambdas[0](4) == 0  # one of three epochs is left for the second model


def test_a_sieve_with_a_plain_convolutional_readout(tmp_path):
    options = ("--readout", "conv", "--readout-width", 8, "--readout-block", "plain")
    given = [*map(str, words("sieve", tmp_path)[1:]), *map(str, options), "--readout-steps", "2"]
    config = resolve(command.make_context("train", given))
    prepared = train_run.TrainRun.prepare(config, tmp_path, train_run.Reporter())
    readout = prepared.algorithm.readouts.modules["stage1"]
    kernels = [tuple(p.shape) for p in readout.parameters() if p.ndim == 4]
    assert kernels == [(8, 16, 3, 3)]
    assert prepared.algorithm.settings["readout_steps"] == 2


def test_forgetting_follows_the_schedule_from_the_command_line(tmp_path):
    given = [*map(str, words("sieve", tmp_path)[1:]), "--scheduler", "cosine", "--forget-with-lr"]
    config = resolve(command.make_context("train", given))
    prepared = train_run.TrainRun.prepare(config, tmp_path, train_run.Reporter())
    assert prepared.algorithm.settings["forget_with_lr"] is True
