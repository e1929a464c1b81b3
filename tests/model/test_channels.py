"""Images of other channels than a network takes are told as such, from an audit or anywhere."""

import pytest
import torch
from torch import nn

import earlysieve as es
from earlysieve.errors import InputError
from earlysieve.model.batch import call_model
from earlysieve.model.channels import ChannelsError


def net(channels):
    return nn.Sequential(nn.Conv2d(channels, 4, 3), nn.Flatten(), nn.LazyLinear(2))


@pytest.mark.parametrize(
    ("channels", "shape", "said"),
    [
        (1, (3, 8, 8), "Expected images of 1 channel, (C, H, W), as the layer '0' of the model "
         "takes, but got 3, (3, 8, 8); make them grey as in training"),
        (3, (1, 8, 8), "but got 1, (1, 8, 8); repeat the channel, as by image.expand(3, -1, -1)"),
        (3, (8, 9, 3), "but got 8, (8, 9, 3); move the channels to the front, as by "
         "image.permute(2, 0, 1)"),
        (4, (3, 8, 8), "pass the channels that it was trained on, in their order"),
    ],
)  # fmt: skip
def test_what_to_do_is_said(channels, shape, said):
    with pytest.raises(ChannelsError) as caught:
        call_model(net(channels), torch.zeros(2, *shape))
    assert said in str(caught.value)


def test_other_failures_stay_as_they_are():
    inner = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(5, 4, 3))
    with pytest.raises(RuntimeError, match="to have 5 channels, but got 4"):
        call_model(inner, torch.zeros(2, 3, 8, 8))
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        call_model(nn.Sequential(nn.Flatten(), nn.Linear(7, 2)), torch.zeros(2, 3, 8, 8))


def test_an_audit_says_so_in_a_sentence():
    data = [(torch.zeros(3, 8, 8), k % 2) for k in range(20)]
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(144, 2))
    with pytest.raises(InputError, match="Expected images of 1 channel"):
        es.audit(model, data, progress=False)
