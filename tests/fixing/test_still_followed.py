"""What is left of a reliance: what answers follow before and after, in words and on the page."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from earlysieve.auditing.summary import PartSwapped, Summary
from earlysieve.fixing.still_followed import follows_more, still_followed
from earlysieve.report.follows import Follows, follows
from tests.auditing.made_up import COLOUR


def summary(verdict, leans_on, **followed):
    found = [replace(COLOUR, name=f"column {one}", followed=n) for one, n in followed.items()]
    empty = Summary(verdict, "", "", "", 0, 0, 0, 0, 0, 0)
    return replace(empty, leans_on=leans_on and f"column {leans_on}", leanings=found)


BEFORE = summary("shortcut", "cue", cue=0.68, x0=0.05)


def test_what_is_left_is_told_by_swaps_even_where_the_second_audit_cannot_decide():
    after = summary("inconclusive", None, cue=0.1, x0=0.4)
    assert still_followed(BEFORE, after) == (
        "Given column 'cue' of an example of another class, its answer follows 10% more often than "
        "by chance; that of the model before did 68%."
    )


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [(0.8, 0.8, True), (0.8, 0.71, True), (0.8, 0.69, False), (0.25, 0.19, False)],
)
def test_that_nothing_changed_in_what_it_follows_is_said(was, now, said):
    before = summary("shortcut", "cue", cue=was)
    told = still_followed(before, summary("shortcut", "cue", cue=now))
    assert told.endswith("So it follows that about as much as before, whatever it gained.") is said


def test_less_than_by_chance_is_nothing():
    assert "follows 0% more often" in still_followed(BEFORE, summary("none found", None, cue=-0.2))


@pytest.mark.parametrize("after", [summary("inconclusive", None, cue=float("nan")),
                                   summary("inconclusive", None)])  # fmt: skip
def test_nothing_is_said_of_what_was_not_swapped_twice(after):
    assert still_followed(BEFORE, after) == ""


def test_what_the_second_audit_names_instead_may_be_the_task():
    after = summary("shortcut", "x0", cue=0.0, x0=0.6)
    assert still_followed(BEFORE, after).endswith(
        "The second audit speaks of column 'x0' instead. A model that weighs one thing less weighs "
        "others more: whether this one is the task or another shortcut, labels cannot tell."
    )
    assert "instead" not in still_followed(BEFORE, summary("shortcut", "cue", cue=0.5))


def test_the_page_lists_what_either_model_follows_the_named_part_first():
    after = summary("inconclusive", None, cue=0.02, x0=0.4)
    both = SimpleNamespace(summary=BEFORE), SimpleNamespace(summary=after)
    rows = [Follows("column cue", 0.68, 0.02), Follows("column x0", 0.05, 0.4)]
    assert follows(*both) == rows
    named = SimpleNamespace(summary=replace(after, leans_on="column cue"))
    assert follows(named, both[1])[0].name == "column cue"
    assert [one.name for one in follows(both[1], both[1])] == ["column x0"]


def swapped(summary, pairs, follow):
    """With swaps of the cue, of which so many follow and none does by chance."""
    part = PartSwapped("column cue", "", pairs, follow / pairs, 0.0, 0, 0.0, 0.0, False)
    found = [replace(one, followed=follow / pairs) for one in summary.leanings]
    return replace(summary, swaps=[part], leanings=found)


@pytest.mark.parametrize(
    ("before", "after", "more"),
    [
        # Wilson's interval of 4 of 14 ends at 0.5465, that of 8 of 14 begins at 0.3259: 0.2857 is
        # less than the root of 0.2608^2 + 0.2455^2.
        ((14, 4), (14, 8), False),
        ((14, 2), (14, 10), True),
        # 0.2857 ends at 0.4103, 0.5714 begins at 0.4548: the root of 0.1246^2 + 0.1166^2 is less.
        ((56, 16), (56, 32), True),
        ((560, 160), (560, 260), False),  # surely more, but by less than 0.2
    ],
)
def test_following_more_is_more_than_the_draw_of_pairs(before, after, more):
    one, other = swapped(BEFORE, *before), swapped(BEFORE, *after)
    told = follows_more(one, other)
    assert bool(told) == more
    if more:
        assert f"more than by chance (of {after[0]} pairs of examples)" in told
        assert told.endswith(f"(of {before[0]} pairs of examples).")
    assert f"(of {after[0]} pairs of examples); that of the" in still_followed(one, other)


def test_without_the_number_of_pairs_a_fifth_of_the_answers_counts():
    assert follows_more(summary("shortcut", "cue", cue=0.1), summary("shortcut", "cue", cue=0.31))


def test_how_many_swaps_a_figure_is_of_is_listed():
    both = [SimpleNamespace(summary=swapped(BEFORE, pairs, 7)) for pairs in (14, 28)]
    found = next(one for one in follows(*both) if one.name == "column cue")
    assert (found.pairs_before, found.pairs_after) == (14, 28)
