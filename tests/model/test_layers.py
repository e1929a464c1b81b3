import random

import numpy as np
import pytest
import torch
from torch import nn

import earlysieve as es
from earlysieve._names import near_names
from earlysieve.errors import LayerError
from earlysieve.model.layers import LayerInfo, layout_in
from earlysieve.model.layout import Layout, as_map, as_positions, layout_of
from earlysieve.model.state import evaluating, preserved_rng

from .architectures import Recurrent, cnn, images, mlp


def test_trace_of_a_small_network():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(nn.Linear(4, 3), nn.ReLU())
            self.head = nn.Linear(3, 2)
            self.unused = nn.Linear(1, 1)

        def forward(self, x):
            x = self.body(x)
            return self.head(x) + self.head(x)

    assert es.trace_layers(Net(), torch.randn(5, 4)) == [
        LayerInfo("body.0", 0, "Linear", (5, 3), 1, 15),
        LayerInfo("body.1", 1, "ReLU", (5, 3), 1, 0),
        LayerInfo("body", 2, "Sequential", (5, 3), 1, 15),
        LayerInfo("head", 3, "Linear", (5, 2), 2, 8),
    ]


def test_tracing_leaves_no_trace():
    model = nn.Sequential(cnn()[:7], nn.Dropout(), nn.Flatten(), nn.Linear(72, 3)).train()
    model[0][1].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    modes = [module.training for module in model.modules()]
    states = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()
    es.choose_layers(model, images(12))
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert [module.training for module in model.modules()] == modes
    assert torch.equal(torch.get_rng_state(), states[0])
    assert np.array_equal(np.random.get_state()[1], states[1])
    assert random.getstate() == states[2]


def test_no_usable_layer():
    class Sum(nn.Module):
        def forward(self, x):
            return x.sum(1, keepdim=True).repeat(1, 2)

    with pytest.raises(LayerError) as caught:
        es.choose_layers(Sum(), torch.randn(2, 4))
    assert str(caught.value) == (
        "Expected at least one inner layer whose output starts with the batch, but found none; "
        "name the layers yourself: layers=[...]"
    )


def test_a_lone_classifier_is_audited_itself():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(4, 2)

        def forward(self, x):
            return self.fc(x)

    assert es.choose_layers(Net(), torch.randn(2, 4)) == ["fc"]


def test_a_model_that_is_linear_behind_a_flatten():
    model = nn.Sequential(nn.Flatten(), nn.Linear(12, 3))
    assert es.choose_layers(model, torch.randn(2, 3, 2, 2)) == ["0"]


def test_evaluating_restores_modes_by_module_after_an_exception():
    model = cnn().train()
    model[1].eval()

    def fail():
        assert not any(module.training for module in model.modules())
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"), evaluating(model):
        fail()
    assert [part.training for part in model] == [i != 1 for i in range(len(model))]


def test_preserved_rng_restores_after_an_exception():
    def draws():
        with preserved_rng():
            return float(torch.rand(())), float(np.random.random()), random.random()

    def fail():
        torch.rand(3)
        np.random.random(3)
        random.random()
        raise RuntimeError("stop")

    expected = draws()
    with pytest.raises(RuntimeError, match="stop"), preserved_rng():
        fail()
    assert draws() == expected


class Permute(nn.Module):
    def __init__(self, *dims):
        super().__init__()
        self.dims = dims

    def forward(self, x):
        return x.permute(self.dims)


CONV = nn.Conv2d(3, 8, 1)
NORM = nn.LayerNorm(8)


