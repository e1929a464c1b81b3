"""Tables of a terminal's width: what is broken, and where."""

import re
from io import StringIO

import pytest
from rich.console import Console

from earlysieve.cli.fitted_table import fitting, wrapped

NAMES = ("audits/last-week", "audits/plain-network-of-march", "after_a_repair.of_the_last_layer")
HEADS = (
    *("model", "seeds", "verdict", "relies on"),
    *("reliance", "accuracy", "worst class", "where misled"),
)
FIGURE = "0.578 [0.492, 0.660]"
ROWS = [[name, "1", "shortcut", "column 'region'", *[FIGURE] * 4] for name in NAMES]


def printed(width, heads=HEADS, rows=ROWS, title=""):
    file = StringIO()
    console = Console(file=file, width=width, markup=False, highlight=False)
    for one in fitting(heads, rows, title, width):
        console.print(one)
    return file.getvalue()


def cells_of(text):
    """The columns of each table, each with the lines of its cells, in order."""
    tables = re.split(r"┏[━┳]*┓\n", text)[1:]
    lines = [[line for line in one.splitlines() if line[0] in "┃│"] for one in tables]
    return [
        [[cell.strip() for cell in column] for column in zip(*(re.split("[┃│]", line)[1:-1]
         for line in one), strict=True)] for one in lines
    ]  # fmt: skip


@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
def test_no_word_is_broken_and_names_break_after_their_marks(width):
    text = printed(width)
    assert max(map(len, text.splitlines())) <= width
    for table in cells_of(text):
        assert "".join(table[0]) == "model" + "".join(NAMES)
        ends = ("model", *NAMES)
        for line in filter(None, table[0]):
            assert line[-1] in "/-_." or any(end.endswith(line) for end in ends)
        for column in table[1:]:
            for line in filter(None, column):
                words = {word for text in (*HEADS, *ROWS[0][1:]) for word in text.split()}
                assert set(line.split()) <= words


def test_every_column_is_shown_once_beside_the_names():
    shown = [" ".join(filter(None, c[: len(c) - 1])) for t in cells_of(printed(80)) for c in t[1:]]
    heads = [next(head for head in HEADS if text.startswith(head)) for text in shown]
    assert heads == list(HEADS[1:])
    assert len(cells_of(printed(80))) == 2
    assert len(cells_of(printed(200))) == 1


def test_the_title_is_above_the_first_alone():
    assert printed(60, title="Side by side").count("Side by side") == 1


def test_what_fits_is_as_it_is():
    text = printed(80, ("layer", "errors"), [["stage1", 1234], ["stage2", 0.5], ["stage3", None]])
    assert "│ stage1 │  1,234 │" in text
    assert "│ stage2 │  0.500 │" in text
    assert "│ stage3 │      - │" in text


@pytest.mark.parametrize(
    ("text", "width", "found"),
    [
        ("a word", 10, "a word"),
        ("two words", 5, "two\nwords"),
        ("audits/plain-network", 13, "audits/plain-\nnetwork"),
        ("runs/erm_0.pt", 6, "runs/\nerm_0.\npt"),
        ("0.578 [0.492, 0.660]", 16, "0.578\n[0.492, 0.660]"),
        ("0.578 [0.492, 0.660]", 8, "0.578\n[0.492,\n0.660]"),
        ("unbreakable", 4, "unbreakable"),
        ("", 4, ""),
    ],
)
def test_lines_end_where_people_would_end_them(text, width, found):
    assert wrapped(text, width) == found
