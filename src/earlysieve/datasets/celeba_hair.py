"""CelebA by the colour of hair, with sex as the group: a task of more than two classes."""

from pathlib import Path
from typing import Any

import numpy as np

from earlysieve.datasets.celeba_files import (
    CITATION,
    LAYOUT,
    LICENCE,
    PUBLISHED,
    SPLITS,
    read_faces,
)
from earlysieve.datasets.files import ImageFiles
from earlysieve.datasets.published import crossed
from earlysieve.datasets.source import FILE_OPTIONS, Source
from earlysieve.errors import DataError

ATTRIBUTES = ("Black_Hair", "Blond_Hair", "Brown_Hair", "Gray_Hair")
CLASSES = ("black", "blond", "brown", "gray")
GROUPS = crossed(CLASSES, ("female", "male"))


def celeba_hair(path: str | Path, *, split: str | None = None, **options: Any) -> ImageFiles:
    """Faces by the colour of their hair; groups cross that with Male.

    Faces of which exactly one of Black_Hair, Blond_Hair, Brown_Hair and Gray_Hair is true; the
    others are left out.

    Args:
        path: folder that holds the lists and the images of CelebA.
        split: "train" (by default), "val" or "test", as in list_eval_partition.
        options: strict and progress, and as for `ImageFiles`.

    Raises:
        DataError: something is missing (it is named) or not as it was published.
        InputError: `split` is something else.
    """
    faces = read_faces(path, (*ATTRIBUTES, "Male"))
    colours = np.stack([faces.attribute(name) for name in ATTRIBUTES], 1)
    kept = np.flatnonzero(colours.sum(1) == 1).astype(np.int64)
    if not len(kept):
        raise DataError(
            f"Expected faces with one colour of hair in '{faces.file}', but got none; check the "
            "file"
        )
    labels = colours.argmax(1).astype(np.int64)
    groups = 2 * labels + faces.attribute("Male")
    return faces.images(split, kept, labels, CLASSES, groups, GROUPS, **options)


SOURCE = Source(
    "celeba-hair",
    "CelebA: faces with black, blond, brown or gray hair",
    celeba_hair,
    ("split", "strict", "progress", *FILE_OPTIONS),
    splits=lambda _: SPLITS,
    groups="8: colour of hair x Male",
    metric="worst-group accuracy, and the average",
    licence=LICENCE,
    homepage=PUBLISHED.homepage,
    citation=CITATION,
    layout=LAYOUT,
)
