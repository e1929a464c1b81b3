"""ImageNet-A (Hendrycks et al., CVPR 2021): photographs that mislead classifiers of ImageNet."""

import re
from pathlib import Path
from typing import Any

from earlysieve.datasets.class_folders import image_folder
from earlysieve.datasets.files import ImageFiles
from earlysieve.datasets.published import Published, subfolders
from earlysieve.datasets.source import FILE_OPTIONS, Source
from earlysieve.errors import InputError

NUM_CLASSES = 200
PUBLISHED = Published(
    "ImageNet-A",
    "https://github.com/hendrycks/natural-adv-examples",
    "imagenet-a.tar and pass the folder that it unpacks to",
)
_WNID = re.compile(r"n\d{8}")


def imagenet_a(path: str | Path, *, split: str | None = None, **options: Any) -> ImageFiles:
    """7,500 photographs of 200 classes of ImageNet that a ResNet-50 gets wrong.

    Layout: `path/n01498041/*.jpg`, one folder per class, named as WordNet does; README.txt gives
    them names in words. It is a test set; labels number the 200 classes in the order of the
    folders, so that a network of 1,000 classes needs its outputs of those 200.

    Args:
        path: the unpacked folder.
        split: "test", the only one; it has to be named, since what is opened for training is not.
        options: strict and progress, and as for `ImageFiles`.

    Raises:
        DataError: there are not 200 such folders, or one is empty.
        InputError: `split` is something else.
    """
    if split != "test":
        raise InputError(
            f"Expected the split 'test', the only one of ImageNet-A, but got '{split or 'train'}'; "
            "name it, and train on other data"
        )
    folder = PUBLISHED.folder(path)
    names = subfolders(folder)
    if "imagenet-a" in names:
        folder, names = folder / "imagenet-a", subfolders(folder / "imagenet-a")
    strangers = [name for name in names if not _WNID.fullmatch(name)]
    if strangers or len(names) != NUM_CLASSES:
        raise PUBLISHED.missing(
            folder,
            f"it has {len(names)} folders and not {NUM_CLASSES} called like n01498041"
            + (f" (there is '{strangers[0]}')" if strangers else ""),
        )
    data = image_folder(folder, **options)
    words = _words(folder / "README.txt")
    data.class_names = tuple(words.get(name, name) for name in data.class_names)
    return data


def _words(file: Path) -> dict[str, str]:
    """What the README calls each class; nothing without it."""
    if not file.is_file():
        return {}
    lines = (line.split(maxsplit=1) for line in file.read_text("utf-8", "replace").splitlines())
    return {p[0]: p[1].strip() for p in lines if len(p) == 2 and _WNID.fullmatch(p[0])}


SOURCE = Source(
    "imagenet-a",
    "photographs of 200 classes of ImageNet that mislead its classifiers; a test set",
    imagenet_a,
    ("split", "strict", "progress", *FILE_OPTIONS),
    splits=lambda _: ("test",),
    groups="none",
    metric="accuracy",
    licence="MIT for the collection; the photographs belong to their owners",
    homepage=PUBLISHED.homepage,
    citation="Hendrycks et al., Natural Adversarial Examples, CVPR 2021",
    layout="DIR/nXXXXXXXX/*.jpg for 200 classes, DIR/README.txt with their names",
    sizes={"test": 7500},
)
