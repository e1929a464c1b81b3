"""Folders of classes with folders of contexts in them, or the other way round."""

from pathlib import Path
from typing import Any, Literal

import numpy as np

from earlysieve.datasets.checks import name_some
from earlysieve.datasets.files import ImageFiles
from earlysieve.datasets.picture_check import readable
from earlysieve.datasets.picture_files import SUFFIXES
from earlysieve.datasets.published import Published, subfolders


def open_contexts(
    published: Published,
    root: Path,
    order: Literal["class/context", "context/class"],
    *,
    strict: bool = False,
    progress: bool | None = None,
    **options: Any,
) -> ImageFiles:
    """Images in `root/CLASS/CONTEXT/*` with one group for each pair that there is.

    Args:
        published: for messages.
        root: the upper folder.
        order: which of both the upper folders are.
        strict: make an unreadable file an error instead of skipping it.
        progress: see `image_folder`.
        options: as for `ImageFiles`.

    Raises:
        DataError: there are no such folders, or one is empty (it is named).
    """
    found = {
        (upper, lower): _images(root / upper / lower)
        for upper in subfolders(root)
        for lower in subfolders(root / upper)
    }
    if not found:
        raise published.missing(root, f"there are no folders {order.upper()} in it")
    empty = [f"{upper}/{lower}" for (upper, lower), files in found.items() if not files]
    if empty:
        raise published.missing(root, f"there are no images in {name_some(empty)}")
    names = {p: p if order == "class/context" else p[::-1] for p in found}
    classes = sorted({name for name, _ in names.values()})
    pairs = sorted(names.values())
    paths = [f"{a}/{b}/{file}" for (a, b), files in found.items() for file in files]
    labels = [classes.index(names[p][0]) for p, files in found.items() for _ in files]
    groups = [pairs.index(names[p]) for p, files in found.items() for _ in files]
    good, bad = readable(root, paths, strict=strict, progress=progress)
    return ImageFiles(
        [paths[i] for i in good],
        np.array(labels)[good],
        classes,
        root=root,
        skipped=bad,
        progress=progress,
        groups=np.array(groups)[good],
        group_names=[f"{name}, {context}" for name, context in pairs],
        **options,
    )


def _images(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if p.suffix.lower() in SUFFIXES)
