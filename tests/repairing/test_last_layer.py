import pytest
import torch
import torchvision
from torch import nn

from earlysieve.errors import InputError, LayerError
from earlysieve.model.unwrap import named_layers
from earlysieve.networks.small import small_cnn
from earlysieve.repairing.last_layer import last_layer
from earlysieve.repairing.repaired_classifier import RepairedClassifier

IMAGES = torch.randn(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def bert():
    from transformers import BertConfig, BertForSequenceClassification

    config = BertConfig(
        vocab_size=30, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, num_labels=3,
    )  # fmt: skip
    return BertForSequenceClassification(config)


def gpt2():
    from transformers import GPT2Config, GPT2ForSequenceClassification

    config = GPT2Config(
        vocab_size=30, n_embd=16, n_layer=1, n_head=2, num_labels=3, pad_token_id=0, n_positions=8
    )
    return GPT2ForSequenceClassification(config)


def timm(name):
    import timm

    return timm.create_model(name, num_classes=3, img_size=32 if "vit" in name else None)


TOKENS = {
    "input_ids": torch.tensor([[3, 4, 5, 0], [6, 7, 8, 9]]),
    "attention_mask": torch.tensor([[1, 1, 1, 0], [1, 1, 1, 1]]),
}
NETWORKS = {
    "ours": (lambda: small_cnn(3), IMAGES, "head"),
    "torchvision resnet": (lambda: torchvision.models.resnet18(num_classes=3), IMAGES, "fc"),
    "torchvision mobilenet": (
        lambda: torchvision.models.mobilenet_v3_small(num_classes=3), IMAGES, "classifier.3",
    ),
    "timm": (lambda: timm("vit_tiny_patch16_224"), IMAGES, "head"),
    "bert": (bert, TOKENS, "classifier"),
    "gpt2, one token of all": (gpt2, TOKENS, "score"),
}  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_the_last_layer_of(name):
    torch.manual_seed(0)
    make, inputs, expected = NETWORKS[name]
    model = make().train()
    found = last_layer(model, inputs)
    assert found.name == expected
    assert all(module.training for module in model.modules())
    model.eval()
    with torch.no_grad():
        features, logits = found.read(model, inputs)
    layer = named_layers(model)[expected]
    assert features.shape == (len(logits), layer.in_features) == (len(logits), found.width)
    assert found.has_bias == (layer.bias is not None)
    assert torch.allclose(layer(features), logits, atol=1e-6)


def test_wrappers_are_looked_through():
    wrapped = nn.DataParallel(small_cnn(3))
    assert last_layer(wrapped, IMAGES).name == "head"


class Convolutional(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Conv2d(3, 5, 3)
        self.head = nn.Conv2d(5, 3, 1)
        self.flat = nn.Flatten()

    def forward(self, images):
        return self.flat(self.head(self.body(images).relu()).mean((2, 3), keepdim=True))


class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(3, 3)

    def forward(self, images):
        return 2 * self.head(images.mean((2, 3)))


class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(3, 3)

    def forward(self, images):
        return self.head(self.head(images.mean((2, 3))))


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(3, 3)
        self.head = nn.Linear(3, 3)
        self.head.weight = self.first.weight

    def forward(self, images):
        return self.head(self.first(images.mean((2, 3))))


class Softened(nn.Sequential):
    def __init__(self):
        super().__init__(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 3), nn.Softmax(1))


REFUSED = {
    Convolutional: r"they come from 'flat' \(Flatten\), behind 'head' \(Conv2d\); name the layer",
    Scaled: r"they are computed in Scaled itself, behind 'head' \(Linear\)",
    Twice: r"'head' \(Linear\) cannot: it runs 2 times",
    Tied: r"'head' \(Linear\) cannot: its parameters are used elsewhere",
    Softened: r"they come from '3' \(Softmax\), behind '2' \(Linear\); .*layer='2'",
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_last_layer(kind):
    with pytest.raises(InputError, match=REFUSED[kind]):
        last_layer(kind(), IMAGES)


def test_weights_that_are_computed_are_refused():
    model = nn.Sequential(nn.Flatten(), nn.utils.parametrizations.weight_norm(nn.Linear(4, 3)))
    with pytest.raises(InputError, match="its weight is computed from something else"):
        last_layer(model, torch.randn(2, 4))


def test_the_input_of_another_layer():
    found = last_layer(Convolutional(), IMAGES, layer="head")
    assert (found.linear, found.width, found.has_bias) == (False, 5, True)
    assert found.map_of(Convolutional()) is None
    with pytest.raises(LayerError, match="nope"):
        last_layer(Convolutional(), IMAGES, layer="nope")
    with pytest.raises(InputError, match="'head' runs 2 times"):
        last_layer(Twice(), IMAGES, layer="head")


def test_a_repaired_classifier_is_a_linear_layer_on_the_input():
    torch.manual_seed(0)
    model = Convolutional()
    wrapped = RepairedClassifier(model, "head", torch.randn(4, 5), torch.randn(4))
    features = model.body(IMAGES).relu().mean((2, 3))
    assert torch.allclose(wrapped(IMAGES), wrapped.linear(features))
    assert not any(module._forward_hooks for module in model.modules())
    again = RepairedClassifier(Convolutional(), "head", torch.zeros(4, 5), torch.zeros(4))
    again.load_state_dict(wrapped.state_dict())
    assert torch.equal(again(IMAGES), wrapped(IMAGES))
    assert last_layer(wrapped, IMAGES).name == "linear"
    wrapped(IMAGES).sum().backward()
    assert wrapped.linear.weight.grad is not None
    with pytest.raises(LayerError, match="nope"):
        RepairedClassifier(model, "nope", torch.zeros(4, 5))


def test_a_repaired_classifier_without_bias():
    wrapped = RepairedClassifier(Convolutional(), "head", torch.zeros(4, 5))
    assert wrapped.linear.bias is None
    assert not wrapped(IMAGES).any()
