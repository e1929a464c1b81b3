import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from earlysieve.attribution import find_target_layer, gradcam
from earlysieve.attribution.grids import Grid, token_grid
from earlysieve.errors import InputError, LayerError
from earlysieve.model.layout import Layout

from .networks import Small

FIRST, LAST, TOKENS = Layout.FIRST, Layout.LAST, None


def check(model, shape, name, height, width, layout, special=0):
    target = find_target_layer(model, torch.zeros(2, 3, *shape))
    assert (target.name, target.grid) == (name, Grid(height, width, layout, special))


@pytest.mark.parametrize(
    ("name", "layer", "grid", "layout"),
    [
        ("resnet18", "layer4", (2, 3), FIRST),
        ("vgg11", "features", (2, 3), FIRST),
        ("densenet121", "features", (2, 3), FIRST),
        ("mobilenet_v3_small", "features", (2, 3), FIRST),
        ("squeezenet1_1", "classifier.2", (3, 5), FIRST),
        ("convnext_tiny", "features", (2, 3), FIRST),
        ("swin_t", "permute", (2, 3), FIRST),
    ],
)
def test_torchvision(name, layer, grid, layout):
    models = pytest.importorskip("torchvision").models
    model = getattr(models, name)(weights=None, num_classes=3)
    check(model, (64, 96), layer, *grid, layout)


def test_torchvision_transformer():
    models = pytest.importorskip("torchvision").models
    model = models.VisionTransformer(32, 8, 3, 2, 16, 32, num_classes=3)
    check(model, (32, 32), "encoder.layers.encoder_layer_2.ln_1", 4, 4, TOKENS, 1)


@pytest.mark.parametrize(
    ("name", "size", "layer", "grid", "layout", "special"),
    [
        ("vit_tiny_patch16_224", (64, 96), "blocks.11.norm1", (4, 6), TOKENS, 1),
        ("deit_tiny_distilled_patch16_224", (64, 32), "blocks.11.norm1", (4, 2), TOKENS, 2),
        ("vit_little_patch16_reg4_gap_256", (64, 64), "blocks.13.norm1", (4, 4), TOKENS, 4),
        ("swin_tiny_patch4_window7_224", (64, 96), "norm", (2, 3), LAST, 0),
    ],
)
def test_timm(name, size, layer, grid, layout, special):
    timm = pytest.importorskip("timm")
    model = timm.create_model(name, pretrained=False, img_size=size, embed_dim=60, num_classes=3)
    check(model, size, layer, *grid, layout, special)


def test_huggingface_transformer():
    transformers = pytest.importorskip("transformers")
    config = transformers.ViTConfig(
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        image_size=(32, 48),
        patch_size=8,
        attn_implementation="eager",
    )
    model = transformers.ViTForImageClassification(config)
    inputs = {"pixel_values": torch.randn(2, 3, 32, 48), "labels": torch.tensor([0, 1])}
    target = find_target_layer(model, inputs)
    assert target.grid == Grid(4, 6, TOKENS, 1)
    assert target.name.endswith("1.layernorm_before")
    assert gradcam(model, inputs, torch.tensor([0, 1])).shape == (2, 32, 48)


def test_a_wrapped_model_is_looked_through():
    model = nn.DataParallel(Small())
    check(model, (16, 16), "last", 8, 8, FIRST)


def test_a_layer_by_name():
    target = find_target_layer(Small(), torch.zeros(1, 3, 16, 8), layer="first")
    assert target.grid == Grid(16, 8, FIRST)


def test_a_layer_without_a_grid_is_refused():
    with pytest.raises(InputError, match=r"Expected layer 'head' to keep the image grid"):
        find_target_layer(Small(), torch.zeros(1, 3, 16, 8), layer="head")


def test_a_layer_that_runs_twice_is_refused_and_never_chosen():
    model = Small()
    model.last = model.act
    assert find_target_layer(model, torch.zeros(1, 3, 16, 16)).name == "second"
    again = nn.Sequential(model.first, nn.Conv2d(6, 3, 1), model.first, nn.Flatten())
    with pytest.raises(LayerError, match="Expected layer '0' to run once"):
        find_target_layer(again, torch.zeros(1, 3, 16, 16), layer="0")


def test_tokens_without_a_known_grid():
    assert token_grid(17, (32, 32), []) == Grid(4, 4, TOKENS, 1)
    assert token_grid(30, (32, 32), []) is None
    assert token_grid(49, (224, 224), [Grid(56, 56, FIRST)]) == Grid(7, 7, TOKENS, 0)
    assert token_grid(16, (224, 224), [Grid(14, 14, FIRST)]) == Grid(4, 4, TOKENS, 0)


@given(
    height=st.integers(1, 5),
    width=st.integers(1, 5),
    special=st.integers(0, 3),
    layout=st.sampled_from([FIRST, LAST, TOKENS]),
)
def test_there_and_back_again(height, width, special, layout):
    grid = Grid(height, width, layout, special if layout is None else 0)
    shapes = {FIRST: (7, height, width), LAST: (height, width, 7)}
    shape = shapes.get(layout, (special + height * width, 7))
    size = torch.Size((2, *shape)).numel()
    activation = torch.arange(float(size)).view(2, *shape)
    mapped = grid.to_map(activation)
    assert mapped.shape == (2, 7, height, width)
    assert torch.equal(grid.from_map(mapped, activation), activation)
