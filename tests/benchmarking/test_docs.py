"""The snippets of docs/benchmark.md run as they stand."""

import re
from pathlib import Path

import pytest

from earlysieve.benchmarking.grid import read_grid

PAGE = Path(__file__).parents[2] / "docs" / "benchmark.md"


def snippets(language: str) -> list[str]:
    if not PAGE.exists():
        pytest.skip("the documentation is not part of this copy")
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_python_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (code,) = snippets("python")
    space = {}
    exec(code, space)
    assert list(space["result"].table["name"]) == ["erm", "jtt"]
    assert (tmp_path / "results" / "table.md").exists()


def test_the_grid_is_one(tmp_path):
    (text,) = snippets("yaml")
    path = tmp_path / "grid.yaml"
    path.write_text(text)
    grid = read_grid(path)
    assert [arm.name for arm in grid.arms] == ["erm", "group-dro@audit", "sieve-often", "dedier"]
    assert grid.arms[-1].teacher == grid.arms[1]
    assert list(grid.protocol.data) == ["stripes", "digits"]
