import json

import pytest

from earlysieve.cli.benchmark_grid import named, tuned_from
from earlysieve.errors import InputError
from tests.benchmarking.nets import HERE
from tests.cli.helpers import ok, problem, run

WORDS = (
    *("benchmark", "--data", f"points={HERE}:points", "--validation", f"{HERE}:held"),
    *("--model", f"{HERE}:net", "--epochs", 2, "--batch-size", 32, "--seeds", 1),
)
TESTED = (*WORDS, "--test", f"{HERE}:others")
GRID = f"""
protocol:
  data:
    points: {{data: "{HERE}:points", validation: "{HERE}:held", test: "{HERE}:others"}}
  seeds: 1
  budget: {{epochs: 2}}
  training: {{model: "{HERE}:net", batch_size: 32}}
methods: [jtt]
"""


def test_a_benchmark_from_the_command_line(tmp_path):
    words = (*TESTED, "--methods", "jtt,kd", "--set", "jtt.upweight=5")
    out = tmp_path / "out"
    said = ok(*words, "--out", out).stdout
    assert "jtt on points, seed 0: average 0." in said
    assert "supervision" in said
    found = json.loads(ok(*words, "--out", out, "--json").stdout)
    assert [line["name"] for line in found["lines"]] == ["erm", "jtt", "kd"]
    config = json.loads((out / "runs/points/jtt/seed-0/config.json").read_text())
    assert config["method_options"]["upweight"] == 5
    other = (*TESTED, "--methods", "jtt,kd", "--set", "jtt.upweight=6")
    assert "upweight: 5 there, 6 here" in problem(*other, "--out", out)
    tuned = ("--tuned", "kd.temperature=1:9", "--trials", 2)
    assert "budget.trials: 1 there, 2 here" in problem(*words, *tuned, "--out", out)


def test_a_benchmark_of_which_nothing_is_left_ends_with_1(tmp_path):
    """With 0 a script took tables without a figure for results."""
    out = tmp_path / "out"
    failed = run(*TESTED, "--methods", "erm", "--minutes", 1e-9, "--out", out)
    assert failed.exit_code == 1
    assert "erm failed, seed 0: " in failed.stdout
    assert "but all of them failed" in failed.stderr
    assert (out / "report.html").exists()
    told = run(*TESTED, "--methods", "erm", "--minutes", 1e-9, "--out", out, "--json")
    assert told.exit_code == 1
    assert json.loads(told.stdout)["lines"][0]["failed"]
    part = ("--methods", "dfr", "--set", "dfr.min_group=10000")
    assert "dfr@true failed, seed 0" in ok(*TESTED, *part, "--out", tmp_path / "part").stdout


def test_a_grid_runs_no_code_that_was_not_named(tmp_path):
    grid = tmp_path / "grid.yaml"
    grid.write_text(GRID)
    words = ("benchmark", "--grid", grid, "--out", tmp_path / "out")
    assert "--trust-config" in problem(*words)
    assert not (tmp_path / "out").exists()
    said = ok(*words, "--trust-config").stdout
    assert "jtt on points, seed 0" in said
    assert "both; write it into the file" in problem(*words, "--epochs", 3)


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--methods", "jtt,sive"), "did you mean sieve"),
        (("--methods", "group-dro@audits"), "did you mean audit"),
        (("--methods", "erm@xrm"), "needs none"),
        (("--methods", "jtt", "--set", "jtt.upwieght=3"), "did you mean upweight"),
        (("--methods", "jtt", "--set", "sieve.upweight=3"), "one of the methods jtt"),
        (("--methods", "jtt", "--set", "upweight"), "--set as METHOD.KEY=VALUE"),
        (("--methods", "jtt", "--tuned", "sieve"), "--tuned METHOD, METHOD.KEY or"),
        (("--methods", "jtt", "--tuned", "jtt=3"), "--tuned METHOD, METHOD.KEY or"),
        (("--methods", "jtt", "--tuned", "jtt"), "at least 2 trials to tune jtt"),
        (("--methods", "jtt", "--trials", 9), "methods to tune with 9 trials"),
        (("--methods", "jtt", "--trials", 2, "--tuned", "jtt.upweight=0:3"), "at least 1"),
        (("--methods", "jtt", "--teacher", "torchvision:resnet18"), "a method that has one"),
        (("--methods", "kd", "--teacher-option", "a=1"), "Expected --teacher"),
        (("--methods", "jtt", "--seeds", 0), "at least one seed"),
        (("--methods", "jtt", "--log-to", "tensorbord"), "did you mean tensorboard"),
    ],
)
def test_what_cannot_be_compared_is_said_before_anything_is_written(tmp_path, words, part):
    assert part in problem(*TESTED, *words, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_test_data_have_to_be_named_where_there_is_no_such_split(tmp_path):
    said = problem(*WORDS, "--methods", "erm", "--out", tmp_path / "out")
    assert "name another split or source: --test" in said


def test_a_function_that_takes_a_split_has_test_data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.py").write_text(
        f"from {HERE} import held, net, others, points\n\n\n"
        "def data(split='train'):\n    return {'train': points, 'test': others}[split]()\n"
    )
    words = ["own.py:data" if word == f"points={HERE}:points" else word for word in WORDS]
    ok(*words, "--methods", "erm", "--out", "out", "--quiet")
    kept = json.loads((tmp_path / "out/protocol.json").read_text())
    (one,) = kept["protocol"]["data"].values()
    assert one["test"] == "split:test"


def test_data_methods_and_model_are_wanted(tmp_path):
    result = run("benchmark", "--methods", "erm", "--out", tmp_path)
    assert result.exit_code == 2
    assert "--data" in result.stderr


def test_what_is_tuned_is_named_as_the_methods_were_typed():
    typed = [{"method": name, "settings": {}} for name in ("sieve", "group-dro", "balanced@xrm")]
    given = ["sieve.layer", "sieve.forget_lr=0.01:1:log", "group-dro", "balanced@xrm"]
    assert tuned_from(given, typed) == {
        "sieve": ["layer", "forget_lr=0.01:1:log"],
        "group-dro@true": [],
        "balanced@xrm": [],
    }


def test_a_misspelt_method_to_tune_is_answered_with_the_near_one():
    typed = [{"method": "sieve", "settings": {}}]
    with pytest.raises(InputError, match="but got 'seive'; write for instance --tuned sieve"):
        tuned_from(["seive"], typed)


def test_data_get_short_names():
    given = ["digits", "cues:stripes,0.9", "cues:stripes,0.9", "mine=csv:a.csv", "module.a:f"]
    assert list(named(given)) == [
        *("digits", "cues-stripes-0.9", "cues-stripes-0.9-2", "mine", "a-f"),
    ]
    assert named(["mine=csv:a.csv"]) == {"mine": "csv:a.csv"}
    with pytest.raises(InputError, match="'mine' twice"):
        named(["mine=digits", "mine=slabs"])


def test_help_shows_the_options_of_training_without_method_and_seed():
    shown = ok("benchmark", "--help").stdout
    assert "--epochs" in shown
    assert "--method " not in shown
    assert "--seed " not in shown
