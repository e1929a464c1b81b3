"""Other data, or other code, under one protocol: refused, or told in every table."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from earlysieve.benchmarking.benchmark import benchmark
from earlysieve.benchmarking.code_remark import _runs
from earlysieve.benchmarking.made_with import MADE_WITH_NAME, write_made_with
from earlysieve.benchmarking.protocol import Budget, DataSplits, Protocol
from earlysieve.errors import CheckpointError, InputError
from tests.benchmarking import nets
from tests.benchmarking.nets import HERE
from tests.cli.helpers import ok

PROTOCOL = Protocol(
    {"points": DataSplits(f"{HERE}:points", f"{HERE}:held", f"{HERE}:others")},
    seeds=(0,),
    budget=Budget(epochs=2),
    training={"model": f"{HERE}:net", "batch_size": 32},
)


def spoilt(monkeypatch: pytest.MonkeyPatch, name: str, seeds: tuple[int, ...] = (0, 1)) -> None:
    """From now on the last label of some data is another one."""
    usual = getattr(nets, name)

    def other(seed: int = 0) -> Any:
        found = usual(seed)
        if seed in seeds:
            found.labels = torch.cat([found.labels[:-1], 1 - found.labels[-1:]])
        return found

    monkeypatch.setattr(nets, name, other)


@pytest.mark.parametrize(("name", "part"), [("points", "training"), ("others", "test")])
def test_other_data_are_refused_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, part: str
) -> None:
    (plain,) = benchmark(PROTOCOL, ["erm"], tmp_path).lines
    assert plain.chance == 0.5
    made = json.loads((tmp_path / "runs/points/erm/seed-0" / MADE_WITH_NAME).read_text())
    assert made["data"].keys() == {"training", "validation", "test"}
    benchmark(PROTOCOL, ["crt"], tmp_path)
    spoilt(monkeypatch, name)
    told = rf"the {part} data of 'points' are others now \(seed 0\).*remove.*runs/points"
    for seeds in ((0,), (1,)):
        with pytest.raises(InputError, match=told):
            benchmark(replace(PROTOCOL, seeds=seeds), ["jtt"], tmp_path)
    assert not (tmp_path / "runs/points/jtt").exists()


def test_data_that_change_for_another_seed_stop_the_benchmark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check at the beginning opens one seed; each cell looks at its own."""
    both = replace(PROTOCOL, seeds=(0, 1))
    benchmark(both, ["erm"], tmp_path)
    spoilt(monkeypatch, "held", seeds=(1,))
    with pytest.raises(CheckpointError, match=r"validation data of 'points' .*\(seed 1\)"):
        benchmark(both, ["jtt"], tmp_path)
    assert not (tmp_path / "runs/points/jtt/seed-1/cell.json").exists()


def test_other_code_is_told_in_every_table(tmp_path: Path) -> None:
    benchmark(PROTOCOL, ["jtt"], tmp_path)
    assert "same code" not in (tmp_path / "table.md").read_text()
    path = tmp_path / "runs/points/jtt/seed-0" / MADE_WITH_NAME
    made = json.loads(path.read_text())
    versions = {**made["versions"], "earlysieve": "0.0.1"}
    path.write_text(json.dumps({**made, "versions": versions}))
    benchmark(PROTOCOL, ["jtt"], tmp_path)
    ours = made["versions"]["earlysieve"]
    told = (
        "Not all was made with the same code: jtt on points (seed 0) with earlysieve 0.0.1; the "
        f"others with earlysieve {ours}. Differences may come of that."
    )
    for name in ("table.md", "table.tex"):
        assert told in (tmp_path / name).read_text(), name
    assert told in (tmp_path / "report.html").read_text()
    assert told in json.loads((tmp_path / "results.json").read_text())["remarks"]


def test_the_terminal_tells_remarks(tmp_path: Path) -> None:
    words = (
        *("benchmark", "--data", f"points={HERE}:points", "--validation", f"{HERE}:held"),
        *("--test", f"{HERE}:others", "--model", f"{HERE}:net", "--epochs", 1, "--seeds", 1),
        *("--methods", "erm", "--out", tmp_path / "out"),
    )
    told = "On points the smallest of 2 groups of test examples"
    assert told in ok(*words).stdout
    assert told in json.loads(ok(*words, "--json").stdout)["remarks"][0]


def test_what_an_earlier_attempt_was_made_with_is_kept(tmp_path: Path) -> None:
    write_made_with(tmp_path)
    path = tmp_path / MADE_WITH_NAME
    made = json.loads(path.read_text())
    write_made_with(tmp_path)
    assert json.loads(path.read_text()) == made
    old = {"versions": {"earlysieve": "0.0.1"}, "git": None}
    path.write_text(json.dumps(old))
    write_made_with(tmp_path)
    write_made_with(tmp_path)
    assert json.loads(path.read_text()) == {**made, "earlier": [old]}


def test_of_many_runs_with_other_code_their_number_is_told() -> None:
    runs = [
        (SimpleNamespace(name=f"m{k}", data=data), 0)
        for data in ("points", "rows")
        for k in range(3)
    ]
    assert _runs(runs[:2]) == "m0 on points (seed 0), m1 on points (seed 0)"  # type: ignore[arg-type]
    assert _runs(runs) == "6 runs on points, rows"  # type: ignore[arg-type]
