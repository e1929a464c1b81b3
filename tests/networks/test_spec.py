import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from earlysieve import _user_code
from earlysieve.errors import CheckpointError, InputError, UserCodeError
from earlysieve.networks import SmallCNN
from earlysieve.networks.hf_folder import load_tokenizer, tokenizer_of
from earlysieve.networks.spec import build_model, load_checkpoint, parse_options

BERT = {
    "vocab_size": 30,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "max_position_embeddings": 16,
}


def fails(spec: str, **named: object) -> str:
    with pytest.raises(InputError) as caught:
        build_model(spec, **named)
    return str(caught.value)


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Write a package `mine` into the current directory; its modules are forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(_user_code, "_folders", [])
    (tmp_path / "mine").mkdir()

    def write(text: str) -> None:
        (tmp_path / "mine" / "nets.py").write_text(f"from torch import nn\n{text}")

    yield write
    for name in [name for name in sys.modules if name.split(".")[0] == "mine"]:
        del sys.modules[name]


def bert(folder: Path, classes: int = 3) -> Path:
    from transformers import BertConfig, BertForSequenceClassification

    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = BertConfig(**BERT, num_labels=classes)
        BertForSequenceClassification(config).save_pretrained(folder)
    return folder


def test_torchvision_with_as_many_outputs_as_asked_for():
    built = build_model("torchvision:resnet18", num_classes=7)
    assert built.model.fc.out_features == 7
    assert built.input_shape == (3, 224, 224)
    assert not built.carries_weights


def test_torchvision_without_a_number_of_classes_keeps_its_own():
    assert build_model("torchvision:squeezenet1_1").model.num_classes == 1000


def test_timm_says_its_input_shape():
    built = build_model("timm:test_vit", num_classes=5)
    assert built.model.head.out_features == 5
    assert built.input_shape == tuple(built.model.pretrained_cfg["input_size"])
    assert not built.carries_weights


def test_options_go_to_the_builder():
    options = {"in_chans": 1}
    assert build_model("timm:test_resnet", options=options).model.conv1[0].in_channels == 1


def test_random_weights_come_from_the_seed_alone():
    before = torch.get_rng_state()
    a, b, c = (
        build_model("torchvision:squeezenet1_1", num_classes=2, seed=s).model for s in (1, 1, 2)
    )
    assert torch.equal(torch.get_rng_state(), before)
    pairs = list(zip(a.parameters(), b.parameters(), strict=True))
    assert all(torch.equal(x, y) for x, y in pairs)
    assert not torch.equal(a.features[0].weight, c.features[0].weight)


@pytest.mark.parametrize(
    ("spec", "end"),
    [
        ("resnet18", "but got 'resnet18'; add what is missing"),
        ("torchvision:", "but got 'torchvision:'; add what is missing"),
        (
            "torchvision:resnet19",
            "Expected a classifier of torchvision, but got 'resnet19', which it does not have; "
            "near names are: resnet18, resnet152, resnet101, resnet50, resnet34",
        ),
        (
            "no.such_thing:build",
            "there is no module 'no.such_thing' here or among the installed packages; "
            "check the name and the current directory",
        ),
        (
            "earlysieve.networks:small_cn",
            "Expected a function or class 'small_cn' in the module 'earlysieve.networks', but "
            "there is none; near names are: small_cnn, SmallMLP, SmallCNN",
        ),
    ],
)
def test_unknown_specifications(spec, end):
    assert fails(spec).endswith(end)


def test_unknown_timm_name_lists_near_ones():
    text = fails("timm:resnet1888")
    assert text.startswith("Expected a classifier of timm, but got 'resnet1888'")
    assert "resnet18" in text.partition("near names are: ")[2]


def test_detection_networks_are_no_classifiers():
    assert "which it does not have" in fails("torchvision:fasterrcnn_resnet50_fpn")


