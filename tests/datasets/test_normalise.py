"""Normalisation against its definition, to the last bit."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from earlysieve.datasets.images import normalise

VALUES = st.floats(0.0078125, 2.0, width=32)
PER_CHANNEL = st.one_of(st.tuples(VALUES), st.tuples(VALUES, VALUES, VALUES))


@given(PER_CHANNEL, PER_CHANNEL, st.booleans(), st.integers(0, 99))
def test_each_value_is_scaled_shifted_and_divided(mean, std, grey, seed):
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (4, 5) if grey else (4, 5, 3), dtype=np.uint8)
    before = image.copy()
    found = normalise(image, mean, std)
    channels = 3 if not grey else max(len(mean), len(std))
    assert found.shape == (channels, 4, 5)
    assert found.is_contiguous()
    for channel in range(channels):
        plane = torch.from_numpy(image if grey else image[..., channel]).float() / 255
        middle, spread = (
            torch.tensor(values[channel % len(values)], dtype=torch.float32)
            for values in (mean, std)
        )
        assert torch.equal(found[channel], (plane - middle) / spread)
    assert np.array_equal(image, before)


@pytest.mark.parametrize("read_only", [True, False])
def test_the_image_is_left_as_it_is(read_only):
    image = np.full((3, 3, 3), 7, np.uint8)
    image.setflags(write=not read_only)
    normalise(image, (0.5,), (0.5,))
    assert (image == 7).all()
