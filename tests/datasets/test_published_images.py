"""Published data sets of images, each on a tiny folder in its exact layout."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from earlysieve.datasets import load_source
from earlysieve.datasets.from_spec import splits_of
from earlysieve.errors import DataError, InputError
from tests.datasets import layouts


def groups_of(data: Any) -> dict[str, int]:
    """How many examples each group has, by name."""
    return dict(zip(data.group_names, np.bincount(data.groups).tolist(), strict=True))


def test_waterbirds(tmp_path: Path) -> None:
    folder = layouts.waterbirds(tmp_path / "waterbird_complete95_forest2water2")
    for path in (folder, tmp_path):
        data = load_source(f"waterbirds:{path}", split="val", image_size=8)
        assert data.class_names == ("landbird", "waterbird")
        assert groups_of(data) == {
            "landbird on land": 2,
            "landbird on water": 2,
            "waterbird on land": 2,
            "waterbird on water": 2,
        }
        assert [data.identify(i) for i in range(2)] == [
            "000.Bird/Bird_0001.jpg",
            "001.Bird/Bird_0004.jpg",
        ]
        assert data.labels.tolist() == [0, 1] * 4
        assert data.groups.tolist() == [0, 2, 1, 3] * 2
        assert data[0][0].shape == (3, 8, 8)
    assert len(load_source(f"waterbirds:{folder}")) == 8
    assert splits_of(f"waterbirds:{folder}") == ("train", "val", "test")


def test_half_an_archive_names_what_is_missing(tmp_path: Path) -> None:
    folder = layouts.waterbirds(tmp_path)
    for number in (0, 3, 6, 9, 12):
        next(folder.glob(f"*/Bird_{number:04}.jpg")).unlink()
    with pytest.raises(DataError) as caught:
        load_source(f"waterbirds:{folder}")
    assert str(caught.value) == (
        f"Expected all 8 images of the split that 'metadata.csv' lists in '{folder}', but 5 are "
        "missing: "
        "'000.Bird/Bird_0000.jpg', '001.Bird/Bird_0003.jpg', '000.Bird/Bird_0006.jpg' and 2 more; "
        "unpack waterbird_complete95_forest2water2.tar.gz and pass the folder that it unpacks to "
        "again (https://github.com/kohpangwei/group_DRO)"
    )
    assert len(load_source(f"waterbirds:{folder}", split="test")) == 8


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("img_id,img_filename,y,split\n1,a.jpg,0,0\n", "got img_id.* and not 'place'"),
        ("img_filename,y,split,place\na.jpg,2,0,0\n", "'y' has '2' in row 1 where 0, 1 can be"),
        ("img_filename,y,split,place\na.jpg,0,7,0\n", "'split' has '7'"),
        ("img_filename,y,split,place\n", "it has no rows"),
        ("img_filename,y,split,place\n../../etc/x.jpg,0,0,0\n", "outside of"),
        ("img_filename,y,split,place\na.jpg,0,1,0\n", "rows of the split 'train'"),
        ("", "No columns"),
    ],
)
def test_another_list_of_waterbirds(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "metadata.csv").write_text(text)
    with pytest.raises(DataError, match=told):
        load_source(f"waterbirds:{tmp_path}")


def test_a_column_that_the_list_lacks_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "metadata.csv").write_text("img_filename,y,split,where\na.jpg,0,0,0\n")
    with pytest.raises(DataError) as caught:
        load_source(f"waterbirds:{tmp_path}")
    assert str(caught.value).count("; get ") == 1
    assert "and not 'place'" in str(caught.value)


@pytest.mark.parametrize("suffix", [".txt", ".csv"])
def test_celeba_blond(tmp_path: Path, suffix: str) -> None:
    folder = layouts.celeba(tmp_path, suffix)
    data = load_source(f"celeba-blond:{folder}", split="test", image_size=8)
    assert groups_of(data) == {
        "not blond, female": 5,
        "not blond, male": 5,
        "blond, female": 1,
        "blond, male": 1,
    }
    assert data.identify(0) == "000003.jpg"
    blond = data.identify(int(np.flatnonzero(data.groups == 3)[0]))
    values = {name: values for name, values, _ in layouts.faces()}[blond]
    assert dict(zip(layouts.ATTRIBUTES, values, strict=True))["Blond_Hair"] == 1
    assert dict(zip(layouts.ATTRIBUTES, values, strict=True))["Male"] == 1


def test_celeba_hair_keeps_faces_of_one_colour(tmp_path: Path) -> None:
    data = load_source(f"celeba-hair:{layouts.celeba(tmp_path)}", image_size=8)
    assert data.class_names == ("black", "blond", "brown", "gray")
    assert data.labels.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert data.groups.tolist() == list(range(8))
    assert data.group_names[5] == "brown, male"


@pytest.mark.parametrize("images", ["Img/img_align_celeba", "img_align_celeba/img_align_celeba"])
def test_celeba_as_its_page_and_kaggle_have_it(tmp_path: Path, images: str) -> None:
    folder = layouts.celeba(tmp_path, images=images)
    for name, place in (("list_attr_celeba.txt", "Anno"), ("list_eval_partition.txt", "Eval")):
        (folder / place).mkdir()
        (folder / name).rename(folder / place / name)
    assert len(load_source(f"celeba-blond:{folder}")) == 12


def test_celeba_in_pieces(tmp_path: Path) -> None:
    folder = layouts.celeba(tmp_path)
    attributes, parts = folder / "list_attr_celeba.txt", folder / "list_eval_partition.txt"
    lines = attributes.read_text().splitlines()
    attributes.write_text("\n".join(lines[:-3]) + "\n")
    with pytest.raises(DataError, match="first line says 36 rows and it has 33"):
        load_source(f"celeba-blond:{folder}")
    attributes.write_text("\n".join(["33", *lines[1:-3]]) + "\n")
    with pytest.raises(DataError, match="lists 36 images, and 'list_attr_celeba.txt' 33"):
        load_source(f"celeba-blond:{folder}")
    attributes.write_text("\n".join([lines[0], lines[1].replace("Male", "Mail"), *lines[2:]]))
    with pytest.raises(DataError, match="not 'Male'"):
        load_source(f"celeba-blond:{folder}")
    parts.unlink()
    attributes.write_text("\n".join(lines))
    with pytest.raises(DataError, match=r"list_eval_partition\.txt' is missing; get .*mmlab"):
        load_source(f"celeba-blond:{folder}")


def test_nico_has_a_class_called_train(tmp_path: Path) -> None:
    folder = layouts.nico(tmp_path)
    data = load_source(f"nico:{folder}", variant="vehicle", image_size=8)
    assert data.class_names == ("car", "train")
    assert data.labels.tolist() == [0] * 4 + [1] * 4
    assert groups_of(data) == {
        "car, as car": 2,
        "car, on grass": 2,
        "train, as train": 2,
        "train, on grass": 2,
    }
    assert len(load_source(f"nico:{folder / 'Animal'}")) == 8
    with pytest.raises(DataError, match="animal or vehicle, but got None"):
        load_source(f"nico:{folder}")
    with pytest.raises(DataError, match="Expected a split 'test'"):
        load_source(f"nico:{folder}", variant="animal", split="test")


def test_nico_divided(tmp_path: Path) -> None:
    for split in ("train", "test"):
        layouts.nico(tmp_path / split)
        (tmp_path / split / "Animal").rename(tmp_path / f"{split}-animals")
        for name in ("Vehicle",):
            for entry in list((tmp_path / split / name).iterdir()):
                entry.rename(tmp_path / split / entry.name)
            (tmp_path / split / name).rmdir()
    assert splits_of(f"nico:{tmp_path}") == ("train", "test")
    assert load_source(f"nico:{tmp_path}", split="test").class_names == ("car", "train")
    with pytest.raises(DataError, match="but got 'train', 'test'; choose one"):
        load_source(f"nico:{tmp_path}", split="val")


def test_nico_with_an_empty_context(tmp_path: Path) -> None:
    folder = layouts.nico(tmp_path) / "Animal"
    (folder / "dog" / "at home").mkdir()
    with pytest.raises(DataError, match="no images in 'dog/at home'"):
        load_source(f"nico:{folder}")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no folders CLASS/CONTEXT"):
        load_source(f"nico:{tmp_path / 'empty'}")


def test_nicopp(tmp_path: Path) -> None:
    folder = layouts.nicopp(tmp_path)
    data = load_source(f"nicopp:{folder}", image_size=8)
    assert data.class_names == layouts.NICOPP_CLASSES
    assert len(data) == 18
    assert groups_of(data)["hot air balloon, rock"] == 3
    named = [data.group_names[group] for group in data.groups]
    for index, name in enumerate(named):
        thing, context = name.rsplit(", ", 1)
        assert data.identify(index).startswith(f"NICO_DG/{context}/{thing}/")
        assert data.class_names[data.labels[index]] == thing


def test_splits_of_nicopp_are_those_of_its_lists(tmp_path: Path) -> None:
    assert splits_of(f"nicopp:{layouts.nicopp(tmp_path)}") == ("train", "test")
    assert splits_of(f"nicopp:{tmp_path / 'nowhere'}") == ("train", "val", "test")


def test_a_context_of_nicopp_is_kept_for_the_test(tmp_path: Path) -> None:
    folder = layouts.nicopp(tmp_path)
    seen = {
        split: {
            data.group_names[g].rsplit(", ", 1)[1]
            for data in [load_source(f"nicopp:{folder}", split=split, variant="rock")]
            for g in data.groups
        }
        for split in ("train", "test")
    }
    assert seen == {"train": {"autumn", "water"}, "test": {"rock"}}
    with pytest.raises(InputError, match="variant to be one of autumn, dim"):
        load_source(f"nicopp:{folder}", variant="snow")
    with pytest.raises(DataError, match="no row of the split 'val'"):
        load_source(f"nicopp:{folder}", split="val")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("NICO_DG/rock/airplane/x.jpg", "it has the line"),
        ("NICO_DG/rock/cat/x.jpg 1", "one number stands for several classes"),
        ("NICO_DG/rock/cat/x.jpg 5", "3 numbers up to 5"),
    ],
)
def test_other_lists_of_nicopp(tmp_path: Path, line: str, told: str) -> None:
    folder = layouts.nicopp(tmp_path)
    file = folder / "NICO_DG_official" / "rock_test.txt"
    file.write_text(file.read_text() + line + "\n")
    with pytest.raises(DataError, match=told):
        load_source(f"nicopp:{folder}")


def test_imagenet_a(tmp_path: Path) -> None:
    folder = layouts.imagenet_a(tmp_path / "imagenet-a")
    data = load_source(f"imagenet-a:{tmp_path}", split="test", image_size=8)
    assert len(data) == data.num_classes == 200
    assert data.labels.tolist() == list(range(200))
    assert data.class_names[:2] == ("thing 0", "thing 1")
    (folder / "README.txt").unlink()
    assert load_source(f"imagenet-a:{folder}", split="test").class_names[1] == "n01000007"
    for split in (None, "train"):
        with pytest.raises(InputError, match="the only one of ImageNet-A, but got 'train'"):
            load_source(f"imagenet-a:{folder}", split=split)
    (folder / "n01000007").rename(folder / "cats")
    with pytest.raises(DataError, match=r"200 folders and not 200 .*\(there is 'cats'\)"):
        load_source(f"imagenet-a:{folder}", split="test")


def test_imagenet_9(tmp_path: Path) -> None:
    layouts.imagenet_9(tmp_path)
    assert splits_of(f"imagenet-9:{tmp_path}") == ("val",)
    for variant, shade in ((None, 40), ("mixed_rand", 200)):
        spec = f"imagenet-9:{tmp_path}"
        data = load_source(spec, split="val", variant=variant, image_size=8)
        assert data.class_names[2] == "wheeled vehicle"
        assert data.labels.tolist() == list(range(9))
        assert data.image(4)[4, 4].tolist() == [shade] * 3
    with pytest.raises(DataError, match=r"the folder 'original/train' is missing"):
        load_source(f"imagenet-9:{tmp_path}")
    with pytest.raises(InputError, match="variant to be one of original"):
        load_source(f"imagenet-9:{tmp_path}", split="val", variant="mixed")
    lost = tmp_path / "bg_challenge" / "original" / "val" / "08_fish"
    lost.rename(lost.with_name("08_whale"))
    with pytest.raises(DataError, match="has 9 folders, without '08_fish'"):
        load_source(f"imagenet-9:{tmp_path}", split="val")


def test_counter_examples_of_bar(tmp_path: Path) -> None:
    folder = layouts.bar(tmp_path, train=95, test=20)
    original = load_source(f"bar:{folder}", split="train", image_size=8)
    assert original.group_names == ()
    for variant, moved in (("1pct", 1), ("5pct", 5)):
        train = load_source(f"bar:{folder}", variant=variant, image_size=8)
        test = load_source(f"bar:{folder}", variant=variant, split="test", image_size=8)
        assert np.bincount(train.groups).tolist() == [95, moved] * 6
        assert np.bincount(test.groups, minlength=12).tolist() == [0, 20 - moved] * 6
        ids = [{data.identify(i) for i in range(len(data))} for data in (train, test)]
        assert not ids[0] & ids[1]
        assert {i for i in ids[0] | ids[1] if i.startswith("test/")} == {
            f"test/{file.name}" for file in (folder / "test").iterdir()
        }
        assert all(train.labels == train.groups // 2)
    one = {train.identify(i) for i in np.flatnonzero(train.groups % 2)}
    again = load_source(f"bar:{folder}", variant="5pct")
    assert one == {again.identify(i) for i in np.flatnonzero(again.groups % 2)}


def test_the_real_bar_with_counter_examples(shared_data: Path) -> None:
    spec = f"bar:{shared_data / 'bar'}"
    train, test = (
        load_source(spec, split=split, variant="5pct", image_size=16) for split in ("train", "test")
    )
    assert len(train) + len(test) == 1941 + 654
    assert abs((train.groups % 2).mean() - 0.05) < 0.002
    assert min(np.bincount(test.labels)) > 0


@pytest.mark.parametrize(
    "name",
    ["waterbirds", "celeba-blond", "celeba-hair", "nico", "nicopp", "imagenet-a", "imagenet-9"],
)
def test_no_folder_and_an_empty_one_say_where_the_data_are_found(name: str, tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(DataError, match=r"Expected .* but .*; get .*https://"):
            load_source(f"{name}:{path}", split="test" if name == "imagenet-a" else None)


@pytest.mark.parametrize("name", ["waterbirds", "celeba-blond", "nicopp", "imagenet-9"])
def test_another_split(name: str, tmp_path: Path) -> None:
    tiny = getattr(layouts, {"celeba-blond": "celeba", "imagenet-9": "imagenet_9"}.get(name, name))
    with pytest.raises(InputError, match="Expected split to be one of .* but got 'dev'"):
        load_source(f"{name}:{tiny(tmp_path)}", split="dev")
