"""NICO (He et al., Pattern Recognition 2021): animals or vehicles, each in contexts of its own."""

from pathlib import Path
from typing import Any

from earlysieve.datasets.checks import name_some
from earlysieve.datasets.class_folders import SPLITS
from earlysieve.datasets.context_folders import open_contexts
from earlysieve.datasets.files import ImageFiles
from earlysieve.datasets.published import Published, subfolders
from earlysieve.datasets.source import FILE_OPTIONS, Source
from earlysieve.errors import DataError

SUPERCLASSES = {"animal": "Animal", "vehicle": "Vehicle"}
PUBLISHED = Published(
    "NICO",
    "https://nico.thumedialab.com",
    "NICO and pass the folder of its classes, or the one that holds Animal and Vehicle",
)


def nico(
    path: str | Path, *, split: str | None = None, variant: str | None = None, **options: Any
) -> ImageFiles:
    """Photographs of ten animals or nine vehicles, each in nine or ten contexts.

    Layout: `path/CLASS/CONTEXT/*.jpg`, or below Animal and Vehicle, or below train, val and test as
    papers divide it; NICO itself has no split, so that a folder that is not divided is all
    training data. Groups are class and context.

    Args:
        path: folder of the classes, or one above.
        split: name of a folder, such as "test"; by default "train" where there is one.
        variant: "animal" or "vehicle", where the folder holds both.
        options: strict and progress, and as for `ImageFiles`.

    Raises:
        DataError: something is missing (it is named), or `split` is none of the folder's.
        InputError: `variant` is something else.
    """
    root = _part(_superclass(PUBLISHED.folder(path), variant), split)
    return open_contexts(PUBLISHED, root, "class/context", **options)


def _superclass(root: Path, variant: str | None) -> Path:
    here = [kind for kind, name in SUPERCLASSES.items() if (root / name).is_dir()]
    if not here and variant is None:
        return root
    if variant not in here:
        raise DataError(
            f"Expected a variant that '{root}' holds, {' or '.join(here) or 'none'}, but got "
            f"{variant}; choose one, or pass the folder of the classes without a variant"
        )
    return root / SUPERCLASSES[variant]


def _part(root: Path, split: str | None) -> Path:
    """The folder of a split; the whole where it is not divided."""
    found, wanted = _splits_in(root), split or "train"
    if wanted in found:
        return root / wanted
    if found or split not in (None, "train"):
        raise DataError(
            f"Expected a split '{wanted}' in '{root}', but got {name_some(found) or 'none'}; "
            "choose one, or divide the folder into train, val and test"
        )
    return root


def _splits_in(root: Path) -> list[str]:
    """The splits of a folder, which hold classes that hold contexts; "train" is a vehicle, too."""
    return [name for name in SPLITS if (root / name).is_dir() and _holds_classes(root / name)]


def _holds_classes(folder: Path) -> bool:
    return any(subfolders(folder / name) for name in subfolders(folder))


def _splits(path: str | None) -> list[str]:
    if path is None:
        return []
    root = Path(path)
    parts = [root, *(root / name for name in SUPERCLASSES.values())]
    return list(dict.fromkeys(s for part in parts if part.is_dir() for s in _splits_in(part)))


SOURCE = Source(
    "nico",
    "photographs of animals or vehicles, each in contexts of its own",
    nico,
    ("split", "variant", "strict", "progress", *FILE_OPTIONS),
    splits=_splits,
    variants=tuple(SUPERCLASSES),
    groups="class x context, as many as there are",
    metric="accuracy in contexts that training lacks",
    licence="see its page (for research)",
    homepage=PUBLISHED.homepage,
    citation="He et al., Towards Non-I.I.D. Image Classification, Pattern Recognition 2021",
    layout="DIR/CLASS/CONTEXT/*.jpg; DIR may hold Animal, Vehicle, and these train, val, test",
)
