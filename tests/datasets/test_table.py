"""Tables, and what in their columns tells the label."""

import numpy as np
import pytest
import torch
from scipy.stats import norm

from earlysieve.datasets.slabs import (
    linear_coordinate,
    random_rotation,
    slab_coordinates,
    slab_width,
)
from earlysieve.datasets.table import Table
from earlysieve.datasets.table_cues import parity_columns, threshold_column
from earlysieve.datasets.two_latents import embed, latent
from earlysieve.errors import InputError


def labels(count: int = 4000, classes: int = 2) -> np.ndarray:
    return np.random.default_rng(0).integers(0, classes, count)


def test_a_table_gives_rows_and_names_them():
    table = Table([[1, 2], [3, 4.5]], [0, 1], ("no", "yes"), columns=("a", "b"))
    inputs, label, group = table[1]
    assert torch.equal(inputs, torch.tensor([3, 4.5]))
    assert (label, group) == (1, -1)
    assert table.display(1) == "a=3, b=4.5"
    assert table.subset([1]).values.tolist() == [[3, 4.5]]


@pytest.mark.parametrize(
    ("values", "columns"),
    [([[1.0], [float("nan")]], ()), ([[1.0]], ()), ([[1.0], [2.0]], ("a", "b"))],
)
def test_unusable_tables_are_refused(values, columns):
    with pytest.raises(InputError):
        Table(values, [0, 1], ("no", "yes"), columns=columns)


@pytest.mark.parametrize(("classes", "order"), [(2, 2), (2, 4), (4, 3)])
def test_the_parity_of_the_signs_is_the_label_and_no_column_alone(classes, order):
    y = labels(classes=classes)
    table = parity_columns(y, classes, order=order, noise=3, seed=1)
    bits = (classes - 1).bit_length()
    assert table.shape == (len(y), bits * order + 3)
    signs = table[:, : bits * order].reshape(len(y), bits, order) > 0
    told = ((signs.sum(2) % 2) << np.arange(bits)).sum(1)
    assert np.array_equal(told, y)
    for column in table.T:
        assert abs(np.corrcoef(column, y)[0, 1]) < 0.06
    assert np.abs(table[:, : bits * order]).min() >= 0.1


def test_whole_numbers_stay_whole():
    row = [3213.0, -71350.0, 0.0, -0.0, 35415.25, 0.12345, 1e-9, 3e20]
    shown = Table([row], [0], ["no"], columns=list("abcdefgh")).display(0)
    assert shown == "a=3213, b=-71350, c=0, d=0, e=35415.2, f=0.123, g=1e-09, h=3e+20"


def test_blur_makes_some_labels_doubtful():
    y = labels()
    table = parity_columns(y, 2, order=2, noise=0, blur=0.2, seed=1)
    told = (table > 0).sum(1) % 2
    assert 0.7 < (told == y).mean() < 0.95


def test_parity_needs_a_power_of_two():
    with pytest.raises(InputError, match="power of two"):
        parity_columns(labels(classes=3), 3)


def test_a_threshold_column_tells_the_value_and_else_follows_the_row():
    values = labels(classes=4)
    column = threshold_column(values, 4, seed=2)
    assert np.array_equal(np.floor((column + 1) * 2), values)
    other = threshold_column((values + 1) % 4, 4, seed=2)
    shift = np.where(values == 3, -1.5, 0.5)
    assert np.allclose(other - column, shift)


def test_linear_coordinates_keep_their_margin():
    y = labels()
    x = linear_coordinate(y, seed=3)
    assert np.array_equal(x > 0, y == 1)
    assert np.abs(x).min() >= 0.1
    assert np.abs(x).max() <= 1
    assert np.allclose(linear_coordinate(1 - y, seed=3), -x)


@pytest.mark.parametrize("slabs", [3, 5, 7])
def test_slabs_alternate_and_lie_within_their_range(slabs):
    y = labels()
    x = slab_coordinates(y, slabs=slabs, count=3, seed=4)
    width = slab_width(slabs)
    which = np.abs(x) / (width + 0.2)
    assert np.array_equal(np.round(which).astype(int) % 2, np.repeat(y[:, None], 3, 1))
    assert np.abs(which - np.round(which)).max() <= width / 2 / (width + 0.2) + 1e-9
    assert np.abs(x).max() <= 1 + 1e-9
    assert np.abs(x).max() > 0.97


def test_shares_of_five_slabs():
    # Class 0 lies in the middle slab with 3/4; its outer slabs are |x| >= 1.5 (w + 2m) = 0.66.
    x = slab_coordinates(np.zeros(8000, int), slabs=5, seed=5)
    assert abs((np.abs(x) < slab_width(5) / 2 + 1e-9).mean() - 0.75) < 0.02
    assert np.array_equal(np.abs(x) > 0.66, np.abs(x) > slab_width(5) / 2 + 1e-9)
    assert slab_width(5) == pytest.approx(0.24)


def test_other_numbers_of_slabs_are_refused():
    with pytest.raises(InputError, match="3, 5 or 7"):
        slab_coordinates([0, 1], slabs=4)


def test_rotations_are_orthogonal_and_follow_the_seed():
    rotation = random_rotation(6, seed=1)
    assert np.allclose(rotation @ rotation.T, np.eye(6))
    assert np.array_equal(rotation, random_rotation(6, seed=1))
    assert not np.allclose(rotation, random_rotation(6, seed=2))


def test_a_latent_has_the_sign_of_the_label_with_its_predictivity():
    y = labels(20000)
    z = latent(y, 0.9, seed=6)
    assert abs(((z > 0) == (y == 1)).mean() - 0.9) < 0.01
    assert abs(z[y == 1].mean() - norm.ppf(0.9)) < 0.03
    assert abs(z[y == 1].std() - 1) < 0.03
    with pytest.raises(InputError, match="predictivity"):
        latent(y, 1.0)


def test_embedded_latents_lie_along_orthogonal_directions_of_their_size():
    z = np.random.default_rng(7).standard_normal((500, 2))
    x = embed(z, amplify=[3.0, 1.0], dimensions=8, seed=1)
    assert x.shape == (500, 8)
    directions = random_rotation(8, seed=1)[:, :2]
    assert np.allclose(x @ directions, z * [3, 1])
    nested = embed(z, amplify=[3.0, 1.0], nest=[0, 2], dimensions=8, seed=1)
    assert np.allclose((nested @ directions)[:, 0], 3 * z[:, 0])
    assert abs(np.corrcoef((nested @ directions)[:, 1], z[:, 1])[0, 1]) < 0.99
    with pytest.raises(InputError, match="dimensions"):
        embed(z, amplify=1.0, dimensions=1)


def test_noise_of_an_embedding_has_a_seed_of_its_own():
    z = np.zeros((200, 1))
    a, b = (embed(z, amplify=1.0, noise=0.5, seed=1, noise_seed=k) for k in (1, 2))
    assert abs(a.std() - 0.5) < 0.02
    assert not np.allclose(a, b)
