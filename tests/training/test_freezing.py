"""What is frozen does not move by a bit, and nothing of the freezing is left behind."""

import copy

import pytest
import torch
from torch import nn

from earlysieve.errors import CheckpointError, InputError, LayerError
from earlysieve.networks import small_cnn
from earlysieve.training import ERM, TrainConfig, build_optimizer, fit
from earlysieve.training.freezing import classifier_of, frozen_parameters

IMAGES = torch.linspace(-1, 1, 8 * 3 * 8 * 8).view(8, 3, 8, 8)
DATA = [(image, k % 2) for k, image in enumerate(IMAGES)]


def moved(model: nn.Module, before: dict) -> set[str]:
    """First parts of the names of what changed."""
    now = model.state_dict()
    return {name.split(".")[0] for name in now if not torch.equal(now[name], before[name])}


def train(model: nn.Module, freeze: object, momentum: float = 0.0, **options: object) -> None:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=0.1, momentum=momentum)
    fit(
        ERM(model, optimizer),
        DATA,
        epochs=2,
        batch_size=4,
        progress=False,
        freeze=freeze,
        **options,
    )


@pytest.mark.parametrize(
    ("freeze", "learns"),
    [
        ("backbone", {"head"}),
        ("stage2", {"stage3", "head"}),
        (["head.weight", "head.bias"], {"stage1", "stage2", "stage3"}),
    ],
)
@pytest.mark.parametrize("mode", [True, False])
def test_frozen_parts_and_their_statistics_stay(freeze, learns, mode):
    model = small_cnn(2, seed=0).train(mode)
    model.stage3[1].eval()
    before = copy.deepcopy(model.state_dict())
    modes = [module.training for module in model.modules()]
    train(model, freeze, refresh_batches=1)
    assert moved(model, before) == learns
    assert [module.training for module in model.modules()] == modes
    assert all(value.requires_grad for value in model.parameters())


def test_without_freezing_everything_moves():
    model = small_cnn(2, seed=0)
    before = copy.deepcopy(model.state_dict())
    train(model, None)
    assert moved(model, before) == {"stage1", "stage2", "stage3", "head"}


def test_an_error_in_the_middle_undoes_it_too():
    model = small_cnn(2, seed=0)

    def stop(_event):
        assert not model.stage1[0].weight.requires_grad
        assert not model.stage1.training
        assert model.head.training
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(model, "backbone", on_event=stop)
    assert model.training
    assert model.stage1.training
    assert all(value.requires_grad for value in model.parameters())


def test_a_frozen_run_goes_on_as_if_it_had_not_stopped(tmp_path):
    whole, first, second = (small_cnn(2, seed=0) for _ in range(3))
    train(whole, "stage2", momentum=0.9)

    def stop(event):
        if event.step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(first, "stage2", momentum=0.9, checkpoint_dir=tmp_path, on_event=stop)
    train(second, "stage2", momentum=0.9, checkpoint_dir=tmp_path)
    assert moved(second, whole.state_dict()) == set()
    with pytest.raises(CheckpointError, match="freeze"):
        train(small_cnn(2, seed=0), "stage1", momentum=0.9, checkpoint_dir=tmp_path)


def test_what_the_user_froze_stays_frozen():
    model = small_cnn(2, seed=0)
    model.stage1.requires_grad_(False)
    train(model, "stage2")
    assert not any(value.requires_grad for value in model.stage1.parameters())
    assert all(value.requires_grad for value in model.stage2.parameters())


def test_branches_beside_a_layer_are_not_before_it():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.left, self.right, self.last = nn.Linear(4, 3), nn.Linear(4, 3), nn.Linear(6, 2)

        def forward(self, x):
            return self.last(torch.cat([self.right(x), self.left(x)], 1))

    inputs = torch.ones(2, 4)
    assert frozen_parameters(Two(), inputs, "left") == ["left.weight", "left.bias"]
    assert classifier_of(Two(), inputs) == "last"
    assert frozen_parameters(Two(), inputs, "backbone", new=["left.bias"]) == [
        "left.weight", "right.weight", "right.bias",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("freeze", "kind", "says"),
    [
        ("stage4", LayerError, "stage4"),
        ("head", InputError, "nothing to train"),
    ],
)
def test_what_cannot_be_frozen_is_refused(freeze, kind, says):
    with pytest.raises(kind, match=says):
        train(small_cnn(2, seed=0), freeze)


def test_the_backbone_learns_at_a_rate_of_its_own():
    config = TrainConfig(lr=0.5, backbone_lr_scale=0.1)
    model = small_cnn(2, seed=0)
    slow = [*model.stage1.parameters(), *model.stage2.parameters(), *model.stage3.parameters()]
    optimizer = build_optimizer(model.parameters(), config, backbone=slow)
    rates = {id(p): group["lr"] for group in optimizer.param_groups for p in group["params"]}
    assert {rates[id(p)] for p in slow} == {0.05}
    assert {rates[id(p)] for p in model.head.parameters()} == {0.5}
    assert len(build_optimizer(model.parameters(), TrainConfig(), backbone=slow).param_groups) == 1
