"""Data are prepared as the run or the family of a network says; what is given wins."""

import json

import pytest

from earlysieve.errors import InputError
from earlysieve.runs.preparation import prepared_config, prepared_options
from earlysieve.runs.run_beside import known_beside
from earlysieve.training import TrainConfig
from tests.cli.helpers import photos
from tests.networks.snapshots import timm_folder

VIT = {
    "image_size": 160,
    "resize": 168,
    "interpolation": "bicubic",
    "mean": [0.5] * 3,
    "std": [0.5] * 3,
}


@pytest.fixture
def folder(tmp_path):
    return str(photos(tmp_path / "photos", 2))


def prepared(folder, options=None, *, told=None, **given):
    usual = {"model": "timm:test_vit", "pretrained": None, "checkpoint": None, "model_option": ()}
    tell = (lambda _: None) if told is None else told.append
    return prepared_options({"data": folder, **usual, **given}, options or {}, tell)


def test_pretrained_weights_say_how_and_random_ones_do_not(folder):
    assert prepared(folder, pretrained="DEFAULT") == VIT
    assert prepared(folder) == {}
    assert prepared(folder, pretrained="DEFAULT", model="nets:build") == {}


def test_weights_from_elsewhere_are_prepared_for_as_timm_says_where_images_lie_in_files(
    folder, tmp_path
):
    (tmp_path / "model.pt").touch()
    foreign = {"checkpoint": tmp_path / "model.pt"}
    assert prepared(folder, **foreign) == VIT
    assert prepared(folder, **foreign, model="torchvision:resnet18") == {}
    assert prepared("digits", **foreign) == {}


def test_a_network_of_timm_is_trained_as_it_is_audited_elsewhere_also_with_random_weights(folder):
    said = []
    config = prepared_config(TrainConfig(data=folder, model="timm:test_vit"), said.append)
    assert {name: config.data_options[name] for name in VIT} == VIT
    assert said[0].startswith("Data are prepared as 'timm:test_vit' expects it: image-size 160")
    given = TrainConfig(data=folder, model="timm:test_vit", data_options={"image_size": 160})
    assert prepared_config(given, said.append).data_options["image_size"] == 160
    assert prepared_config(TrainConfig(data="digits", model="timm:test_vit"), said.append) == (
        TrainConfig(data="digits", model="timm:test_vit")
    )


def test_categories_of_a_table_are_kept_beside_those_that_are_given(tmp_path):
    rows = "".join(f"{101 + k % 2},{['car', 'home'][k % 2]},{k % 2}\n" for k in range(8))
    (tmp_path / "loans.csv").write_text(f"branch,purpose,label\n{rows}")
    config = TrainConfig(
        data=f"table:{tmp_path / 'loans.csv'}", model="nets:loans",
        data_options={"categories": {"branch": ["101", "102"]}},
    )  # fmt: skip
    kept = prepared_config(config, [].append).data_options["categories"]
    assert kept == {"branch": ["101", "102"], "purpose": ["car", "home"]}


def test_only_options_that_the_source_has_are_added():
    assert set(prepared("digits", pretrained="DEFAULT")) == {"image_size", "mean", "std"}


def test_what_is_given_wins_and_is_told_where_it_differs(folder):
    told = []
    found = prepared(folder, {"image_size": 80, "mean": [0.5]}, pretrained="DEFAULT", told=told)
    assert found == {**VIT, "image_size": 80, "mean": [0.5], "resize": 80}
    assert told == [
        "--image-size 80 was given and is used, though it is 160 as 'timm:test_vit' expects it.",
        "Data are prepared as 'timm:test_vit' expects it, but resized straight to --image-size 80: "
        "resize 80, interpolation bicubic, std 0.5,0.5,0.5; the options of these names change it.",
    ]


@pytest.mark.parametrize(
    ("given", "resize"),
    [
        ({"image_size": 160}, 168),  # the model's own, with its own rim
        ({"image_size": 168}, 168),
        ({"image_size": 320}, 320),
        ({"image_size": 80, "resize": 90}, 90),
        ({"resize": 200}, 200),
    ],
)
def test_another_size_cuts_off_no_rim(folder, given, resize):
    told = []
    found = prepared(folder, given, pretrained="DEFAULT", told=told)
    assert found == {**VIT, **given, "resize": resize}
    assert any("straight to --image-size" in line for line in told) == (resize == 320)


def test_what_is_cut_off_is_said(folder):
    told = []
    prepared(folder, {"image_size": 160}, pretrained="DEFAULT", told=told)
    assert "std 0.5,0.5,0.5 (the middle 160 of 168 pixels are kept; --resize 160 cuts" in told[0]
    prepared(folder, {"image_size": 160, "resize": 168}, pretrained="DEFAULT", told=told)
    prepared(folder, {"image_size": 80}, pretrained="DEFAULT", told=told)
    assert not any("are kept" in line for line in told[1:])


def test_a_size_that_the_network_is_built_for_cuts_off_no_rim(folder):
    given = {"pretrained": "DEFAULT", "model_option": ("img_size=64",)}
    assert prepared(folder, **given) == {**VIT, "image_size": 64, "resize": 64}
    published = {"pretrained": "DEFAULT", "model_option": ("img_size=160",)}
    assert prepared(folder, **published) == VIT


@pytest.mark.parametrize("model", ["timm:local-dir:some", "timm:hf-hub:a/b", "hf-hub:a/b"])
def test_a_place_of_timm_is_not_taken_without_its_weights(folder, model):
    with pytest.raises(InputError, match="give that, or --checkpoint FILE"):
        prepared(folder, model=model)


