"""Where a search looks: one dimension for each setting that was not given."""

import difflib
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from earlysieve.errors import InputError
from earlysieve.methods.registry import method_named
from earlysieve.methods.settings import Layers, Range, SettingInfo, settings_in

if TYPE_CHECKING:
    import optuna

    from earlysieve.training import TrainConfig

# Numbers of a training configuration that --space may name.
TRAINING = (
    "lr",
    "backbone_lr_scale",
    "momentum",
    "weight_decay",
    "warmup",
    "clip_norm",
    "epochs",
    "batch_size",
)
_WHOLE = ("epochs", "batch_size")
_FORM = "write KEY=LOW:HIGH, KEY=LOW:HIGH:log, or KEY=A,B,C"

Kind = Literal["float", "int", "choice"]


@dataclass(frozen=True)
class Dimension:
    """What one setting may be.

    Attributes:
        name: of the setting.
        kind: "float", "int" or "choice".
        low, high, log: of numbers, ends included; see `Range`.
        choices: of a choice.
        of_method: whether it is a setting of the method, or else a field of the configuration.
    """

    name: str
    kind: Kind
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    choices: tuple[Any, ...] = ()
    of_method: bool = True

    def draw(self, trial: "optuna.Trial") -> Any:
        """A value of it."""
        if self.kind == "choice":
            return trial.suggest_categorical(self.name, self.choices)
        if self.kind == "int":
            return trial.suggest_int(self.name, int(self.low), int(self.high), log=self.log)
        return trial.suggest_float(self.name, self.low, self.high, log=self.log)

    def skip(self, study: "optuna.Study", trial: "optuna.trial.FrozenTrial") -> None:
        """Let the sampler draw what an earlier attempt at a trial has drawn, for nothing."""
        found = trial.distributions[self.name]
        study.sampler.sample_independent(study, trial, self.name, found)

    def holds(self, value: Any) -> bool:
        """Whether a value is within it."""
        if self.kind == "choice":
            return value in self.choices
        return isinstance(value, int | float) and self.low <= value <= self.high


def space_of(
    config: "TrainConfig",
    *,
    fixed: Collection[str] = (),
    given: Mapping[str, str] | None = None,
    layers: Callable[[], list[str]] = list,
) -> tuple[Dimension, ...]:
    """The dimensions of a search: those of the method that are not fixed, and those that are given.

    Args:
        config: what is not searched.
        fixed: settings of the method that were given.
        given: further dimensions, or other ones, by setting: "0.001:1:log", "1:10" or "a,b".
        layers: tells the layers that end the network's stages; called only where they are searched.

    Raises:
        InputError: a dimension is unknown (near names are listed), out of its setting's range, or
            fixed as well; or nothing is left to search.
    """
    infos = settings_in(method_named(config.method).settings)
    own = {
        name: found
        for name, info in infos.items()
        if name not in fixed
        and name not in (given or {})
        and (found := _usual(info, config, layers)) is not None
    }
    for name, text in (given or {}).items():
        if name in fixed:
            raise InputError(
                f"Expected a range for what is not given, but got one of '{name}', which is fixed "
                "as well; leave out one of them"
            )
        own[name] = _parsed(name, text, infos.get(name), config)
    if not own:
        raise InputError(
            f"Expected something to search for, but every setting of '{config.method}' is given "
            "or has no range; leave one out, or name a range such as lr=0.001:0.1:log"
        )
    return tuple(own.values())


def configured(
    config: "TrainConfig", space: Collection[Dimension], values: Mapping[str, Any]
) -> "TrainConfig":
    """The configuration of a trial."""
    of_method = {d.name: values[d.name] for d in space if d.of_method}
    fields = {d.name: values[d.name] for d in space if not d.of_method}
    return replace(config, method_options={**config.method_options, **of_method}, **fields)


def plain_config(config: "TrainConfig", space: Collection[Dimension]) -> "TrainConfig":
    """What a search compares with: the method without what it adds, or plain training.

    A place to read out is needed even where nothing comes of it: the first one.
    """
    neutral = method_named(config.method).neutral
    if neutral is None:
        return replace(config, method="erm", method_options={})
    layer = {d.name: d.choices[0] for d in space if d.name == "layer" and d.choices}
    return replace(config, method_options={**config.method_options, **layer, **neutral})


def usual_values(config: "TrainConfig", space: Collection[Dimension]) -> dict[str, Any]:
    """The configured values that lie within the space."""
    fields = config.to_dict()
    found = {d.name: (config.method_options if d.of_method else fields).get(d.name) for d in space}
    return {d.name: found[d.name] for d in space if d.holds(found[d.name])}


def _usual(
    info: SettingInfo, config: "TrainConfig", layers: Callable[[], list[str]]
) -> Dimension | None:
    search = info.allowed.search
    if isinstance(search, Layers):
        named = any(config.method_options.get(name) for name in ("layer", "stage"))
        return None if named else Dimension(info.name, "choice", choices=tuple(layers()))
    if isinstance(search, Range):
        return _ranged(info, search, config)
    return None if search is None else Dimension(info.name, "choice", choices=search)


def _ranged(info: SettingInfo, search: Range, config: "TrainConfig") -> Dimension | None:
    high = search.high
    if search.below is not None:
        high = min(high, getattr(config, search.below) - 1)
    kind: Kind = "int" if info.kind is int else "float"
    return Dimension(info.name, kind, search.low, high, search.log) if high > search.low else None


def _parsed(name: str, text: str, info: SettingInfo | None, config: "TrainConfig") -> Dimension:
    if info is None and name not in TRAINING:
        known = [*settings_in(method_named(config.method).settings), *TRAINING]
        near = difflib.get_close_matches(name, known, n=2)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"
        raise InputError(
            f"Expected a range of a setting of '{config.method}' or of training, but got one of "
            f"'{name}'; {hint}"
        )
    whole = name in _WHOLE if info is None else info.kind is int
    numeric = info is None or (info.kind in (int, float) and not info.allowed.choices)
    found = _range(name, text, whole) if numeric and "," not in text else None
    if found is None:
        choices = tuple(_value(name, part, whole, numeric, info) for part in text.split(","))
        found = Dimension(name, "choice", choices=choices)
    tried = found.choices or (found.low, found.high)
    for value in tried:
        if info is not None:
            info.check(int(value) if whole else value)
        else:
            type(config).from_dict({**config.to_dict(), name: int(value) if whole else value})
    return replace(found, of_method=info is not None)


def _range(name: str, text: str, whole: bool) -> Dimension:
    low, _, rest = text.partition(":")
    high, _, scale = rest.partition(":")
    least, most = (_number(name, end, whole) for end in (low, high))
    if scale not in ("", "log", "linear") or least >= most or (scale == "log" and least <= 0):
        raise InputError(
            f"Expected a range with LOW below HIGH, above 0 with log, but got '{name}={text}'; "
            f"{_FORM}"
        )
    return Dimension(name, "int" if whole else "float", least, most, log=scale == "log")


def _value(name: str, text: str, whole: bool, numeric: bool, info: SettingInfo | None) -> Any:
    if info is not None and info.kind is bool and text in ("true", "false"):
        return text == "true"
    number = _number(name, text, whole) if numeric else text
    return int(number) if whole else number


def _number(name: str, text: str, whole: bool) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or (whole and number != int(number)):
        kind = "whole numbers" if whole else "numbers"
        raise InputError(f"Expected {kind} for the range of {name}, but got '{text}'; {_FORM}")
    return number
