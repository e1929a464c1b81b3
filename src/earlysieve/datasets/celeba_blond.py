"""CelebA, blond hair or not, with the groups of group DRO (Sagawa et al., ICLR 2020)."""

from pathlib import Path
from typing import Any

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

CLASSES = ("not blond", "blond")
SEXES = ("female", "male")
GROUPS = crossed(CLASSES, SEXES)


def celeba_blond(path: str | Path, *, split: str | None = None, **options: Any) -> ImageFiles:
    """Faces with blond hair or not (Blond_Hair); groups cross that with Male.

    Args:
        path: folder that holds the lists and the images of CelebA.
        split: "train" (by default), "val" or "test", as in list_eval_partition.
        options: strict and progress, and as for `ImageFiles`.

    Raises:
        DataError: something is missing (it is named) or not as it was published.
        InputError: `split` is something else.
    """
    faces = read_faces(path, ("Blond_Hair", "Male"))
    labels = faces.attribute("Blond_Hair")
    groups = 2 * labels + faces.attribute("Male")
    return faces.images(split, None, labels, CLASSES, groups, GROUPS, **options)


SOURCE = Source(
    "celeba-blond",
    "CelebA: faces with blond hair or not; few blond ones are men",
    celeba_blond,
    ("split", "strict", "progress", *FILE_OPTIONS),
    splits=lambda _: SPLITS,
    groups="4: Blond_Hair x Male",
    metric="worst-group accuracy",
    licence=LICENCE,
    homepage=PUBLISHED.homepage,
    citation=CITATION,
    layout=LAYOUT,
    sizes={"train": 162770, "val": 19867, "test": 19962},
    group_sizes={
        "train": (71629, 66874, 22880, 1387),
        "val": (8535, 8276, 2874, 182),
        "test": (9767, 7535, 2480, 180),
    },
)
