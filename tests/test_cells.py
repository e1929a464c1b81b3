"""Text in CSV files: no formula, and nothing lost."""

import csv
import io

import pandas as pd
from hypothesis import example, given
from hypothesis import strategies as st

from earlysieve._cells import csv_bytes, defused, restored

STARTS = "=+-@\t\r\n'\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH COMMERCIAL AT}"
TEXTS = st.text(st.characters(exclude_characters="\x00", codec="utf-8"))


@example("")
@example("'")
@example("''=1")
@given(TEXTS | st.builds(str.__add__, st.sampled_from(STARTS), TEXTS))
def test_every_text_comes_back(text):
    written = defused(text)
    assert restored(written) == text
    assert not written.startswith(tuple(STARTS.replace("'", "")))


@given(st.lists(TEXTS | st.builds(str.__add__, st.sampled_from(STARTS), TEXTS), min_size=1))
def test_every_reader_sees_the_same_cells(texts):
    content = csv_bytes(pd.DataFrame({"id": texts, "n": range(len(texts))})).decode()
    rows = list(csv.reader(io.StringIO(content, newline="")))
    assert rows[0] == ["id", "n"]
    assert [restored(row[0]) for row in rows[1:]] == texts


def test_numbers_and_plain_names_stay_as_they_are():
    table = pd.DataFrame({"id": ["a/b=c.png", "-1"], "margin": [-0.5, 1.0]})
    assert csv_bytes(table) == b"id,margin\na/b=c.png,-0.5\n'-1,1.0\n"
    assert defused(-1) == -1
