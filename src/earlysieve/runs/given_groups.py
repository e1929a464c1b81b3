"""Groups of the data of a run that come from an audit or a file: for the method, and to select by.

`read_groups` is the only place that turns a path into groups.
"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from earlysieve._arrays import Ints
from earlysieve._files import is_folder
from earlysieve._readable import readable
from earlysieve.datasets.example_groups import Groups
from earlysieve.datasets.groups_file import MARK
from earlysieve.errors import DataError, InputError, one_line
from earlysieve.runs.groups_file import read_groups_file

if TYPE_CHECKING:
    from earlysieve.auditing.result import AuditResult
    from earlysieve.methods.job import Job
    from earlysieve.runs.train_data import Parts
    from earlysieve.training import TrainConfig
    from earlysieve.training.selection import Beside


def read_groups(place: str | Path, size: int | None = None, *, reader: str | None = None) -> Groups:
    """Groups from the folder of an audit, from what `Groups.save` wrote, or from another file.

    For the latter see `read_groups_file`.

    Args:
        place: the folder or the file.
        size: number of examples of the data, where it is known.
        reader: of an audit, see `groups_from_audit`; of a file it says nothing.

    Raises:
        DataError: nothing there, or of another form.
        InputError: nothing tells groups apart, or the audit has no such reader.
    """
    from earlysieve.grouping.infer import infer_groups

    path = Path(place)
    if is_folder(path):
        return infer_groups(_audit(path), reader=reader)
    return infer_groups(path) if _is_saved(path) else read_groups_file(path, size)


def _is_saved(path: Path) -> bool:
    """Whether it is a file of `Groups.save` or `earlysieve groups`, which says whose it is."""
    try:
        with path.open("rb") as stream:
            return stream.read(len(MARK)) == MARK.encode()
    except (OSError, ValueError):
        return False


def groups_for_training(config: "TrainConfig", parts: "Parts") -> Groups | None:
    """The groups that `config.groups_from` tells of the training data, or None.

    They may also be those of all data of which a share is held out. Numbers of which there is no
    training example are left out, and the others move up, since methods weigh every number.

    Raises:
        DataError, InputError: see `read_groups`; or they are of other data.
    """
    _check_reader(config)
    if config.groups_from is None:
        return None
    reader = config.groups_reader
    found = _read_for(config.groups_from, parts.train, parts.whole, parts.train_rows, reader)
    return _without_gaps(found)


def _check_reader(config: "TrainConfig") -> None:
    places = (config.groups_from, config.validation_groups_from)
    if config.groups_reader is None or any(one and is_folder(Path(one)) for one in places):
        return
    raise InputError(
        "Expected the folder of an audit with --groups-reader, which names one of its readers, but "
        f"got '{config.groups_reader}' with none; add --groups-from AUDIT_FOLDER, or leave "
        "--groups-reader out"
    )


def how_told(config: "TrainConfig", groups: Groups | None) -> list[str]:
    """Sentences on groups that an audit tells: by which reader, and what speaks against it.

    Args:
        config: of the run.
        groups: as `groups_for_training` found them.
    """
    if groups is None or groups.source != "audit":
        return []
    misled = "" if groups.suspects is None else f" ({int(groups.suspects.sum()):,} examples)"
    by = readable(str(groups.config.get("reader")))
    told = [
        f"Groups of the training data, by the audit '{config.groups_from}': whom a reader of "
        f"'{by}' misleads{misled}."
    ]
    told += groups.notes
    if config.groups_reader is None and groups.config.get("verdict") in _NAMES_NOTHING:
        told.append(_NAME_ONE)
    return told


def beside_validation(config: "TrainConfig", parts: "Parts") -> "Beside":
    """What `config.validation_groups_from` tells of the validation data, as the rule needs it.

    Raises:
        DataError, InputError: as for `groups_for_training`; or there are no validation data.
    """
    from earlysieve.groups.selection_rules import rule_named
    from earlysieve.training.selection import NOTHING, Beside

    place, needs = config.validation_groups_from, rule_named(config.select).needs
    if place is None:
        return NOTHING
    if parts.validation is None:
        raise InputError(
            "Expected validation data for --validation-groups-from, but got none; hold some out, "
            "for instance with --validation 0.1"
        )
    if "pseudo_groups" in needs:
        reader = config.groups_reader
        found = _read_for(place, parts.validation, parts.whole, parts.held_rows, reader)
        return Beside(pseudo_groups=found.numbers.numpy())
    if "reader_predictions" in needs:
        return Beside(reader_predictions=_readings(Path(place), parts))
    return NOTHING


def check_groups_used(job: "Job") -> None:
    """Check that a method of ours has looked at the groups that were given to it.

    Raises:
        InputError: it has not.
    """
    from earlysieve.methods.registry import own_methods

    name = job.config.method
    if "groups" not in job.asked and name in {method.name for method in own_methods()}:
        raise InputError(
            f"Expected a method that uses groups for --groups-from, but '{name}' as it is set does "
            "not; choose --method dfr or group-dro, or --balance group, or leave out --groups-from"
        )


def _read_for(place: str, part: Any, whole: Any, rows: Ints | None, reader: str | None) -> Groups:
    from earlysieve.datasets.opened_data import opened

    sizes = [opened(data).size for data in (part, whole) if data is not None]
    found = read_groups(place, sizes[-1], reader=reader)
    of_whole = rows is not None and len(found) == sizes[-1]
    try:
        found.check(whole if of_whole else part)
    except DataError as error:
        raise DataError(f"{one_line(error)} (groups from '{place}')") from error
    return _cut(found, rows) if of_whole and rows is not None else found


def _cut(groups: Groups, rows: Ints) -> Groups:
    """The groups of some examples."""
    chosen = torch.from_numpy(rows)
    suspects, weights = groups.suspects, groups.weights
    return replace(
        groups,
        numbers=groups.numbers[chosen],
        identity=None,
        suspects=None if suspects is None else suspects[chosen],
        weights=None if weights is None else weights[chosen],
    )


def _without_gaps(groups: Groups) -> Groups:
    known = groups.numbers >= 0
    present, moved = torch.unique(groups.numbers[known], return_inverse=True)
    numbers = groups.numbers.masked_scatter(known, moved)
    return replace(groups, numbers=numbers, names=tuple(groups.name(int(k)) for k in present))


def _readings(place: Path, parts: "Parts") -> Ints:
    """What the readout of an audit says of the validation data, out of fold."""
    from earlysieve.auditing.pseudo_groups import groups_from_audit

    if not is_folder(place):
        raise InputError(
            f"Expected the folder of an audit, which holds what a biased reader says, but got "
            f"'{place}'; give that of an audit of the validation data, or select by "
            "worst_pseudo_group_accuracy"
        )
    result = _audit(place)
    groups = groups_from_audit(result)
    of_whole = parts.held_rows is not None and len(groups) == len(parts.whole)
    try:
        groups.check(parts.whole if of_whole else parts.validation)
    except DataError as error:
        raise DataError(f"{one_line(error)} (groups from '{place}')") from error
    table = result.examples.sort_values("index", kind="stable")
    said = table["readout_prediction"].to_numpy().astype(np.int64)
    return said[parts.held_rows] if of_whole else said


def _audit(place: Path) -> "AuditResult":
    from earlysieve.auditing.result import AuditResult

    return AuditResult.load(place)


_NAMES_NOTHING = ("inconclusive", "none found")
_NAME_ONE = (
    "If an audit of held-out data of the same model named what it relies on, tell groups by that: "
    "--groups-reader NAME."
)
