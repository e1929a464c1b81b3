"""From options, a file and a preset to the configuration of a training run."""

import json
from collections.abc import Callable, Mapping, Set
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from earlysieve.cli.data_options import given_data_options
from earlysieve.cli.method_flags import PRESET_METHOD, USUAL_METHOD, given_method_options
from earlysieve.cli.train_options import FIELD_NAMES
from earlysieve.errors import InputError
from earlysieve.methods.readout_settings import USUAL, check_given_shape, shape_for
from earlysieve.methods.registry import method_named, method_settings, own_methods
from earlysieve.methods.settings import settings_in
from earlysieve.networks.spec import parse_options
from earlysieve.runs.trust import check_trusted, trusted_by
from earlysieve.runs.usual_steps import usual_steps

if TYPE_CHECKING:
    from earlysieve.training import TrainConfig

_SPECS = (
    "data",
    "validation",
    "groups_from",
    "validation_groups_from",
    "groups_reader",
    "model",
    "num_classes",
    "checkpoint",
    "checkpoint_key",
    "checkpoint_prefix",
    "pretrained",
    "head",
    "freeze",
    "restore_best",
)
_USUAL_STEPS = (
    "'{}' is trained with --optimizer {optimizer} --lr {lr:g}, by the width of the transformer; "
    "either option changes that."
)
_NESTED = ("data_options", "model_options", "method_options")

Fields = dict[str, Any]


def resolve(context: click.Context, tell: Callable[[str], None] = lambda _: None) -> "TrainConfig":
    """The configuration: given options, over --preset, over --config, over a preset named in it.

    Args:
        context: of the command.
        tell: called with what was chosen where nothing was given.

    Raises:
        InputError: a field is wrong, --config asks for code that was not named by hand, or an
            option was given that would do nothing.
        UsageError: no data or no model is given.
    """
    from earlysieve.training import TrainConfig

    file, given = _from_file(context.params["config"]), _given(context)
    _keep_fitting_shape(file, given["method_options"])
    names = [_preset_of(file), _preset_of(given)]
    method = str(given.get("method", file.get("method", _usual_method(names))))
    if not context.params["trust_config"]:
        check_trusted({"method": method}, trusted_by(given))  # before its code is imported
    _leave_out_foreign(file, method)
    presets = [_published(name, method) for name in names]
    values = _merged(presets[0], file, presets[1], _one_place(given, method), {"method": method})
    _require(values)
    if not context.params["trust_config"]:
        check_trusted(values, trusted_by(given))
    usual = {} if method_named(method).starts_trained else usual_steps(values)
    if usual:
        tell(_USUAL_STEPS.format(values["model"], **usual))
    config = TrainConfig.from_dict({**values, **usual})
    _check_used(config, given)
    options = asdict(method_settings(config.method, config.method_options))
    return TrainConfig.from_dict({**config.to_dict(), "method_options": options})


def _keep_fitting_shape(file: Fields, given: Fields) -> None:
    """Where a shape or kind of readout is given, leave out of the file what does not fit it."""
    options = file.get("method_options", {})
    if {"readout", *USUAL} & given.keys() and isinstance(options, dict):
        kind = given.get("readout") or options.get("readout") or "linear"
        file["method_options"] = shape_for(str(kind), options)


def _check_used(config: "TrainConfig", given: Fields) -> None:
    """Raise InputError for an option that another one leaves without effect."""
    needs = {"momentum": ("optimizer", "sgd"), "warmup": ("scheduler", "linear-warmup")}
    for name, (other, value) in needs.items():
        if name in given and getattr(config, other) != value:
            raise InputError(
                f"Expected --{name} with --{other} {value}, but got it with "
                f"'{getattr(config, other)}', which has none; leave out --{name}"
            )
    if "validation_groups_from" in given:
        _check_groups_select(config.select)
    if "readout" in _known(config.method):
        kind = config.method_options.get("readout", "linear")
        check_given_shape(str(kind), given["method_options"].keys())


def _check_groups_select(select: str) -> None:
    from earlysieve.groups.selection_rules import RULES

    using = [rule.name for rule in RULES.values() if set(rule.needs) - {"groups"}]
    if select in RULES and select not in using:
        raise InputError(
            f"Expected --select {' or '.join(using)} with --validation-groups-from, but got it "
            f"with '{select}', which needs none; leave out --validation-groups-from"
        )


def _from_file(path: Path | None) -> Fields:
    """The fields that the file of --config names."""
    if path is None:
        return {}
    from earlysieve.training import read_config

    fields = read_config(path).to_dict()
    named = json.loads(path.read_text(encoding="utf-8"))
    return {name: value for name, value in fields.items() if name in named}


def _given(context: click.Context) -> Fields:
    """The fields that options name."""
    plain = {
        name: _plain(context.params[name])
        for name in (*FIELD_NAMES, *_SPECS)
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    return plain | {
        "data_options": given_data_options(context),
        "model_options": parse_options(context.params["model_option"]),
        "method_options": given_method_options(context),
    }


def _preset_of(fields: Fields) -> str | None:
    name: str | None = fields.get("method_options", {}).get("preset")
    settings_in(method_named(PRESET_METHOD).settings)["preset"].check(name)
    return name


def _usual_method(presets: list[str | None]) -> str:
    return USUAL_METHOD if presets == [None, None] else PRESET_METHOD


def _published(name: str | None, method: str) -> Fields:
    """The fields of a preset, as far as the method has such settings.

    Raises:
        InputError: there is no such preset, or none for this method.
    """
    if name is None:
        return {}
    from earlysieve.distill import preset

    found, known = preset(name), _known(method)
    if "preset" not in known:
        having = ", ".join(own.name for own in own_methods() if "preset" in _known(own.name))
        raise InputError(
            f"Expected a method with published settings ({having}), but got '{method}' with the "
            f"preset '{name}'; choose one of these methods, or leave out the preset"
        )
    options = {"preset": name, "stage": found.stage, **found.method_options()}
    own = {key: value for key, value in options.items() if key in known}
    return _one_place({**found.train_options(), "method_options": own}, method)


def _leave_out_foreign(file: Fields, method: str) -> None:
    """Where the file's method gives way to another, leave out what that one does not have."""
    if file.get("method", method) != method and "method_options" in file:
        known = _known(method)
        options = file["method_options"]
        file["method_options"] = {key: options[key] for key in options if key in known}


def _one_place(fields: Fields, method: str) -> Fields:
    """A layer replaces the stage of what it wins over, and a stage the layer."""
    options, known = fields["method_options"], _known(method)
    for name, other in (("layer", "stage"), ("stage", "layer")):
        if name in options and other not in options and other in known:
            return {**fields, "method_options": {**options, other: None}}
    return fields


def _merged(*layers: Fields) -> Fields:
    """All fields, of which later layers win; mappings among them are merged in turn."""
    values: Fields = {name: {} for name in _NESTED}
    for layer in layers:
        values |= {name: value for name, value in layer.items() if name not in _NESTED}
        for name in _NESTED:
            values[name] = {**values[name], **layer.get(name, {})}
    return values


def _known(method: str) -> Set[str]:
    """The names of a method's settings."""
    return settings_in(method_named(method).settings).keys()


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


def _require(values: Mapping[str, Any]) -> None:
    for name in ("data", "model"):
        if not values.get(name):
            raise click.UsageError(
                f"Missing option '--{name}': give it here or as the field \"{name}\" of --config."
            )