def test_training_from_the_structure_of_a_folder_is_told(tmp_path, folder):
    timm_folder(tmp_path / "net")
    spec, said = f"timm:local-dir:{tmp_path / 'net'}", []
    prepared_config(TrainConfig(data=folder, model=spec), said.append)
    assert said[0].endswith("training starts from random ones without --pretrained.")
    prepared_config(TrainConfig(data=folder, model=spec, pretrained="DEFAULT"), said.append)
    assert sum("random ones" in line for line in said) == 1


def test_another_size_than_that_of_the_run_cuts_off_no_rim(folder, tmp_path):
    options = {"image_size": 64, "resize": 67}
    (tmp_path / "config.json").write_text(json.dumps({"method": "erm", "data_options": options}))
    weights = tmp_path / "model.pt"
    assert prepared(folder, {"image_size": 64}, checkpoint=weights) == options
    assert prepared(folder, {"image_size": 32}, checkpoint=weights)["resize"] == 32


def test_whole_images_stay_whole_in_another_size(folder, tmp_path):
    options = {"image_size": 64, "resize": "squash"}
    (tmp_path / "config.json").write_text(json.dumps({"method": "erm", "data_options": options}))
    found = prepared(folder, {"image_size": 32}, checkpoint=tmp_path / "model.pt")
    assert found == {"image_size": 32, "resize": "squash"}


@pytest.mark.parametrize("name", ["config.json", "fix.json"])
def test_a_run_or_a_fix_beside_a_checkpoint_decides(folder, tmp_path, name):
    options = {"image_size": 64, "mean": [0.1], "split": "train", "limit": 3}
    values = {"method": "erm", "data_options": options, "head": "fc"}
    content = values if name == "config.json" else {"config": values}
    (tmp_path / name).write_text(json.dumps(content))
    weights = tmp_path / "model.pt"
    assert prepared(folder, checkpoint=weights) == {"image_size": 64, "mean": [0.1]}
    assert known_beside(weights).head == "fc"


def test_columns_that_a_run_dropped_are_dropped_again(tmp_path):
    options = {"drop_column": ["id_card", "place"]}
    (tmp_path / "config.json").write_text(json.dumps({"method": "erm", "data_options": options}))
    (tmp_path / "rows.csv").write_text("x,place,label\n1,2,0\n2,3,1\n")
    data, weights = f"table:{tmp_path / 'rows.csv'}", tmp_path / "model.pt"
    told = []
    # What these data lack need not be dropped.
    assert prepared(data, checkpoint=weights, told=told) == {"drop_column": ["place"]}
    assert told == [
        f"Data are prepared in the run of '{weights}': drop-column place; the options of these "
        "names change it."
    ]
    given = {"drop_column": "x"}
    told.clear()
    # A network without place cannot take it, whatever else is left out.
    both = {"drop_column": ["place", "x"]}
    assert prepared(data, given, checkpoint=weights, told=told) == both
    assert told == [f"Left out besides --drop-column x: place, as in the run of '{weights}'."]
    told.clear()
    assert prepared(data, both, checkpoint=weights, told=told) == both
    assert told[0].startswith("--drop-column place,x was given and is used, though it is place in")
    told.clear()
    prepared(data, {"drop_column": "place"}, checkpoint=weights, told=told)
    assert told == []


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"config": 3}'])
def test_other_files_beside_a_checkpoint_say_nothing(folder, tmp_path, text):
    for name in ("config.json", "fix.json"):
        (tmp_path / name).write_text(text)
    assert known_beside(tmp_path / "model.pt") is None
    assert prepared(folder, checkpoint=tmp_path / "model.pt") == VIT


def test_a_prepared_configuration_stays_as_it_is(folder):
    config = TrainConfig(data=folder, model="timm:test_vit", pretrained="DEFAULT")
    told = []
    once = prepared_config(config, told.append)
    assert once.data_options == VIT
    assert len(told) == 1
    assert prepared_config(once, told.append) == once
    assert len(told) == 1


def test_two_places_of_weights_are_refused(folder, tmp_path):
    with pytest.raises(InputError, match="but got both"):
        prepared(folder, pretrained="DEFAULT", checkpoint=tmp_path / "model.pt")


def test_a_model_that_is_not_there_is_told_before_anything_is_opened(tmp_path):
    model = f"hf:{tmp_path / 'nosuch'}"
    with pytest.raises(InputError, match="config.json at '.*nosuch', but found none"):
        prepared("hf:texts", model=model)
    config = TrainConfig(model=model, data="hf:texts")
    with pytest.raises(InputError, match="config.json at '.*nosuch', but found none"):
        prepared_config(config, print)


def test_a_folder_of_transformers_that_says_nothing_of_images_is_told(folder, tmp_path):
    (tmp_path / "vit").mkdir()
    (tmp_path / "vit/config.json").write_text('{"model_type": "vit"}')
    model, told = {"model": f"hf:{tmp_path / 'vit'}"}, []
    assert prepared(folder, told=told, **model) == {}
    assert "does not say how images are prepared (it has no preprocessor_config.json)" in told.pop()
    prepared(folder, {"image_size": 16, "mean": [0.5]}, told=told, **model)
    (tmp_path / "vit/vocab.txt").write_text("a")  # of texts
    prepared(folder, told=told, **model)
    assert told == []
