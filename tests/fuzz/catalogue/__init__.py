"""All cases, by subject: a further one is a module with `cases` and an entry in `SUBJECTS`."""

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from tests.fuzz.case import Case
from tests.fuzz.catalogue import (
    audit_folders,
    checkpoints,
    comparisons,
    configurations,
    data_files,
    data_functions,
    fixes,
    hub_folders,
    logits,
    networks,
    options,
    outputs,
    published_data,
    run_folders,
    settings,
    told_on,
)

# Each takes what draws at random, and the folder of the world, whose good files it damages.
SUBJECTS: dict[str, Callable[..., Iterator[Case]]] = {
    "options": options.cases,
    "settings": settings.cases,
    "networks": networks.cases,
    "checkpoints": checkpoints.cases,
    "data files": data_files.cases,
    "published data": published_data.cases,
    "data functions": data_functions.cases,
    "configurations": configurations.cases,
    "run folders": run_folders.cases,
    "audit folders": audit_folders.cases,
    "logits": logits.cases,
    "hub folders": hub_folders.cases,
    "outputs": outputs.cases,
    "fixes": fixes.cases,
    "comparisons": comparisons.cases,
    "told on": told_on.cases,
}


def all_cases(seed: int, world: Path) -> list[Case]:
    """Every case once, the same for the same seed."""
    found = [
        case
        for name, subject in SUBJECTS.items()
        for case in subject(Random(f"{seed} {name}"), world)
    ]
    # A zero cannot be typed: the system ends a word there.
    typed = [case for case in found if not any("\0" in word for word in case.words)]
    return list({case.identity(): case for case in typed}.values())
