"""Published data whose lists are damaged, cut off or missing, and places for decoded images."""

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

from tests.datasets import layouts
from tests.fuzz.case import OLD_AUDIT, Case, audit
from tests.fuzz.values import LONG, TEXTS, damaged, short

FOLDER = "scratch/d"
# Source: how its folder is made, and the files that say what is in it.
LISTS: dict[str, tuple[Callable[[Path], Any], tuple[str, ...]]] = {
    "waterbirds": (layouts.waterbirds, ("metadata.csv",)),
    "celeba-blond": (layouts.celeba, ("list_attr_celeba.txt", "list_eval_partition.txt")),
    "celeba-hair": (
        lambda folder: layouts.celeba(folder, ".csv"),
        ("list_attr_celeba.csv", "list_eval_partition.csv"),
    ),
    "civilcomments": (layouts.civilcomments, ("all_data_with_identities.csv",)),
    "multinli": (
        layouts.multinli,
        ("metadata_random.csv", "multinli_1.0/multinli_1.0_train.jsonl"),
    ),
    "nicopp": (layouts.nicopp, ("NICO_DG_official/rock_train.txt",)),
}
OTHERS = ("bar", "nico", "imagenet-a", "imagenet-9")
PLACES = ("good.pt", "good.pt/x", "/proc/nope", "/dev/null/x", "scratch/loop", LONG, OLD_AUDIT)


def cases(draw: Random, world: Path) -> Iterator[Case]:
    """Lists, then folders of another kind, then names, then places for decoded images."""
    for name, (make, lists) in LISTS.items():
        for file in lists:
            yield from _lists(draw, name, make, file)
    yield from _folders()
    for text in TEXTS:
        yield Case("published: names", short(text), ("datasets", "verify", text, "photos"))
        words = ("datasets", "verify", "waterbirds", text)
        yield Case("published: paths", short(text), words)
        words = ("datasets", "verify", "nico", "photos", "--variant", text)
        yield Case("published: variants", short(text), words)
        words = ("datasets", "verify", f"cues:{text}")
        yield Case("published: cues", short(text), words)
    for place in PLACES:
        words = audit("--data", "photos", "--image-size", "8", "--model", "fuzz_nets:images")
        words = (*words, "--cache", place)
        files = {"loop": lambda path: path.symlink_to("loop")}
        fair = place == OLD_AUDIT  # an existing folder will do
        yield Case("published: caches", short(place), words, files, may_pass=fair)


def _lists(draw: Random, name: str, make: Callable[[Path], Any], file: str) -> Iterator[Case]:
    words = ("datasets", "verify", name, FOLDER, "-q")

    def with_list(content: Callable[[bytes], bytes | None]) -> dict[str, Callable[[Path], None]]:
        def prepare(folder: Path) -> None:
            make(folder)
            found = content((folder / file).read_bytes())
            (folder / file).unlink()
            if found is not None:
                (folder / file).write_bytes(found)

        return {"d": prepare}

    for number in range(6):
        seed = draw.random()

        def change(content: bytes, seed: float = seed, number: int = number) -> bytes:
            return list(damaged(Random(seed), content, 6))[number][1]

        title = f"{name} {file} damaged {number} {seed}"
        yield Case("published: lists", title, words, with_list(change), may_pass=True)
    fixed: dict[str, bytes | None] = {
        "missing": None, "empty": b"", "zeros": bytes(200), "no text": bytes(range(256)),
        "line breaks": b"\n\n\n", "a list": b"[[[[1]]]]\n", "another table": b"a,b\n1,2\n",
    }  # fmt: skip
    for title, content in fixed.items():
        files = with_list(lambda _, content=content: content)
        # What is left of the lists of other contexts is a smaller NICO++.
        fair = name == "nicopp" and title in ("missing", "empty", "line breaks")
        yield Case("published: lists", f"{name} {file} {title}", words, files, may_pass=fair)


def _folders() -> Iterator[Case]:
    things: dict[str, dict[str, Any]] = {
        "nothing": {},
        "empty": {"d": lambda path: path.mkdir()},
        "a file": {"d": b"x"},
        "a link to itself": {"d": lambda path: path.symlink_to(path)},
        "empty folders": {"d/train/dog": lambda path: path.mkdir()},
        "texts": {"d/train/dog/a.txt": b"x", "d/original/val/00_dog/a.txt": b"x"},
        "no pictures": {"d/train/climbing_0.jpg": b"x", "d/dog/grass/a.jpg": b"x"},
    }
    for name in (*LISTS, *OTHERS):
        for title, files in things.items():
            words = ("datasets", "verify", name, FOLDER, "-q")
            yield Case("published: folders", f"{name} in {title}", words, files)
