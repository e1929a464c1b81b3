import math
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.special import expit

import earlysieve as es
from earlysieve.errors import InputError
from earlysieve.groups.accuracy import wilson_bounds
from earlysieve.measures.bias_amplification import bias_amplification
from earlysieve.measures.by_cell import tpr_gaps
from earlysieve.measures.figures import FIGURES

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 3, 200)
PLACE = np.where(RNG.random(200) < 0.8, LABELS % 2, RNG.integers(0, 2, 200))
GROUPS = 2 * LABELS + PLACE
LOGITS = 2 * np.eye(3)[LABELS] + 1.5 * np.eye(3)[PLACE] + RNG.normal(size=(200, 3))
SHARES = {g: float(g + 1) for g in range(6)}


def found(**more):
    more = {"groups": GROUPS, "group_shares": SHARES, "draws": 200, **more}
    return es.measure(LOGITS, LABELS, **more)


def test_all_figures_by_other_ways():
    result = found(group_names=["a0", "a1"], class_names=["a", "b", "c"])
    right = LOGITS.argmax(1) == LABELS
    by_group = [right[g == GROUPS].mean() for g in range(6)]
    by_class = [right[k == LABELS].mean() for k in range(3)]
    gaps = [one.gap for one in tpr_gaps(LOGITS.argmax(1), LABELS, GROUPS)]
    expected = {
        "accuracy": right.mean(),
        "reweighted_accuracy": np.average(by_group, weights=range(1, 7)),
        "worst_group_accuracy": min(by_group),
        "group_gap": max(by_group) - min(by_group),
        "worst_class_accuracy": min(by_class),
        "bias_amplification": bias_amplification(LOGITS.argmax(1), LABELS, PLACE, 3).amplification,
        "largest_tpr_gap": max(gaps),
        "mean_tpr_gap": np.mean(gaps),
        "nll": torch.nn.functional.cross_entropy(torch.tensor(LOGITS), torch.tensor(LABELS)).item(),
    }
    assert result.values | expected == pytest.approx(result.values)
    assert set(result.values) == set(FIGURES)
    assert result.notes == ()
    assert result.groups.table["accuracy"].tolist() == pytest.approx(by_group)
    assert result.groups.average == pytest.approx(result["accuracy"].value)
    assert [one.accuracy for one in result.classes] == pytest.approx(by_class)
    assert [one.gap for one in result.tpr_gaps] == gaps
    assert result.table["name"].tolist() == [one.name for one in result.figures]


def test_intervals_hold_their_figures_and_shares_have_wilsons():
    result = found()
    for one in result.figures:
        assert one.low <= one.value <= one.high, one
        assert FIGURES[one.name][1] <= one.low
        assert one.high <= FIGURES[one.name][2]
        assert math.isnan(one.reference)
        assert math.isnan(one.difference)
    worst = min(range(6), key=lambda g: (LOGITS.argmax(1) == LABELS)[g == GROUPS].mean())
    one = result["worst_group_accuracy"]
    assert (one.low, one.high) == wilson_bounds(one.value, int((worst == GROUPS).sum()))
    assert one.interval == "Wilson"
    assert result["accuracy"].interval == "Wilson"
    assert result["nll"].interval == "bootstrap"


def test_a_reference_is_compared_on_the_same_draws():
    same = found(reference=LOGITS)
    assert all(one.difference == one.difference_low == one.difference_high == 0 for one in
               same.figures)  # fmt: skip
    flat = found(reference=LOGITS / 4)
    one = flat["nll"]
    other = es.measure(LOGITS / 4, LABELS, draws=2)["nll"].value
    assert one.reference == pytest.approx(other)
    assert one.difference == pytest.approx(one.value - other)
    assert one.difference_low < one.difference < one.difference_high < 0
    assert flat["accuracy"].difference_high == 0


def test_the_page_about_measures_runs(capsys):
    page = Path(__file__).parents[2] / "docs" / "measures.md"
    exec(page.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0], {})
    assert "()" in capsys.readouterr().out.splitlines()[-1]
    assert all(f"`{name}`" in page.read_text(encoding="utf-8") for name in FIGURES)


def test_what_is_missing_is_said():
    plain = es.measure(torch.tensor(LOGITS, requires_grad=True), torch.tensor(LABELS), draws=2)
    assert "no group" in plain.notes[0]
    assert set(FIGURES) - set(plain.values) == {
        "reweighted_accuracy", "worst_group_accuracy", "group_gap", "bias_amplification",
        "largest_tpr_gap", "mean_tpr_gap",
    }  # fmt: skip
    assert (plain.groups, plain.tpr_gaps) == (None, ())
    assert found(groups=np.full(200, -1)).values == plain.values
    places = found(groups=PLACE, group_shares=None)
    assert len(places.notes) == 2
    assert "bias_amplification" not in places.values
    told = found(groups=PLACE, attribute=PLACE)
    assert told["bias_amplification"].value == found()["bias_amplification"].value
    with pytest.raises(KeyError, match="was left out"):
        plain["group_gap"]
    with pytest.raises(KeyError, match="is none of accuracy"):
        plain["gap"]


def test_one_logit_is_two():
    z, labels = RNG.normal(size=50), RNG.integers(0, 2, 50)
    result = es.measure(z, labels, draws=2)
    p = expit(z)
    assert result["brier"].value == pytest.approx(2 * ((p - labels) ** 2).mean())


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"reference": LOGITS[:5]}, "evaluate it on the same examples"),
        ({"reference": LOGITS * np.nan}, "Expected finite logits"),
        ({"attribute": PLACE[:5]}, "one for each of 200 examples"),
        ({"attribute": PLACE - 5}, "number its values from 0"),
        ({"groups": GROUPS[:5]}, "groups"),
        ({"group_shares": {0: -1.0}}, "shares of at least 0"),
        ({"bins": 0}, "at least 1 bin"),
    ],
)
def test_bad_input(more, message):
    with pytest.raises(InputError, match=message):
        found(**more)
