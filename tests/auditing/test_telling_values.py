"""Single values of a table's column that tell the class: found, read, swapped, judged."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.ensemble import HistGradientBoostingClassifier

import earlysieve as es
from earlysieve._readable import readable
from earlysieve.auditing.columns_left_out import columns_left_out
from earlysieve.auditing.eye import Sample
from earlysieve.auditing.leaning import strength
from earlysieve.auditing.next_steps import next_steps, parts
from earlysieve.auditing.rule import decide
from earlysieve.auditing.swaps.follow import lost_without, swap_parts
from earlysieve.auditing.telling_values import spikes, telling_values
from earlysieve.auditing.told_besides import told_as_well, told_besides
from earlysieve.auditing.words import called
from earlysieve.datasets.arrays import data_of
from earlysieve.datasets.variables import Variable, variables_of
from earlysieve.readouts.feature_store import FeatureStore

from .made_up import COLOUR, IDLE, facts

# 1,000 rows, half of either class; 95 of the 100 of site B are of class 1, others tell nothing.
LABELS = np.repeat([1, 0], 500)
SITE = np.concatenate([np.repeat(1, 95), np.arange(405) % 3 * 2 % 5, np.repeat(1, 5),
                       np.arange(495) % 3 * 2 % 5])  # fmt: skip
NAMES = ("site_A", "site_B", "site_C", "site_D", "site_E")


def found_in(values, labels=LABELS, names=("site",), classes=2):
    rows = np.asarray(values, np.float64).reshape(len(labels), -1)
    return telling_values(rows, labels, classes, variables_of(rows, names))


def test_a_category_that_a_part_of_the_rows_has():
    (one,) = found_in(np.eye(5)[SITE], names=NAMES)
    assert (one.variable.name, one.values, one.kinds) == ("site", (1.0,), (1,))
    assert one.name == "values of site: B"
    assert_array_equal(one.said_by(np.eye(5)[SITE]), np.where(SITE == 1, 1, -1))


def test_a_number_that_stands_for_one():
    (one,) = found_in(SITE)
    assert (one.values, one.kinds, one.name) == ((1.0,), (1,), "values of site: 1")


def test_a_value_that_fills_gaps_of_a_column():
    rng = np.random.default_rng(0)
    dose = np.where(SITE == 1, 0.3, rng.normal(size=1000)).astype(np.float32)
    (one,) = found_in(dose, names=("dose",))
    assert one.name == "values of dose: 0.3"


def test_a_value_for_not_measured_lies_beside_honest_low_ones():
    """Low numbers tell class 0, as the -1 does: but this stands in far more rows than any."""
    rng = np.random.default_rng(0)
    lactate = np.round(rng.normal(1.8 + 1.4 * LABELS, 0.6), 1)
    gap = np.where(rng.random(1000) < np.where(LABELS == 0, 0.4, 0.03), -1, lactate)
    (one,) = found_in(gap, names=("lactate",))
    assert (one.values, one.kinds) == ((-1.0,), (0,))
    few = np.where(rng.random(1000) < np.where(LABELS == 0, 0.05, 0.0), 0.3, lactate)
    assert found_in(few, names=("lactate",)) == ()


@pytest.mark.parametrize(
    ("sizes", "found"),
    [
        ([50, *[10] * 10], [0]),
        ([49, *[10] * 10], []),
        ([*[10] * 5, 50, *[10] * 5], [5]),
        ([*[10] * 4, 50, *[10] * 5], []),  # nine values: a count of something
        ([*[10] * 10, 50, *[10] * 10, 11], [10]),  # what lies further off is not beside it
        ([11, *[10] * 9, 50, *[10] * 10], []),
        ([50, *[10] * 10, 60], [0, 11]),
    ],
)
def test_a_spike_among_values_of_few_rows_each(sizes, found):
    assert np.flatnonzero(spikes(np.array(sizes, float))).tolist() == found


def test_a_value_is_none_where_a_curve_goes_on():
    """Each whole number above 6 tells class 1, as its neighbours do."""
    rng = np.random.default_rng(0)
    age = rng.integers(0, 10, 1000)
    labels = np.where(age > 6, rng.random(1000) < 0.95, rng.random(1000) < 0.3).astype(int)
    assert found_in(age, labels, ("age",)) == ()
    # The same shares, the numbers in another order: 1, 4 and 8 tell.
    shuffled = np.array([0, 2, 3, 5, 6, 7, 9, 1, 4, 8])[age]
    (one,) = found_in(shuffled, labels, ("age",))
    assert sorted(one.values) == [1.0, 4.0, 8.0]


def test_the_end_of_a_count_that_tells_the_class_step_by_step_is_none():
    rng = np.random.default_rng(0)
    stays = rng.poisson(0.8 + 1.3 * LABELS)
    assert found_in(stays, names=("stays",)) == ()
    unknown = rng.random(1000) < np.where(LABELS == 0, 0.3, 0.02)
    (one,) = found_in(np.where(unknown, 0, 1 + rng.poisson(2.0, 1000)), names=("stays",))
    assert (one.values, one.kinds) == ((0.0,), (0,))


@pytest.mark.parametrize(
    ("of_one", "of_other", "found"),
    [(95, 5, True), (81, 19, True), (79, 21, False), (19, 0, False), (20, 0, True)],
)
def test_a_value_takes_away_most_of_the_doubt_of_enough_rows(of_one, of_other, found):
    # Of half of all, 0.6 of the doubt is left out at 0.8; 2% of 1,000 rows are 20.
    site = np.zeros(1000)
    site[:of_one] = 1
    site[500 : 500 + of_other] = 1
    site[of_one:500] += 2 * (np.arange(500 - of_one) % 2)
    site[500 + of_other :] += 2 * (np.arange(500 - of_other) % 2)
    assert bool(found_in(site)) == found


def test_a_code_that_speaks_in_most_rows_is_none_of_these():
    assert found_in(np.where(np.arange(1000) % 20 == 0, 1 - LABELS, LABELS)) == ()


def test_many_values_are_counted_in_their_name():
    one = found_in(SITE)[0]
    many = replace(one, values=(1.0, 2.0, 4.0, 7.0, 9.0), kinds=(1, 0, 1, 0, 1))
    assert many.listed == "1, 2, 4 or one of 2 more"
    assert replace(one, values=(1.0, 2.0), kinds=(1, 0)).listed == "1 or 2"
    none = replace(one, variable=Variable("s", (0, 1), ("A", "B")), values=(2.0,))
    assert none.listed == "none of them"


def test_what_the_rest_of_a_row_tells_there_and_elsewhere():
    """Of class 1 four rows hold a value: the rest tells two of them better than all, two worse."""
    said = np.array([1, 1, 1, 1, -1, -1, 1, -1])
    labels = np.array([1, 1, 1, 1, 1, 1, 0, 0])
    chances = np.array([0.9, 0.9, 0.1, 0.1, 0.5, 0.5, 0.0, 0.0])
    assert told_as_well(np.stack([1 - chances, chances], 1), said, labels) == 0.5
    chances[:2] = 0.2
    assert told_as_well(np.stack([1 - chances, chances], 1), said, labels) == 0.0
    assert math.isnan(told_as_well(np.zeros((8, 2)), np.full(8, -1), labels))


@pytest.mark.parametrize(("told", "known"), [("ring", True), ("sum", True), ("parity", False)])
def test_other_columns_are_read_in_curves_and_pairs(told, known):
    """A value that goes with class 1: of a parity of four columns nobody reads the rest."""
    rng = np.random.default_rng(0)
    core = rng.normal(size=(2000, 4))
    tasks = {
        "ring": (core[:, :2] ** 2).sum(1) > 1.386,
        "sum": core.sum(1) > 0,
        "parity": core.prod(1) > 0,
    }
    labels = tasks[told].astype(int)
    at = rng.random(2000) < np.where(labels == 1, 0.2, 0.01)
    rows = np.c_[core, np.where(at, 1, rng.choice([0, 2, 3], 2000))]
    (one,) = found_in(rows[:, 4:], labels)
    one = replace(one, variable=Variable("site", (4,)))
    store = FeatureStore()
    store.append(torch.from_numpy(rows.astype(np.float32)))
    sample = Sample(np.arange(2000), labels, np.arange(2000) % 5, 2, 5)
    found = told_besides(store, sample, [one], 0.95)[one.name]
    assert abs(found - 0.5) < 0.06 if known else math.isnan(found)


def test_what_is_lost_without_a_value():
    # Elsewhere class 1 is told in 4 of 5, and said of 1 in 5 others; with another value 3 of 5 are
    # right: (0.8 - 0.6) / (0.8 - 0.2).
    answers, own = np.array([1, 1, 1, 0, 0]), np.ones(5, int)
    said, truth = np.array([1, 1, 1, 1, 0, 1, 0, 0, 0, 0]), np.repeat([1, 0], 5)
    ones = np.ones(10)
    assert_allclose(lost_without(answers, own, said, truth, ones[:5], ones), 1 / 3)
    # A row that stands for two counts twice: 4 of 6.
    twice = np.array([2, 1, 1, 1, 1])
    assert_allclose(lost_without(answers, own, said, truth, twice, ones), (0.8 - 2 / 3) / 0.6)
    # Of a class that elsewhere is hardly told nothing is known.
    said = np.array([1, 1, 1, 0, 0, 1, 1, 0, 0, 0])
    assert math.isnan(lost_without(answers, own, said, truth, ones[:5], ones))
    assert math.isnan(lost_without(answers, own, said[:5], truth[:5], ones[:5], ones[:5]))


@pytest.mark.parametrize(
    ("of_told", "rows", "known"),
    [(60, 4, True), (60, 1, False), (50, 4, True), (49, 40, False)],
)
def test_of_a_class_that_is_hardly_told_many_rows_tell(of_told, rows, known):
    """Of 1,000 rows elsewhere a share is told, and it is said of 20% of 1,000 others.

    The standard error, of 60% and 400 rows: sqrt(0.24 / 400 + 0.24 / 1000) / (0.6 - 0.2) = 0.072;
    of 100: 0.13. Of 50% and 400 rows: sqrt(0.25 / 400 + 0.25 / 1000) / (0.5 - 0.2) = 0.099.
    """
    own = np.ones(100 * rows, int)
    answers = (np.arange(len(own)) % 100 < of_told) * 1
    truth = np.repeat([1, 0], 1000)
    said = (np.arange(2000) % 100 < np.where(truth == 1, of_told, 20)) * 1
    found = lost_without(answers, own, said, truth, own * 1.0, np.ones(2000))
    assert found == pytest.approx(0.0 if known else math.nan, nan_ok=True)


class Asks(torch.nn.Module):
    """Says 1 where a column is above 0, and wherever the site is 1."""

    def __init__(self, follows: bool) -> None:
        super().__init__()
        self.follows = follows

    def forward(self, rows):
        says = rows[:, 0] + 10 * self.follows * (rows[:, 1] == 1)
        return torch.stack([-says, says], 1)


@pytest.mark.parametrize("follows", [True, False])
def test_values_are_swapped_by_themselves(follows):
    core = np.where(LABELS == 1, 1.0, -1.0)
    rows = np.c_[core, SITE].astype(np.float32)
    model = Asks(follows)
    with torch.no_grad():
        said = model(torch.from_numpy(rows)).argmax(1).numpy()
    telling = found_in(SITE)
    variables = variables_of(rows, ("x", "site"))
    one = replace(telling[0], variable=variables[1])
    data = data_of((pd.DataFrame(rows, columns=["x", "site"]), LABELS))
    swaps = swap_parts(model, data, LABELS, said, variables=variables, telling=[one])
    part = swaps.of("values of site: 1")
    assert part is not None
    assert part.effect == follows
    assert part.lost_without == 0.0  # the other column tells the class as well
    assert part.mended.count == (5 if follows else 0)
    assert part.mending == (1.0 if follows else pytest.approx(math.nan, nan_ok=True))


def test_rows_without_values_are_asked_beside_the_budget():
    """What is left after the first pairs would be too little for the 95 rows that hold it."""
    rows = np.c_[np.where(LABELS == 1, 1.0, -1.0), SITE].astype(np.float32)
    model = Asks(True)
    with torch.no_grad():
        said = model(torch.from_numpy(rows)).argmax(1).numpy()
    variables = variables_of(rows, ("x", "site"))
    one = replace(found_in(SITE)[0], variable=variables[1])
    data = data_of((pd.DataFrame(rows, columns=["x", "site"]), LABELS))
    asked = {
        budget: swap_parts(
            model, data, LABELS, said, variables=variables, telling=[one], budget=budget
        )
        for budget in (180, 600)
    }
    for budget, swaps in asked.items():
        part = swaps.of("values of site: 1")
        assert part is not None
        assert part.lost_without == 0.0
        assert swaps.spent <= budget


VALUE = replace(
    COLOUR, name="values of site: B or C", reads=0.2, followed=0.3, accuracy=0.5, accuracy_else=0.9,
    times_worse=5.0, misread=40, sure=40, besides=0.5, lost_without=0.02,
)  # fmt: skip


# What is lost without it is not known: the model hardly tells that class elsewhere.
SURELY = {"lost_without": math.nan, "followed": 0.5, "times_worse": 12.0, "recovered": 0.82,
          "explained": 30}  # fmt: skip

# That 18 of 28 rows are right, and 85% elsewhere, may be luck.
FEW_ROWS = {"followed": 0.12, "accuracy": 0.64, "accuracy_else": 0.85, "misread": 28, "sure": 28}


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, "shortcut"),
        ({"misread": 19, "sure": 19}, "at risk"),
        ({"misread": 3, "times_worse": math.nan}, "at risk"),
        ({"besides": math.nan}, "shortcut"),
        ({"besides": 0.45}, "shortcut"),
        ({"besides": 0.43}, "none found"),  # the class comes of the value, too
        ({"besides": 0.57}, "none found"),  # it marks rows that are plain anyway
        ({"besides": math.nan, "misread": 19}, "none found"),
        ({"lost_without": 0.16}, "none found"),
        ({"lost_without": -0.16}, "none found"),
        ({"lost_without": math.nan}, "none found"),
        (SURELY, "shortcut"),
        (SURELY | {"followed": 0.49}, "at risk"),  # nothing says what came first
        (SURELY | {"times_worse": 11.9}, "none found"),
        (SURELY | {"recovered": 0.81}, "at risk"),
        ({"followed": 0.19, "accuracy": 0.71}, "none found"),
        ({"followed": 0.19, "misread": 19}, "none found"),
        ({"followed": 0.08}, "shortcut"),  # errors show it
        ({"followed": 0.07}, "none found"),
        (FEW_ROWS, "none found"),
        (FEW_ROWS | {"misread": 100, "sure": 100}, "shortcut"),
        ({"followed": math.nan}, "none found"),
        ({"accuracy": 0.83}, "none found"),
        ({"times_worse": 1.9}, "none found"),
    ],
)
def test_values_that_answers_follow_though_nothing_hangs_on_them(change, verdict):
    seen = facts(replace(VALUE, **change), IDLE)
    assert decide(seen).verdict == verdict


def test_a_model_that_its_readers_outdo_is_told_where_swaps_show_what_it_follows():
    for followed, verdict in ((0.31, "shortcut"), (0.29, "inconclusive")):
        seen = facts(replace(VALUE, followed=followed), IDLE, best_reads=1.2)
        assert decide(seen).verdict == verdict


def test_values_that_must_not_matter_are_a_shortcut_where_answers_follow_them():
    seen = facts(replace(VALUE, besides=0.2, irrelevant=True), IDLE)
    assert (decide(seen).verdict, decide(seen).reason) == ("shortcut", "irrelevant")


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, "none found"),  # the class comes of the column, too
        ({"besides": 0.45}, "shortcut"),
        ({"besides": math.nan}, "shortcut"),
        ({"name": "values of site 2: B"}, "shortcut"),
    ],
)
def test_a_column_from_which_the_class_comes_is_none(change, verdict):
    column = replace(COLOUR, name="column site", at_edge=0.5)
    needed = replace(VALUE, besides=0.3, followed=0.0)
    assert decide(facts(column, IDLE)).verdict == "shortcut"
    assert decide(facts(column, replace(needed, **change), IDLE)).verdict == verdict
    named = replace(column, irrelevant=True)
    assert decide(facts(named, needed, IDLE)).verdict == "shortcut"


# What lacks these values tells the other class: no right answer is left without them.
ROUNDED = replace(
    VALUE, reads=0.96, followed=0.78, mended=0.9, accuracy=0.21, accuracy_else=0.93, explained=95,
    times_worse=31.0, recovered=0.6, own_tells=0.74, lost_without=0.7, besides=0.49,
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, "shortcut"),
        ({"reads": 0.89}, "none found"),
        ({"followed": 0.29}, "none found"),
        ({"besides": 0.43}, "none found"),  # the class comes of the value, too
        ({"sure": 19}, "none found"),
        ({"recovered": 0.2, "own_tells": 0.5}, "none found"),
        ({"accuracy": 0.86}, "none found"),
    ],
)
def test_values_that_tell_as_much_as_the_model_are_judged_as_a_column(change, verdict):
    decision = decide(facts(IDLE, replace(ROUNDED, **change)))
    assert decision.verdict == verdict
    if verdict == "shortcut":
        assert (decision.reason, decision.leaning) == ("leans", ROUNDED)
        assert decision.signs == strength(ROUNDED)


def rounded(seed, tells):
    """Weights that are rounded to 5 in one class, and written to a tenth in the other."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, 3000)
    said = np.where(rng.random(3000) < tells, labels, 1 - labels)
    weight = rng.normal(75, 12, 3000)
    weight = np.where(said == 1, np.round(weight / 5) * 5, np.round(weight, 1))
    task = {f"x{k}": rng.normal(size=3000) + 0.7 * labels for k in range(4)}
    return pd.DataFrame({"weight": weight, **task}), labels


