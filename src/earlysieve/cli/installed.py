"""What is installed of what this package can use, by its own list of extras."""

import re
from dataclasses import dataclass
from importlib import metadata

# What each extra is for; the packages themselves are read from the metadata of the installation.
USES = {
    "": "audits, training, tables",
    "vision": "image folders, torchvision and timm models",
    "text": "HuggingFace models and data sets",
    "report": "the page, thumbnails, Grad-CAM, plots",
    "demo": "earlysieve demo",
    "parquet": "tables in Parquet files",
    "train": "Lightning and Accelerate",
    "baselines": "comparisons with scikit-learn",
    "search": "earlysieve search",
    "benchmark": "earlysieve benchmark",
    "tensorboard": "--log-to tensorboard",
    "mlflow": "--log-to mlflow",
    "wandb": "--log-to wandb",
}
_REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)(\[[^\]]*\])?\s*\(?([^;)]*)\)?\s*(?:;(.*))?$")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([^'\"]+)['\"]")


@dataclass(frozen=True)
class Package:
    """A package that is needed, and what is there of it.

    Attributes:
        extra: by which it is installed; "" for the core.
        name: on the package index.
        wanted: versions, as ">=2.6"; "" for any.
        version: that is installed; None: none is.
        fits: whether it is as wanted.
    """

    extra: str
    name: str
    wanted: str
    version: str | None
    fits: bool


def packages() -> list[Package] | None:
    """Every package of the core and of the extras that are named here; None where unknown.

    The metadata are those of the installed earlysieve; a copy that is merely on the path has none.
    """
    try:
        listed = metadata.requires("earlysieve") or []
    except metadata.PackageNotFoundError:
        return None
    found = []
    for line in listed:
        matched = _REQUIREMENT.match(line.strip())
        if matched is None or matched[2]:
            continue
        named = _EXTRA.search(matched[4] or "")
        extra = named[1] if named else ""
        if extra in USES:
            found.append(_package(extra, matched[1], matched[3].replace(" ", "")))
    return found


def _package(extra: str, name: str, wanted: str) -> Package:
    version = version_of(name)
    return Package(extra, name, wanted, version, version is not None and reaches(version, wanted))


def version_of(name: str) -> str | None:
    """The installed version of a package; None where it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def reaches(version: str, wanted: str) -> bool:
    """Whether a version is at least what ">=X" asks for; other bounds are not looked at."""
    lowest = re.search(r">=([\d.]+)", wanted)
    return lowest is None or _numbers(version) >= _numbers(lowest[1])


def _numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version, such as (2, 6, 0) of "2.6.0+cu124"; zeros at the end go."""
    found = re.match(r"\d+(?:\.\d+)*", version)
    numbers = [int(part) for part in found[0].split(".")] if found else []
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)
