"""The settings of a training method as options; each stands for a --method-option."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from earlysieve.cli.each_once import EachOnce
from earlysieve.cli.train_options import METAVARS
from earlysieve.methods.registry import is_code, method_named, method_names, own_methods
from earlysieve.methods.settings import SettingInfo, settings_in
from earlysieve.networks.spec import parse_options

if TYPE_CHECKING:
    from earlysieve.methods.method import Method

USUAL_METHOD = "erm"
PRESET_METHOD = "dedier"
_PARAM = "setting_"
_META = "earlysieve.method"


class MethodCommand(EachOnce):
    """A command whose options are its own and those of the method that --method names.

    What only other methods have is taken, too, but not shown, so that the message can say which
    method does not have it.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Find out the method before its options are read."""
        ctx.meta[_META] = named_method(args)
        return super().parse_args(ctx, args)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """The command's own options, then those of the method."""
        own = super().get_params(ctx)
        name = ctx.meta.get(_META)
        return own if name is None else [*own, *_method_params(name, own)]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options of the method apart from the others."""
        shown: dict[bool, list[tuple[str, str]]] = {False: [], True: []}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                shown[_is_setting(param)].append(record)
        with formatter.section("Options"):
            formatter.write_dl(shown[False])
        if shown[True]:
            with formatter.section(f"Settings of the method {ctx.meta[_META]}"):
                formatter.write_dl(shown[True])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The methods, and how to see the settings of one."""
        with formatter.section("Methods"):
            formatter.write_dl([(name, summary_of(name)) for name in method_names()])
        formatter.write_paragraph()
        formatter.write_text("The settings of a method: earlysieve train --method NAME --help")


def summary_of(name: str) -> str:
    """What a method is, in one line; of an installed package's method, that it is one."""
    own = {method.name: method.summary for method in own_methods()}
    return own.get(name, "of an installed package")


def named_method(args: Sequence[str]) -> str:
    """The method that arguments name, directly, by a configuration file or by a preset."""
    given = _values(args)
    file = _fields_of(given.get("--config"))
    options = file.get("method_options")
    preset = given.get("--preset") or (options or {}).get("preset")
    usual = USUAL_METHOD if preset is None else PRESET_METHOD
    name = given.get("--method") or file.get("method") or usual
    by_hand = name == given.get("--method") or "--trust-config" in args
    return name if name in method_names() or (by_hand and is_code(name)) else USUAL_METHOD


def given_method_options(context: click.Context) -> dict[str, Any]:
    """The settings of the method that were given, in whichever way."""
    found = parse_options(context.params["method_option"])
    for param in context.command.get_params(context):
        name = str(param.name)
        if _is_setting(param) and _was_given(context, name):
            value = context.params[name]
            found[name.removeprefix(_PARAM)] = parse_options(value) if param.multiple else value
    return found


def _values(args: Sequence[str]) -> dict[str, str]:
    """The last value of each long option, as far as can be told before parsing."""
    found: dict[str, str] = {}
    for position, word in enumerate(args):
        name, separator, value = word.partition("=")
        if separator:
            found[name] = value
        elif word.startswith("--") and position + 1 < len(args):
            found[word] = args[position + 1]
    preset = next((w for w in reversed(args) if w.startswith("preset=")), None)
    return found if preset is None else {"--preset": preset.removeprefix("preset="), **found}


def _fields_of(path: str | None) -> dict[str, Any]:
    """The fields of a configuration file; none where it cannot be read, which is said later."""
    try:
        found = json.loads(Path(path or "").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    plain = isinstance(found, dict) and isinstance(found.get("method_options", {}), dict)
    return found if plain and isinstance(found.get("method", ""), str) else {}


def _method_params(name: str, own: Sequence[click.Parameter]) -> list[click.Parameter]:
    taken = {flag for param in own for flag in (*param.opts, *param.secondary_opts)}
    chosen = method_named(name)
    settings = _settings_of(chosen)
    params = [_option(info, _flag(info, chosen, taken)) for info in settings.values()]
    foreign = {k: v for method in own_methods() for k, v in _settings_of(method).items()}
    hidden = [info for key, info in foreign.items() if key not in settings]
    return [*params, *(_option(info, _plain_flag(info), hidden=True) for info in hidden)]


def _settings_of(method: "Method") -> dict[str, SettingInfo]:
    return settings_in(method.settings)


def _plain_flag(info: SettingInfo) -> str:
    # Several values are given one by one: --teacher-option a=1 --teacher-option b=2.
    name = info.name.removesuffix("s") if info.kind is dict else info.name
    return f"--{name.replace('_', '-')}"


def _flag(info: SettingInfo, method: "Method", taken: set[str]) -> str:
    flag = _plain_flag(info)
    return f"--{method.name}-{flag.removeprefix('--')}" if flag in taken else flag


def _option(info: SettingInfo, flag: str, *, hidden: bool = False) -> click.Option:
    allowed = info.allowed
    several = info.kind is dict
    off = allowed.off or f"no-{flag.removeprefix('--')}"
    bare: dict[str, Any] = {}
    if allowed.bare is not None:
        bare = {"is_flag": False, "flag_value": allowed.bare}
    shown = "" if info.default in (None, {}) or info.kind is bool else f" [default: {info.default}]"
    return click.Option(
        [f"{flag}/--{off}" if info.kind is bool else flag, f"{_PARAM}{info.name}"],
        type=_click_type(info),
        default=None,
        **bare,
        multiple=several,
        metavar="KEY=VALUE" if several else _metavar(info),
        help=allowed.help + shown,
        hidden=hidden,
    )


def _click_type(info: SettingInfo) -> "click.ParamType[Any]":
    allowed = info.allowed
    if allowed.choices:
        return click.Choice(allowed.choices)
    if info.kind is int:
        return click.IntRange(min=_whole(allowed.low), max=_whole(allowed.high))
    if info.kind is float:
        return click.FloatRange(allowed.low, allowed.high, min_open=allowed.low_open)
    return click.BOOL if info.kind is bool else click.STRING


def _metavar(info: SettingInfo) -> str | None:
    return info.allowed.metavar or METAVARS.get(_click_type(info).name)


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _is_setting(param: click.Parameter) -> bool:
    return str(param.name).startswith(_PARAM)


def _was_given(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is ParameterSource.COMMANDLINE