@pytest.mark.parametrize(
    ("module", "shape", "layout"),
    [
        (nn.Linear(4, 8), (2, 8), Layout.FLAT),
        (CONV, (2, 8, 5, 5), Layout.FIRST),
        (CONV, (2, 8, 8, 8), Layout.FIRST),
        (CONV, (2, 8, 5, 9), Layout.FIRST),
        (nn.Sequential(CONV, nn.ReLU()), (2, 8, 8, 6), Layout.FIRST),
        (nn.BatchNorm2d(8), (2, 8, 8, 9), Layout.FIRST),
        (NORM, (2, 5, 5, 8), Layout.LAST),
        (NORM, (2, 8, 8, 8), Layout.LAST),
        (nn.Linear(4, 8), (2, 4, 6, 8), Layout.LAST),
        (nn.ReLU(), (2, 7, 7, 64), Layout.LAST),
        (nn.ReLU(), (2, 64, 7, 7), Layout.FIRST),
        (nn.ReLU(), (2, 7, 7, 7), Layout.FIRST),
        (nn.Sequential(CONV, NORM), (2, 8, 5, 5), Layout.FIRST),
        (nn.Sequential(CONV, NORM), (2, 5, 5, 8), Layout.LAST),
        # Channels, height and width all equal: the last permutation tells.
        (nn.Sequential(CONV, Permute(0, 2, 3, 1), NORM), (2, 8, 8, 8), Layout.LAST),
        (
            nn.Sequential(CONV, Permute(0, 2, 3, 1), NORM, Permute(0, 3, 1, 2)),
            (2, 8, 8, 8),
            Layout.FIRST,
        ),
        (nn.Sequential(CONV, NORM), (2, 8, 8, 8), Layout.FIRST),
        (nn.Conv3d(3, 8, 1), (2, 8, 4, 5, 5), Layout.FIRST),
        (NORM, (2, 4, 5, 5, 8), Layout.LAST),
        # Three dimensions.
        (nn.Linear(4, 8), (2, 5, 8), Layout.LAST),
        (nn.Conv1d(3, 8, 1), (2, 8, 5), Layout.FIRST),
        (nn.BatchNorm1d(8), (2, 8, 5), Layout.FIRST),
        (CONV, (2, 8, 8), Layout.LAST),  # a patch embedding of as many tokens as channels
        (nn.ReLU(), (2, 5, 8), Layout.LAST),
        (nn.LSTM(4, 8, batch_first=True), (2, 5, 8), Layout.LAST),
        (nn.LSTM(4, 8), (5, 2, 8), Layout.SEQUENCE_FIRST),
        (nn.TransformerEncoderLayer(8, 2), (5, 2, 8), Layout.SEQUENCE_FIRST),
        (nn.TransformerEncoderLayer(8, 2, batch_first=True), (2, 5, 8), Layout.LAST),
    ],
)
def test_layouts(module, shape, layout):
    assert layout_of(module, shape, 2) is layout


@pytest.mark.parametrize("shape", [(2,), (5, 8), (3, 2, 8), (2, 1, 1, 1, 1, 1), ()])
def test_shapes_without_a_layout(shape):
    with pytest.raises(LayerError) as caught:
        layout_of(nn.ReLU(), shape, 2)
    assert str(caught.value) == (
        "Expected a layer output of 2 to 5 dimensions whose first is the batch of 2, but ReLU gave "
        f"shape {shape}; choose another layer from trace_layers"
    )


def test_positions_and_maps_of_the_same_numbers():
    first = torch.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    last = first.permute(0, 2, 3, 1)
    assert torch.equal(as_positions(first, Layout.FIRST), last.reshape(2, 20, 3))
    assert torch.equal(as_positions(last, Layout.LAST), last.reshape(2, 20, 3))
    assert torch.equal(as_map(last, Layout.LAST), first)
    assert torch.equal(as_map(first, Layout.FIRST), first)
    sequence = torch.arange(24).reshape(4, 2, 3)
    assert torch.equal(as_positions(sequence, Layout.SEQUENCE_FIRST), sequence.transpose(0, 1))
    assert torch.equal(as_map(sequence, Layout.SEQUENCE_FIRST), sequence.permute(1, 2, 0))
    assert as_positions(torch.zeros(2, 3), Layout.FLAT).shape == (2, 1, 3)


def test_sequence_first_network_is_pooled_over_its_tokens():
    model = Recurrent(batch_first=False).eval()
    ids = torch.randint(0, 40, (3, 5))
    data = [(ids[i % 3], i % 2) for i in range(12)]
    result = es.audit(model, data, layers=["lstm"], folds=2, pictures=0)
    assert result.layers["features"].tolist() == [8]


def test_layers_without_parameters_take_the_layout_of_what_comes_before():
    wide = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten())
    sequence = nn.Sequential(nn.Conv1d(3, 8, 1), nn.ReLU(), nn.MaxPool1d(2), nn.Dropout())
    last = nn.Sequential(nn.Conv2d(3, 8, 1), Permute(0, 2, 3, 1), nn.LayerNorm(8), nn.GELU())
    flat, first = Layout.FLAT, Layout.FIRST
    for model, x, layouts in (
        (wide, torch.randn(2, 3, 8, 12), [first, first, first, flat]),
        (sequence, torch.randn(2, 3, 8), [first] * 4),
        (last, torch.randn(2, 3, 8, 8), [first, Layout.LAST, Layout.LAST, Layout.LAST]),
    ):
        trace = es.trace_layers(model, x)
        modules = dict(model.named_modules())
        assert [layout_in(trace, layer.name, modules, 2) for layer in trace] == layouts


def test_near_names():
    known = ["layer1", "layer1.0", "head", "body.layer1.conv"]
    assert near_names("layer1.conv", known)[0] == "body.layer1.conv"
    assert near_names("zzz", known) == []
    assert near_names("", known) == []


def test_one_example_is_enough_to_choose_layers():
    assert es.choose_layers(mlp(), torch.randn(1, 12)) == ["1", "3"]
