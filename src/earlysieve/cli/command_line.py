"""The command line that repeats a command, for the record."""

import shlex
from typing import Any

import click
from click.core import ParameterSource

_NOT_DECISIVE = ("quiet", "as_json", "log_file")


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
    if value is False:
        return [parameter.secondary_opts[0]]
    from earlysieve.report.command_words import joined, words_for

    return joined(words_for(flag, value))