def test_a_habit_of_rounding_that_goes_with_a_class_is_found():
    trees = HistGradientBoostingClassifier(max_iter=60).fit(*rounded(0, 0.92))
    assert trees.score(*rounded(2, 0.5)) < trees.score(*rounded(1, 0.92)) - 0.2
    found = es.audit(
        trees, rounded(1, 0.92), seen_in_training=False, pictures=0, progress=False
    ).summary
    assert found.verdict == "shortcut"
    assert found.leans_on.startswith("values of weight: ")


def test_of_values_no_other_sign_is_a_verdict():
    """What would be called of a whole column tells nothing of values that hardly occur."""
    strong = replace(
        VALUE, reads=1.0, lost_without=0.5, sure=5, accuracy_sure=0.0, irrelevant=False
    )
    assert decide(facts(strong, IDLE)).verdict == "none found"


def test_values_have_a_name_in_sentences():
    assert called(VALUE) == readable(VALUE.name) == "column 'site' where it is B or C"
    assert called(replace(VALUE, name="values of a: b: 3")) == "column 'a: b' where it is 3"


def made(honest: bool, seed: int = 0):
    """2,000 patients for training and as many unseen; site B goes with class 1, or causes it."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(4000, 3))
    noise = 0.5 * rng.normal(size=4000)
    if honest:
        site = np.where(rng.random(4000) < 0.2, 1, rng.choice([0, 2, 3], 4000))
        labels = (values[:, :2].sum(1) + noise + 2.5 * (site == 1) > 0).astype(int)
    else:
        labels = (values[:, :2].sum(1) + noise > 0).astype(int)
        at = rng.random(4000) < np.where(labels == 1, 0.36, 0.04)
        site = np.where(at, 1, rng.choice([0, 2, 3], 4000))
    frame = pd.DataFrame(values, columns=["x", "y", "z"])
    for place, name in enumerate("ABCD"):
        frame[f"site_{name}"] = (site == place).astype(float)
    return frame, labels


def trained(frame, labels):
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Linear(frame.shape[1], 32), torch.nn.ReLU(), torch.nn.Linear(32, 2)
    )
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    algorithm = es.training.ERM(model, optimizer)
    es.fit(algorithm, (frame, labels), epochs=6, batch_size=64, progress=False)
    return model


@pytest.fixture(scope="module")
def audits():
    made_audits = {}
    for honest in (False, True):
        frame, labels = made(honest)
        model = trained(frame[:2000], labels[:2000])
        unseen = (frame[2000:].reset_index(drop=True), labels[2000:])
        found = es.audit(model, unseen, seen_in_training=False, pictures=0, progress=False)
        made_audits[honest] = found, unseen, model
    return made_audits


def test_a_site_that_was_put_down_after_the_class_is_a_shortcut(audits):
    result, (frame, labels), _ = audits[False]
    summary = result.summary
    assert (summary.verdict, summary.leans_on) == ("shortcut", "values of site: B")
    assert "relies partly on column 'site' where it is B, and loses" in summary.headline
    assert "Given another value, the model loses" in summary.explanation
    misled = (result.examples["pile"] == "shortcut fails").to_numpy()
    assert_array_equal(misled, (frame["site_B"] == 1).to_numpy() & (labels == 0))
    text, code = parts(summary.next_steps[0])
    assert text.startswith("If it must not count that column 'site' is B")
    assert columns_left_out(code) == ["site"]
    assert '["site_A", "site_B", "site_C", "site_D"]' in code


def test_columns_of_an_array_are_left_out_by_their_places(audits):
    _, (frame, labels), model = audits[False]
    rows = frame.to_numpy(np.float32)
    found = es.audit(model, (rows, labels), seen_in_training=False, pictures=0, progress=False)
    assert "np.delete(one, [3, 4, 5, 6], axis=1)" in found.summary.next_steps[0]


def test_values_of_a_column_that_must_not_matter_are_meant_too(audits):
    _, unseen, model = audits[True]
    found = es.audit(
        model, unseen, seen_in_training=False, pictures=0, irrelevant=["site"], progress=False
    )
    assert found.summary.verdict == "shortcut"
    barred = {one.name for one in found.summary.leanings if one.irrelevant}
    assert barred == {"values of site: B", "column site"}


def test_a_fix_helps_those_whom_the_site_misleads(audits):
    result, unseen, model = audits[False]
    outcome = es.fix(model, held_out=unseen, audit=result, progress=False)
    misled = outcome.figures.set_index("part").loc["misled"]
    assert outcome.changed
    assert misled["after"] > misled["before"] + 0.1


def test_a_site_from_which_the_class_comes_is_none(audits):
    result, _, _ = audits[True]
    value = next(one for one in result.summary.leanings if one.is_value)
    assert value.followed > 0.3
    assert (value.besides < 0.44, value.lost_without > 0.15) == (True, True)
    assert result.summary.verdict != "shortcut"


def test_values_that_may_be_the_task_are_barred_by_their_column():
    seen = facts(replace(VALUE, misread=19, sure=19), IDLE)
    codes = [parts(one)[1] for one in next_steps(decide(seen), seen, "table")]
    assert 'result = es.audit(model, data, irrelevant=["column site"])' in codes


def test_an_audit_with_values_is_read_again(audits, tmp_path):
    result, _, _ = audits[False]
    result.save(tmp_path, page=True)
    again = es.AuditResult.load(tmp_path)
    assert again.summary == result.summary
    assert "column 'site' where it is B" in (tmp_path / "report.html").read_text().replace(
        "&#39;", "'"
    )


@pytest.mark.parametrize("seed", range(3))
def test_codes_that_tell_a_class_by_chance_are_left_out(seed):
    """Where 5 of 24 codes mean class 1, others hold class 0 more often, some of them by chance."""
    rng = np.random.default_rng(seed)
    labels = (rng.random(1200) < 0.45).astype(int)
    told = rng.random(1200) < np.where(labels == 1, 0.62, 0.03)
    planted = np.array([3, 8, 11, 17, 22])
    others = np.setdiff1d(np.arange(24), planted)
    codes = np.where(told, rng.choice(planted, 1200), rng.choice(others, 1200))
    of = Variable("code", tuple(range(24)), tuple(f"D{code}" for code in range(24)))
    (one,) = telling_values(np.eye(24)[codes], labels, 2, (of,))
    assert sorted(one.values) == planted.tolist()
    assert set(one.kinds) == {1}
    # Those that are named are the three that tell most surely.
    pure = {code: labels[codes == code].mean() - 1 / (codes == code).sum() for code in planted}
    shown = sorted(sorted(planted, key=lambda code: -pure[code])[:3])
    assert one.listed == f"{', '.join(f'D{code}' for code in shown)} or one of 2 more"


@pytest.mark.parametrize("seed", range(3))
def test_of_many_codes_that_say_nothing_none_tells(seed):
    rng = np.random.default_rng(seed)
    labels, codes = (rng.random(1200) < 0.3).astype(int), rng.integers(0, 30, 1200)
    of = Variable("code", tuple(range(30)), tuple(map(str, range(30))))
    assert telling_values(np.eye(30)[codes], labels, 2, (of,)) == ()


@pytest.mark.parametrize("numbers", [False, True])
def test_of_a_column_whose_values_all_tell_none_is_singled_out_by_the_draw(numbers):
    """A finding that each of three classes has its own of, in 55% of its rows."""
    of = Variable("ward", (0,)) if numbers else Variable("ward", (0, 1, 2, 3), tuple("ABCD"))
    for seed in range(10):
        rng = np.random.default_rng(seed)
        labels = rng.choice(3, 1800, p=[0.45, 0.35, 0.2])
        ward = np.where(rng.random(1800) < 0.55, labels, rng.integers(0, 4, 1800))
        assert telling_values(ward[:, None] if numbers else np.eye(4)[ward], labels, 3, (of,)) == ()
        single = rng.random(1800) < np.where(labels == 0, 0.75, 0.1)
        others = np.eye(4)[np.where(single, 0, rng.integers(1, 4, 1800))]
        if not numbers:  # where one class alone has a value of its own it is found
            assert [one.values for one in telling_values(others, labels, 3, (of,))] == [(0.0,)]


def test_a_column_whose_values_all_tell_one_of_two_classes_has_no_telling_values():
    """Five clinics, two of them for the ill: the other three tell as much, and alike."""
    for seed in range(5):
        rng = np.random.default_rng(seed)
        labels = (rng.random(900) < 0.5).astype(int)
        ill = np.where(rng.random(900) < 0.95, labels, 1 - labels) == 1
        clinic = np.where(ill, rng.integers(0, 2, 900), rng.integers(2, 5, 900))
        of = Variable("clinic", tuple(range(5)), tuple("NSHLW"))
        assert telling_values(np.eye(5)[clinic], labels, 2, (of,)) == ()
