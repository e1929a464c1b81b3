"""BAR, Biased Action Recognition (Nam et al., NeurIPS 2020), in its official layout."""

import hashlib
import os
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from earlysieve._files import is_folder
from earlysieve.datasets.checks import name_some
from earlysieve.datasets.files import ImageFiles
from earlysieve.datasets.picture_check import readable
from earlysieve.datasets.picture_files import SUFFIXES
from earlysieve.datasets.published import chosen, crossed
from earlysieve.datasets.source import FILE_OPTIONS, Source
from earlysieve.errors import DataError, InputError

# As the file names have them, sorted.
CLASSES = ("climbing", "diving", "fishing", "pole vaulting", "racing", "throwing")
# Official counts of the two splits.
SIZES = {"train": 1941, "test": 654}


# Share of the training photographs that are counter-examples, moved there from the test split.
MOVED = {"original": 0.0, "1pct": 0.01, "5pct": 0.05}
GROUPS = crossed(CLASSES, ("typical place", "other place"))
HOMEPAGE = "https://github.com/alinlab/BAR"


def bar(
    path: str | os.PathLike[str],
    *,
    split: str = "train",
    variant: str | None = None,
    strict: bool = False,
    progress: bool | None = None,
    **options: Any,
) -> ImageFiles:
    """Photographs of six actions; in training each action has its typical place, in test not.

    Layout: `path/train/climbing_0.jpg`, ..., `path/test/...`; the class is what stands before the
    last underscore. There is no validation split: hold out a part of the training split with
    `stratified_split`. The original has no groups. In the variants "1pct" and "5pct" that share of
    the training photographs of each action are counter-examples, taken from the test split by a
    hash of their names, so that they are the same on every machine; groups are then the action and
    whether the photograph is one of test's. Published papers drew other ones.

    Args:
        path: folder that holds `train` and `test`.
        split: "train" (1,941 photographs) or "test" (654).
        variant: "original" (by default), "1pct" or "5pct".
        strict: make an unreadable or missing file an error instead of skipping it.
        progress: see `image_folder`.
        options: as for `ImageFiles`, such as `image_size=128`.

    Raises:
        DataError: the split or a class is missing (it is named), or a file of another form is
            there; with strict, also a number of files other than the official one.
        InputError: `split` or `variant` is something else.
    """
    if split not in SIZES:
        raise InputError(f"Expected split to be 'train' or 'test', but got '{split}'; choose one")
    share = MOVED[chosen(variant, tuple(MOVED), "variant")]
    if not share:
        paths = _listed(Path(path), split, strict)
        return _opened(Path(path) / split, paths, None, strict, progress, options)
    train, test = (_listed(Path(path), name, strict) for name in SIZES)
    moved = _counter_examples(train, test, share)
    if split == "train":
        paths, other = [*(f"train/{p}" for p in train), *(f"test/{p}" for p in moved)], len(train)
    else:
        paths, other = [f"test/{p}" for p in test if p not in moved], 0
    return _opened(Path(path), paths, other, strict, progress, options)


def _listed(path: Path, split: str, strict: bool) -> list[str]:
    root = path / split
    if not is_folder(root):
        raise DataError(
            f"Expected the BAR layout with a folder '{split}' in '{path}', but there is none; "
            f"pass the folder that holds 'train' and 'test' ({HOMEPAGE})"
        )
    paths = sorted(p.name for p in root.iterdir() if p.suffix.lower() in SUFFIXES)
    _check(root, paths, [_class_of(Path(p)) for p in paths], SIZES[split] if strict else None)
    return paths


def _opened(
    root: Path,
    paths: list[str],
    other_from: int | None,
    strict: bool,
    progress: bool | None,
    options: dict[str, Any],
) -> ImageFiles:
    """The photographs, those from `other_from` on as counter-examples; None: without groups."""
    good, bad = readable(root, paths, strict=strict, progress=progress)
    labels = np.array([CLASSES.index(_class_of(Path(paths[i]))) for i in good], np.int64)
    known: dict[str, Any] = {}
    if other_from is not None:
        known = {"groups": 2 * labels + (np.array(good) >= other_from), "group_names": GROUPS}
    files = [paths[i] for i in good]
    return ImageFiles(
        files, labels, CLASSES, root=root, skipped=bad, progress=progress, **known, **options
    )


def _counter_examples(train: list[str], test: list[str], share: float) -> list[str]:
    """Photographs of test that make a share of each action in training, sorted."""
    wanted = Counter(_class_of(Path(p)) for p in train)
    drawn = sorted(test, key=lambda name: hashlib.sha256(f"bar {name}".encode()).digest())
    found: list[str] = []
    for name in CLASSES:
        own = [p for p in drawn if _class_of(Path(p)) == name]
        found += own[: max(1, round(wanted[name] * share / (1 - share)))]
    return sorted(found)


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
    ("split", "variant", "strict", "progress", *FILE_OPTIONS),
    splits=lambda _: tuple(SIZES),
    variants=tuple(MOVED),
    groups="none; in 1pct and 5pct 12: action x typical or other place",
    metric="accuracy on the test split, where no place is typical",
    licence="none stated; photographs from the web, each with its address in metadata.json",
    homepage=HOMEPAGE,
    citation="Nam et al., Learning from Failure, NeurIPS 2020",
    layout="DIR/train/CLASS_NUMBER.jpg, DIR/test/CLASS_NUMBER.jpg",
    sizes=SIZES,
)
