"""A readout whose loss breaks, after a main update that was made."""

import pytest
import torch
from torch import nn

from earlysieve import EarlyReweighting
from earlysieve.errors import TrainingError
from earlysieve.training.algorithm import NonFiniteLossError

from .helpers import CLASSES, Planted, bits, net, same, sgd


class Broken(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(float("nan")))

    def forward(self, activation: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        return self.scale * activation.flatten(1)[:, :CLASSES]


def test_it_is_told_that_the_step_is_half_done() -> None:
    student = net(0)
    before = bits(student)
    algorithm = EarlyReweighting(
        student,
        layer="early",
        num_classes=CLASSES,
        optimizer=sgd(student),
        num_examples=96,
        readout=Broken(),
    )
    message = r"readout loss, but got nan; lower readout_lr \(in the middle of an optimiser step; "
    with pytest.raises(TrainingError, match=message) as caught:
        algorithm.step(Planted().batch(torch.arange(8)))
    assert not isinstance(caught.value, NonFiniteLossError)
    assert not same(before, bits(student))
