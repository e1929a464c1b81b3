"""Damaged files of an audit: one sentence, or an audit that can be shown; never a foreign error."""

import copy
import io
import json
import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

import earlysieve as es
from earlysieve._cells import csv_bytes
from earlysieve.auditing.example_file import examples_from
from earlysieve.auditing.result import ChangedShown, SwapShown, SwapText
from earlysieve.auditing.token_words import Piece
from earlysieve.errors import DataError, EarlysieveError
from earlysieve.report import render
from tests.cli.helpers import problem

from .test_result import made, told

HERE = Path(__file__).parent
FIRST_FORMAT = HERE / "saved_in_format_1"
ODD = (None, True, 3, -1, 10**30, 1.5, float("nan"), "", "x", "inf", [], [1], ["x"], {}, {"a": 1})
CELLS = ("", "x", "nan", "inf", "1.5", "-1", "99999999999999999999", "1e400", "True", '"', "a,b")


def picture(kind):
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4)).save(buffer, kind)
    return buffer.getvalue()


@pytest.fixture(scope="module", params=[1, 2, 3])
def saved(request, tmp_path_factory):
    """A saved audit of each format."""
    folder = tmp_path_factory.mktemp("saved") / "audit"
    if request.param < 3:
        shutil.copytree(HERE / f"saved_in_format_{request.param}", folder)
    else:
        shown = es.Picture(2, "image", "shortcut fails", picture("PNG"), None, picture("JPEG"))
        other = es.Picture(4, "text", "correct", text="words")
        swap = SwapShown("colour", 0, 2, 1, 0, 1, picture("PNG"), picture("PNG"), picture("JPEG"))
        texts = [SwapText("token", 0, 2, 1, 0, 1, [Piece("a", marked=True)], [], [])]
        changes = [ChangedShown("in grey", 0, 1, 0, picture("PNG")), ChangedShown("x", 0, 1, 0)]
        whole = made(pictures=[shown, other], swaps=[swap], texts=texts, changed=changes)
        replace(whole, summary=told()).save(folder)
    return folder


