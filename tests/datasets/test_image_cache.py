"""Images that are kept decoded are those that would have been decoded."""

import multiprocessing
import os
import pickle
import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from earlysieve.datasets import ImageFiles, image_cache, image_folder, load_source
from earlysieve.errors import CheckpointError, DataError, InputError, OutputError
from earlysieve.training.checkpoint import check_configuration


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Seven pictures of several formats, modes and sizes."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "photos"
    for number in range(7):
        mode, suffix = (("RGB", "png"), ("RGB", "jpg"), ("L", "png"))[number % 3]
        height, width = 9 + number, 20 - number
        shape = (height, width, 3) if mode == "RGB" else (height, width)
        place = folder / "ab"[number % 2] / f"{number}.{suffix}"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8), mode).save(place)
    return folder


def pixels(data: ImageFiles) -> torch.Tensor:
    return torch.stack([data[i][0] for i in range(len(data))])


def kept(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def test_tensors_are_the_same_to_the_last_bit(photos: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    plain = image_folder(photos, image_size=8)
    for _ in ("made", "read"):
        data = image_folder(photos, image_size=8, cache=cache)
        assert torch.equal(pixels(data), pixels(plain))
        assert data.display(3).tobytes() == plain.display(3).tobytes()
    assert len(kept(cache)) == 1
    part = image_folder(photos, image_size=8, cache=cache).subset([4, 1])
    assert torch.equal(pixels(part), pixels(plain)[[4, 1]])


def test_what_is_kept_is_read_and_not_decoded(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = pixels(image_folder(photos, image_size=8))
    image_folder(photos, image_size=8, cache=tmp_path / "cache")
    data = image_folder(photos, image_size=8, cache=tmp_path / "cache")
    monkeypatch.setattr("earlysieve.datasets.files._read", None)
    assert torch.equal(pixels(data), plain)


@pytest.mark.parametrize("change", ["size", "time", "name", "side"])
def test_another_list_of_files_has_another_cache(photos: Path, tmp_path: Path, change: str) -> None:
    cache = tmp_path / "cache"
    image_folder(photos, image_size=8, cache=cache)
    file = photos / "a" / "0.png"
    if change == "size":
        Image.new("RGB", (30, 30), (1, 2, 3)).save(file)
    elif change == "time":
        os.utime(file, ns=(1, 1))
    elif change == "name":
        file.rename(photos / "a" / "z.png")
    side = 6 if change == "side" else 8
    data = image_folder(photos, image_size=side, cache=cache)
    assert torch.equal(pixels(data), pixels(image_folder(photos, image_size=side)))
    assert len(kept(cache)) == 2


@pytest.mark.parametrize("damage", ["cut", "longer", "sums", "empty"])
def test_a_damaged_file_is_made_anew(photos: Path, tmp_path: Path, damage: str) -> None:
    cache = tmp_path / "cache"
    image_folder(photos, image_size=8, cache=cache)
    (file,) = kept(cache)
    whole = file.read_bytes()
    bad = bytes([*whole[:-40], whole[-40] ^ 1, *whole[-39:]])
    file.write_bytes({"cut": whole[:-1], "longer": whole + b"x", "sums": bad, "empty": b""}[damage])
    data = image_folder(photos, image_size=8, cache=cache)
    assert torch.equal(pixels(data), pixels(image_folder(photos, image_size=8)))
    assert file.read_bytes() == whole


def test_a_damaged_image_is_read_from_its_own_file(photos: Path, tmp_path: Path) -> None:
    cache, plain = tmp_path / "cache", pixels(image_folder(photos, image_size=8))
    image_folder(photos, image_size=8, cache=cache)
    (file,) = kept(cache)
    whole = file.read_bytes()
    file.write_bytes(bytes([*whole[:200], whole[200] ^ 16, *whole[201:]]))
    assert torch.equal(pixels(image_folder(photos, image_size=8, cache=cache)), plain)
    assert torch.equal(pixels(image_folder(photos, image_size=8, cache=cache)), plain)
    assert file.read_bytes() == whole


@given(data=st.data())
def test_no_damage_at_all_changes_a_pixel(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("damage")
    for number in range(3):
        Image.new("RGB", (5 + number, 4), (40, 80 * number, 3)).save(folder / f"{number}.png")
    options = {"root": folder, "image_size": 4, "cache": folder / "cache"}
    made = ImageFiles([f"{n}.png" for n in range(3)], [0, 0, 0], ["a"], **options)
    wanted = pixels(made)
    (file,) = kept(folder / "cache")
    whole = file.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    cut = data.draw(st.booleans())
    flipped = bytes([whole[place] ^ data.draw(st.integers(1, 255))])
    file.write_bytes(whole[:place] if cut else whole[:place] + flipped + whole[place + 1 :])
    again = ImageFiles([f"{n}.png" for n in range(3)], [0, 0, 0], ["a"], **options)
    assert torch.equal(pixels(again), wanted)


def test_a_whole_cache_is_read_where_nothing_can_be_written(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image_folder(photos, image_size=8, cache=tmp_path / "cache")
    monkeypatch.setattr("earlysieve.datasets.image_cache.check_output", None)
    data = image_folder(photos, image_size=8, cache=tmp_path / "cache")
    assert len(data) == 7


def test_a_file_that_vanishes_does_no_harm(photos: Path, tmp_path: Path) -> None:
    data = image_folder(photos, image_size=8, cache=tmp_path / "cache")
    kept(tmp_path / "cache")[0].unlink()
    assert torch.equal(pixels(data), pixels(image_folder(photos, image_size=8)))


def test_a_pickled_data_set_takes_no_pixels_along(photos: Path, tmp_path: Path) -> None:
    data = image_folder(photos, image_size=64, cache=tmp_path / "cache")
    before = pixels(data)
    written = pickle.dumps(data)
    assert len(written) < 64 * 64 * 3
    assert torch.equal(pixels(pickle.loads(written)), before)


def _make(photos: Path, cache: Path, barrier: object) -> None:
    barrier.wait()  # type: ignore[attr-defined]
    image_folder(photos, image_size=32, cache=cache)


def test_two_processes_at_once_do_no_harm(photos: Path, tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    cache, barrier = tmp_path / "cache", context.Barrier(2)
    both = [context.Process(target=_make, args=(photos, cache, barrier)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    (file,) = kept(cache)
    plain = pixels(image_folder(photos, image_size=32))
    before = file.stat().st_mtime_ns
    assert torch.equal(pixels(image_folder(photos, image_size=32, cache=cache)), plain)
    assert file.stat().st_mtime_ns == before


def _die_while_writing(photos: Path, cache: Path) -> None:
    def die(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    image_cache._sealed = die  # type: ignore[assignment]
    image_folder(photos, image_size=8, cache=cache)


def test_a_killed_process_leaves_nothing_that_counts(photos: Path, tmp_path: Path) -> None:
    context, cache = multiprocessing.get_context("fork"), tmp_path / "cache"
    process = context.Process(target=_die_while_writing, args=(photos, cache))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert [file.name.startswith(".") for file in kept(cache)] == [True]
    data = image_folder(photos, image_size=8, cache=cache)
    assert torch.equal(pixels(data), pixels(image_folder(photos, image_size=8)))
    assert [file.name.startswith(".") for file in kept(cache)] == [False]


def test_nothing_is_kept_if_an_image_cannot_be_decoded(photos: Path, tmp_path: Path) -> None:
    (photos / "a" / "0.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match="repair or remove the file"):
        ImageFiles(["a/0.png"], [0], ["a"], root=photos, cache=tmp_path / "cache")
    assert kept(tmp_path / "cache") == []


def test_arguments_are_checked_before_anything_is_written(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        image_folder(photos, image_size=0, cache=tmp_path / "cache")
    assert not (tmp_path / "cache").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        image_folder(photos, cache=tmp_path / "file")


def test_by_option(photos: Path, tmp_path: Path) -> None:
    load_source(f"folder:{photos}", image_size=8, cache=tmp_path / "cache")
    assert len(kept(tmp_path / "cache")) == 1
    with pytest.raises(InputError, match="got cache; leave it out"):
        load_source("digits", cache=tmp_path / "other")


def test_a_run_may_go_on_with_another_cache() -> None:
    saved = {"data": "folder:x", "data_options": {"image_size": 8, "cache": "there"}, "epochs": 2}
    check_configuration(saved, {**saved, "data_options": {"image_size": 8}})
    with pytest.raises(CheckpointError, match="data_options"):
        check_configuration(saved, {**saved, "data_options": {"image_size": 9, "cache": "there"}})
