"""The command line that repeats a command, for the record."""

import shlex
from typing import Any

import click
from click.core import ParameterSource

_NOT_DECISIVE = ("quiet", "as_json", "fail_on", "min_worst_group", "log_file")


def command_line(context: click.Context) -> str:
    """What to type to run this command again, quoted for a shell."""
    words = ["earlysieve", str(context.info_name)]
    for parameter in context.command.get_params(context):
        name = str(parameter.name)
        given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if given and name not in _NOT_DECISIVE:
            words += _words(parameter, context.params[name])
    return shlex.join(words)


def _words(parameter: click.Parameter, value: Any) -> list[str]:
    if isinstance(parameter, click.Argument):
        return [str(value)]
    flag = next((name for name in parameter.opts if name.startswith("--")), parameter.opts[0])
    if isinstance(value, bool):
        return [flag] if value else [parameter.secondary_opts[0]]
    if isinstance(value, tuple):
        return [word for item in value for word in (flag, str(item))]
    return [flag, ",".join(map(str, value)) if isinstance(value, list) else str(value)]
