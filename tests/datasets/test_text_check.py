"""Texts that are empty, and texts that are cut."""

import warnings

import pytest

from earlysieve.datasets.checks import DataWarning
from earlysieve.datasets.csv_manifest import manifest
from earlysieve.datasets.text_check import is_cut, note_texts
from earlysieve.datasets.text_cues import WordTokenizer

TOKENIZER = WordTokenizer(["a", "b", "c"])


def told(texts, max_length=4):
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        note_texts("t.csv", texts, TOKENIZER, max_length)
    return [str(one.message) for one in found]


def test_nothing_is_said_of_texts_that_are_whole():
    assert told(["a b c a"] * 300) == []
    assert told(["a b c a b"] * 9 + ["a"] * 91) == []
    assert told([]) == []


def test_empty_texts_are_counted():
    (one,) = told(["a", "  ", "b"])
    assert one.startswith("1 text is empty in 't.csv' (the first is example 1)")
    (many,) = told(["", "a", ""])
    assert many.startswith("2 texts are empty in 't.csv' (the first is example 0)")


def test_texts_that_are_cut_are_counted():
    (cut,) = told(["a b c a b"] * 10 + ["a"] * 90)
    assert cut.startswith("About 10% of the texts of 't.csv' are longer than 4 tokens")
    assert "--max-length" in cut


def test_whether_a_text_is_cut():
    assert is_cut(TOKENIZER, 2, "a b c")
    assert not is_cut(TOKENIZER, 2, "a b")
    assert not is_cut(lambda *_, **__: {"input_ids": []}, 2, "a b c")


def test_a_file_of_texts_is_looked_at(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("text,label\na b c,x\n,y\na b,x\nb,y\n", encoding="utf-8")
    with pytest.warns(DataWarning, match="1 text is empty"):
        manifest(file, tokenizer=TOKENIZER, max_length=8)
    with pytest.warns(DataWarning) as found:
        manifest(file, tokenizer=TOKENIZER, max_length=1)
    assert "About 50% of the texts" in str(found[1].message)
