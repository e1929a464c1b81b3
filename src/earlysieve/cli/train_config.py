"""From options and a file to the configuration of a training run."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from earlysieve.cli.data_options import given_data_options
from earlysieve.cli.method_flags import given_method_flags
from earlysieve.cli.methods import method_options
from earlysieve.cli.model_spec import parse_options
from earlysieve.cli.train_options import FIELD_NAMES

if TYPE_CHECKING:
    from earlysieve.training import TrainConfig

_SPECS = ("data", "validation", "model", "num_classes", "checkpoint", "restore_best")


def resolve(context: click.Context) -> "TrainConfig":
    """The configuration: the file of --config, over which given options win.

    Raises:
        InputError: a field is wrong.
        UsageError: no data or no model is given.
    """
    from earlysieve.training import TrainConfig, read_config

    given = context.params
    file = given["config"]
    base = {} if file is None else read_config(file).to_dict()
    values = {**base, **_explicit(context)}
    values["data_options"] = {**base.get("data_options", {}), **given_data_options(context)}
    for field in ("model_options", "method_options"):
        chosen = parse_options(given[field.removesuffix("s")])
        values[field] = {**base.get(field, {}), **chosen}
    values["method_options"] |= given_method_flags(context)
    _require(values)
    config = TrainConfig.from_dict(values)
    options = method_options(config.method, config.method_options)
    return TrainConfig.from_dict({**config.to_dict(), "method_options": options})


def _explicit(context: click.Context) -> dict[str, Any]:
    return {
        name: _plain(context.params[name])
        for name in (*FIELD_NAMES, *_SPECS)
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


def _require(values: Mapping[str, Any]) -> None:
    for name in ("data", "model"):
        if not values.get(name):
            raise click.UsageError(
                f"Missing option '--{name}': give it here or as the field \"{name}\" of --config."
            )
