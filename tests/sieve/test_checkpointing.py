"""Gradient checkpointing: the new kind changes nothing, the old kind is refused."""

import pytest
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from earlysieve import FeatureSieve
from earlysieve.errors import InputError

from .test_isolation import frozen, same
from .test_odd_networks import seeded, sgd, vectors


class Checkpointed(nn.Module):
    """Computes its early part again while going back."""

    def __init__(self, reentrant: bool | None) -> None:
        super().__init__()
        self.stem = nn.Linear(4, 8)
        self.early = nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 8))
        self.last = nn.Linear(8, 3)
        self.gate = nn.Identity()
        self.reentrant = reentrant

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        if self.reentrant is None or not self.training:
            return self.last(torch.relu(self.gate(self.early(x))))
        early = checkpoint(self.early, x, use_reentrant=self.reentrant)
        return self.last(torch.relu(self.gate(early)))


@pytest.mark.parametrize("layer", ["early", "early.0", "gate"])
def test_the_new_kind_changes_nothing(layer: str) -> None:
    results = []
    for reentrant in (None, False):
        model = seeded(lambda reentrant=reentrant: Checkpointed(reentrant))
        sieve = FeatureSieve(model, layer, 3, optimizer=sgd(model), forget_every=1, forget_lr=0.1)
        logs = [sieve.step(vectors(seed)) for seed in range(3)]
        results.append([logs, frozen(dict(model.state_dict()))])
    assert same(*results)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (
            "early.0",
            "^Expected layer 'early.0' to give an output with gradients in training mode, but it "
            "gave one without; if it runs in gradient checkpointing, set use_reentrant=False, else "
            r"remove the no_grad\(\) around it$",
        ),
        (
            "gate",
            "^Expected gradient checkpointing that gives the gradients of chosen parameters, but "
            "got use_reentrant=True; set use_reentrant=False$",
        ),
    ],
)
def test_the_old_kind_is_refused(layer: str, message: str) -> None:
    model = seeded(lambda: Checkpointed(True))
    before = frozen(dict(model.state_dict()))
    sieve = FeatureSieve(model, layer, 3, optimizer=sgd(model))
    with pytest.raises(InputError, match=message):
        sieve.forget_step(vectors())
    assert same(before, frozen(dict(model.state_dict())))
