import math
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earlysieve.errors import InputError
from earlysieve.report import Series, line_chart
from earlysieve.report.charts import BOTTOM, HEIGHT, TOP, Scale, _columns, _marks, _path
from earlysieve.report.histogram import _bars, counts, histogram
from earlysieve.report.words import percent

pytest.importorskip("jinja2")
SCALE = Scale(0, 1, percent)


def svg(markup):
    """The figure as a tree, without the name spaces that HTML does not need."""
    return ET.fromstring(str(markup))


def test_heights():
    assert (SCALE.y(0), SCALE.y(1)) == (HEIGHT - BOTTOM, TOP)
    assert SCALE.y(0.5) == pytest.approx((HEIGHT - BOTTOM + TOP) / 2)


def test_a_missing_value_interrupts_its_line():
    columns = _columns(["a", "b", "c"], [Series("x", [0.1, math.nan, 0.3])], None, SCALE)
    assert _path(columns, 0).count("M") == 2
    assert "L" not in _path(columns, 0)


def test_texts_of_two_lines_point_away_from_each_other():
    high, low = _marks([Series("a", [0.6]), Series("b", [0.5])], 0, 10, SCALE)
    assert high.text_y < high.y
    assert low.text_y > low.y


def test_values_are_spoken_and_the_chosen_layer_stands_out():
    figure = svg(
        line_chart(
            "Accuracy",
            ["stage1", "stage2"],
            [Series("readout", [0.5, 0.75])],
            chosen=1,
            reference=("whole model", 0.9),
        )
    )
    columns = [g for g in figure.iter("g") if "column" in g.get("class", "").split()]
    assert [g.get("aria-label") for g in columns] == ["stage1: readout 50%", "stage2: readout 75%"]
    assert [g.get("class") for g in columns] == ["column", "column chosen"]
    assert all(g.get("tabindex") == "0" for g in columns)
    assert "whole model: 90%" in "".join(figure.itertext())


def test_long_names_give_way_to_numbers():
    names = [f"features.denseblock{i}.denselayer" for i in range(9)]
    texts = [t.text for t in svg(line_chart("x", names, [Series("y", [0.5] * 9)])).iter("text")]
    assert [t for t in texts if t in set("123456789")] == list("123456789")


def test_limits_from_the_values():
    chart = line_chart("x", ["a", "b"], [Series("y", [2, 4])], y_range=None, as_percent=False)
    ticks = [t.text for t in svg(chart).iter("text")]
    assert ticks[:5] == ["2.00", "2.50", "3.00", "3.50", "4.00"]


def test_a_line_of_another_length_is_refused():
    with pytest.raises(InputError, match="Expected 2 values for the line 'y', at least one, but"):
        line_chart("x", ["a", "b"], [Series("y", [0.5])])


def test_scores_are_counted_by_range():
    found = counts([-1.0, -0.95, -0.01, 0.0, 0.05, 0.95, 1.0], [False] * 5 + [True, True])
    assert found.total.sum() == 7
    assert found.total[0] == 2
    assert found.total[9] == 1
    assert found.total[10] == 2
    (flagged,) = found.parts
    assert (found.total[-1], flagged[-1], flagged.sum()) == (2, 2, 2)


def test_bars_are_squeezed_only_where_the_wrong_side_is_low():
    many = counts(np.r_[np.full(1000, -0.99), np.full(5, 0.99)], np.zeros(1005, dtype=bool))
    even = counts(np.r_[np.full(10, -0.99), np.full(5, 0.99)], np.zeros(15, dtype=bool))
    assert many.squeezed
    assert not even.squeezed
    tall, low = _bars(many)
    assert low.height / tall.height == pytest.approx((5 / 1000) ** 0.5)
    assert [bar.wrong for bar in _bars(even)] == [False, True]


@given(
    st.lists(st.tuples(st.floats(-1, 1), st.booleans(), st.integers(-1, 2)), max_size=60),
)
def test_bars_stay_inside_the_drawing(rows):
    scores, flags = [row[0] for row in rows], [row[1] for row in rows]
    for piles in (None, np.array([row[2] for row in rows], dtype=np.int64)):
        for bar in _bars(counts(scores, flags, piles)):
            assert TOP <= bar.y <= HEIGHT - BOTTOM
            assert sum(part.height for part in bar.parts) <= bar.height + 1e-9
            assert all(part.y >= bar.y - 1e-9 for part in bar.parts)
        assert svg(histogram(scores, flags, piles)).tag == "figure"


def test_where_there_are_piles_they_are_told_apart():
    piles = np.array([0, 0, 2, -1])
    drawn = svg(histogram([0.75, 0.72, 0.78, -0.5], [True, False, False, False], piles))
    texts = "".join(drawn.itertext())
    assert "Score +0.70 to +0.80: 3 examples, 2 shortcut fails, 1 label doubtful" in texts
    assert "Score \N{MINUS SIGN}0.50 to \N{MINUS SIGN}0.40: 1 examples" in texts
    assert "read wrong, in no pile" in texts
    assert "rare or hard" not in texts
    assert "flagged" not in texts
    assert [one.get("id") for one in drawn.iter("pattern")] == ["fails-hatch", "doubtful-hatch"]


def test_the_flagged_zone_begins_at_the_lowest_flagged_score():
    texts = "".join(svg(histogram([-0.9, 0.2, 0.8], [False, False, True])).itertext())
    assert "flagged" in texts
    assert "Score +0.80 to +0.90: 1 examples, 1 flagged" in texts
