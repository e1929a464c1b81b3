"""What has to hold for every kind of network."""

import pytest
import torch

import earlysieve as es
from earlysieve.model.batch import call_model, first_tensor, logits_of
from earlysieve.model.layout import layout_of
from earlysieve.model.unwrap import named_layers

from .architectures import ARCHITECTURES, make

pytest.importorskip("torchvision")
pytest.importorskip("timm")
pytest.importorskip("transformers")


def by_plain_hooks(model, inputs, names):
    """Outputs and logits as torch alone gives them."""
    outputs, modules = {}, named_layers(model)

    def keep(name):
        return lambda _m, _a, out: outputs.__setitem__(name, first_tensor(out).clone())

    handles = [modules[name].register_forward_hook(keep(name)) for name in names]
    logits = logits_of(call_model(model, inputs))
    for handle in handles:
        handle.remove()
    return outputs, logits


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_stopped_equals_full_pass_and_automatic_layers_are_sensible(name):
    model, inputs = make(name)
    with torch.no_grad():
        names = es.choose_layers(model, inputs)
        trace = {layer.name: layer for layer in es.trace_layers(model, inputs)}
        expected, logits = by_plain_hooks(model, inputs, names)
        full = es.capture(model, inputs, names)
        assert torch.equal(full.logits, logits)
        assert list(full.outputs) == names
        for count in sorted({1, (len(names) + 1) // 2, len(names)}):
            stopped = es.capture(model, inputs, names[:count], stop=True)
            assert stopped.model_output is None
            assert list(stopped.outputs) == names[:count]
            for layer in names[:count]:
                assert torch.equal(stopped.outputs[layer], expected[layer])
                assert torch.equal(full.outputs[layer], expected[layer])
    low = 1 if name in ("LSTM, sequence first",) else 2
    assert low <= len(names) <= 8
    assert [trace[layer].order for layer in names] == sorted(trace[layer].order for layer in names)
    assert {trace[layer].calls for layer in names} == {1}
    for layer in names:
        assert trace[layer].shape == tuple(expected[layer].shape)
        layout_of(named_layers(model)[layer], trace[layer].shape, 2)
    assert not any(module._forward_hooks for module in model.modules())


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("resnet18", ["relu", "layer1", "layer2", "layer3", "layer4"]),
        ("convnext_tiny", ["features.1", "features.3", "features.5", "features.7"]),
        ("swin_t", ["features.1", "features.3", "features.5", "norm"]),
        ("vision transformer", [f"encoder.layers.encoder_layer_{i}" for i in range(5)]),
        ("timm transformer", [f"blocks.{i}" for i in (0, 2, 4, 7, 9, 11)]),
        ("BERT", [f"bert.encoder.layer.{i}" for i in range(4)]),
        ("GPT-2", [f"transformer.h.{i}" for i in range(4)]),
        (
            "DistilBERT",
            [
                "distilbert.embeddings",
                *(f"distilbert.transformer.layer.{i}" for i in range(3)),
                "pre_classifier",
            ],
        ),
        ("LSTM", ["embed", "lstm"]),
        ("MLP", ["1", "3"]),
        ("in-place ReLU", ["first", "second"]),
        ("plain CNN", ["2", "4", "6"]),
        ("two inputs", ["left", "right"]),
    ],
)
def test_stage_boundaries(name, layers):
    model, inputs = make(name)
    assert es.choose_layers(model, inputs) == layers


def test_at_most_as_many_layers_as_asked():
    model, inputs = make("BERT")
    assert es.choose_layers(model, inputs, limit=2) == [
        "bert.encoder.layer.0",
        "bert.encoder.layer.3",
    ]
