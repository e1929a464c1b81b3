import numpy as np
import pytest

from earlysieve.datasets.made_tables import SIZES, latent_table, slab_table
from earlysieve.errors import InputError


@pytest.mark.parametrize("make", [slab_table, latent_table])
def test_only_the_cue_changes_where_it_is_drawn_anew(make):
    data = make("test", correlation=0.9, seed=2)
    assert len(data) == SIZES["test"]
    assert (data.shortcut_values == data.labels).mean() == pytest.approx(0.9, abs=0.001)
    assert ((data.groups % 2 == 0) == (data.shortcut_values == data.labels)).all()
    some = data.subset(np.arange(10, 60))
    flipped = some.with_cue_values(1 - some.labels)
    assert (flipped.shortcut_values == 1 - some.labels).all()
    assert (flipped.labels == some.labels).all()
    same = some.shortcut_values == flipped.shortcut_values
    assert (flipped.values[same] == some.values[same]).all()
    assert (flipped.values[~same] != some.values[~same]).any(1).all()
    assert (some.with_cue_values(some.shortcut_values).values == some.values).all()
    with pytest.raises(InputError, match=r"Expected one value per example \(50\)"):
        some.with_cue_values([0, 1])


def test_slabs_as_in_the_paper():
    data = slab_table("train")
    linear, first = data.values[:, 0], np.abs(data.values[:, 1])
    assert data.values.shape == (10_000, 50)
    assert ((linear > 0) == (data.labels == 1)).all()
    # Five slabs of 0.24, gaps of 0.2: class 1 is the second slab from the middle.
    assert ((first > 0.32) & (first < 0.56))[data.labels == 1].all()
    assert ((first < 0.12) | (first > 0.76))[data.labels == 0].all()


def test_splits_differ_and_others_are_refused():
    assert (slab_table("train").labels[:100] != slab_table("test").labels[:100]).any()
    with pytest.raises(InputError, match="Expected split to be 'train' or 'test'"):
        latent_table("all")
