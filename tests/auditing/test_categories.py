"""An audit speaks of a category, not of one of the columns that stand for it."""

import numpy as np
import pandas as pd
import pytest
import torch

import earlysieve as es

CITIES = np.array(list("ABCDEF"))


@pytest.fixture(scope="module")
def audited():
    """A network that answers what the city says, which misleads where it was drawn otherwise."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 800)
    says = np.where(rng.random(800) < 0.9, labels, 1 - labels)
    city = CITIES[says * 3 + rng.integers(0, 3, 800)]
    age = rng.normal(size=800) + 1.5 * labels
    frame = pd.DataFrame({"age": age, "city": city, "member": rng.random(800) < 0.5})
    table = pd.get_dummies(frame, columns=["city"])
    network = torch.nn.Sequential(torch.nn.Linear(8, 2), torch.nn.Tanh(), torch.nn.Linear(2, 2))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        network[0].weight[:, 0] = 0.05
        network[0].weight[:, 5:] = 1.0
        network[0].bias -= 0.5
        network[2].weight[1] = 2.0
    return es.audit(network.eval(), (table, labels), seen_in_training=False), table, labels, network


def test_the_verdict_names_the_category(audited):
    result = audited[0]
    assert result.summary.verdict == "shortcut"
    assert result.summary.leans_on == "column city"
    assert "column 'city'" in result.summary.headline
    assert "score of column city" in result.examples


def test_its_columns_are_swapped_and_shuffled_together(audited):
    summary = audited[0].summary
    part = next(one for one in summary.swaps if one.part == "column city")
    assert part.followed > 0.95
    assert "6 columns swapped together" in part.detail
    assert "column 'city' shuffled" in [one.change for one in summary.survives]


def test_rows_show_the_category_and_mark_it(audited):
    rows = [picture for picture in audited[0].pictures if picture.pieces]
    marked = {piece.text[:6] for row in rows for piece in row.pieces if piece.marked}
    assert marked & {f"city={name}" for name in CITIES}
    assert not any("city_" in row.text for row in rows)


def test_a_category_is_permuted_by_its_name(audited):
    _, table, labels, network = audited
    found = es.drop_when_randomised(network, (table, labels), ["city"])
    assert found.columns == tuple(f"city_{name}" for name in CITIES)
    assert found.drop > 0.3
