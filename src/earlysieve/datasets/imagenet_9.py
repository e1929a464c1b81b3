"""ImageNet-9 (Xiao et al., ICLR 2021): nine classes with other backgrounds, or none."""

from pathlib import Path
from typing import Any

from earlysieve.datasets.checks import name_some
from earlysieve.datasets.class_folders import image_folder
from earlysieve.datasets.files import ImageFiles
from earlysieve.datasets.published import Published, chosen, subfolders
from earlysieve.datasets.source import FILE_OPTIONS, Source

CLASSES = (
    *("dog", "bird", "wheeled vehicle", "reptile", "carnivore", "insect", "musical instrument"),
    *("primate", "fish"),
)
FOLDERS = tuple(f"{number:02}_{name}" for number, name in enumerate(CLASSES))
VARIANTS = (
    *("original", "mixed_same", "mixed_rand", "mixed_next", "only_fg", "no_fg", "only_bg_b"),
    *("only_bg_t", "in9l"),
)
SPLITS = ("train", "val")
PUBLISHED = Published(
    "ImageNet-9",
    "https://github.com/MadryLab/backgrounds_challenge",
    "backgrounds_challenge_data.tar.gz of its release (for training the archive of a variant) and "
    "pass the folder that holds the variants",
)


def imagenet_9(
    path: str | Path, *, split: str | None = None, variant: str | None = None, **options: Any
) -> ImageFiles:
    """Photographs of nine classes, as they are or with what stands before or behind exchanged.

    Layout: `path/VARIANT/SPLIT/00_dog/*`, ..., `08_fish`. The test sets of the release are called
    val. How much accuracy on mixed_rand (a background of another class) lies below mixed_same (one
    of the same class) is the gap of backgrounds.

    Args:
        path: folder that holds the variants, or `bg_challenge` that does.
        split: "train" or "val"; by default "train".
        variant: "original" (by default) or another of `VARIANTS`.
        options: strict and progress, and as for `ImageFiles`.

    Raises:
        DataError: the variant, the split or a class is missing (it is named).
        InputError: `split` or `variant` is something else.
    """
    part = chosen(split, SPLITS, "split")
    kind = chosen(variant, VARIANTS, "variant")
    root = PUBLISHED.folder(path)
    folder = PUBLISHED.find(root, (f"{kind}/{part}", f"bg_challenge/{kind}/{part}"), "dir")
    names = subfolders(folder)
    absent = [name for name in FOLDERS if name not in names]
    if absent or len(names) != len(FOLDERS):
        found = name_some(absent or [name for name in names if name not in FOLDERS])
        raise PUBLISHED.missing(
            folder, f"it has {len(names)} folders, {'without' if absent else 'with'} {found}"
        )
    data = image_folder(folder, **options)
    data.class_names = CLASSES
    return data


def _splits(path: str | None) -> list[str]:
    """The splits of the original that a folder has; both where nothing can be said."""
    roots = [Path(path or "."), Path(path or ".") / "bg_challenge"]
    here = [s for s in SPLITS if any((root / "original" / s).is_dir() for root in roots)]
    return here or list(SPLITS)


SOURCE = Source(
    "imagenet-9",
    "photographs of nine classes with other backgrounds, without them, or nothing else",
    imagenet_9,
    ("split", "variant", "strict", "progress", *FILE_OPTIONS),
    splits=_splits,
    variants=VARIANTS,
    groups="none; the variants take their place",
    metric="accuracy by variant, and mixed_same minus mixed_rand",
    licence="that of ImageNet: non-commercial research",
    homepage=PUBLISHED.homepage,
    citation="Xiao et al., Noise or Signal: The Role of Image Backgrounds, ICLR 2021",
    layout="DIR/VARIANT/{train,val}/{00_dog,...,08_fish}/* (or below DIR/bg_challenge)",
    sizes={"train": 45405, "val": 4050},
)
