"""Columns that side with the readout are marked in the rows that a page shows."""

import numpy as np
import pandas as pd
import pytest
import torch

import earlysieve as es
from earlysieve.auditing.saved_pictures import Picture
from earlysieve.auditing.speaking_columns import with_speaking_columns
from earlysieve.auditing.swaps.table_parts import as_parts
from earlysieve.auditing.token_words import Piece
from earlysieve.datasets.table import Table
from earlysieve.datasets.variables import Variable
from earlysieve.report import render

COLUMNS = ("ward", "a, b", "age")


def examples(**scores):
    table = {"index": [7], "label": [0], "readout_prediction": [1]}
    return pd.DataFrame({**table, **{f"score of column {n}": [v] for n, v in scores.items()}})


def row(text="ward=1, a, b=0.5, age=40"):
    return [Picture(7, "text", "flagged", text=text)]


def marks(shown):
    return {piece.text.rstrip(","): piece.marked for piece in shown[0].pieces}


def test_where_the_readout_is_wrong_columns_against_the_label_are_marked():
    shown = with_speaking_columns(
        row(), COLUMNS, examples(**{"ward": 0.9, "a, b": -0.8, "age": 0.1})
    )
    assert marks(shown) == {"ward=1": True, "a, b=0.5": False, "age=40": False}
    assert " ".join(piece.text for piece in shown[0].pieces) == shown[0].text


def test_where_it_is_right_those_for_the_label_are():
    table = examples(**{"ward": 0.9, "a, b": -0.8, "age": -0.31}).assign(readout_prediction=0)
    shown = with_speaking_columns(row(), COLUMNS, table)
    assert marks(shown) == {"ward=1": False, "a, b=0.5": True, "age=40": True}


def test_at_most_three_are_marked_the_clearest():
    names = tuple("vwxyz")
    scores = dict(zip(names, (0.4, 0.9, 0.5, 0.8, 0.7), strict=True))
    text = ", ".join(f"{name}=1" for name in names)
    shown = with_speaking_columns(row(text), names, examples(**scores))
    assert [name for name, mark in marks(shown).items() if mark] == ["w=1", "y=1", "z=1"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ward=1, a, b=0.5, age=4 and 3 more", [True, False, False]),
        ("ward=1, a, b=", [True, False]),
        ("something else", []),
    ],
)
def test_rows_that_are_cut_or_written_otherwise(text, found):
    shown = with_speaking_columns(row(text), COLUMNS, examples(ward=0.9))
    assert [piece.marked for piece in shown[0].pieces] == found


@pytest.mark.parametrize(
    ("leans_on", "first"),
    [
        ("column m", ["m=12"]),
        ("values of m: 12 or 26", ["m=12"]),
        ("columns a and m", ["a=0", "m=12"]),
        ("direction", ["c=2"]),
        (None, ["c=2"]),
    ],
)
def test_what_the_verdict_names_is_marked_and_comes_first_in_long_rows(leans_on, first):
    names = tuple("abcdefghijklmn")
    table = Table(np.arange(28.0).reshape(2, 14), [0, 1], ("x", "y"), columns=names)
    given = [Picture(0, "text", "flagged", text=table.display(0))]
    scores = examples(c=0.9).assign(index=0)
    (shown,) = with_speaking_columns(given, names, scores, source=table, leans_on=leans_on)
    assert [piece.text.rstrip(",") for piece in shown.pieces][: len(first)] == first
    assert [piece.text.rstrip(",") for piece in shown.pieces if piece.marked] == first
    rest = [name for name in names if name not in {one[0] for one in first}]
    assert shown.pieces[len(first)].text.startswith(f"{rest[0]}=")
    assert shown.text == " ".join(piece.text for piece in shown.pieces)
    assert shown.text.endswith("and 2 more")


def test_what_is_no_table_stays_as_it_is():
    texts = row("a text")
    assert with_speaking_columns(texts, (), examples(ward=0.9)) == texts
    assert with_speaking_columns(row(), COLUMNS, examples()) == row()


def test_the_page_of_a_table_marks_the_column_that_misleads():
    rng = np.random.default_rng(0)
    ill = rng.integers(0, 2, 300)
    ward = np.where(rng.random(300) < 0.9, ill, 1 - ill)
    patients = pd.DataFrame({"ward": ward, "fever": rng.random(300), "age": rng.random(300)})
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
    result = es.audit(network, (patients, ill), pictures=6, swaps=0)
    marked = [p for picture in result.pictures for p in picture.pieces if p.marked]
    assert marked
    assert all(piece.text.startswith("ward=") for piece in marked)
    assert isinstance(marked[0], Piece)
    assert "Marked columns side with the early readout" in render(result)


def test_a_column_that_must_not_matter_is_named_as_the_table_names_it():
    assert as_parts(["ward", "column age", "direction"], COLUMNS) == (
        "column ward", "column age", "direction",
    )  # fmt: skip
    city = [Variable("city", (0, 1), ("A", "B")), Variable("age", (2,))]
    names = ["city", "city_A", "column city_B", "column city", "age"]
    found = as_parts(names, ["city_A", "city_B", "age"], city)
    assert found == (*["column city"] * 4, "column age")
    assert as_parts(["column 1", "colour"], ["column 0", "column 1"]) == ("column 1", "colour")
    for typed in ("columns age and city", "columns city and age"):
        both = as_parts([typed], ["city_A", "city_B", "age"], city)
        assert both == ("columns city and age",)
