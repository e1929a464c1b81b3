"""CelebA (Liu et al., ICCV 2015) as it was published: attributes, partition and aligned faces."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from earlysieve._arrays import Ints
from earlysieve.datasets.files import ImageFiles
from earlysieve.datasets.published import Published, chosen, rows_of

if TYPE_CHECKING:
    import pandas as pd

SPLITS = ("train", "val", "test")
LICENCE = "non-commercial research only, by agreement (see its page)"
CITATION = "Liu et al., Deep Learning Face Attributes in the Wild, ICCV 2015"
LAYOUT = (
    "DIR/list_attr_celeba.txt and DIR/list_eval_partition.txt (or .csv; also below Anno, Eval or "
    "data), DIR/img_align_celeba/*.jpg (also below Img)"
)
PUBLISHED = Published(
    "CelebA",
    "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html",
    "list_attr_celeba.txt, list_eval_partition.txt and img_align_celeba.zip and pass the folder "
    "that holds them",
)
_PLACES = ("", "Anno/", "Eval/", "Img/", "data/", "celeba/")
_IMAGES = "img_align_celeba"


@dataclass(frozen=True)
class Faces:
    """The lists of a folder of CelebA.

    Attributes:
        root: folder of the images.
        file: that lists the attributes.
        names: file name of each image.
        attributes: of each image, by name, as a column of "1" and "-1".
        partition: 0 train, 1 val, 2 test, of each image.
    """

    root: Path
    file: Path
    names: list[str]
    attributes: "pd.DataFrame"
    partition: Ints

    def attribute(self, name: str) -> Ints:
        """Whether each face has an attribute, 0 or 1.

        Raises:
            DataError: a value is neither 1 nor -1.
        """
        values = self.attributes[name]
        return PUBLISHED.codes(self.file, name, values, {"1": 1, "-1": 0})

    def images(
        self,
        split: str | None,
        kept: Ints | None,
        labels: Ints,
        classes: tuple[str, ...],
        groups: Ints,
        group_names: tuple[str, ...],
        **options: Any,
    ) -> ImageFiles:
        """The faces of a split as a data set.

        Args:
            split: one of `SPLITS`.
            kept: rows that belong to the task; None: all.
            labels, groups: of all rows.
            classes, group_names: their names.
            options: of `Published.images`.

        Raises:
            DataError: an image is missing.
            InputError: `split` is something else.
        """
        part = chosen(split, SPLITS, "split")
        rows = rows_of(part, SPLITS, self.partition, self.file)
        rows = rows if kept is None else np.intersect1d(rows, kept)
        return PUBLISHED.images(
            self.root,
            [self.names[row] for row in rows],
            labels[rows],
            classes,
            listed_in=self.file,
            groups=groups[rows],
            group_names=group_names,
            **options,
        )


def read_faces(path: str | Path, attributes: tuple[str, ...]) -> Faces:
    """The lists of CelebA, with some attributes.

    Args:
        path: the folder that holds them.
        attributes: names of columns.

    Raises:
        DataError: a file, a column or the folder of images is missing, or a file is cut off.
    """
    folder = PUBLISHED.folder(path)
    file = _list_of(folder, "list_attr_celeba")
    table = _read(file, attributes)
    parts = _list_of(folder, "list_eval_partition")
    partition = _read_partition(parts)
    root = PUBLISHED.find(
        folder, [f"{p}{_IMAGES}{s}" for p in _PLACES for s in (f"/{_IMAGES}", "")], "dir"
    )
    if list(partition.index) != list(table.index):
        raise PUBLISHED.damaged(
            parts, f"it lists {len(partition)} images, and '{file.name}' {len(table)}, or others"
        )
    numbers = PUBLISHED.codes(parts, "partition", partition, {"0": 0, "1": 1, "2": 2})
    return Faces(root, file, [str(name) for name in table.index], table, numbers)


def _list_of(folder: Path, name: str) -> Path:
    names = [f"{place}{name}{suffix}" for place in _PLACES for suffix in (".txt", ".csv")]
    return PUBLISHED.find(folder, names)


def _read(file: Path, attributes: tuple[str, ...]) -> "pd.DataFrame":
    if file.suffix == ".csv":
        return PUBLISHED.table(file, ("image_id", *attributes)).set_index("image_id")
    # The first line counts the rows, the second names all columns but the first.
    table = PUBLISHED.table(file, None, sep=r"\s+", skiprows=1, index_col=0)
    PUBLISHED.check_columns(file, list(table.columns), attributes)
    with file.open(encoding="utf-8", errors="replace") as stream:
        said = stream.readline().strip()
    if said != str(len(table)):
        raise PUBLISHED.damaged(file, f"its first line says {said} rows and it has {len(table)}")
    return table


def _read_partition(file: Path) -> "pd.Series[str]":
    if file.suffix == ".csv":
        return PUBLISHED.table(file, ("image_id", "partition")).set_index("image_id")["partition"]
    names = ["image_id", "partition"]
    table = PUBLISHED.table(file, None, sep=r"\s+", header=None, names=names, index_col=False)
    return table.set_index("image_id")["partition"]
