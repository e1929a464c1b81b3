"""A grid: a protocol and what is compared under it; from a YAML file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from earlysieve._imports import need
from earlysieve.benchmarking.arms import PLAIN, Arm, arm_from, check_different
from earlysieve.benchmarking.protocol import Protocol, check_keys
from earlysieve.benchmarking.tuning import Tuning
from earlysieve.benchmarking.tuning_checks import check_tuning
from earlysieve.errors import InputError, one_line
from earlysieve.methods.registry import is_code, method_named
from earlysieve.runs.trust import check_trusted

_OF_AN_ARM = ("method", "name", "settings", "teacher")


@dataclass(frozen=True)
class Grid:
    """What is compared, and how.

    Attributes:
        protocol: what is the same for all.
        arms: plain training first, which the others are compared with.
    """

    protocol: Protocol
    arms: tuple[Arm, ...]


def grid_of(protocol: Protocol, methods: Sequence[str | Mapping[str, Any] | Arm]) -> Grid:
    """A grid; plain training is added where it is not among the methods.

    Args:
        protocol: what is the same for all.
        methods: METHOD or METHOD@SOURCE, a mapping with `method`, `name`, `settings` and `teacher`
            (the METHOD or METHOD@SOURCE whose run of the same seed it learns from), or arms.

    Raises:
        InputError: a method, source, setting or key is unknown, one comes twice, or what was tuned
            is said of another method.
    """
    arms = tuple(_arm(one) for one in methods)
    arms = _with_teachers(arms, methods)
    if not arms:
        raise InputError("Expected methods to compare, but got none; give --methods erm,sieve")
    if PLAIN not in [arm.name for arm in arms]:
        arms = (Arm(PLAIN, PLAIN), *arms)
    arms = tuple(sorted(arms, key=lambda arm: arm.name != PLAIN))
    check_different(arms)
    protocol = _tuned_by_names(protocol, arms)
    check_keys(protocol.tuned, [arm.name for arm in arms], "methods of the grid in 'tuned'")
    by_groups = protocol.infers_groups
    arms = tuple(replace(arm, by_groups=by_groups) for arm in arms)
    arms = tuple(_tuned(arm, protocol, protocol.seeds[0]) for arm in arms)
    for arm in arms:
        check_tuning(arm)
    return Grid(protocol, as_in_grid(arms))


def _tuned_by_names(protocol: Protocol, arms: Sequence[Arm]) -> Protocol:
    """The protocol, whose tuned methods of one's own are named as in tables, not by their code."""
    names = {}
    for arm in arms:
        own, at, source = arm.name.partition("@")
        if is_code(arm.method) and own == method_named(arm.method).name:
            names[f"{arm.method}{at}{source}"] = arm.name
    spelled = {key: names.get(key, key) for key in protocol.tuned}
    if len(set(spelled.values())) < len(spelled) or all(k == n for k, n in spelled.items()):
        return protocol
    return replace(protocol, tuned={spelled[key]: one for key, one in protocol.tuned.items()})


def with_first_seed(grid: Grid, seed: int) -> Grid:
    """The grid whose searches see the data of this seed."""
    arms = tuple(_tuned(arm, grid.protocol, seed) for arm in grid.arms)
    return Grid(grid.protocol, as_in_grid(arms))


def as_in_grid(arms: tuple[Arm, ...]) -> tuple[Arm, ...]:
    """The arms, whose teachers are those of their names among them."""
    named = {arm.name: arm for arm in arms}
    return tuple(
        arm if arm.teacher is None else replace(arm, teacher=named[arm.teacher.name])
        for arm in arms
    )


