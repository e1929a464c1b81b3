"""What families say of their inputs is what our data sets then do, to the pixel."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from earlysieve.datasets.files import ImageFiles
from earlysieve.datasets.images import fit_picture
from earlysieve.errors import InputError
from earlysieve.networks.preprocessing import Preprocessing, preprocessing_of
from tests.networks.snapshots import timm_folder, vit_folder


@pytest.fixture
def photo(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (301, 407, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def ours(photo, found: Preprocessing) -> torch.Tensor:
    return ImageFiles([photo], [0], ["one"], **found.options())[0][0]


@pytest.mark.parametrize("name", ["resnet50", "efficientnet_b3", "vit_b_16"])
def test_torchvision_s_transforms(photo, name):
    from torchvision import models

    with Image.open(photo) as picture:
        expected = models.get_model_weights(name).DEFAULT.transforms()(picture)
    found = preprocessing_of(f"torchvision:{name}", {}, "DEFAULT")
    torch.testing.assert_close(ours(photo, found), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", ["test_vit", "resnet18.a1_in1k", "vit_tiny_patch16_224"])
def test_timm_s_data_configuration(photo, name):
    import timm

    config = timm.data.resolve_data_config(
        {}, pretrained_cfg=timm.get_pretrained_cfg(name).to_dict()
    )
    with Image.open(photo) as picture:
        expected = timm.data.create_transform(**config)(picture)
    found = preprocessing_of(f"timm:{name}", {}, "DEFAULT")
    torch.testing.assert_close(ours(photo, found), expected, rtol=0, atol=1e-6)


def test_timm_s_tag_folder_and_size_of_the_builder(tmp_path):
    assert (
        preprocessing_of("timm:resnet18", {}, "fb_ssl_yfcc100m_ft_in1k").interpolation == "bilinear"
    )
    timm_folder(tmp_path)
    found = preprocessing_of(f"timm:local-dir:{tmp_path}", {}, "DEFAULT")
    assert (found.image_size, found.mean) == (160, (0.4, 0.5, 0.6))
    assert preprocessing_of("timm:test_vit", {"img_size": 96}, "DEFAULT").image_size == 96


def test_the_image_processor_of_transformers(photo, tmp_path):
    from transformers import AutoImageProcessor

    vit_folder(tmp_path / "vit", {0: "a", 1: "b"})
    found = preprocessing_of(f"hf:{tmp_path / 'vit'}", {})
    processor = AutoImageProcessor.from_pretrained(tmp_path / "vit")
    with Image.open(photo) as picture:
        expected = processor(picture.convert("RGB"), return_tensors="pt")["pixel_values"][0]
    assert (found.image_size, found.resize) == (32, "squash")
    # Its resizing works on tensors where ours works on pixels of eight bits.
    torch.testing.assert_close(ours(photo, found), expected, rtol=0, atol=2 / 255 / 0.25)


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        ("CLIPImageProcessor", {}, (224, 224)),
        ("ConvNextImageProcessor", {"size": {"shortest_edge": 224}}, (224, 256)),
        ("ConvNextImageProcessor", {"size": {"shortest_edge": 384}}, (384, "squash")),
        ("BitImageProcessor", {"size": {"shortest_edge": 448}}, (224, 448)),
    ],
)
def test_other_ways_to_cut(kind, given, expected, tmp_path):
    import transformers

    getattr(transformers, kind)(**given).save_pretrained(tmp_path)
    found = preprocessing_of(f"hf:{tmp_path}", {})
    assert (found.image_size, found.resize) == expected


def test_a_short_text_model_says_how_long_texts_may_be(tmp_path):
    from transformers import BertConfig

    BertConfig(max_position_embeddings=16).save_pretrained(tmp_path)
    assert preprocessing_of(f"hf:{tmp_path}", {}).options() == {"max_length": 16}
    BertConfig(max_position_embeddings=512).save_pretrained(tmp_path)
    assert preprocessing_of(f"hf:{tmp_path}", {}) is None
    # Its tokenizer may say less, or 1e30 for as much as there is.
    for said, found in ((32, {"max_length": 32}), (10**30, None), ("32", None)):
        (tmp_path / "tokenizer_config.json").write_text(json.dumps({"model_max_length": said}))
        of_texts = preprocessing_of(f"hf:{tmp_path}", {})
        assert (None if of_texts is None else of_texts.options()) == found


@pytest.mark.parametrize("spec", ["nets:build", "torchvision:r3d_18", "timm:resnet_of_mine"])
def test_others_say_nothing(spec):
    assert preprocessing_of(spec, {}) is None


def test_without_resize_nothing_has_changed(photo):
    from earlysieve.datasets.images import resize_picture

    with Image.open(photo) as picture:
        one, two = fit_picture(picture, 64, None), resize_picture(picture, 64)
    assert np.array_equal(np.asarray(one), np.asarray(two))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"resize": 20}, "from the 32 of image_size on"),
        ({"resize": "stretch"}, "or 'squash'"),
        ({"interpolation": "cubic"}, "one of bilinear, bicubic"),
    ],
)
def test_what_cannot_be_done_is_refused(photo, options, says):
    with pytest.raises(InputError, match=says):
        ImageFiles([photo], [0], ["one"], image_size=32, **options)


def test_cached_pictures_are_of_their_own_kind(photo, tmp_path):
    options = {"image_size": 32, "cache": tmp_path / "cache", "progress": False}
    plain = ImageFiles([photo], [0], ["one"], **options)[0][0]
    other = {"resize": 40, "interpolation": "bicubic"}
    cut = ImageFiles([photo], [0], ["one"], **options, **other)[0][0]
    assert torch.equal(cut, ImageFiles([photo], [0], ["one"], image_size=32, **other)[0][0])
    assert not torch.equal(plain, cut)
    assert len(list((tmp_path / "cache").iterdir())) == 2
