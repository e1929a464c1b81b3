import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markupsafe import Markup

from earlysieve.errors import InputError
from earlysieve.report.words import (
    breakable,
    count,
    cut,
    data_uri,
    decimal,
    name_of,
    percent,
    short,
    signed,
    visible,
    whole_options,
)

from .audits import png


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0%"),
        (1, "100%"),
        (0.4567, "46%"),
        (0.0321, "3.2%"),
        (0.9949, "99.5%"),
        (0.0001, "<0.1%"),
        (0.99999, ">99.9%"),
        (math.nan, "\N{EN DASH}"),
        (None, "\N{EN DASH}"),
    ],
)
def test_percentages_are_rounded_where_it_does_not_matter(value, text):
    assert percent(value) == text


def test_percentages_with_given_decimals():
    assert [percent(v, 1) for v in (0.5, 0.98765, 1.0)] == ["50.0%", "98.8%", "100.0%"]


@example(0.005, 0)
@example(0.995, 0)
@example(0.0005, 1)
@given(st.floats(0, 1, exclude_min=True, exclude_max=True), st.sampled_from([None, 0, 1, 2]))
def test_almost_nothing_and_almost_all_never_read_as_nothing_and_all(value, digits):
    text = percent(value, digits)
    assert text[0] in "<>" or 0 < float(text.rstrip("%")) < 100


def test_other_numbers():
    assert (count(12345), count(None)) == ("12,345", "\N{EN DASH}")
    assert (decimal(0.126), decimal(math.inf)) == ("0.13", "\N{EN DASH}")
    assert (signed(0.5), signed(-0.5)) == ("+0.50", "\N{MINUS SIGN}0.50")


def test_names_fall_back_to_numbers():
    assert [name_of(("a", "b"), i, "class") for i in (1, 2, -1)] == ["b", "class 2", "class -1"]


def test_long_names_are_cut_in_the_middle():
    name = "photos/" + "x" * 100_000 + "/one.jpg"
    assert cut(name[:120]) == short(name[:120]) == name[:120]
    assert len(cut(name)) == 120
    assert cut(name).startswith("photos/xxx")
    assert cut(name).endswith("/one.jpg")
    shown = str(short("<b>" + name))
    assert shown.startswith('<span title="&lt;b&gt;photos/xxx')
    assert len(shown) < 1200
    assert str(short("\u202e" + name)).count("[U+202E]") == 2


def test_what_turns_text_round_is_written_out():
    assert visible("exe.\u202egnp\u2066!") == "exe.[U+202E]gnp[U+2066]!"
    assert [visible(value) for value in ("a\u200fb", 3, None)] == ["a\u200fb", 3, None]


def test_only_pictures_become_addresses():
    assert data_uri(png()).startswith("data:image/png;base64,iVBOR")
    assert data_uri(b"\xff\xd8\xff\xe0rest").startswith("data:image/jpeg;base64,")
    with pytest.raises(InputError, match="Expected a picture as PNG or JPEG bytes"):
        data_uri(b"<svg onload=alert(1)>")


def test_names_may_break_after_an_underscore_or_a_slash_and_nowhere_else():
    assert breakable("pole_vaulting") == Markup("pole_<wbr>vaulting")
    assert breakable("a/b_<i>") == Markup("a/<wbr>b_<wbr>&lt;i&gt;")
    assert breakable("img/val1.jpg") == Markup("img/<wbr>val1<wbr>.jpg")
    assert breakable("diving") == "diving"
    assert type(breakable("trailing_")) is str
    assert "[U+202E]" in breakable("a_\u202eb")
    assert breakable("x_" * 100) == Markup(str(short("x_" * 100)))


def test_no_line_ends_within_an_option():
    shown = whole_options("it is <b> (relevant, --relevant NAME) or --fail-on x\u202e")
    assert shown == Markup(
        'it is &lt;b&gt; (relevant, <span class="whole">--relevant</span> NAME) or '
        '<span class="whole">--fail-on</span> x[U+202E]'
    )
    assert whole_options("a -- b <") == "a -- b <"
