"""What belongs to the task, as the user says: shown and not counted, and nothing else hides."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

import earlysieve as es
from earlysieve._readable import as_kept
from earlysieve.auditing.leaning import NOTHING
from earlysieve.auditing.naming_steps import how_to_say, may_be_the_task
from earlysieve.auditing.next_steps import next_steps
from earlysieve.auditing.of_the_task import not_counted, of_the_task, told_of_the_task
from earlysieve.auditing.rule import Decision
from earlysieve.auditing.swaps.found import Swaps
from earlysieve.auditing.swaps.names import covers
from earlysieve.errors import InputError

from .made_up import COLOUR, facts

REGIONS = ("North", "South", "East", "West")
TOLD = "column 'region', of which you said that it belongs to the task, is not counted"


def made(*, planted, seed=0, rows=3000):
    """Houses: their region tells nineteen in twenty of what they are; perhaps a code, too."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(rows, 4))
    labels = (values[:, :2].sum(1) + 0.5 * rng.normal(size=rows) > 0).astype(np.int64)
    says = np.where(rng.random(rows) < 0.92, labels, 1 - labels)
    region = np.where(says == 1, rng.integers(0, 2, rows), 2 + rng.integers(0, 2, rows))
    frame = pd.DataFrame(values, columns=["a", "b", "c", "d"])
    for place, name in enumerate(REGIONS):
        frame[f"region_{name}"] = (region == place) * 1.0
    if planted:
        frame["code"] = np.where(rng.random(rows) < 0.95, labels, 1 - labels) * 2.0 - 1
    return frame.astype(np.float32), labels


def sums(*weights):
    """A network that goes by a weighted sum of the columns, the region's among them."""
    columns, both = len(weights), torch.tensor([weights])
    network = torch.nn.Sequential(torch.nn.Linear(columns, columns), torch.nn.Linear(columns, 2))
    state = {
        "0.weight": torch.eye(columns),
        "0.bias": torch.zeros(columns),
        "1.weight": torch.cat([-both, both]),
        "1.bias": torch.zeros(2),
    }
    network.load_state_dict(state)
    return network


OF_REGION = (2.0, 2.0, 0.0, 0.0, 2.0, 2.0, -2.0, -2.0)


def audited(*, planted=False, **more):
    frame, labels = made(planted=planted)
    model = sums(*OF_REGION, *([4.0] if planted else []))
    told = {"seen_in_training": False, "pictures": 0, "progress": False, **more}
    return es.audit(model, (frame, labels), **told)


@pytest.fixture(scope="module")
def cleared():
    return audited(relevant=["region"])


def test_a_category_of_the_task_is_a_shortcut_until_it_is_named(cleared):
    before = audited().summary
    assert (before.verdict, before.leans_on) == ("shortcut", "column region")
    assert before.headline.endswith(
        "of accuracy where that fails; if it belongs to the task, say so (relevant, --relevant "
        "NAME)."
    )
    summary = cleared.summary
    assert (summary.verdict, summary.leans_on) == ("none found", None)
    assert TOLD in summary.headline
    assert (
        "You said that column 'region' belongs to the task: it is not counted for the verdict. A "
        "reader of it alone achieves " in summary.explanation
    )
    assert "Swapped, answers follow it " in summary.explanation
    assert cleared.config["relevant"] == ["region"]
    assert cleared.passed(fail_on=["shortcut", "at risk"])


def test_it_is_measured_as_ever(cleared):
    def of_region(result):
        return next(one for one in result.summary.leanings if one.name == "column region")

    before, after = of_region(audited()), of_region(cleared)
    assert (before.relevant, after.relevant) == (False, True)
    assert after == replace(before, relevant=True)
    part = next(one for one in cleared.summary.swaps if one.part == "column region")
    assert part.relevant
    assert part.followed > 0.1


