"""A shortcut that the audited data no longer hold: it is read off the answers."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score
from torch import nn

import earlysieve as es
from earlysieve.auditing.answered import beyond_chance
from earlysieve.auditing.explanation import explanation
from earlysieve.auditing.judge import surely_more_often
from earlysieve.auditing.leaning import NOTHING
from earlysieve.auditing.leaning_checks import FEWEST_MISLED
from earlysieve.auditing.rule import FOLLOWS_HERE, Decision, follows
from earlysieve.auditing.swaps.found import Swaps
from earlysieve.datasets.table import Table

from .made_up import COLOUR, EVIDENCE, IDLE, facts

COUNT = 1600


class Follower(nn.Module):
    """Its first layer passes all columns on; its answer is column 1's, a hint of column 0 apart."""

    def __init__(self, core=0.0):
        super().__init__()
        self.first = nn.Linear(3, 3, bias=False)
        self.head = nn.Linear(3, 2, bias=False)
        with torch.no_grad():
            self.first.weight.copy_(torch.eye(3))
            self.head.weight.copy_(torch.tensor([[-core, -1.0, 0.0], [core, 1.0, 0.0]]))

    def forward(self, x):
        return self.head(self.first(x))


def rows(*, agrees=0.5, tells=True, seed=0):
    """Column 0 tells the label, or nothing does; column 1 agrees with it on a share of the rows."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, COUNT)
    sign = 2.0 * labels - 1
    core = sign if tells else rng.choice([-1.0, 1.0], COUNT)
    cue = np.where(rng.random(COUNT) < agrees, sign, -sign)
    values = np.stack([core, cue, np.zeros(COUNT)], 1) + 0.2 * rng.normal(size=(COUNT, 3))
    return Table(values, labels, ["no", "yes"], columns=["core", "cue", "idle"])


def audited(data, model=None):
    model = Follower() if model is None else model
    return es.audit(model, data, layers=["first"], seen_in_training=False, progress=False)


def test_a_column_that_answers_follow_and_that_tells_nothing_is_a_shortcut():
    result = audited(rows())
    found = result.summary
    assert (found.verdict, found.leans_on) == ("shortcut", "column cue")
    # The model says what the column says: always wrong where that is not the label.
    assert found.reliance.value == pytest.approx(1.0, abs=0.02)
    assert found.accuracy_where_it_fails.value == pytest.approx(0.0, abs=0.02)
    assert found.headline.startswith("On these data the model hardly does better than guessing (5")
    assert found.headline.endswith(
        "it relies on column 'cue', which tells hardly anything of the label here, or its weights "
        "are of other data, or of columns in another order."
    )
    assert "is hardly the label more often than by chance in these data" in found.explanation
    assert "columns in another order, look the same: rule these out first" in found.explanation
    assert found.next_steps[0].startswith("Check the model before its shortcuts")
    wrong = result.examples["prediction"] != result.examples["label"]
    assert (result.examples.loc[wrong, "pile"] == "shortcut fails").mean() > 0.95
    misled = es.infer_groups(result).suspects.numpy()
    assert (misled == wrong.to_numpy()).mean() > 0.95


def test_what_the_model_also_goes_by_is_not_hidden():
    result = audited(rows(), Follower(core=0.5)).summary
    assert (result.verdict, result.leans_on) == ("shortcut", "column cue")


def test_weights_of_another_table_of_as_many_columns_are_said_to_be_perhaps_such():
    """They were called a model that takes a shortcut, of a column that told nothing."""

    def table(seed):
        draw = torch.Generator().manual_seed(seed)
        x, weights = torch.randn(800, 8, generator=draw), torch.randn(8, generator=draw)
        return x, ((x @ weights + 0.7 * torch.randn(800, generator=draw)) > 0).long()

    torch.manual_seed(1)
    sizes = ((8, 32), (32, 16), (16, 2))
    layers = [part for size in sizes for part in (nn.Linear(*size), nn.ReLU())]
    model = nn.Sequential(*layers[:-1])
    descent = torch.optim.Adam(model.parameters(), 1e-2)
    x, y = table(1001)
    for _ in range(200):
        descent.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        descent.step()
    x, y = table(1)
    found = es.audit(model.eval(), (x[:400], y[:400]), progress=False).summary
    assert found.accuracy < 0.6
    assert "or its weights are of other data, or of columns in another order" in found.headline
    assert "takes a shortcut" not in found.headline


def test_labels_that_nothing_tells_may_be_wrong_ones():
    found = audited(rows(tells=False, agrees=0.48)).summary
    assert (found.verdict, found.leans_on) == ("inconclusive", None)
    assert "no better than always giving the most frequent class" in found.explanation


def test_labels_in_another_order_are_no_shortcut():
    data = rows(agrees=0.0)
    assert audited(data).summary.verdict == "inconclusive"


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_agreement_beyond_chance_is_that_of_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    says, truth = rng.integers(0, 3, (2, 60))
    assert beyond_chance(says, truth) == pytest.approx(cohen_kappa_score(says, truth))


def test_an_audit_of_before_the_share_of_explained_errors_is_read(tmp_path):
    audited(rows()).save(tmp_path / "audit")
    path = tmp_path / "audit" / "audit.json"
    kept = json.loads(path.read_text())
    for one in kept["summary"]["leanings"]:
        del one["explained_share"]
    path.write_text(json.dumps(kept))
    found = es.AuditResult.load(tmp_path / "audit").summary.leanings
    assert found
    assert all(math.isnan(one.explained_share) for one in found)


def test_agreement_of_one_class_is_nothing():
    assert beyond_chance(np.zeros(5, int), np.zeros(5, int)) == 0.0


def test_the_rule_wants_enough_examples_and_a_loss():
    prevented = Decision("inconclusive", "outdone", None, NOTHING, 0.9)
    for one, called in (
        (replace(COLOUR, misread=FEWEST_MISLED), True),
        (replace(COLOUR, misread=FEWEST_MISLED - 1), False),
        (replace(COLOUR, accuracy=0.9), False),
    ):
        found = follows(prevented, [IDLE, one], "colour")
        expected = Decision("shortcut", FOLLOWS_HERE, one, NOTHING, 0.9) if called else prevented
        assert found == expected
    assert follows(prevented, [IDLE], "colour") == prevented


@pytest.mark.parametrize(
    ("followed", "begins"),
    [
        (0.11, "Answers follow it when it is swapped, and what they take it for"),
        (0.1, "Answers follow it when it is swapped, and what they take it for"),
        (0.083, "Errors are mended when it is swapped, though answers hardly follow it otherwise"),
    ],
)
def test_that_answers_follow_is_said_where_they_do(followed, begins):
    site = replace(COLOUR, name="column site", followed=followed, mended=0.45)
    found = Decision("shortcut", FOLLOWS_HERE, site, NOTHING, 0.9)
    told = explanation(found, EVIDENCE, facts(site), None, Swaps(), "layer1")
    assert told.startswith(begins)


@pytest.mark.parametrize(
    ("alone", "others", "ahead"), [(9, 0, True), (4, 0, False), (29, 15, True), (28, 15, False)]
)
def test_readers_outdo_a_model_by_more_than_chance_only(alone, others, ahead):
    # 9 > 2 sqrt(9); 4 = 2 sqrt(4); 14 > 2 sqrt(44) = 13.3; 13 < 2 sqrt(43) = 13.1.
    ours = np.array([True] * alone + [False] * others + [True] * 50)
    theirs = np.array([False] * alone + [True] * others + [True] * 50)
    assert surely_more_often(ours, theirs) == ahead


class Coded(nn.Module):
    """Its first column is the place of a code in an embedding."""

    def __init__(self):
        super().__init__()
        self.code = nn.Embedding(6, 2)
        self.code.weight.data = torch.tensor([[-1.0, 1.0], [1.0, -1.0]] * 3)

    def forward(self, x):
        return self.code(x[:, 0].long()) + 0.1 * x[:, 1:2]


def test_swaps_stay_within_the_codes_of_a_column():
    rng = np.random.default_rng(0)
    codes, labels = rng.integers(0, 6, COUNT), rng.integers(0, 2, COUNT)
    codes = np.where(rng.random(COUNT) < 0.9, 2 * (codes // 2) + 1 - labels, codes)
    values = np.stack([codes, 3.0 * labels + rng.normal(size=COUNT)], 1)
    found = es.audit(Coded(), (values.astype(np.float32), labels), layers=["code"],
                     seen_in_training=False, progress=False)  # fmt: skip
    assert any(part["part"] == "direction" for part in map(vars, found.summary.swaps))
