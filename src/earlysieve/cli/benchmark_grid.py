"""From options, or a file, to the grid of a benchmark."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from earlysieve._files import is_there
from earlysieve._names import near_names
from earlysieve.cli.data_options import given_data_options
from earlysieve.cli.train_options import FIELD_NAMES
from earlysieve.errors import InputError
from earlysieve.methods.registry import is_code, method_named
from earlysieve.methods.settings import settings_in
from earlysieve.methods.teacher_settings import TeacherSettings
from earlysieve.networks.spec import parse_options
from earlysieve.runs.trust import check_trusted

if TYPE_CHECKING:
    from earlysieve.benchmarking.grid import Grid
    from earlysieve.benchmarking.protocol import DataSplits, Protocol

_NETWORK = (
    *("model", "num_classes", "checkpoint", "checkpoint_key", "checkpoint_prefix", "pretrained"),
    *("head", "freeze", "restore_best", "validation_groups_from"),
)
# Options that go with a grid in a file.
_BESIDE_A_FILE = (
    *("grid", "out", "seeds", "retry_failed", "jobs", "log_to", "trust_config", "quiet", "as_json"),
)
_OF_WEIGHTS = ("checkpoint_key", "checkpoint_prefix", "pretrained")
_VALIDATION = ("validation", "val", "valid", "dev")
_USUAL_SHARE = "0.2"


def grid_from(context: click.Context) -> "Grid":
    """The grid that options or --grid say.

    Raises:
        InputError: something is missing, unknown or wrong, or both say it.
        UsageError: neither --grid nor --data, --methods and --model.
    """
    from earlysieve.benchmarking.grid import grid_of, read_grid
    from earlysieve.benchmarking.protocol import seeds_of

    given = {name for name in context.params if _was_given(context, name)}
    seeds = seeds_of(context.params["seeds"]) if "seeds" in given else None
    if context.params["grid"] is not None:
        for name in sorted(given - set(_BESIDE_A_FILE)):
            flag = name.replace("_", "-")
            raise InputError(
                f"Expected --grid without --{flag}, but got both; write it into the file"
            )
        trust = context.params["trust_config"]
        grid = read_grid(context.params["grid"], seeds=seeds, trust=trust)
        if not trust:
            for values in _runnable(grid):
                check_trusted(values, ())
        return grid
    for name in ("data", "methods", "model"):
        if not context.params[name]:
            raise click.UsageError(
                f"Missing option '--{name}', or --grid with a file that says it."
            )
    methods = _methods(context)
    return grid_of(_protocol(context, seeds, methods), methods)


def _runnable(grid: "Grid") -> list[Mapping[str, Any]]:
    """What a file may name that runs code."""
    found: list[Mapping[str, Any]] = [{"method_options": arm.settings} for arm in grid.arms]
    for name, one in grid.protocol.data.items():
        config = grid.protocol.config(name, grid.protocol.seeds[0]).to_dict()
        found += [config, {"data": one.test}]
    return found


def _protocol(
    context: click.Context, seeds: tuple[int, ...] | None, methods: Sequence[Mapping[str, Any]]
) -> "Protocol":
    from earlysieve.benchmarking.protocol import USUAL_SEEDS, Budget, Protocol

    given = context.params
    training = {
        name: _plain(given[name])
        for name in (*FIELD_NAMES, *_NETWORK)
        if name in given and _was_given(context, name) and name not in ("epochs", "select")
    }
    if given["model_option"]:
        training["model_options"] = parse_options(given["model_option"])
    data = {
        name: _splits(spec, given, _prepared(spec, context))
        for name, spec in named(given["data"]).items()
    }
    epochs = given["epochs"] or Budget().epochs
    return Protocol(
        data=data,
        seeds=tuple(range(USUAL_SEEDS)) if seeds is None else seeds,
        budget=Budget(given["trials"], epochs, given["minutes"]),
        select=given["select"] or "accuracy",
        tuned=tuned_from(given["tuned"], methods),
        training=training,
    )


def _prepared(spec: str, context: click.Context) -> dict[str, Any]:
    """The options of a source that were given, and those that follow from the network."""
    from earlysieve.runs.preparation import prepared_options

    def tell(line: str) -> None:
        if not context.params["quiet"]:
            click.echo(line, err=True)

    given = {**context.params, "data": spec}
    return prepared_options(given, given_data_options(context), tell, trains=True)


def named(specs: Sequence[str]) -> dict[str, str]:
    """Sources by a short name each.

    Args:
        specs: of sources; NAME=SPEC names one by hand.
    """
    found: dict[str, str] = {}
    for spec in specs:
        name, given, rest = spec.partition("=")
        by_hand = bool(given) and re.fullmatch(r"[A-Za-z0-9][\w.-]*", name) is not None
        short = name if by_hand else _short(spec)
        number = 2
        while short in found:
            if by_hand:
                raise InputError(
                    f"Expected each name of data once, but got '{name}' twice; choose another"
                )
            short, number = f"{_short(spec)}-{number}", number + 1
        found[short] = rest if by_hand else spec
    return found


def _short(spec: str) -> str:
    kind, _, rest = spec.partition(":")
    place = Path(rest or kind).name if "/" in spec or not rest or is_there(rest) else ""
    text = kind if rest and place else (place or f"{kind.rpartition('.')[2]}-{rest}")
    return re.sub(r"[^A-Za-z0-9.]+", "-", text).strip("-.") or "data"


def _splits(spec: str, given: Mapping[str, Any], options: Mapping[str, Any]) -> "DataSplits":
    from earlysieve.benchmarking.protocol import DataSplits
    from earlysieve.datasets.from_spec import takes_split
    from earlysieve.datasets.registry import source_named
    from earlysieve.runs.data_settings import full_spec
    from earlysieve.runs.seen_data import part_of

    known = part_of(spec, None).splits
    splits = known or ()
    source = source_named(full_spec(spec).partition(":")[0])
    several = len(given["data"]) > 1
    kept = {
        name: value
        for name, value in options.items()
        if not several or source is None or name in (*source.options, "limit")
    }
    validation = next((f"split:{name}" for name in _VALIDATION if name in splits), _USUAL_SHARE)
    divided = "test" in splits or (known is None and takes_split(spec))
    test = given["test"] or ("split:test" if divided else None)
    if test is None:
        raise InputError(
            f"Expected test data for '{spec}', which has no split of the name test, but got none; "
            "name another split or source: --test split:NAME"
        )
    return DataSplits(
        spec,
        given["validation"] or validation,
        test,
        kept,
        irrelevant=given["irrelevant"],
        relevant=given["relevant"],
    )


def _names(given: Mapping[str, Any]) -> list[str]:
    return [name.strip() for text in given["methods"] for name in text.split(",") if name.strip()]


def tuned_from(given: Sequence[str], methods: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """What is tuned, by the name of the arm, from METHOD (all), METHOD.KEY and METHOD.KEY=RANGE.

    Raises:
        InputError: a method is not among those that are compared.
    """
    from earlysieve.benchmarking.arms import arm_from

    arms = {one["method"]: arm_from(one["method"], one["settings"]).name for one in methods}
    spelled = {shown: method for method, shown in arms.items()} | {name: name for name in arms}
    found: dict[str, list[str]] = {}
    for text in given:
        head, equals, room = text.partition("=")
        method, _, key = (head, "", "") if head in spelled else head.rpartition(".")
        if method not in spelled or (equals and not key):
            near = (near_names(head, spelled, 1) or [_tunable(list(arms))])[0]
            raise InputError(
                f"Expected --tuned METHOD, METHOD.KEY or METHOD.KEY=RANGE with one of the methods "
                f"{', '.join(arms)}, but got '{text}'; write for instance --tuned {near}"
            )
        shown = arms[spelled[method]]
        found.setdefault(shown, []).extend([f"{key}{equals}{room}"] if key else [])
    return found


def _tunable(names: Sequence[str]) -> str:
    """A method that trains and has settings; the last one where there is none."""

    def is_one(name: str) -> bool:
        found = method_named(name.partition("@")[0])
        return not found.starts_trained and bool(settings_in(found.settings))

    return next(filter(is_one, names), names[-1])


def _with_settings(names: Sequence[str]) -> str:
    """A method that has settings; the first one where there is none."""
    found = (n for n in names if settings_in(method_named(n.partition("@")[0]).settings))
    return next(found, names[0])


def _spelled(names: Sequence[str]) -> dict[str, str]:
    """Methods as typed, by that and by the name that a method of one's own has in tables."""
    found = {name: name for name in names}
    for name in names:
        method, at, source = name.partition("@")
        if is_code(method):
            found.setdefault(f"{method_named(method).name}{at}{source}", name)
    return found


