"""Small networks have named parts, react to what they should, and refuse odd sizes."""

import pytest
import torch

from earlysieve import trace_layers
from earlysieve.errors import InputError
from earlysieve.networks.small_mlp import SmallMLP
from earlysieve.networks.small_resnet import ResidualBlock, SmallResNet, small_resnet
from earlysieve.networks.small_transformers import SmallTextTransformer, SmallViT


def test_resnet_stages():
    trace = {row.name: row for row in trace_layers(SmallResNet(7), torch.zeros(2, 3, 28, 28))}
    assert trace["stem"].shape == (2, 16, 28, 28)
    assert trace["stage1"].shape == (2, 16, 28, 28)
    assert trace["stage3"].shape == (2, 64, 7, 7)
    assert trace["head"].shape == (2, 7)


def test_a_residual_block_adds_its_input():
    block = ResidualBlock(4, 4, stride=1).eval()
    with torch.no_grad():
        block.body[4].weight.zero_()
    features = torch.randn(2, 4, 5, 5)
    torch.testing.assert_close(block(features), features.relu())


def test_resnet_seed_decides_and_leaves_the_global_state():
    before = torch.get_rng_state()
    a, b = small_resnet(seed=1), small_resnet(seed=1)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(a.head.weight, b.head.weight)


def test_vit_tokens():
    model = SmallViT(5, channels=1, image_size=(56, 28), depth=2)
    trace = {row.name: row for row in trace_layers(model, torch.zeros(2, 1, 56, 28))}
    assert trace["block2"].shape == (2, 98, 64)
    assert trace["head"].shape == (2, 5)


def test_vit_knows_places():
    model = SmallViT(3, channels=1, image_size=(8, 8)).eval()
    image = torch.zeros(1, 1, 8, 8)
    image[..., :4, :4] = 1
    assert not torch.allclose(model(image), model(image.flip(2)), atol=1e-5)


def test_mlp_layers():
    model = SmallMLP(3, input_shape=(1, 4, 4), widths=(8, 6))
    trace = {row.name: row for row in trace_layers(model, torch.zeros(2, 1, 4, 4))}
    assert trace["layer1"].shape == (2, 8)
    assert trace["layer2"].shape == (2, 6)
    assert model(torch.zeros(2, 1, 4, 4)).shape == (2, 3)


def test_text_transformer_ignores_padding():
    model = SmallTextTransformer(2, vocabulary=20, max_length=8).eval()
    ids = torch.tensor([[3, 4, 5, 0, 0]])
    mask = (ids != 0).long()
    alone = model(torch.tensor([[3, 4, 5]]))
    torch.testing.assert_close(model(ids, mask), alone)
    torch.testing.assert_close(model(ids), alone)
    torch.testing.assert_close(model(torch.tensor([[3, 4, 5, 7, 7]]), mask), alone)
    assert not torch.allclose(model(torch.tensor([[4, 3, 5]])), alone, atol=1e-5)


@pytest.mark.parametrize(
    "build",
    [
        lambda: SmallResNet(1),
        lambda: SmallResNet(widths=(1, 2)),
        lambda: SmallViT(image_size=(30, 28)),
        lambda: SmallViT(width=63),
        lambda: SmallMLP(2, input_shape=(3,), widths=()),
        lambda: SmallTextTransformer(vocabulary=1),
        lambda: SmallTextTransformer(depth=0),
    ],
)
def test_odd_sizes_are_refused(build):
    with pytest.raises(InputError):
        build()
