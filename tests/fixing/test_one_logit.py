import torch
from torch import nn

import earlysieve as es

from .helpers import Leaning, Net


class OneLogit(Net):
    def __init__(self):
        super().__init__()
        old = self.head
        self.head = nn.Linear(6, 1)
        with torch.no_grad():
            self.head.weight.copy_(old.weight[1:] - old.weight[:1])
            self.head.bias.zero_()


def test_a_binary_head_is_fixed():
    data, seen = Leaning(), Leaning(seed=1)
    result = es.fix(OneLogit(), held_out=data, progress=False)
    assert result.chosen != "no change"
    assert result.model.head.weight.shape == (1, 6)
    with torch.no_grad():
        right = (result.model(seen.x)[:, 0] > 0) == seen.labels.bool()
    assert float(right[seen.minority].double().mean()) > 0.6
