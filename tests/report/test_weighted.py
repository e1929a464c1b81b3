import math
import tracemalloc

import numpy as np
import pytest

from earlysieve.errors import InputError
from earlysieve.report import render, weighted_up
from earlysieve.report.weight_figures import epoch_figures
from earlysieve.report.words import times
from earlysieve.weighting.weight_function import top_share

from .audits import HOSTILE, image_audit, png
from .test_page import Outline

pytest.importorskip("jinja2")
WEIGHTS = np.ones(60)
WEIGHTS[:5] = (9, 8, 7, 6, 5)
HISTORY = (np.ones(60), WEIGHTS)
LABELS = np.arange(60) % 3
GROUPS = (np.arange(60) >= 5).astype(int)
NAMES = ("boot", "coat", "shirt")


def section(**changes):
    options = {
        "labels": LABELS,
        "class_names": NAMES,
        "groups": GROUPS,
        "group_names": ("misleads", "helps"),
    }
    return weighted_up(
        changes.pop("history", HISTORY),
        changes.pop("show", lambda _: png()),
        **{**options, **changes},
    )


def outline(**changes):
    """The page with the section; only what the section adds is of interest."""
    return Outline(render(image_audit(pictures=()), sections=[section(**changes)]))


def plain(text):
    """The text with signs that every keyboard has."""
    return text.replace("\N{MULTIPLICATION SIGN}", "x").replace("\N{EN DASH}", "-")


def spoken(page):
    return [plain(attrs["aria-label"]) for attrs in page.having("column")]


def test_figures_by_hand():
    found = epoch_figures(WEIGHTS, GROUPS, 3)
    assert (found.share_up, found.mean_up) == (5 / 60, 7.0)
    assert found.top_share == 9 / 90
    assert found.group_means[:2] == (7.0, 1.0)
    assert math.isnan(found.group_means[2])
    assert math.isnan(epoch_figures(np.ones(3), np.zeros(3, np.int64), 1).mean_up)


def test_the_heaviest_percent_is_that_of_training():
    import torch

    values = np.random.default_rng(0).exponential(size=357)
    share = epoch_figures(values, np.full(357, -1), 0).top_share
    assert share == pytest.approx(top_share(torch.from_numpy(values)))


def test_the_heaviest_examples_are_shown_in_order():
    page = outline()
    cards = page.having("weighted")
    shown = [card for card in cards if "data-score" in card]
    assert [card["data-score"] for card in shown] == ["5.0", "4.5", "4.0", "3.5", "3.0"]
    assert [card["data-class"] for card in shown] == ["0", "1", "2", "0", "1"]
    assert "5 examples were weighted up at some time; here are the 5" in page.text
    for piece in ("Weight 5x", "Label boot", "Group misleads", "Example 4"):
        assert piece in plain(page.text)
    assert len([c for c in outline(pictures=2).having("weighted") if "data-score" in c]) == 2


def test_the_charts_speak():
    labels = spoken(outline())
    assert "1: examples weighted up 0%, weight held by the heaviest 1% 1.7%" in labels
    assert "2: examples weighted up 8.3%, weight held by the heaviest 1% 10%" in labels
    assert "1: misleads 1x, helps 1x, all that are weighted up -" in labels
    assert "2: misleads 7x, helps 1x, all that are weighted up 7x" in labels


def test_many_groups_go_into_a_table():
    page = outline(groups=np.arange(60) % 6, group_names=[f"g{i}" for i in range(5)])
    assert "Mean weight by group in the last epoch" in page.text
    assert "g0 10 1.8x g1 10 1.7x g2 10 1.6x g3 10 1.5x g4 10 1.4x group 5 10 1x" in plain(
        page.text
    )
    assert not any("g0" in words for words in spoken(page))


def test_unknown_groups_are_left_out():
    page = outline(groups=None)
    assert "Group misleads" not in page.text
    assert "2: all that are weighted up 7x" in spoken(page)


def test_nobody_is_weighted_up():
    page = outline(history=(np.ones(60),))
    assert "No example was weighted up." in page.text
    assert not any("data-score" in card for card in page.having("weighted"))
    assert "nan" not in page.text.lower().split()


def test_texts_are_shown_as_texts():
    page = outline(show=lambda index: "word " * 100 if index else "a short tweet")
    assert "a short tweet" in page.text
    assert sum(tag == "blockquote" for tag, _ in page.tags) == 5
    assert page.text.count("Whole text") == 4
    assert outline(show=lambda _: None).having("weighted")


def test_words_of_users_are_escaped():
    page = outline(
        show=lambda _: HOSTILE,
        class_names=(HOSTILE,) * 3,
        group_names=(HOSTILE,) * 2,
        text=HOSTILE,
    )
    assert sum(tag == "script" for tag, _ in page.tags) == 1
    assert not any("onerror" in attrs for _, attrs in page.tags)
    assert page.text.count("window.hacked") >= 16


def test_one_epoch_is_copied_at_a_time():
    weights = np.ones(20_000, dtype=np.float32)
    weights[:5] = 3
    options = {"labels": np.zeros(20_000, np.int64), "groups": None}
    section(history=[weights], **options)
    tracemalloc.start()
    section(history=[weights] * 100, **options)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * 8 * len(weights)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"history": ()}, "one weight per example"),
        ({"history": (np.ones(60), np.ones(59))}, "one weight per example"),
        ({"history": (np.ones((60, 1)),)}, "one weight per example"),
        ({"history": (np.full(60, -1.0),)}, "finite and not negative"),
        ({"history": (np.full(60, np.nan),)}, "finite and not negative"),
        ({"labels": LABELS[:5]}, "Expected labels as 60 integers of at least 0"),
        ({"labels": LABELS - 1}, "Expected labels as 60 integers of at least 0"),
        ({"groups": GROUPS / 2}, "Expected groups as 60 integers of at least -1"),
        ({"show": lambda _: b"GIF89a"}, "Expected a picture as PNG or JPEG"),
    ],
)
def test_what_does_not_fit_is_refused(changes, message):
    with pytest.raises(InputError, match=message):
        section(**changes)


def test_factors_are_written_short():
    shown = {1: "1x", 2.5: "2.5x", 1.234: "1.23x", 54.25: "54.2x", 30.0: "30x", 1234: "1,234x"}
    assert {value: plain(times(value)) for value in shown} == shown
    assert (plain(times(math.nan)), plain(times(0))) == ("-", "0x")