def test_builder_that_does_not_like_its_options():
    text = fails("torchvision:resnet18", num_classes=2, options={"depth": 3})
    assert text.startswith(
        "Expected to build the model 'resnet18' with (num_classes=2, depth=3), but it failed: "
    )
    assert text.endswith("; correct the model or its options")


def test_function_in_the_current_directory_takes_the_number_of_classes(module):
    module("def build(num_classes, width=4):\n    return nn.Linear(width, num_classes)\n")
    path = list(sys.path)
    built = build_model("mine.nets:build", num_classes=3, options={"width": 5})
    assert (built.model.in_features, built.model.out_features) == (5, 3)
    assert built.carries_weights
    assert sys.path == [*path, str(Path.cwd())]


def test_function_that_takes_no_number_of_classes(module):
    module("def build():\n    return nn.Linear(4, 2)\n")
    assert build_model("mine.nets:build", num_classes=3).model.out_features == 2


def test_function_that_returns_something_else(module):
    module("def build():\n    return {}\n")
    assert fails("mine.nets:build") == (
        "Expected 'mine.nets:build' to return a torch.nn.Module, but got dict; "
        "return the network itself"
    )


def test_module_that_needs_something_missing(module):
    module("import not_there_at_all\n")
    assert fails("mine.nets:build") == (
        "Expected the module 'mine.nets' to be importable, but it needs 'not_there_at_all', "
        "which is not installed; install that first"
    )


def test_module_with_a_mistake(module):
    module("def build(:\n")
    with pytest.raises(UserCodeError) as caught:
        build_model("mine.nets:build")
    assert str(caught.value).startswith(
        "Expected the module 'mine.nets' to be importable, but your code raised SyntaxError: "
    )


def test_text_classifier_from_a_folder(tmp_path):
    built = build_model(f"hf:{bert(tmp_path)}")
    assert type(built.model).__name__ == "BertForSequenceClassification"
    assert built.model.config.num_labels == 3
    assert built.carries_weights
    assert built.untrained == ()
    load_checkpoint(built, None, spec="hf:x")


def test_the_first_layers_of_a_folder(tmp_path):
    folder = bert(tmp_path)
    whole = build_model(f"hf:{folder}").model.state_dict()
    options = {"num_hidden_layers": 1, "attn_implementation": "eager"}
    built = build_model(f"hf:{folder}", options=options)
    assert built.untrained == ()
    assert built.model.config._attn_implementation == "eager"
    assert len(built.model.bert.encoder.layer) == 1 < BERT["num_hidden_layers"]
    assert all(torch.equal(value, whole[key]) for key, value in built.model.state_dict().items())


def test_an_option_that_a_folder_does_not_know(tmp_path):
    with pytest.raises(CheckpointError, match="unexpected keyword argument 'layers'"):
        build_model(f"hf:{bert(tmp_path)}", options={"layers": 1})


def test_image_classifier_from_a_folder(tmp_path):
    from transformers import ViTConfig, ViTForImageClassification

    sizes = {key: BERT[key] for key in ("hidden_size", "num_hidden_layers", "intermediate_size")}
    config = ViTConfig(**sizes, num_attention_heads=2, image_size=8, patch_size=4, num_labels=2)
    ViTForImageClassification(config).save_pretrained(tmp_path)
    built = build_model(f"hf:{tmp_path}")
    assert type(built.model).__name__ == "ViTForImageClassification"
    assert built.input_shape == (3, 8, 8)


def test_folder_without_a_classifier_for_so_many_classes_is_not_trained(tmp_path):
    built = build_model(f"hf:{bert(tmp_path)}", num_classes=5)
    assert built.model.classifier.out_features == 5
    assert built.untrained == ("classifier.bias", "classifier.weight")
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(built, None, spec="hf:bert")
    assert str(caught.value) == (
        "Expected trained weights for all of 'hf:bert', but its folder has none for "
        "'classifier.bias'; pass the folder of the fine-tuned model, or --checkpoint"
    )


