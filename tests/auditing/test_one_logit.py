"""Audits of a binary head with one logit."""

import pandas as pd
import pytest
import torch
from torch import nn

import earlysieve as es
from earlysieve.errors import InputError

from ..model.one_logit import Binary
from .helpers import Pictures, Planted


@pytest.mark.parametrize("form", ["(B, 1)", "(B,)"])
def test_the_audit_is_that_of_two_logits_to_the_last_bit(form):
    one, two = (es.audit(Binary(f), Planted(), pictures=0) for f in (form, "(0, z)"))
    pd.testing.assert_frame_equal(one.layers, two.layers, check_exact=True)
    pd.testing.assert_frame_equal(one.examples, two.examples, check_exact=True)
    assert one.summary == two.summary
    pd.testing.assert_frame_equal(one.groups.table, two.groups.table, check_exact=True)


def test_what_a_sigmoid_gave_is_refused():
    with pytest.raises(InputError, match="probabilities for all 240 examples, as a sigmoid"):
        es.audit(nn.Sequential(Binary(), nn.Sigmoid()), Planted(), pictures=0)


def test_heat_maps_explain_either_class():
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(3, 6, 3), nn.ReLU(), nn.Conv2d(6, 6, 3), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 1),
    )  # fmt: skip
    from earlysieve.attribution.gradcam import gradcam

    images = torch.stack([Pictures()[i][0] for i in range(4)])
    maps = [gradcam(model, images, torch.full((4,), target)) for target in (0, 1)]
    with torch.no_grad():
        model[-1].weight.neg_()
    swapped = [gradcam(model, images, torch.full((4,), target)) for target in (0, 1)]
    assert torch.allclose(maps[0], swapped[1])
    assert torch.allclose(maps[1], swapped[0])
    assert max(float(m.max()) for m in maps) == 1.0
