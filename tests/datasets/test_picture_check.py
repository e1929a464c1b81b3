"""Files are checked cheaply, several at a time, and nothing broken passes that decoding tells."""

import io
import threading
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from earlysieve.datasets import ImageFiles, image_folder, load_source, picture_check
from earlysieve.datasets.names import Names
from earlysieve.datasets.picture_check import readable

FORMATS = ("png", "jpg", "bmp", "gif", "webp", "tif")


def encoded(suffix: str) -> bytes:
    rng = np.random.default_rng(0)
    noise = Image.fromarray(rng.integers(0, 255, (40, 30, 3), dtype=np.uint8))
    kind = {"jpg": "JPEG", "tif": "TIFF"}.get(suffix, suffix.upper())
    buffer = io.BytesIO()
    noise.save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("kept", [0.0, 0.02, 0.5, 0.9, 1.0])
def test_files_that_were_cut_off_are_found(tmp_path: Path, suffix: str, kept: float) -> None:
    whole = encoded(suffix)
    (tmp_path / f"good.{suffix}").write_bytes(whole)
    (tmp_path / f"cut.{suffix}").write_bytes(whole[: int(kept * len(whole))])
    good, bad = readable(tmp_path, [f"good.{suffix}", f"cut.{suffix}"], strict=False)
    assert (good, bad) == (([0, 1], []) if kept == 1.0 else ([0], [f"cut.{suffix}"]))


@pytest.mark.parametrize("filling", [b"", b"\0" * 20, b"\n", b"more than filling" * 9])
def test_a_whole_jpeg_may_go_on_after_its_end(tmp_path: Path, filling: bytes) -> None:
    (tmp_path / "1.jpg").write_bytes(encoded("jpg") + filling)
    assert readable(tmp_path, ["1.jpg"], strict=True) == ([0], [])


def test_a_png_with_a_flipped_bit_is_found(tmp_path: Path) -> None:
    whole = bytearray(encoded("png"))
    whole[len(whole) // 2] ^= 1
    (tmp_path / "1.png").write_bytes(encoded("png"))
    (tmp_path / "2.png").write_bytes(bytes(whole))
    assert readable(tmp_path, ["1.png", "2.png"], strict=False) == ([0], ["2.png"])


def test_whole_png_and_jpeg_files_are_not_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_path: Path) -> bool:
        raise AssertionError("decoded")

    monkeypatch.setattr(picture_check, "_decodes", refuse)
    for suffix in ("png", "jpg"):
        (tmp_path / f"1.{suffix}").write_bytes(encoded(suffix))
    assert readable(tmp_path, ["1.png", "1.jpg"], strict=True)[0] == [0, 1]


def test_several_files_are_looked_at_at_a_time_and_order_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = threading.Barrier(3, timeout=20)

    def wait(path: Path) -> bool:
        together.wait()
        return path.stem != "7"

    monkeypatch.setattr(picture_check, "_is_sound", wait)
    monkeypatch.setattr(picture_check, "_CHUNK", 1)
    good, bad = readable(tmp_path, [f"{i}.png" for i in range(9)], strict=False)
    assert (good, bad) == ([0, 1, 2, 3, 4, 5, 6, 8], ["7.png"])


def test_an_interrupt_cancels_what_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[Path] = []

    def interrupt(path: Path) -> bool:
        looked.append(path)
        raise KeyboardInterrupt

    monkeypatch.setattr(picture_check, "_is_sound", interrupt)
    with pytest.raises(KeyboardInterrupt):
        readable(tmp_path, [f"{i}.png" for i in range(50_000)], strict=False)
    assert len(looked) < 5_000  # those that were under way


@pytest.mark.parametrize("progress", [True, False, None])
def test_progress_is_as_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, progress: bool | None
) -> None:
    asked: list[object] = []

    def tracked(items: Iterable[bool], label: str, **options: object) -> Iterable[bool]:
        asked.append((label, options))
        return items

    monkeypatch.setattr(picture_check, "track", tracked)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.png").write_bytes(encoded("png"))
    load_source(f"folder:{tmp_path}", progress=progress)
    assert asked == [("Checking images", {"total": 1, "progress": progress})]


def test_many_paths_take_little_memory() -> None:
    paths = [f"class_{i % 100:04d}/image_{i:08d}.jpg" for i in range(10_000)]
    names = Names(paths)
    held = len(names._text) + names._ends.nbytes
    assert held < sum(map(len, paths)) + 9 * len(paths)
    assert list(names) == paths
    assert names[-1] == paths[-1]
    assert names[2:4] == paths[2:4]
    with pytest.raises(IndexError, match="Expected an index below 10000, but got 10000"):
        names[10_000]


def test_names_of_any_bytes_stay_what_they_are(tmp_path: Path) -> None:
    odd = b"\xff\xfe.png".decode("utf-8", "surrogateescape")
    files = [odd, "ä b\n.png", "a/b.png"]
    assert list(Names(files)) == files
    (tmp_path / odd).write_bytes(encoded("png"))
    data = ImageFiles([odd], [0], ["x"], root=tmp_path, image_size=4)
    assert data.image(0).shape == (4, 4, 3)
    assert data.identify(0) == odd


def test_files_keep_the_order_of_their_parts(tmp_path: Path) -> None:
    for name in ("b/1.png", "b-c/1.png", "b/a/9.png", "B/1.PNG", "b/10.png", "b/2.png"):
        path = tmp_path / "class" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded("png"))
    data = image_folder(tmp_path)
    found = [data.identify(i) for i in range(len(data))]
    inside = (tmp_path / "class").rglob("*")
    assert found == [
        p.relative_to(tmp_path).as_posix()
        for p in sorted(p for p in inside if p.suffix.lower() == ".png")
    ]
