"""Pages of results are made from several results folders, one after the other."""

import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
sys.path.append(str(FOLDER))

methods_table = pytest.importorskip("methods_table")

PAGE = """# A title

words

## tweets

| method | seeds |
|---|---|
| erm | 3 |

- a note

## photographs, 5 epochs

| method |
|---|
| kd |

Test data; mean and 95% t-interval over seeds.
"""


def test_sections_of_a_page_stay_without_its_head_and_foot(tmp_path):
    (tmp_path / "page.md").write_text(PAGE)
    assert methods_table.told_before(tmp_path / "page.md") == {
        "tweets": "| method | seeds |\n|---|---|\n| erm | 3 |\n\n- a note",
        "photographs, 5 epochs": "| method |\n|---|\n| kd |",
    }


def test_a_page_that_is_not_there_has_told_nothing(tmp_path):
    assert methods_table.told_before(tmp_path / "page.md") == {}


def test_pages_that_are_there_are_read_whole():
    for name in ("methods", "real", "search", "teachers"):
        path = methods_table.DOCS / f"{name}.md"
        assert path.read_text().count("\n## ") == len(methods_table.told_before(path)) > 0