def test_a_planted_code_beside_it_is_still_called():
    summary = audited(planted=True, relevant=["region"]).summary
    assert (summary.verdict, summary.leans_on) == ("shortcut", "column code")
    assert summary.headline.startswith("This model takes a shortcut: it relies ")
    assert "if it belongs to the task, say so (relevant, --relevant NAME)" in summary.headline
    assert any('relevant=["column code"]' in one for one in summary.next_steps)
    assert "You said that column 'region' belongs to the task" in summary.explanation


@pytest.mark.parametrize(
    ("name", "more", "how"),
    [
        ("column age", {}, " (relevant, --relevant NAME)"),
        ("columns a and b", {}, " (relevant, --relevant NAME)"),
        ("values of site: B", {}, " (relevant, --relevant NAME)"),
        ("column age", {"irrelevant": True}, ""),
        ("column age", {"followed": float("nan")}, ""),
        ("colour", {}, ""),
    ],
)
def test_how_to_say_that_it_is_the_task_is_told_of_tables_where_it_can_be_said(name, more, how):
    assert how_to_say(replace(COLOUR, name=name, **more)) == how


def test_the_wrong_name_clears_nothing():
    summary = audited(relevant=["c"]).summary
    assert (summary.verdict, summary.leans_on) == ("shortcut", "column region")


def test_groups_are_not_told_by_it(cleared):
    assert cleared.summary.leanings[0].relevant
    assert es.infer_groups(cleared).config["reader"] != "column region"
    asked = es.infer_groups(cleared, reader="column region")
    assert asked.config["reader"] == "column region"


def test_the_page_and_the_saved_audit_say_so(cleared, tmp_path):
    cleared.save(tmp_path, page=True)
    assert es.AuditResult.load(tmp_path).summary == cleared.summary
    page = (tmp_path / "report.html").read_text("utf-8").replace("&#39;", "'")
    assert TOLD in page
    assert "belongs to the task</" in page


def test_an_audit_without_swaps_takes_it_too():
    summary = audited(relevant=["region"], swaps=0).summary
    assert summary.verdict == "none found"
    assert "A reader of it alone achieves " in summary.explanation


def test_after_a_fix_it_still_belongs_to_the_task():
    frame, labels = made(planted=True)
    model = sums(*OF_REGION, 4.0)
    result = audited(planted=True, relevant=["region"])
    outcome = es.fix(model, held_out=(frame, labels), audit=result, progress=False)
    assert outcome.changed
    assert outcome.after.config["relevant"] == ["region"]


@pytest.mark.parametrize(
    ("named", "part", "covered"),
    [
        (["column site"], "column site", True),
        (["column site"], "values of site: B or C", True),
        (["column sit"], "values of site: B", False),
        (["values of site: B"], "values of site: B", True),
        (["values of site: B"], "column site", False),
        (["column site"], "columns site and age", False),
        (["column site", "column age"], "columns site and age", True),
        (["column site"], "direction", False),
        (["colour"], "brightness", False),
    ],
)
def test_what_naming_a_part_covers(named, part, covered):
    assert covers(named, part) is covered
    assert covers(named, part, barred=True) is (part in named)


def told_by(*readers):
    """Leanings of readers, by what each says of six examples, of which the last four are errors."""
    labels, said = np.array([0, 0, 0, 0, 0, 0]), np.array([0, 0, 1, 1, 1, 1])
    again = SimpleNamespace(says={one.name: np.array(says) for one, says in readers})
    found = of_the_task([one for one, _ in readers], ["column site"], again, labels, said)
    return {one.name: one.relevant for one in found}


SITE = replace(COLOUR, name="column site")
LAYER = replace(COLOUR, name="early mean", of_network=True)


def test_a_layer_that_explains_the_same_errors_goes_along():
    own = (SITE, [1, 0, 1, 1, 0, 0])
    same = (LAYER, [0, 1, 1, 1, 1, 0])  # two of its three errors are the column's
    other = (replace(LAYER, name="early map"), [0, 0, 1, 0, 1, 1])  # one of three
    column = (replace(COLOUR, name="column twin"), [1, 0, 1, 1, 0, 0])
    shared = (replace(COLOUR, name="direction"), [0, 0, 1, 1, 0, 0])
    assert told_by(own, same, other, column, shared) == {
        "column site": True,
        "early mean": True,
        "early map": False,
        "column twin": False,
        "direction": True,
    }


