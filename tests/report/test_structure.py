"""What keyboards and screen readers find on the pages, told from their HTML and colours alone."""

import re
import sys
from pathlib import Path

import pytest

from earlysieve.report.fix_page import render_fix
from earlysieve.report.page import render
from earlysieve.report.plain_page import plot, render_plain
from earlysieve.report.sections import Section, Tile, table
from earlysieve.report.templating import asset

from .audits import image_audit, piled_audit, png, text_audit
from .fixes import example_rows, made_fix, unchanged_fix

SITE = Path(__file__).parents[2] / "docs" / "site"
if not SITE.exists():
    pytest.skip("the documentation is not part of this copy", allow_module_level=True)
sys.path.insert(0, str(SITE))
pytest.importorskip("jinja2")

from structure import lacking  # noqa: E402

PAGES = {
    "images": lambda: render(image_audit()),
    "texts": lambda: render(text_audit("one text", "another text")),
    "piles": lambda: render(piled_audit()),
    "a fix": lambda: render_fix(made_fix(), before="a", after="b", rows=example_rows()),
    "a fix that changes nothing": lambda: render_fix(unchanged_fix(), before="a", after="b"),
    "a search or benchmark": lambda: render_plain(
        "search",
        "A headline",
        [Section("s", "S", [table(["a", "b"], [["1", "2"]], caption="C"), plot(Tile(png(), "x"))])],
    ),
}


@pytest.mark.parametrize("name", PAGES)
def test_pages_lack_nothing(name):
    assert list(lacking(PAGES[name]())) == []


# Words of these colours stand on these grounds.
ON_ANY = ("ink", "muted", "accent", "wrong", "bad", "good", "risk", "open", "doubtful", "hard")
ON_BAND = ("ink", "muted", "accent", "bad")
PAIRS = [(one, ground) for one in ON_ANY for ground in ("bg", "card")]
PAIRS += [(one, "band") for one in ON_BAND]
PAIRS += [(one, f"{one}-bg") for one in ("bad", "good", "risk", "open")]
PAIRS += [("card", "accent"), ("right", "card")]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_words_stand_out_from_their_ground(scheme):
    variables = dict(re.findall(r"--([\w-]+): (#\w{6});", _roots()[scheme]))
    low = {pair: _contrast(*(variables[name] for name in pair)) for pair in PAIRS}
    assert {pair: ratio for pair, ratio in low.items() if ratio < 4.5} == {}


def _roots():
    found = re.findall(r":root \{(.*?)\}", asset("style.css"), re.DOTALL)
    assert len(found) == 2
    return found


def _contrast(one, other):
    """The ratio of WCAG 2.2, from 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(weight * p for weight, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_the_contrast_is_that_of_the_standard():
    assert _contrast("#000000", "#ffffff") == pytest.approx(21)
    assert _contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)