def _methods(context: click.Context) -> list[dict[str, Any]]:
    """The methods with the settings that --set and the teacher's options say."""
    given = context.params
    names = _names(given)
    settings: dict[str, dict[str, Any]] = {name: {} for name in names}
    spelled = _spelled(names)
    for key, value in _pairs(given["settings"], "--set", "METHOD.KEY=VALUE"):
        method, dot, setting = key.rpartition(".")
        if not dot or method not in spelled:
            raise InputError(
                f"Expected --set METHOD.KEY=VALUE with one of the methods {', '.join(names)}, but "
                f"got '{key}={value}'; write for instance --set {_with_settings(names)}.KEY=VALUE"
            )
        settings[spelled[method]] |= parse_options((f"{setting}={value}",))
    teacher = {
        "teacher": given["teacher"],
        "teacher_checkpoint": _plain(given["teacher_checkpoint"]),
        **{f"teacher_{name}": given[f"teacher_{name}"] for name in _OF_WEIGHTS},
        "teacher_options": parse_options(given["teacher_option"]) or None,
    }
    named_teacher = {key: value for key, value in teacher.items() if value is not None}
    students = [name for name in names if _is_student(name)]
    if named_teacher and (teacher["teacher"] is None or not students):
        raise InputError(
            "Expected --teacher, and a method that has one, with the options of a teacher, but got "
            f"{', '.join(sorted(named_teacher))} for {', '.join(names)}; add what is missing"
        )
    taught_by = given["teacher_method"]
    if taught_by is not None and (named_teacher or not students):
        raise InputError(
            "Expected --teacher-method with a method that has a teacher and without other options "
            f"of one, but got {', '.join(sorted(named_teacher)) or ', '.join(names)}; leave one out"
        )
    return [
        {"method": name, "settings": own}
        if name not in students
        else {"method": name, "settings": {**named_teacher, **own}, "teacher": taught_by}
        for name, own in settings.items()
    ]


def _is_student(name: str) -> bool:
    return issubclass(method_named(name.partition("@")[0]).settings, TeacherSettings)


def _pairs(given: tuple[str, ...], flag: str, form: str) -> list[tuple[str, str]]:
    for text in given:
        if "=" not in text:
            raise InputError(f"Expected {flag} as {form}, but got '{text}'; add what is missing")
    return [(key, value) for key, _, value in (text.partition("=") for text in given)]


def _was_given(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is ParameterSource.COMMANDLINE


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value
