"""The notebooks run as they stand, from the first cell to the last, and come to what they say."""

import ast
import json
import warnings
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest
import torch

FOLDER = Path(__file__).parents[2] / "docs" / "notebooks"
if not FOLDER.exists():
    pytest.skip("the documentation is not part of this copy", allow_module_level=True)
NAMES = sorted(path.stem for path in FOLDER.glob("*.ipynb"))


def cells(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FOLDER / f"{name}.ipynb").read_text("utf-8"))["cells"]
    return found


def run(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, Any], str]:
    """What the notebook defines, and what its cells show as HTML, as Jupyter would take it."""
    monkeypatch.chdir(folder)
    torch.manual_seed(0)
    space: dict[str, Any] = {"__name__": "notebook"}
    shown = []
    with mpl.rc_context({"backend": "agg"}), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for cell in cells(name):
            if cell["cell_type"] == "code":
                value = _value("".join(cell["source"]), f"{name}:{cell['id']}", space)
                if hasattr(value, "_repr_html_"):
                    shown.append(value._repr_html_())
        mpl.pyplot.close("all")
    return space, "".join(shown)


def _value(code: str, where: str, space: dict[str, Any]) -> Any:
    """Run a cell; its last line is its value, if it is an expression."""
    tree = ast.parse(code)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, where, "exec"), space)
    return None if last is None else eval(compile(ast.Expression(last.value), where, "eval"), space)


@pytest.mark.parametrize("name", NAMES)
def test_outputs_are_stripped_and_the_notebook_is_short(name: str) -> None:
    found = cells(name)
    code = [cell for cell in found if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert 8 <= len(found) <= 12
    assert len({cell["id"] for cell in found}) == len(found)  # format 4.5 asks for that
    assert found[0]["source"][0].startswith("# ")  # the title of the page


def loops(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leans_on: str) -> Any:
    """What holds for all that go from an audit to a fix to an audit."""
    space, shown = run(name, tmp_path, monkeypatch)
    assert space["result"].summary.verdict == "shortcut"
    assert leans_on in space["result"].summary.leans_on
    assert space["outcome"].model is not space["network"]
    assert "Shortcut found" in shown
    assert "after" in space["name"]  # the last line of the comparison
    return space


def test_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    space = loops("images", tmp_path, monkeypatch, "colour")
    assert space["foreign"].mean() > 0.9
    assert space["told"].fails > 0.4  # 0.30 before


def test_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    space = loops("texts", tmp_path, monkeypatch, "token")
    assert space["told"].fails > 0.6  # 0.46 before


def test_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    space = loops("tables", tmp_path, monkeypatch, "scanner")
    assert space["told"].fails > 0.7  # 0.61 before


def test_research(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    space, shown = run("research", tmp_path, monkeypatch)
    assert list(space["lines"]) == ["erm", "early-reweighting", "afr"]
    assert space["found"].seeds == (0, 1, 2)
    assert "supervision" in shown