def _with_teachers(arms: tuple[Arm, ...], methods: Sequence[Any]) -> tuple[Arm, ...]:
    """The arms with the teachers that are named, which are lines of the table, too."""
    named = {arm.name: arm for arm in arms}
    found = []
    for arm, one in zip(arms, methods, strict=True):
        wanted = one.get("teacher") if isinstance(one, Mapping) else None
        found.append(arm if wanted is None else _taught(arm, wanted, named))
    more = {arm.teacher for arm in found if arm.teacher and arm.teacher.name not in named}
    return (*found, *sorted(more, key=lambda arm: arm.name))


def _taught(arm: Arm, wanted: Any, named: Mapping[str, Arm]) -> Arm:
    if not isinstance(wanted, str):
        raise InputError(
            f"Expected the teacher of '{arm.name}' as METHOD or METHOD@SOURCE, but got {wanted!r}; "
            "name a method here, and a network among the settings"
        )
    if not arm.needs_teacher:
        raise InputError(
            f"Expected a method that learns from a teacher, and settings that name none, for the "
            f"teacher '{wanted}', but got '{arm.name}'; leave one out"
        )
    teacher = named.get(wanted) or arm_from(wanted)
    if teacher.has_teacher:
        raise InputError(
            f"Expected a teacher of '{arm.name}' that has none itself, but got '{wanted}'; name "
            "another method"
        )
    return replace(arm, teacher=named.get(teacher.name, teacher))


def _tuned(arm: Arm, protocol: Protocol, seed: int) -> Arm:
    settings = protocol.tuned.get(arm.name)
    if settings is None:
        return arm
    return replace(arm, tuned=Tuning(tuple(settings), protocol.budget.trials, seed))


def read_grid(path: Path, *, seeds: tuple[int, ...] | None = None, trust: bool = False) -> Grid:
    """The grid in a YAML (or JSON) file.

    Args:
        path: of a file with the keys `protocol` and `methods`.
        seeds: in place of those of the file.
        trust: import methods that the file names as module:METHOD.

    Raises:
        InputError: it cannot be read, something in it is missing, unknown or wrong, or names code
            without `trust`.
        MissingDependencyError: PyYAML is not installed.
    """
    yaml = need("yaml", extra="benchmark")
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        raise InputError(
            f"Expected a grid in YAML at '{path}', but got: {one_line(error)}; check the file"
        ) from error
    if not isinstance(found, Mapping):
        raise InputError(
            f"Expected the keys 'protocol' and 'methods' in '{path}', but got "
            f"{type(found).__name__}; see docs/benchmark.md"
        )
    check_keys(found, ("protocol", "methods"), f"keys of the grid '{path}'")
    for key in ("protocol", "methods"):
        if not found.get(key):
            raise InputError(f"Expected the key '{key}' in '{path}', but it has none; add it")
    if not isinstance(found["methods"], list):
        raise InputError(
            f"Expected 'methods' in '{path}' as a list, but got {found['methods']!r}; write one "
            "method a line with - before it"
        )
    if not trust:
        for one in found["methods"]:
            named = one.get("method") if isinstance(one, Mapping) else one
            check_trusted({"method": str(named).partition("@")[0].strip()})
    protocol = Protocol.from_dict(found["protocol"])
    return grid_of(protocol if seeds is None else replace(protocol, seeds=seeds), found["methods"])


def _arm(one: Any) -> Arm:
    if isinstance(one, Arm):
        return one
    if isinstance(one, str):
        return arm_from(one)
    if not isinstance(one, Mapping) or not isinstance(one.get("method"), str):
        raise InputError(
            f"Expected a method by name, or with the key 'method', but got {one!r}; write for "
            "instance - method: sieve"
        )
    check_keys(one, _OF_AN_ARM, "keys of a method")
    settings, name = one.get("settings") or {}, one.get("name")
    if not isinstance(settings, Mapping) or not isinstance(name, str | None):
        raise InputError(
            f"Expected 'settings' of '{one['method']}' as keys with values and 'name' as text, but "
            f"got {settings!r} and {name!r}; correct them"
        )
    return arm_from(one["method"], dict(settings), name=name)
