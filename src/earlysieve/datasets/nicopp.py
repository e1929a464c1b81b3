"""NICO++ (Zhang et al., CVPR 2023): classes in six common contexts, with its published lists."""

from pathlib import Path
from typing import Any

import numpy as np

from earlysieve.datasets.checks import name_some
from earlysieve.datasets.files import ImageFiles
from earlysieve.datasets.published import Published, chosen
from earlysieve.datasets.source import FILE_OPTIONS, Source
from earlysieve.errors import DataError

CONTEXTS = ("autumn", "dim", "grass", "outdoor", "rock", "water")
SPLITS = ("train", "val", "test")
PUBLISHED = Published(
    "NICO++",
    "https://github.com/xxgege/NICO-plus",
    "NICO_DG and the lists NICO_DG_official of its DG benchmark and pass the folder that holds "
    "both",
)
Row = tuple[str, str, str, int]  # path, context, class, number of the class


def nicopp(
    path: str | Path, *, split: str | None = None, variant: str | None = None, **options: Any
) -> ImageFiles:
    """Photographs of things in autumn, in dim light, on grass, outdoors, on rocks, in water.

    Layout: `path/NICO_DG/CONTEXT/CLASS/*.jpg` and `path/NICO_DG_official/CONTEXT_train.txt`,
    ..._test.txt (and _val.txt where there are such), with lines
    "NICO_DG/CONTEXT/CLASS/FILE NUMBER". Groups are class and context.

    Args:
        path: folder that holds both.
        split: "train" (by default), "val" or "test".
        variant: a context that is kept for the test: training and validation leave it out, and the
            test holds nothing else. By default every split holds all contexts.
        options: strict and progress, and as for `ImageFiles`.

    Raises:
        DataError: something is missing (it is named), or the lists contradict each other.
        InputError: `split` or `variant` is something else.
    """
    part = chosen(split, SPLITS, "split")
    kept = None if variant is None else chosen(variant, CONTEXTS, "variant")
    folder = PUBLISHED.folder(path)
    lists = PUBLISHED.find(folder, ("NICO_DG_official", "NICO_DG/NICO_DG_official"), "dir")
    PUBLISHED.find(folder, ("NICO_DG",), "dir")
    found = {name: _rows_of(lists, name) for name in SPLITS}
    classes, groups = _classes(lists, [row for rows in found.values() for row in rows])
    rows = [r for r in found[part] if kept is None or (r[1] == kept) == (part == "test")]
    if not rows:
        raise PUBLISHED.missing(lists, f"there is no row of the split '{part}' in its lists")
    return PUBLISHED.images(
        folder,
        [row[0] for row in rows],
        np.array([row[3] for row in rows], np.int64),
        classes,
        listed_in=lists,
        groups=np.array([groups.index(f"{row[2]}, {row[1]}") for row in rows], np.int64),
        group_names=groups,
        **options,
    )


def _rows_of(lists: Path, split: str) -> list[Row]:
    files = sorted(lists.glob(f"*_{split}.txt"))
    return [row for file in files for row in _read(file)]


def _read(file: Path) -> list[Row]:
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    return [_row(file, line) for line in lines if line.strip()]


def _row(file: Path, line: str) -> Row:
    path, _, number = line.strip().rpartition(" ")
    parts = [part for part in path.replace("\\", "/").split("/") if part]
    if len(parts) < 3 or not number.isdigit():
        raise PUBLISHED.damaged(
            file, f"it has the line '{line.strip()[:80]}' where 'CONTEXT/CLASS/FILE NUMBER' can be"
        )
    context, name, picture = parts[-3:]
    return f"NICO_DG/{context}/{name}/{picture}", context, name, int(number)


def _classes(lists: Path, rows: list[Row]) -> tuple[list[str], list[str]]:
    """Names of the classes by their numbers, and of the groups."""
    names = {number: name for *_, name, number in rows}
    torn = [name for *_, name, number in rows if names[number] != name]
    if torn:
        raise PUBLISHED.damaged(
            lists, f"one number stands for several classes, among them {name_some(torn[:1])}"
        )
    if sorted(names) != list(range(len(names))):
        raise DataError(
            f"Expected classes numbered from 0 in the lists of '{lists}', but got "
            f"{len(names)} numbers up to {max(names, default=-1)}; get all of the lists "
            f"({PUBLISHED.homepage})"
        )
    groups = sorted({f"{name}, {context}" for _, context, name, _ in rows})
    return [names[number] for number in range(len(names))], groups


def _splits(path: str | None) -> list[str]:
    """The splits that a folder has lists of; all where nothing can be said."""
    found = [s for s in SPLITS if path is not None and any(Path(path).glob(f"*/*_{s}.txt"))]
    return found or list(SPLITS)


SOURCE = Source(
    "nicopp",
    "NICO++: 60 classes in six contexts that all of them share",
    nicopp,
    ("split", "variant", "strict", "progress", *FILE_OPTIONS),
    splits=_splits,
    variants=CONTEXTS,
    groups="class x context, as many as there are",
    metric="accuracy in a context that training lacks; accuracy of the worst group",
    licence="see its page (for research)",
    homepage=PUBLISHED.homepage,
    citation="Zhang et al., NICO++: Towards Better Benchmarking, CVPR 2023",
    layout="DIR/NICO_DG/CONTEXT/CLASS/*.jpg, DIR/NICO_DG_official/CONTEXT_{train,test}.txt",
)
