"""Folders and BAR in its original layout."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from earlysieve.datasets import bar, image_folder, manifest
from earlysieve.datasets.bar_photos import CLASSES
from earlysieve.errors import DataError, InputError


def picture(path: Path, value: int = 100, size: tuple[int, int] = (20, 16)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (value, 0, 0)).save(path)
    return path


def test_classes_are_numbered_by_sorted_name(tmp_path: Path) -> None:
    for name in ("zebra", "ant", "bee"):
        picture(tmp_path / name / "1.png")
    data = image_folder(tmp_path, image_size=8)
    assert data.class_names == ("ant", "bee", "zebra")
    assert data.labels.tolist() == [0, 1, 2]
    image, label, group = data[2]
    assert image.shape == (3, 8, 8)
    assert (label, group) == (2, -1)
    assert data.identify(2) == "zebra/1.png"


def test_normalisation_is_imagenets(tmp_path: Path) -> None:
    picture(tmp_path / "a" / "1.png", value=255)
    image = image_folder(tmp_path, image_size=4)[0][0]
    assert image[:, 0, 0].tolist() == pytest.approx(
        [(1 - 0.485) / 0.229, -0.456 / 0.224, -0.406 / 0.225], abs=1e-5
    )


def test_unreadable_images_are_named_skipped_and_counted(tmp_path: Path) -> None:
    picture(tmp_path / "a" / "1.png")
    (tmp_path / "a" / "2.jpg").write_bytes(b"not an image")
    whole = picture(tmp_path / "b" / "3.jpg", size=(400, 400)).read_bytes()
    (tmp_path / "b" / "4.jpg").write_bytes(whole[: len(whole) // 2])
    data = image_folder(tmp_path)
    assert data.skipped == ("a/2.jpg", "b/4.jpg")
    assert len(data) == 2
    with pytest.raises(DataError, match=r"2 are not: 'a/2.jpg', 'b/4.jpg'; repair or remove"):
        image_folder(tmp_path, strict=True)


def test_an_image_that_breaks_later_is_named(tmp_path: Path) -> None:
    path = picture(tmp_path / "a" / "1.png")
    data = image_folder(tmp_path)
    path.write_bytes(b"")
    with pytest.raises(DataError, match=r"1\.png', but it cannot be read"):
        data[0]


def test_folder_errors(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Expected a folder at .*nowhere', but there is none"):
        image_folder(tmp_path / "nowhere")
    with pytest.raises(DataError, match="Expected one subfolder per class in .*, but got none"):
        image_folder(tmp_path)
    picture(tmp_path / "a" / "1.png")
    (tmp_path / "b").mkdir()
    with pytest.raises(DataError, match="but got none in 'b'; add images or remove the folder"):
        image_folder(tmp_path)


def test_splits_of_a_folder(tmp_path: Path) -> None:
    picture(tmp_path / "train" / "a" / "1.png")
    picture(tmp_path / "test" / "a" / "2.png")
    assert image_folder(tmp_path, split="test").identify(0) == "a/2.png"
    with pytest.raises(DataError, match="Expected a split 'val' in .*, but got 'train', 'test';"):
        image_folder(tmp_path, split="val")


def test_splits_of_other_names_are_told_where_one_is_missing(tmp_path: Path) -> None:
    for name in ("train", "val", "final"):
        picture(tmp_path / name / "a" / "1.png")
    with pytest.raises(DataError, match="'test' in .*, but got 'train', 'val', 'final'; choose"):
        image_folder(tmp_path, split="test")


def test_classes_are_numbered_over_all_splits(tmp_path: Path) -> None:
    for split, classes in (("train", "abc"), ("test", "bc"), ("val", "cd")):
        for name in classes:
            picture(tmp_path / split / name / "1.png")
    by_split = {name: image_folder(tmp_path, split=name) for name in ("train", "test", "val")}
    assert {data.class_names for data in by_split.values()} == {("a", "b", "c", "d")}
    assert by_split["test"].labels.tolist() == [1, 2]
    assert image_folder(tmp_path).labels.tolist() == by_split["train"].labels.tolist() == [0, 1, 2]
    assert image_folder(tmp_path / "test").class_names == ("a", "b", "c", "d")


def test_undivided_data_has_no_test_split(tmp_path: Path) -> None:
    picture(tmp_path / "a" / "1.png")
    assert len(image_folder(tmp_path, split="train")) == 1
    with pytest.raises(DataError) as caught:
        image_folder(tmp_path, split="test")
    assert str(caught.value) == (
        f"Expected a split 'test' in '{tmp_path}', but it is not divided into splits; leave the "
        "split out, or put the classes into subfolders named 'train' and 'test'"
    )


def test_a_class_may_be_called_like_a_split(tmp_path: Path) -> None:
    picture(tmp_path / "train" / "1.png")
    picture(tmp_path / "bus" / "2.png")
    assert image_folder(tmp_path).class_names == ("bus", "train")


def test_images_of_other_modes(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    Image.new("P", (4, 4)).save(tmp_path / "a" / "1.png", transparency=bytes(range(200)))
    Image.fromarray(np.full((4, 4), 0x8000, np.uint16)).save(tmp_path / "a" / "2.png")
    Image.new("RGBA", (4, 4), (10, 20, 30, 0)).save(tmp_path / "a" / "3.png")
    Image.new("L", (4, 4), 7).save(tmp_path / "a" / "4.png")
    data = image_folder(tmp_path, image_size=4)
    assert [data.image(i)[0, 0].tolist() for i in range(1, 4)] == [[128] * 3, [10, 20, 30], [7] * 3]
    assert data.image(0).shape == (4, 4, 3)
    assert data.display(3).size == (4, 4)  # type: ignore[union-attr]


def test_exif_orientation_is_not_applied_as_in_image_folder(tmp_path: Path) -> None:
    # Left half black, right half white, with "turn by 90 degrees" beside it.
    pixels = np.zeros((16, 16, 3), np.uint8)
    pixels[:, 8:] = 255
    turned = Image.Exif()
    turned[0x0112] = 6
    for name in ("a", "b"):
        (tmp_path / "data" / name).mkdir(parents=True)
        picture = tmp_path / "data" / name / "phone.jpg"
        Image.fromarray(pixels).save(picture, quality=95, exif=turned)
    with Image.open(picture) as opened:
        assert np.asarray(ImageOps.exif_transpose(opened))[0].mean() < 20
    for cache in (None, tmp_path / "cache"):
        data = image_folder(tmp_path / "data", image_size=16, mean=[0], std=[1], cache=cache)
        image = data[0][0]
        assert float(image[:, :, :7].mean()) < 0.1
        assert float(image[:, :, 9:].mean()) > 0.9


def test_an_image_too_large_to_be_safe_is_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture(tmp_path / "a" / "1.png", size=(4, 4))
    picture(tmp_path / "a" / "2.png", size=(30, 30))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    assert image_folder(tmp_path).skipped == ("a/2.png",)


def test_nothing_readable_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.png").write_bytes(b"")
    with pytest.raises(DataError) as caught:
        image_folder(tmp_path)
    assert str(caught.value) == (
        f"Expected at least one readable image in '{tmp_path}', but got none "
        "('a/1.png' cannot be read); check the path"
    )


def test_bar_in_its_layout(tmp_path: Path) -> None:
    for number, name in enumerate(CLASSES):
        picture(tmp_path / "train" / f"{name}_{number}.jpg")
    data = bar(tmp_path, image_size=8)
    assert data.class_names == CLASSES
    assert sorted(data.labels.tolist()) == list(range(6))
    assert data.identify(0) == "climbing_0.jpg"
    with pytest.raises(DataError, match="Expected 1941 photographs in .*, but got 6"):
        bar(tmp_path, strict=True)
    with pytest.raises(DataError, match="Expected the BAR layout with a folder 'test'"):
        bar(tmp_path, split="test")
    with pytest.raises(InputError, match="Expected split to be 'train' or 'test', but got 'val'"):
        bar(tmp_path, split="val")
    (tmp_path / "train" / "racing_4.jpg").unlink()
    with pytest.raises(DataError, match="but got none of 'racing'; the download is incomplete"):
        bar(tmp_path)
    picture(tmp_path / "train" / "jumping_1.jpg")
    with pytest.raises(DataError, match=r"but got 'jumping_1\.jpg'; remove them"):
        bar(tmp_path)


def test_bar_itself(shared_data: Path) -> None:
    test = bar(shared_data / "bar", split="test", strict=True, image_size=32)
    assert len(test) == 654
    assert np.bincount(test.labels, minlength=6).min() > 0


def test_a_split_whose_name_no_folder_can_have_is_not_there(tmp_path):
    (tmp_path / "cat").mkdir()
    with pytest.raises(DataError, match="Expected a split 'xxx"):
        image_folder(tmp_path, split="x" * 300)


def test_a_root_in_the_home_of_nobody_has_no_images(tmp_path):
    (tmp_path / "t.csv").write_text("path,label\na.png,cat\nb.png,dog\n")
    with pytest.raises(DataError, match="~nobody-at-all"):
        manifest(tmp_path / "t.csv", root="~nobody-at-all")
