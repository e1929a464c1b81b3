"""Waterbirds (Sagawa et al., ICLR 2020) in the layout of its archive."""

from pathlib import Path
from typing import Any

from earlysieve._files import is_folder
from earlysieve.datasets.files import ImageFiles
from earlysieve.datasets.published import Published, chosen, crossed, rows_of
from earlysieve.datasets.source import FILE_OPTIONS, Source

CLASSES = ("landbird", "waterbird")
PLACES = ("land", "water")
GROUPS = crossed(CLASSES, PLACES, " on ")
SPLITS = ("train", "val", "test")
COLUMNS = ("img_filename", "y", "split", "place")
_ARCHIVE = "waterbird_complete95_forest2water2"
PUBLISHED = Published(
    "Waterbirds",
    "https://github.com/kohpangwei/group_DRO",
    f"{_ARCHIVE}.tar.gz and pass the folder that it unpacks to",
)


def waterbirds(path: str | Path, *, split: str | None = None, **options: Any) -> ImageFiles:
    """Birds pasted on photographs of places; in training 95% are where their kind lives.

    Layout: `path/metadata.csv` with img_id, img_filename, y, split (0, 1, 2), place and
    place_filename, and the images that it lists. Groups are the kind of bird and the place. Some
    labels are known to be wrong.

    Args:
        path: the unpacked folder.
        split: "train" (by default), "val" or "test".
        options: strict and progress, and as for `ImageFiles`.

    Raises:
        DataError: something is missing (it is named) or not as it was published.
        InputError: `split` is something else.
    """
    part = chosen(split, SPLITS, "split")
    root = PUBLISHED.folder(path)
    if is_folder(root / _ARCHIVE):
        root = root / _ARCHIVE
    file = PUBLISHED.find(root, ("metadata.csv",))
    table = PUBLISHED.table(file, COLUMNS)
    numbers = PUBLISHED.codes(file, "split", table["split"], {"0": 0, "1": 1, "2": 2})
    labels = PUBLISHED.codes(file, "y", table["y"], {"0": 0, "1": 1})
    places = PUBLISHED.codes(file, "place", table["place"], {"0": 0, "1": 1})
    rows = rows_of(part, SPLITS, numbers, file)
    return PUBLISHED.images(
        root,
        [table["img_filename"].iloc[row] for row in rows],
        labels[rows],
        CLASSES,
        listed_in=file,
        groups=(2 * labels + places)[rows],
        group_names=GROUPS,
        **options,
    )


SOURCE = Source(
    "waterbirds",
    "birds pasted on places; in training 95% are where their kind lives",
    waterbirds,
    ("split", "strict", "progress", *FILE_OPTIONS),
    splits=lambda _: SPLITS,
    groups="4: landbird or waterbird, on land or on water",
    metric="worst-group accuracy; the average is that of groups, weighted as in training",
    licence="none stated; CUB-200-2011 and Places are for non-commercial research",
    homepage=PUBLISHED.homepage,
    citation="Sagawa et al., Distributionally Robust Neural Networks for Group Shifts, ICLR 2020",
    layout="DIR/metadata.csv and the images that it lists, DIR/001.Black_footed_Albatross/*.jpg",
    sizes={"train": 4795, "val": 1199, "test": 5794},
    group_sizes={
        "train": (3498, 184, 56, 1057),
        "val": (467, 466, 133, 133),
        "test": (2255, 2255, 642, 642),
    },
)
