"""A folder with one subfolder per class."""

import os
from pathlib import Path
from typing import Any

from earlysieve.datasets.checks import name_some
from earlysieve.datasets.files import SUFFIXES, ImageFiles, readable
from earlysieve.errors import DataError


def image_folder(
    path: str | os.PathLike[str], *, split: str | None = None, strict: bool = False, **options: Any
) -> ImageFiles:
    """Images in `path/CLASS/...`, or `path/SPLIT/CLASS/...` where such a subfolder exists.

    Classes are numbered in the sorted order of their names, whatever the file system says.
    Unreadable files are skipped, named in `skipped` and counted.

    Args:
        path: the folder.
        split: name of a split, such as "train" or "test".
        strict: make an unreadable file an error.
        options: as for `ImageFiles`, such as `image_size=128`.

    Raises:
        DataError: no such folder, no class subfolder, a class without images, or (strict) an
            unreadable file.
    """
    root = split_folder(Path(path), split)
    classes = sorted(p.name for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))
    if not classes:
        raise DataError(
            f"Expected one subfolder per class in '{root}', but got none; "
            "put the images of each class into a folder of its own"
        )
    files = {name: _images(root / name) for name in classes}
    empty = [name for name, found in files.items() if not found]
    if empty:
        raise DataError(
            f"Expected images in every class folder of '{root}', but got none in "
            f"{name_some(empty)}; add images or remove the folder"
        )
    paths = [p.relative_to(root) for name in classes for p in files[name]]
    labels = [label for label, name in enumerate(classes) for _ in files[name]]
    good, bad = readable(root, paths, strict=strict)
    return ImageFiles(
        [paths[i] for i in good],
        [labels[i] for i in good],
        classes,
        root=root,
        skipped=bad,
        **options,
    )


def split_folder(root: Path, split: str | None) -> Path:
    """`root/split` where it exists, else `root`.

    Raises:
        DataError: `root` is not a folder, or has other splits but not this one.
    """
    if not root.is_dir():
        raise DataError(f"Expected a folder at '{root}', but there is none; check the path")
    if split is None or (root / split).is_dir():
        return root / (split or "")
    others = [name for name in ("train", "val", "validation", "test") if (root / name).is_dir()]
    if others:
        raise DataError(
            f"Expected a split '{split}' in '{root}', but got {name_some(others)}; choose one"
        )
    return root


def _images(folder: Path) -> list[Path]:
    found = (p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    return sorted(found)
