import json

import pytest

from tests.cli.helpers import ok, problem, run
from tests.searching.nets import HERE

pytest.importorskip("optuna")

WORDS = (
    *("search", "--model", f"{HERE}:net", "--data", f"{HERE}:points", "--validation"),
    *(f"{HERE}:others", "--epochs", 2, "--batch-size", 32, "--seeds", 1),
)


def test_a_search_from_the_command_line(tmp_path):
    words = (*WORDS, "--method", "jtt", "--upweight", 5, "--space", "lr=0.01:0.1:log")
    out = tmp_path / "out"
    said = ok(*words, "--trials", 2, "--out", out).stdout
    assert "Trial 0 of 0..1" in said
    assert "best so far" in said
    assert (out / "page.html").exists()
    found = json.loads(ok(*words, "--trials", 2, "--out", out, "--json").stdout)
    assert set(found["trials"][1]["values"]) == {"lr"}  # one epoch leaves jtt nothing to search
    config = json.loads((out / "trials/001/config.json").read_text())
    assert config["method_options"]["upweight"] == 5
    assert "upweight: 5.0 there, 6.0 here" in problem(
        *WORDS, "--method", "jtt", "--upweight", 6, "--space", "lr=0.01:0.1:log", "--out", out
    )


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--method", "erm"), "every setting of 'erm' is given"),
        (("--method", "jtt", "--space", "lr"), "--space as KEY=LOW:HIGH"),
        (("--method", "jtt", "--space", "upwieght=1:2"), "did you mean upweight"),
        (("--method", "jtt", "--space", "upweight=0:2"), "upweight to be a number of at least 1"),
        (("--method", "jtt", "--timeout", "soon"), "--timeout as a number of seconds"),
        (("--method", "jtt", "--timeout", "0"), "timeout to be above 0"),
        (("--method", "jtt", "--log-to", "tensorbord"), "did you mean tensorboard"),
        (("--method", "jtt", "--storage", "no-url"), "storage that can be reached"),
        (("--method", "jtt", "--select", "pseudo_group_accuracy"), "pseudo-groups"),
    ],
)
def test_what_cannot_be_searched_is_said(tmp_path, words, part):
    assert part in problem(*WORDS, *words, "--out", tmp_path / "out")


def test_counts_out_of_range_are_wrong_usage(tmp_path):
    for option in ("--trials", "--jobs", "--seeds"):
        assert run(*WORDS, option, 0, "--out", tmp_path).exit_code == 2


def test_help_shows_the_settings_of_the_method():
    shown = ok("search", "--method", "sieve", "--help").stdout
    assert "--forget-lr" in shown
    assert "--storage" in shown
