"""BAR, Biased Action Recognition (Nam et al., NeurIPS 2020), in its official layout."""

import os
from collections import Counter
from pathlib import Path
from typing import Any

from earlysieve.datasets.checks import name_some
from earlysieve.datasets.files import ImageFiles
from earlysieve.datasets.picture_check import readable
from earlysieve.datasets.picture_files import SUFFIXES
from earlysieve.datasets.source import IMAGE_OPTIONS, Source
from earlysieve.errors import DataError, InputError

# As the file names have them, sorted.
CLASSES = ("climbing", "diving", "fishing", "pole vaulting", "racing", "throwing")
# Official counts of the two splits.
SIZES = {"train": 1941, "test": 654}


def bar(
    path: str | os.PathLike[str],
    *,
    split: str = "train",
    strict: bool = False,
    progress: bool | None = None,
    **options: Any,
) -> ImageFiles:
    """Photographs of six actions; in training each action has its typical place, in test not.

    Layout: `path/train/climbing_0.jpg`, ..., `path/test/...`; the class is what stands before the
    last underscore. There are no group labels and no validation split: hold out a part of the
    training split with `stratified_split`.

    Args:
        path: folder that holds `train` and `test`.
        split: "train" (1,941 photographs) or "test" (654).
        strict: make an unreadable or missing file an error instead of skipping it.
        progress: see `image_folder`.
        options: as for `ImageFiles`, such as `image_size=128`.

    Raises:
        DataError: the split or a class is missing (it is named), or a file of another form is
            there; with strict, also a number of files other than the official one.
        InputError: `split` is something else.
    """
    if split not in SIZES:
        raise InputError(f"Expected split to be 'train' or 'test', but got '{split}'; choose one")
    root = Path(path) / split
    if not root.is_dir():
        raise DataError(
            f"Expected the BAR layout with a folder '{split}' in '{path}', but there is none; "
            "pass the folder that holds 'train' and 'test'"
        )
    paths = sorted(p.name for p in root.iterdir() if p.suffix.lower() in SUFFIXES)
    names = [_class_of(Path(name)) for name in paths]
    _check(root, paths, names, SIZES[split] if strict else None)
    good, bad = readable(root, paths, strict=strict, progress=progress)
    labels = [CLASSES.index(names[i]) for i in good]
    return ImageFiles([paths[i] for i in good], labels, CLASSES, root=root, skipped=bad, **options)


def _class_of(path: Path) -> str:
    return path.stem.rpartition("_")[0].replace("_", " ").lower()


def _check(root: Path, paths: list[str], names: list[str], size: int | None) -> None:
    strangers = [p for p, name in zip(paths, names, strict=True) if name not in CLASSES]
    if strangers:
        raise DataError(
            f"Expected files named CLASS_NUMBER.jpg in '{root}', with a class of "
            f"{', '.join(CLASSES)}, but got {name_some(strangers)}; remove them"
        )
    missing = [name for name in CLASSES if not Counter(names)[name]]
    if missing:
        raise DataError(
            f"Expected photographs of all six actions in '{root}', but got none of "
            f"{name_some(missing)}; the download is incomplete"
        )
    if size is not None and len(paths) != size:
        raise DataError(
            f"Expected {size} photographs in '{root}', but got {len(paths)}; "
            "the download is incomplete, or not BAR's official split"
        )


SOURCE = Source(
    "bar",
    "Biased Action Recognition: photographs of six sports, each in its typical place",
    bar,
    ("split", "strict", "progress", *IMAGE_OPTIONS),
    splits=lambda _: tuple(SIZES),
)
