import numpy as np
import pytest
import torch
from torch import nn

import earlysieve as es
from earlysieve.errors import InputError
from earlysieve.grouping.clusters import k_means, silhouette
from earlysieve.grouping.spare import groups_from_spare

ROWS = np.array([[0.0, 0], [0, 1], [0, 0.5], [9, 9], [9, 8]])


def clouds(sizes, seed=0):
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.normal(7 * k, 1, (n, 2)) for k, n in enumerate(sizes)])


def test_clusters_by_hand():
    assert k_means(ROWS, 2, np.random.default_rng(0)).tolist() == [0, 0, 0, 1, 1]
    assert k_means(ROWS[::-1], 2, np.random.default_rng(1)).tolist() == [1, 1, 0, 0, 0]
    assert k_means(np.ones((4, 2)), 2, np.random.default_rng(0)).tolist() == [0] * 4


@pytest.mark.parametrize("count", [2, 3, 4])
def test_clusters_are_those_of_scikit_learn(count):
    cluster = pytest.importorskip("sklearn.cluster")
    metrics = pytest.importorskip("sklearn.metrics")
    rows = clouds([60, 30, 10, 25])
    found = k_means(rows, count, np.random.default_rng(0))
    other = cluster.KMeans(count, n_init=10, random_state=0).fit_predict(rows)
    assert metrics.adjusted_rand_score(found, other) == 1.0
    assert silhouette(rows, found) == pytest.approx(metrics.silhouette_score(rows, found))
    assert np.all(np.diff(np.bincount(found)) <= 0)


def test_rows_alone_have_a_silhouette_of_zero():
    metrics = pytest.importorskip("sklearn.metrics")
    place = np.array([0, 0, 0, 0, 1])
    assert silhouette(ROWS, place) == pytest.approx(metrics.silhouette_score(ROWS, place))
    assert silhouette(ROWS, np.zeros(5, np.int64)) == 0.0


def answers(second):
    """Outputs of two classes: those of class 0 in two clouds, those of class 1 as given."""
    rows = torch.from_numpy(np.concatenate([clouds([40, 8]), second])).float()
    labels = [0] * 48 + [1] * len(second)
    return list(zip(rows, labels, strict=True))


def test_small_clusters_of_a_class_are_suspects():
    data = answers(clouds([5, 30], seed=1))
    found = es.infer_groups("spare", data=data, model=nn.Identity(), epochs=0)
    assert found.suspects.tolist() == [False] * 40 + [True] * 8 + [True] * 5 + [False] * 30
    assert found.counts == [40, 8, 30, 5]
    assert found.names[1] == "0, misled"
    assert min(found.config["silhouettes"].values()) > 0.7
    assert found.notes == ()


def test_the_order_of_examples_does_not_matter():
    data = answers(clouds([5, 30], seed=1))
    order = np.random.default_rng(0).permutation(len(data))
    found = groups_from_spare(data, model=nn.Identity(), epochs=0).numbers
    again = groups_from_spare([data[i] for i in order], model=nn.Identity(), epochs=0).numbers
    assert torch.equal(again, found[torch.from_numpy(order)])


def test_how_many_clusters_is_told_by_the_silhouette():
    data = answers(clouds([30, 12, 6], seed=1))
    found = groups_from_spare(data, model=nn.Identity(), clusters=None, epochs=0)
    assert found.counts == [40, 8, 0, 30, 12, 6]
    assert found.names[5] == "1, cluster 3"
    assert found.suspects.sum() == 8 + 12 + 6


def test_outputs_without_clusters_are_said():
    data = answers(np.random.default_rng(0).uniform(size=(200, 2)))
    found = groups_from_spare(data, model=nn.Identity(), epochs=0)
    assert found.notes == ("Clusters are hardly told apart (silhouette below 0.5) in: 1.",)


def test_a_cue_that_is_learned_first_is_found():
    """One column, large, agrees with the label in nine of ten examples."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(2, (600,), generator=generator)
    fails = torch.rand(600, generator=generator) >= 0.9
    x = torch.randn(600, 8, generator=generator)
    x[:, 1] = 4.0 * (2 * torch.where(fails, 1 - labels, labels) - 1)
    data = list(zip(x, labels.tolist(), strict=True))
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2))
    found = es.infer_groups("spare", data=data, model=model, epochs=3, lr=0.01)
    assert (found.suspects == fails).double().mean() > 0.95


def test_one_cluster_is_none():
    with pytest.raises(InputError, match="Expected at least 2 clusters"):
        groups_from_spare(answers(clouds([5, 5])), model=nn.Identity(), clusters=1)
