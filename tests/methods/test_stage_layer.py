"""Stage numbers of published settings as layers of networks."""

from pathlib import Path

import pytest
import torch

from earlysieve.errors import InputError
from earlysieve.methods import method_settings
from earlysieve.methods.job import Job
from earlysieve.methods.stage_layer import layer_of, stage_layers
from earlysieve.model.batch import Batch
from earlysieve.networks.spec import build_model
from earlysieve.training import TrainConfig


def job(model, inputs, **options):
    few = Batch(inputs, torch.zeros(2, dtype=torch.int64))
    settings = method_settings("dedier", options)
    return Job(model, None, TrainConfig(method="dedier"), settings, 2, 1, few, Path("run"))


@pytest.mark.parametrize(
    ("spec", "first", "second", "count"),
    [
        ("torchvision:resnet18", "layer1", "layer2", 4),
        ("timm:resnet18", "layer1", "layer2", 4),
        ("earlysieve.networks:small_cnn", "stage1", "stage2", 3),
        ("timm:vit_tiny_patch16_224", "blocks.0", "blocks.1", 12),
    ],
)
def test_stages_of_image_networks(spec, first, second, count):
    model = build_model(spec).model
    found = stage_layers(job(model, torch.zeros(2, 3, 224, 224)))
    assert (found[:2], len(found)) == ([first, second], count)


@pytest.mark.parametrize(
    ("kind", "layers"), [("distilbert", 6), ("bert", 12), ("distilbert", 2), ("bert", 3)]
)
def test_stages_of_text_networks_are_their_blocks(kind, layers):
    transformers = pytest.importorskip("transformers")
    small = {
        "distilbert": {"dim": 16, "n_heads": 2, "hidden_dim": 32, "n_layers": layers},
        "bert": {
            "hidden_size": 16,
            "num_attention_heads": 2,
            "intermediate_size": 32,
            "num_hidden_layers": layers,
        },
    }
    config = transformers.AutoConfig.for_model(kind, **small[kind])
    model = transformers.AutoModelForSequenceClassification.from_config(config)
    stack = "distilbert.transformer" if kind == "distilbert" else "bert.encoder"
    found = stage_layers(job(model, {"input_ids": torch.ones(2, 8, dtype=torch.int64)}))
    assert found == [f"{stack}.layer.{i}" for i in range(layers)]


def test_the_choice_of_a_stage_is_told_and_both_are_refused():
    model, inputs = build_model("earlysieve.networks:small_cnn").model, torch.zeros(2, 3, 8, 8)
    by_number = job(model, inputs, stage=2)
    assert layer_of(by_number) == "stage2"
    assert by_number.notes == ["Stage 2 of the network ends with the layer 'stage2'."]
    named = job(model, inputs, layer=" head ")
    assert (layer_of(named), named.notes) == ("head", [])
    with pytest.raises(InputError, match="Expected one place to read out, but got both the layer"):
        layer_of(job(model, inputs, stage=2, layer="head"))
    with pytest.raises(InputError, match="Expected a stage from 1 to 3, as the model has stage1,"):
        layer_of(job(model, inputs, stage=4))