def test_folder_that_is_none(tmp_path):
    assert fails(f"hf:{tmp_path}") == (
        f"Expected a folder with a config.json at '{tmp_path}', but found none; pass "
        "the folder that save_pretrained wrote, or a model of the hub as ORGANISATION/NAME"
    )


def test_folder_with_damaged_weights(tmp_path):
    (bert(tmp_path) / "model.safetensors").write_bytes(b"no")
    with pytest.raises(CheckpointError, match="that transformers can load"):
        build_model(f"hf:{tmp_path}")


def test_tokenizer_is_found_where_there_is_one(tmp_path):
    assert tokenizer_of(f"hf:{tmp_path}") is None
    assert tokenizer_of("torchvision:resnet18") is None
    (tmp_path / "tokenizer.json").write_text("{}")
    assert tokenizer_of(f"hf:{tmp_path}") == tmp_path


def test_a_name_that_is_neither_folder_nor_known_to_the_hub(monkeypatch):
    """As without a network: transformers says that it cannot connect, and no more."""
    transformers = pytest.importorskip("transformers")

    def no_network(*_, **__):
        raise OSError("We couldn't connect to 'https://huggingface.co'")

    with pytest.raises(InputError, match="at 'no-folder', but there is no such folder; pass"):
        load_tokenizer(Path("no-folder"))
    for name in ("AutoTokenizer", "AutoConfig"):
        monkeypatch.setattr(getattr(transformers, name), "from_pretrained", no_network)
    said = "'no/folder', but there is no such folder, and the hub gave no model of that name: We"
    with pytest.raises(InputError, match=f"Expected a tokenizer at {said}"):
        load_tokenizer("no/folder")
    with pytest.raises(CheckpointError, match=f"can load from {said}"):
        build_model("hf:no/folder")


def test_checkpoint_is_loaded_or_missed(tmp_path):
    built = build_model("earlysieve.networks:small_cnn", num_classes=2, seed=0)
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(built, None, spec="earlysieve.networks:small_cnn")
    assert str(caught.value) == (
        "Expected --checkpoint, since 'earlysieve.networks:small_cnn' builds a network with random "
        "weights, but got none; pass the file of its trained weights"
    )
    other = build_model("earlysieve.networks:small_cnn", num_classes=2, seed=1)
    torch.save(other.model.state_dict(), tmp_path / "w.pt")
    load_checkpoint(built, tmp_path / "w.pt", spec="x")
    assert torch.equal(built.model.head.weight, other.model.head.weight)


def test_options_are_read_as_json_else_as_text():
    given = ("a=1", "b-c=true", "d=[1, 2]", "e=hello", "f=x=y", "g=")
    assert parse_options(given) == {
        "a": 1,
        "b_c": True,
        "d": [1, 2],
        "e": "hello",
        "f": "x=y",
        "g": "",
    }
    with pytest.raises(InputError) as caught:
        parse_options(("a",))
    assert str(caught.value) == ("Expected KEY=VALUE, but got 'a'; write for instance channels=1")


def test_network_is_a_module():
    assert isinstance(build_model("earlysieve.networks:SmallCNN").model, nn.Module)


@pytest.mark.parametrize("spec", ["earlysieve.models:small_cnn", "earlysieve.models:SmallCNN"])
def test_specifications_of_older_configurations_build_the_same_network(spec):
    old, new = (
        build_model(name, num_classes=3, seed=0).model
        for name in (spec, spec.replace("models", "networks"))
    )
    assert type(old) is type(new) is SmallCNN
    assert all(torch.equal(a, b) for a, b in zip(old.parameters(), new.parameters(), strict=True))


def test_the_specification_of_older_transplanted_students_still_resolves():
    options = {"student": "earlysieve.models:small_cnn", "teacher": "earlysieve.models:small_cnn"}
    built = build_model("earlysieve.cli.simkd_student:build", num_classes=3, options=options)
    assert type(built.model).__name__ == "SimKDStudent"
