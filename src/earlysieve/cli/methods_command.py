"""`earlysieve methods`: the training methods, and the settings of each."""

from typing import Any

import click

from earlysieve.cli.completing import among
from earlysieve.cli.console import Console, speaking
from earlysieve.cli.each_once import EachOnce
from earlysieve.methods.registry import method_named, method_names
from earlysieve.methods.settings import SettingInfo, settings_in

_HEADS = ("setting", "may be", "default", "searched", "meaning")


@click.command("methods", cls=EachOnce)
@click.argument("name", required=False, shell_complete=among(method_names))
@speaking
def command(name: str | None, quiet: bool, as_json: bool) -> None:
    """List the training methods, or the settings of the method NAME.

    Of each setting it says what it may be, and where `earlysieve search` looks for it by itself;
    --space KEY=LOW:HIGH names other ranges.

    \b
    Examples:
      earlysieve methods
      earlysieve methods sieve
    """
    console = Console(quiet, as_json)
    names = method_names() if name is None else [name]
    methods = [method_named(each) for each in names]
    if name is None:
        rows = [(method.name, method.summary, _names(method.settings)) for method in methods]
        console.table(("method", "what it is", "settings"), rows)
    else:
        infos = settings_in(methods[0].settings).values()
        console.say(f"{name}: {methods[0].summary}")
        console.table(_HEADS, [_row(info) for info in infos])
    console.result({method.name: _values(method.summary, method.settings) for method in methods})


def _names(settings: type[Any]) -> str:
    return ", ".join(settings_in(settings)) or "-"


def _row(info: SettingInfo) -> tuple[str, ...]:
    default = "-" if info.default is None else str(info.default)
    return info.name, info.wanted, default, info.searched or "-", info.allowed.help


def _values(summary: str, settings: type[Any]) -> dict[str, Any]:
    return {
        "summary": summary,
        "settings": {
            name: {
                "type": info.kind.__name__,
                "may_be": info.wanted,
                "default": info.default,
                "searched": info.searched or None,
                "help": info.allowed.help,
            }
            for name, info in settings_in(settings).items()
        },
    }
