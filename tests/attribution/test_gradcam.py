import random

import numpy as np
import pytest
import torch
from torch import nn

from earlysieve.attribution import gradcam
from earlysieve.errors import InputError, LayerError

from .networks import Broken, Flat, Signs, Small

torchvision = pytest.importorskip("torchvision")
pytest.importorskip("captum")

IMAGE = torch.tensor([[1.0, -2.0, 0.0], [4.0, -1.0, 2.0], [0.5, 3.0, -4.0]]).view(1, 1, 3, 3)


def seeded(make, seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return make()


def images(count=2, size=32):
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(("target", "sign"), [(0, 1.0), (1, -1.0)])
def test_equals_the_map_computed_by_hand(target, sign):
    # Class 0: (3 x - x) / 9; class 1: (0.5 x - 2.5 x) / 9; then ReLU and division by the maximum.
    expected = (sign * IMAGE[0, 0]).clamp_min(0) / 4.0
    found = gradcam(Signs(), IMAGE, torch.tensor([target]))
    torch.testing.assert_close(found[0], expected)


def test_each_image_gets_its_own_target():
    both = gradcam(Signs(), IMAGE.repeat(2, 1, 1, 1), torch.tensor([0, 1]))
    torch.testing.assert_close(both[0], IMAGE[0, 0].clamp_min(0) / 4)
    torch.testing.assert_close(both[1], (-IMAGE[0, 0]).clamp_min(0) / 4)


def test_nothing_that_speaks_for_the_class_gives_zeros():
    found = gradcam(Signs(), -IMAGE.abs(), torch.tensor([0]))
    assert torch.equal(found, torch.zeros(1, 3, 3))


def test_agrees_with_pytorch_grad_cam():
    from pytorch_grad_cam import GradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    model = seeded(lambda: torchvision.models.resnet18(weights=None, num_classes=5)).eval()
    x, classes = images(3, 96), [0, 3, 4]
    with GradCAM(model=model, target_layers=[model.layer4[-1]]) as cam:
        theirs = cam(x, [ClassifierOutputTarget(c) for c in classes])
    ours = gradcam(model, x, torch.tensor(classes)).numpy()
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.max() == pytest.approx(1.0)
        assert np.corrcoef(mine.ravel(), other.ravel())[0, 1] > 0.99


def test_frozen_models_and_gradient_modes_give_the_same_map():
    model = seeded(Small)
    x, y = images(), torch.tensor([0, 2])
    expected = gradcam(model, x, y)
    with torch.no_grad():
        assert torch.equal(gradcam(model, x, y), expected)
    with torch.inference_mode():
        assert torch.equal(gradcam(model, x.clone(), y), expected)
    model.requires_grad_(False)
    assert torch.equal(gradcam(model, x, y), expected)
    assert not expected.requires_grad
    assert expected.max() == 1


def test_in_place_layers_give_the_same_map():
    inplace, plain = seeded(Small), seeded(lambda: Small(inplace=False))
    x, y = images(), torch.tensor([1, 3])
    for layer in (None, "second", "norm"):
        found, expected = (gradcam(m, x, y, layer=layer) for m in (inplace, plain))
        torch.testing.assert_close(found, expected)


def snapshot(model):
    return {
        "state": {k: v.clone() for k, v in model.state_dict().items()},
        "grad": [p.grad for p in model.parameters()],
        "requires_grad": [p.requires_grad for p in model.parameters()],
        "modes": [m.training for m in model.modules()],
        "hooks": [
            (len(m._forward_hooks), len(m._forward_pre_hooks), len(m._backward_hooks))
            for m in model.modules()
        ],
        "random": (
            torch.get_rng_state().tolist(),
            random.getstate(),
            np.random.get_state()[1].tolist(),
        ),
        "grad_mode": torch.is_grad_enabled(),
    }


def same(before, after):
    state, later = before.pop("state"), after.pop("state")
    return before == after and all(torch.equal(state[k], later[k]) for k in state)


@pytest.mark.parametrize("grad", [None, 0.5])
def test_leaves_no_trace(grad):
    model = seeded(Small).train()
    model.norm.eval()
    model.first.requires_grad_(False)
    for parameter in model.parameters():
        parameter.grad = None if grad is None else torch.full_like(parameter, grad)
    x = images()
    before, kept = snapshot(model), x.clone()
    assert gradcam(model, x, torch.tensor([0, 1])).max() == 1
    after = snapshot(model)
    assert all(a is b for a, b in zip(before.pop("grad"), after.pop("grad"), strict=True))
    assert all(p.grad is None or bool((p.grad == grad).all()) for p in model.parameters())
    assert same(before, after)
    assert torch.equal(x, kept)
    assert not x.requires_grad


@pytest.mark.parametrize(
    ("make", "target", "error"), [(Broken, 0, ValueError), (Small, 4, InputError)]
)
def test_leaves_no_trace_after_an_exception(make, target, error):
    model = seeded(make).train()
    before = snapshot(model)
    with pytest.raises(error):
        gradcam(model, images(1), torch.tensor([target]))
    assert same(before, snapshot(model))


def test_special_tokens_are_left_out():
    class Tokens(nn.Module):
        def __init__(self):
            super().__init__()
            self.patch = nn.Conv2d(1, 2, 2, stride=2, bias=False)
            self.norm = nn.LayerNorm(2, elementwise_affine=False)
            with torch.no_grad():
                self.patch.weight.copy_(torch.tensor([[1.0], [-1.0]]).view(2, 1, 1, 1) / 4)

        def forward(self, x):
            tokens = self.patch(x).flatten(2).transpose(1, 2)
            special = torch.full((len(x), 2, 2), 50.0)
            return self.norm(torch.cat([special, tokens], dim=1)).mean(dim=1)

    x = torch.zeros(1, 1, 4, 6)
    x[:, :, 2:, 4:] = 5.0
    heat = gradcam(Tokens(), x, torch.tensor([0]))
    assert heat.shape == (1, 4, 6)
    assert heat[0, 3, 5] == 1
    assert heat[0, :2, :2].max() == 0


def test_dictionaries_reach_the_model_without_their_labels():
    class Named(Small):
        def forward(self, pixel_values):
            return super().forward(pixel_values)

    x, y = images(), torch.tensor([0, 1])
    found = gradcam(seeded(Named), {"pixel_values": x, "labels": y}, y)
    assert torch.equal(found, gradcam(seeded(Small), x, y))


def test_half_precision():
    heat = gradcam(
        seeded(Small).to(torch.bfloat16), images().to(torch.bfloat16), torch.tensor([0, 1])
    )
    assert heat.dtype == torch.float32
    assert heat.max() == 1


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"input_ids": torch.zeros(1, 7, dtype=torch.int64)}, "Expected images of shape"),
        (torch.zeros(1, 5), "Expected images of shape"),
        (torch.zeros(1, 3, 2, 8, 8), "Expected images of shape"),
        (torch.zeros(1, 3, 4, 4), "Expected a layer that keeps the image grid"),
    ],
)
def test_other_data_and_models_without_a_grid_are_refused(inputs, message):
    with pytest.raises(InputError, match=message):
        gradcam(Flat(), inputs, torch.tensor([0]))


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        (torch.tensor([0]), "Expected targets to be 2 class numbers"),
        (torch.tensor([0.0, 1.0]), "Expected targets to be 2 class numbers"),
        (torch.tensor([0, -1]), "Expected targets to be 2 class numbers"),
        (torch.tensor([0, 9]), "Expected target classes below 4, the number of logits, but got 9"),
    ],
)
def test_wrong_targets_are_refused(targets, message):
    with pytest.raises(InputError, match=message):
        gradcam(seeded(Small), images(), targets)


def test_nan_is_refused():
    x = images()
    x[0, 0, 0, 0] = float("nan")
    with pytest.raises(InputError, match="Expected finite activations and gradients"):
        gradcam(seeded(Small), x, torch.tensor([0, 1]))


def test_a_layer_that_does_not_lead_to_the_logits_is_refused():
    class Side(Small):
        def forward(self, x):
            self.second(x.repeat(1, 2, 1, 1))
            return self.head(x.mean(dim=(2, 3)).repeat(1, 3)[:, :8])

    with pytest.raises(InputError, match="no gradient reaches it"):
        gradcam(seeded(Side), images(), torch.tensor([0, 1]), layer="second")


def test_an_unknown_layer_is_refused_with_near_names():
    with pytest.raises(LayerError, match=r"'secnd', which it does not have.*'second'"):
        gradcam(seeded(Small), images(), torch.tensor([0, 1]), layer="secnd")
