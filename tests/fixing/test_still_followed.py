"""What is left of a reliance: what answers follow before and after, in words and on the page."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from earlysieve.auditing.summary import Summary
from earlysieve.fixing.still_followed import still_followed
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