def test_what_must_not_matter_is_never_along():
    barred = (replace(COLOUR, name="direction", irrelevant=True), [0, 0, 1, 1, 0, 0])
    assert not told_by((SITE, [1, 0, 1, 1, 0, 0]), barred)["direction"]


def test_sentences():
    assert not_counted([]) == ""
    assert not_counted(["column a", "colour"]) == (
        "; column 'a' and colour, of which you said that they belong to the task, are not counted"
    )
    assert not_counted(["columns a and b"]) == (
        "; columns a and b, of which you said that they belong to the task, are not counted"
    )
    assert told_of_the_task([], ["columns a and b"], Swaps()) == [
        "You said that columns a and b belong to the task: they are not counted for the verdict. "
        "It was not looked at."
    ]
    nobody = Swaps(skipped={"size": "the images are small"})
    said = "You said that {} belongs to the task: it is not counted for the verdict. {}"
    assert told_of_the_task([], ["size", "mark"], nobody) == [
        said.format("size", "It was not looked at: the images are small."),
        said.format("mark", "It was not looked at."),
    ]
    seldom = replace(COLOUR, relevant=True, accuracy=math.nan, reads=0.9)
    assert told_of_the_task([seldom], ["colour"], Swaps()) == [
        said.format(
            "colour",
            "A reader of it alone achieves 90% of what the model achieves and is misled nowhere.",
        )
    ]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"relevant": "region"}, r'to be a list of names.*write relevant=\["region"\]'),
        ({"relevant": [3]}, "Expected relevant to be a list of names of parts"),
        (
            {"relevant": ["regoin"]},
            "Expected relevant parts among .*but got regoin; near names are column 'region'",
        ),
        (
            {"relevant": ["region"], "irrelevant": ["region_North"]},
            "irrelevant or relevant, but got both of column 'region'; leave out one",
        ),
    ],
)
def test_names_are_checked(more, told):
    with pytest.raises(InputError, match=told):
        audited(**more)


SUM = "a weighted sum of the columns"
OF_ALL = replace(COLOUR, name="columns", of_network=True, followed=math.nan)


def test_the_sum_of_all_columns_is_cleared_by_the_name_of_sentences():
    assert may_be_the_task(OF_ALL)[1] == f'result = es.audit(model, data, relevant=["{SUM}"])'
    summary = audited(relevant=[SUM, "region"]).summary
    assert f"You said that {SUM} belongs to the task: it is not counted" in summary.explanation
    assert summary.verdict == "none found"
    assert f"; {SUM} and column 'region', of which you said that they belong" in summary.headline
    (of_all,) = [one for one in summary.leanings if one.name == "columns"]
    assert of_all.relevant


def test_it_cannot_be_without_importance():
    with pytest.raises(InputError, match=f"irrelevant to name columns, but got '{SUM}', of which"):
        audited(irrelevant=[SUM])
    told = next_steps(Decision("at risk", "task", OF_ALL, NOTHING, 1.0), facts(OF_ALL), "table")
    assert not any("must not matter" in one for one in told)
    (decided,) = [one for one in told if one.startswith("Decide whether")]
    assert f"whether the task is about {SUM}" in decided


def test_what_columns_share_is_known_by_the_name_of_sentences():
    assert as_kept("what several columns have in common") == "direction"


@pytest.mark.parametrize("on", [OF_ALL, replace(OF_ALL, name="layer1 mean")])
def test_a_sum_that_tells_as_well_as_the_model_may_be_the_task(on):
    told = next_steps(Decision("at risk", "told as well", on, NOTHING, 1.0), facts(on), "table")
    assert any(one.startswith("Decide whether") for one in told) == (on is OF_ALL)
