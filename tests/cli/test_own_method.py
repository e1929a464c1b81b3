"""A method of one's own by its file or module, in train, search and benchmark."""

import json
import sys
from pathlib import Path

import pytest

from earlysieve import _user_code
from earlysieve.benchmarking.gather import gather
from earlysieve.benchmarking.grid import grid_of
from earlysieve.benchmarking.protocol import Budget, DataSplits, Protocol
from tests.benchmarking.nets import HERE
from tests.cli.helpers import ok, problem, run

CODE = """
from dataclasses import dataclass
from pathlib import Path

from earlysieve.methods import Method, Range, setting

Path("proof").touch()


@dataclass(frozen=True)
class Settings:
    smoothing: float = setting(
        0.1, "Share of the label for other classes.", low=0, high=1, search=Range(0.01, 0.5)
    )


def build(job):
    from functools import partial

    from torch.nn.functional import cross_entropy

    from earlysieve.training import ERM

    loss = partial(cross_entropy, label_smoothing=job.settings.smoothing)
    optimizer, around = job.update(job.model.parameters())
    return ERM(job.model, optimizer, loss=loss, **around)


METHOD = Method("smooth", "smoothed labels", build, Settings, neutral={"smoothing": 0.0})
OTHER = 3
"""
FILE = "own_method_of_a_test.py:METHOD"
MODULE = "own_method_of_a_test:METHOD"
TRAINED = (
    *("--data", f"{HERE}:points", "--model", f"{HERE}:net", "--validation", f"{HERE}:held"),
    *("--epochs", 1, "--batch-size", 32),
)


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """The current folder, with a method in it that says when it is imported."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(_user_code, "_folders", [])
    monkeypatch.setattr(_user_code, "_named", set())
    (tmp_path / "own_method_of_a_test.py").write_text(CODE)
    yield tmp_path
    forget()


def forget() -> None:
    for name in [name for name in sys.modules if name.startswith("own_method_of_a_test")]:
        del sys.modules[name]


def test_one_that_reads_groups_has_to_say_so_or_tables_would_call_it_unsupervised(here):
    code = CODE.replace("def build(job):", "def build(job):\n    assert job.groups is not None")
    (here / "own_method_of_a_test.py").write_text(code)
    words = ("benchmark", *TRAINED, "--test", f"{HERE}:others", "--methods", FILE, "--out", "r")
    assert "needs_groups=lambda settings: True" in problem(*words, "--seeds", 1)
    assert not (here / "r").exists()
    forget()
    says = code.replace("Settings, neutral", "Settings, needs_groups=lambda _: True, neutral")
    (here / "own_method_of_a_test.py").write_text(says)
    ok(*words, "--seeds", 1)
    supervision = {line.name: line.supervision for line in gather(here / "r").lines}
    assert supervision == {"erm": "none", "smooth@true": "groups in training"}


@pytest.mark.parametrize("spec", [FILE, MODULE])
def test_a_method_is_trained_by_its_code(here, spec):
    assert "--smoothing" in ok("train", "--method", spec, "--help").stdout
    ok("train", "--method", spec, "--smoothing", 0.3, *TRAINED, "--out", "run")
    config = json.loads((here / "run" / "config.json").read_text())
    assert (config["method"], config["method_options"]) == (spec, {"smoothing": 0.3})
    result = run("train", "--method", spec, "--smoothing", 3, *TRAINED, "--out", "other")
    assert "'--smoothing': 3.0 is not in the range" in result.stderr


def test_a_configuration_does_not_choose_it(here):
    config = here / "c.json"
    config.write_text(json.dumps({"method": FILE, "method_options": {"smoothing": 0.2}}))
    words = ("train", "--config", config, *TRAINED, "--out", "run")
    assert f"its field 'method' asks for '{FILE}'" in problem(*words)
    assert not (here / "proof").exists()
    ok(*words, "--method", FILE)
    ok(*words[:-1], "again", "--trust-config")
    grid = here / "grid.yaml"
    grid.write_text(
        f"protocol: {{data: {{a: {{data: digits}}}}, training: {{model: 'm:n'}}}}\n"
        f"methods: [{{method: '{MODULE}'}}]\n"
    )
    (here / "proof").unlink()
    forget()
    assert "'method' asks for" in problem("benchmark", "--grid", grid, "--out", "results")
    assert not (here / "proof").exists()


def test_it_is_set_and_tuned_by_its_name_in_tables_or_by_its_code(here):
    """`--set` took the one alone, `tuned` of a grid the other alone."""
    for number, name in enumerate((FILE, "smooth")):
        words = (*TRAINED, "--test", f"{HERE}:others", "--seeds", 1, "--methods", f"erm,{FILE}")
        ok("benchmark", *words, "--set", f"{name}.smoothing=0.2", "--out", f"results-{number}")
        runs = here / f"results-{number}" / "runs"
        [config] = [path for path in runs.rglob("config.json") if "smooth" in path.parts]
        assert json.loads(config.read_text())["method_options"]["smoothing"] == 0.2
        protocol = Protocol(
            {"a": DataSplits("digits")}, tuned={name: []}, training={"model": "m:n"},
            budget=Budget(trials=2),
        )  # fmt: skip
        grid = grid_of(protocol, [{"method": FILE, "name": "other"}, FILE])
        assert list(grid.protocol.tuned) == ["smooth"]
        assert [arm.name for arm in grid.arms if arm.tuned] == ["smooth"]
    wrong = problem("benchmark", *words, "--set", "smoth.smoothing=1", "--out", "no")
    assert f"--set {FILE}.KEY=VALUE" in wrong  # erm has no settings
    wrong = problem("benchmark", *words, "--tuned", "xyz", "--out", "no")
    assert f"--tuned {FILE}" in wrong


def test_it_is_searched_and_compared_and_results_are_read_without_it(here):
    ok("search", "--method", FILE, *TRAINED, "--trials", 2, "--seeds", 1, "--out", "searched")
    found = json.loads((here / "searched" / "search.json").read_text())
    assert set(found["trials"][1]["values"]) == {"smoothing"}
    compared = (*TRAINED, "--test", f"{HERE}:others", "--seeds", 1, "--methods", FILE)
    ok("benchmark", *compared, "--set", f"{FILE}.smoothing=0.2", "--out", "results")
    (here / "own_method_of_a_test.py").unlink()
    forget()
    (here / "proof").unlink()
    lines = gather(here / "results").lines
    assert [(line.name, line.method) for line in lines] == [("erm", "erm"), ("smooth", FILE)]
    assert not lines[1].failed
    assert not (here / "proof").exists()


@pytest.mark.parametrize(
    ("spec", "part"),
    [
        ("own_method_of_a_test.py:OTHER", "Method called 'OTHER'"),
        ("own_method_of_a_test.py:NONE", "but got nothing"),
        ("nowhere_of_a_test.py:METHOD", "a Python file at"),
        ("nowhere_of_a_test:METHOD", "no module"),
    ],
)
def test_what_is_no_method_is_said(here, spec, part):
    assert part in problem("train", "--method", spec, *TRAINED, "--out", "run")
    compared = (*TRAINED, "--test", f"{HERE}:others", "--out", "results")
    assert part in problem("benchmark", *compared, "--methods", spec)
    assert not (here / "results").exists()
