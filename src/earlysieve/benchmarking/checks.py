"""Everything that can be found wrong before anything is written or trained."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from earlysieve._names import near_names
from earlysieve._readable import PARTS, as_kept, as_part
from earlysieve.benchmarking.arms import INFERRED, PLAIN, TRUE, Arm
from earlysieve.benchmarking.cells import RunCell
from earlysieve.benchmarking.configs import config_of, parts_for, plain_config, with_layer
from earlysieve.benchmarking.grid import Grid
from earlysieve.benchmarking.made_with import changed_since, seeds_made, told_change
from earlysieve.benchmarking.on_test import open_test
from earlysieve.benchmarking.one_search import check_search
from earlysieve.benchmarking.protocol import NAMED
from earlysieve.datasets.opened_data import opened
from earlysieve.errors import DataError, InputError
from earlysieve.networks.fit_check import check_model_takes, pick_device
from earlysieve.runs.data_fingerprint import fingerprints_of, run_fingerprint
from earlysieve.runs.given_groups import groups_for_training
from earlysieve.runs.named_columns import check_columns
from earlysieve.runs.reporter import Reporter
from earlysieve.runs.train_data import Parts, check_same_classes, open_parts
from earlysieve.runs.train_run import TrainRun
from earlysieve.searching.one_trial import few_warnings

_PARTS = {"train": "training", "validation": "validation"}
_LISTED = 5
_IMAGES = 4  # dimensions of a batch


def check_grid(grid: Grid, out: Path) -> None:
    """Open all data, and build all that can be built; nothing is written or trained.

    Raises:
        EarlysieveError: data, network, groups or settings do not fit.
    """
    for name in grid.protocol.data:
        with few_warnings():
            _check_data(name, grid, out)


def _check_data(name: str, grid: Grid, out: Path) -> None:
    protocol, seed = grid.protocol, grid.protocol.seeds[0]
    plain = plain_config(protocol, name, seed)
    parts = open_parts(plain, progress=False)
    if parts.validation is None:
        raise InputError(
            f"Expected validation data for '{name}', but got none; give --validation 0.2, say"
        )
    test = open_test(plain, protocol.data[name].test)
    _check_same_data(name, grid, out, parts, test)
    for option in NAMED:
        _check_named(parts.validation, getattr(protocol.data[name], option), f"--{option}")
    check_same_classes(parts.train, test, what="test data")
    run = TrainRun.prepare(plain, out, Reporter(), parts=parts)
    check_model_takes(run.algorithm.model, test, pick_device(plain.device), what="test data")
    _check_groups(name, grid, parts, test)
    for arm in grid.arms:
        _check_arm(RunCell(name, arm, seed), grid, parts, run, out)


def _check_same_data(name: str, grid: Grid, out: Path, parts: Parts, test: Any) -> None:
    """Refuse other data than those that the folder was made with, by one seed that it knows."""
    known, seed = seeds_made(out, name), grid.protocol.seeds[0]
    if not known:
        return
    if seed not in known:
        seed = known[0]
        plain = plain_config(grid.protocol, name, seed)
        parts = open_parts(plain, progress=False)
        test = open_test(plain, grid.protocol.data[name].test)
    now = {**fingerprints_of(parts), "test": run_fingerprint(test)}
    changed = changed_since(out, name, seed, now)
    if changed:
        raise InputError(told_change(out, name, seed, changed))


def _check_named(data: Any, names: Sequence[str], option: str) -> None:
    """Refuse parts that no data of this kind have, before a run waits for an audit to say so."""
    if not names:
        return
    check_columns(data, names, option)
    source = opened(data)
    inputs = source.few(1).inputs
    is_image = isinstance(inputs, Tensor) and inputs.ndim == _IMAGES
    kind = "text" if source.tokenizer is not None else "image" if is_image else None
    known = () if kind is None else PARTS[kind]
    for name in names:
        if known and as_part(name) not in map(as_kept, known):
            near = near_names(name, known, 3)
            hint = f"did you mean {' or '.join(near)}?" if near else "name one of these"
            raise InputError(
                f"Expected {option} among {', '.join(known)}, but got '{name}'; {hint}"
            )


def _check_groups(name: str, grid: Grid, parts: Parts, test: Any) -> None:
    named = {
        "train": opened(parts.train).groups is not None,
        "validation": opened(parts.validation).groups is not None,
        "test": opened(test).groups is not None,
    }
    for arm in grid.arms:
        if arm.source == TRUE and not named[arm.part]:
            raise _no_groups(name, arm, named)
    if named["train"] and not named["test"]:
        raise DataError(
            f"Expected groups in the test data of '{name}', as its training data name some, but "
            "they name none, so that no worst group could be told; name other data with --test, or "
            "add their groups"
        )


def _no_groups(name: str, arm: Arm, named: dict[str, bool]) -> InputError:
    others = " and ".join(_PARTS.get(part, part) for part, has in named.items() if has)
    only = f" (only the {others} data do)" if others else ""
    return InputError(
        f"Expected {_PARTS[arm.part]} data with groups for the method '{arm.method}', but those of "
        f"'{name}' name none{only}; infer them: {arm.method}@audit, or @ "
        f"{', '.join(INFERRED[1:])} or a file"
    )


def _check_arm(cell: RunCell, grid: Grid, parts: Parts, run: TrainRun, out: Path) -> None:
    """Build what needs neither another run nor groups of one; of others look at what can be."""
    if cell.arm.name == PLAIN:
        return
    cell = replace(cell, arm=replace(cell.arm, by_groups=False))  # no such groups are there yet
    if cell.search is not None:
        check_search(cell.search, grid, out)
        cell = cell.search.run
    config, own = config_of(cell, grid.protocol, out), parts_for(cell, parts)
    if cell.groups is not None:
        _check_class_sizes(cell, own)
    if cell.groups is None and config.groups_from is not None:
        groups_for_training(config, own)
    config = with_layer(config, run)
    if not cell.needs:
        built = TrainRun.prepare(config, out, Reporter(), parts=own)
        _check_says_groups(cell.arm, built)
    elif cell.arm.method == "group-dro" or cell.arm.is_repair:
        return
    elif cell.arm.needs_teacher:
        _check_student(config, run, out, own)


def _check_says_groups(arm: Arm, run: TrainRun) -> None:
    """Refuse a method that reads groups and does not say so: tables would call it unsupervised."""
    asked = arm.source is None and "groups" in run.job.asked
    if asked and run.job.opened.groups is not None:
        raise InputError(
            f"Expected a method that needs no groups, since '{arm.method}' does not say that it "
            "does, but it reads job.groups; give its Method needs_groups=lambda settings: True"
        )


def _check_class_sizes(cell: RunCell, own: Parts) -> None:
    """Refuse classes that are too small for any group of theirs, before groups are inferred."""
    fewest = cell.arm.all_settings().get("min_group")
    if fewest is None:
        return
    data = opened(own.train)
    sizes = np.bincount(np.asarray(data.labels))
    small = [k for k, size in enumerate(sizes) if 0 < size < fewest]
    if not small and sizes.max() >= 2 * fewest:
        return
    names, arm = data.class_names, cell.arm.name
    counted = ", ".join(
        f"{sizes[k]} of {names[k] if k < len(names) else f'class {k}'}"
        for k in (small or sizes.nonzero()[0])[:_LISTED]
    )
    wanted = f"at least {fewest} examples of each class, and of one {2 * fewest},"
    raise InputError(
        f"Expected {wanted} in the {_PARTS[cell.arm.part]} data of '{cell.data}', since '{arm}' "
        f"takes no smaller groups, but got {counted}; give more data with --validation, or allow "
        f"smaller groups: --set {arm}.min_group=2"
    )


def _check_student(config: Any, run: TrainRun, out: Path, own: Parts) -> None:
    """Build a student of a teacher that is not there yet: of the network itself, untrained."""
    import tempfile

    from earlysieve.training.archive import save_weights

    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder, "teacher.pt")
        save_weights(weights, run.algorithm.model.state_dict())
        options = {**config.method_options, "teacher_checkpoint": str(weights)}
        TrainRun.prepare(replace(config, method_options=options), out, Reporter(), parts=own)