def places(value, path=()):
    """The path of every value inside a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in inner:
        yield (*path, key)
        if isinstance(item, dict | list):
            yield from places(item, (*path, key))


def changed(document, path, value):
    """The document with one value replaced, or removed where that is asked for."""
    new = copy.deepcopy(document)
    inside = new
    for key in path[:-1]:
        inside = inside[key]
    if value is Ellipsis:
        del inside[path[-1]]
    else:
        inside[path[-1]] = value
    return new


def sentence(function):
    """What one of our own errors says, None where there is none; others pass."""
    try:
        function()
    except EarlysieveError as error:
        return str(error)
    return None


def outcome(folder):
    """Whether the folder loads; if not, one of our sentences has to say why."""
    loaded = []
    said = sentence(lambda: loaded.append(es.AuditResult.load(folder)))
    shown = sentence(lambda: [render(result) for result in loaded])
    for text in (said, shown):
        if text is not None:
            assert text.startswith("Expected ")
            assert "\n" not in text
            assert len(text) < 800
    return said is None


@pytest.fixture
def damaged(saved, tmp_path):
    """A copy to damage."""
    folder = tmp_path / "damaged"
    shutil.copytree(saved, folder)
    return folder


def test_every_field_of_the_document(damaged):
    pytest.importorskip("jinja2")
    document = json.loads((damaged / "audit.json").read_text())
    draw = random.Random(0)
    refused = 0
    for path in places(document):
        for value in (Ellipsis, *draw.sample(ODD, 3)):
            text = json.dumps(changed(document, path, value))
            (damaged / "audit.json").write_text(text)
            refused += not outcome(damaged)
    assert refused > 150


@pytest.mark.parametrize("name", ["audit.json", "scores.csv", "pictures/2-image.png"])
def test_bytes_cut_off_flipped_and_put_in(damaged, name):
    pytest.importorskip("jinja2")
    content = (damaged / name).read_bytes()
    draw = random.Random(1)
    refused = 0
    for _ in range(80):
        broken, at = bytearray(content), draw.randrange(len(content))
        kind = draw.randrange(4)
        if kind == 0:
            del broken[at:]
        elif kind == 1:
            broken[at] ^= 1 << draw.randrange(8)
        elif kind == 2:
            broken[at:at] = bytes(draw.choices(range(256), k=draw.randrange(1, 9)))
        else:
            del broken[at : at + draw.randrange(1, 40)]
        (damaged / name).write_bytes(broken)
        refused += not outcome(damaged)
    # Pictures of the first format are taken as they are: nothing says what they were.
    first = b'"format_version": 1' in (damaged / "audit.json").read_bytes()
    assert refused > 25 or (first and name.startswith("pictures"))


def test_odd_cells_of_a_table_without_digest(tmp_path):
    pytest.importorskip("jinja2")
    shutil.copytree(FIRST_FORMAT, tmp_path / "audit")
    table, document = tmp_path / "audit" / "scores.csv", tmp_path / "audit" / "audit.json"
    known = json.loads(document.read_text())
    document.write_text(json.dumps(changed(known, ("config", "examples"), 10)))
    rows = [["index", "id", "label", "prediction", "confidence", "group", "readout_prediction",
             "margin", "shortcut_score", "flagged"],
            *([str(i), f"i{i}", "0", "1", "0.5", "1", "0", "0.25", "-0.25", "False"]
              for i in range(10))]  # fmt: skip

    def written(cells):
        table.write_text("\n".join(map(",".join, cells)) + "\n")
        return outcome(tmp_path / "audit")

    assert written(rows)
    for column in range(len(rows[0])):
        assert not written([[*row[:column], *row[column + 1 :]] for row in rows])
    draw = random.Random(2)
    refused = 0
    for _ in range(200):
        new, row, column = copy.deepcopy(rows), draw.randrange(11), draw.randrange(10)
        new[row][column] = draw.choice(CELLS)
        refused += not written(new)
    assert refused > 100
    longer = [rows[0], *([*row, "more"] for row in rows[1:])]
    for odd in (rows[:1], rows[1:], rows[:5], [*rows, rows[1]], longer, [*rows[:-1], longer[-1]]):
        assert not written(odd)


@pytest.mark.parametrize(
    ("column", "cell", "message"),
    [
        ("pile", "odd", r"column 'pile' holds 'odd'"),
        ("pile", None, "the column 'pile' is missing"),
        ("label_doubt", None, "the column 'label_doubt' is missing"),
        ("label_doubt", "inf", "column 'label_doubt' holds NaN or infinity"),
        ("score of colour", "high", "column 'score of colour': could not convert"),
        ("score of colour", "nan", "column 'score of colour' holds NaN or infinity"),
    ],
)
def test_piles_and_scores_of_readers_are_checked(column, cell, message):
    table = made().examples.astype({column: object})
    if cell is None:
        table = table.drop(columns=[column])
    else:
        table.loc[1, column] = cell
    with pytest.raises(DataError, match=message):
        examples_from(Path("x"), csv_bytes(table), defused=True, piled=True)


@pytest.mark.parametrize("share", [0, 0.3, 0.9])
def test_a_report_of_what_was_cut_off(damaged, share):
    content = (damaged / "audit.json").read_text()
    (damaged / "audit.json").write_text(content[: int(share * len(content))])
    assert problem("report", damaged).startswith("Expected a saved audit at")
    names = sorted(path.name for path in damaged.iterdir())
    assert names == ["audit.json", "pictures", "scores.csv"]


def test_what_is_missing_is_named(damaged):
    document = json.loads((damaged / "audit.json").read_text())
    (damaged / "audit.json").write_text(json.dumps(changed(document, ("groups",), ...)))
    assert problem("report", damaged) == (
        f"Expected 'groups' in '{damaged / 'audit.json'}', but it is missing: the file is damaged; "
        "run the audit again, or copy its folder again"
    )
    text = json.dumps(changed(document, ("summary", "accuracy"), "high"))
    (damaged / "audit.json").write_text(text)
    assert problem("report", damaged) == (
        f"Expected a number as 'summary.accuracy' in '{damaged / 'audit.json'}', but got 'high': "
        "the file is damaged; run the audit again, or copy its folder again"
    )
