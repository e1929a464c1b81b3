"""A folder with one subfolder per class."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from earlysieve._files import is_folder
from earlysieve.datasets.checks import name_some
from earlysieve.datasets.files import ImageFiles
from earlysieve.datasets.picture_check import readable
from earlysieve.datasets.picture_files import SUFFIXES
from earlysieve.datasets.source import FILE_OPTIONS, Source
from earlysieve.errors import DataError

SPLITS = ("train", "val", "valid", "validation", "dev", "test")


def image_folder(
    path: str | os.PathLike[str],
    *,
    split: str | None = None,
    strict: bool = False,
    progress: bool | None = None,
    **options: Any,
) -> ImageFiles:
    """Images in `path/CLASS/...`, or in `path/SPLIT/CLASS/...`.

    Classes are numbered in the sorted order of their names, whatever the file system says, and
    over all splits, so that a class that one split lacks does not shift the others. Unreadable
    files are skipped, named in `skipped` and counted.

    Args:
        path: the folder.
        split: name of a split, such as "train" or "test"; by default "train" where the folder is
            divided. A folder that is not divided is all training data.
        strict: make an unreadable file an error.
        progress: whether to draw a bar while files are checked; None: where standard error is a
            terminal.
        options: as for `ImageFiles`, such as `image_size=128`.

    Raises:
        DataError: no such folder or split, no class subfolder, a class without images, or
            (strict) an unreadable file.
    """
    _check_is_of_images(Path(path))
    root = split_folder(Path(path), split)
    classes = class_names_of(root, (*SPLITS, split))
    files = {name: _images(root, name) for name in classes}
    empty = [name for name, found in files.items() if not found and (root / name).is_dir()]
    if empty:
        raise DataError(
            f"Expected images in every class folder of '{root}', but got none in "
            f"{name_some(empty)}; add images or remove the folder"
        )
    paths = [path for name in classes for path in files[name]]
    labels = [label for label, name in enumerate(classes) for _ in files[name]]
    good, bad = readable(root, paths, strict=strict, progress=progress)
    return ImageFiles(
        [paths[i] for i in good],
        [labels[i] for i in good],
        classes,
        root=root,
        skipped=bad,
        progress=progress,
        **options,
    )


def _check_is_of_images(root: Path) -> None:
    if any((root / name).exists() for name in ("dataset_dict.json", "dataset_info.json")):
        raise DataError(
            f"Expected folders of images in '{root}', but it is a data set of HuggingFace, as "
            f"save_to_disk writes it; pass hf:{root}"
        )


def split_folder(root: Path, split: str | None) -> Path:
    """The folder of a split: `root/split`, or `root` itself where it is not divided.

    Raises:
        DataError: `root` is not a folder, has no such split, or the split would leave it.
    """
    if not is_folder(root):
        raise DataError(f"Expected a folder at '{root}', but there is none; check the path")
    wanted = split or "train"
    if wanted in (".", "..") or Path(wanted).name != wanted:
        raise DataError(
            f"Expected the name of a folder in '{root}' as its split, but got '{wanted}'; pass the "
            "path of other data as the source itself"
        )
    found = splits_in(root, wanted)
    if wanted in found:
        return root / wanted
    if found:
        others = [one.name for one in _subfolders(root) if one.name not in found and _is_split(one)]
        raise DataError(
            f"Expected a split '{wanted}' in '{root}', but got {name_some([*found, *others])}; "
            "choose one"
        )
    if wanted != "train":
        raise DataError(
            f"Expected a split '{wanted}' in '{root}', but it is not divided into splits; leave "
            "the split out, or put the classes into subfolders named 'train' and 'test'"
        )
    return root


def splits_in(root: Path, *further: str) -> list[str]:
    """The splits that a folder is divided into, among the usual names and further ones."""
    names = dict.fromkeys((*SPLITS, *further))
    return [name for name in names if is_folder(root / name) and _is_split(root / name)]


def class_names_of(root: Path, splits: Sequence[str | None] = SPLITS) -> list[str]:
    """Sorted names of the classes in `root` and, if it is named as a split, in the others.

    Raises:
        DataError: `root` has no subfolder.
    """
    own = {p.name for p in _subfolders(root)}
    if not own:
        raise DataError(
            f"Expected one subfolder per class in '{root}', but got none; "
            "put the images of each class into a folder of its own"
        )
    if root.name not in splits:
        return sorted(own)
    others = [p for p in _subfolders(root.parent) if p.name in SPLITS and _is_split(p)]
    return sorted(own.union(*({p.name for p in _subfolders(other)} for other in others)))


def _is_split(folder: Path) -> bool:
    """Whether this holds classes rather than the images of a class of that name."""
    own = any(p.suffix.lower() in SUFFIXES for p in folder.iterdir())
    return not own and bool(_subfolders(folder))


def _subfolders(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))


def _images(root: Path, folder: str) -> list[str]:
    """Images anywhere below a folder, as paths from `root`, sorted by their parts."""
    found = (
        Path(place, name).relative_to(root).as_posix()
        for place, _, names in os.walk(root / folder)
        for name in names
        if Path(name).suffix.lower() in SUFFIXES and Path(place, name).is_file()
    )
    return sorted(found, key=lambda path: path.split("/"))


SOURCE = Source(
    "folder",
    "photographs in one subfolder per class, perhaps below train, val and test",
    image_folder,
    ("split", "strict", "progress", *FILE_OPTIONS),
    splits=lambda path: splits_in(Path(path or ".")),
)
