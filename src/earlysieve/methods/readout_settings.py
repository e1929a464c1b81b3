"""Which readout a method trains, as settings."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from earlysieve.errors import InputError
from earlysieve.methods.settings import Range, setting

if TYPE_CHECKING:
    from earlysieve.readouts.heads import Head

ReadoutKind = Literal["linear", "mlp", "statistics", "conv", "token"]
READOUTS: tuple[str, ...] = get_args(ReadoutKind)

# Which parts of its shape each kind has.
SHAPES: dict[str, tuple[str, ...]] = {
    "linear": (),
    "mlp": ("readout_depth", "readout_width"),
    "statistics": ("readout_depth", "readout_width"),
    "conv": ("readout_depth", "readout_width", "readout_block"),
    "token": ("readout_depth", "readout_width"),
}
# What is recorded for a part of the shape that is not given.
USUAL: dict[str, Any] = {"readout_depth": 1, "readout_width": 64, "readout_block": "residual"}
# Kinds that are linear unless a shape is given, which is then recorded without a block.
LINEAR_UNLESS_GIVEN = ("statistics", "token")


@dataclass(frozen=True)
class ReadoutSettings:
    """The settings of every method that trains a readout.

    Raises:
        InputError: a part of the shape is given that the kind of readout does not have.
    """

    readout: ReadoutKind = setting("linear", "Read the layer by this kind of readout.")
    readout_depth: int | None = setting(
        None,
        "Give the readout this many hidden layers or blocks; by default mlp and conv have 1, "
        "statistics and token are linear.",
        low=1,
    )
    readout_width: int | None = setting(
        None,
        "Give each hidden layer of the readout this many units or channels, by default 64.",
        low=1,
    )
    readout_block: Literal["residual", "plain"] | None = setting(
        None,
        "Build a conv readout of two convolutions per unit of depth (residual, the default) or "
        "one (plain).",
    )
    readout_lr: float = setting(
        1e-2, "Train the readout with this learning rate.", low=0, search=Range(1e-3, 0.3, log=True)
    )

    def __post_init__(self) -> None:
        if self.readout not in SHAPES:
            raise InputError(
                f"Expected readout to be one of {', '.join(SHAPES)}, but got {self.readout!r}; "
                "choose one"
            )
        given = {name: getattr(self, name) for name in USUAL}
        hidden = self._has_hidden_layers(given)
        for name, value in given.items():
            foreign = name not in SHAPES[self.readout]
            if foreign and value is not None and (hidden or value != USUAL[name]):
                raise no_such_part(self.readout, name)
        filled = {**USUAL, "readout_block": None} if hidden else USUAL
        for name, value in {**filled, **_known(given)}.items():
            object.__setattr__(self, name, value)

    def _has_hidden_layers(self, given: dict[str, Any]) -> bool:
        """Whether a kind that is linear unless a shape is given was given one."""
        shaped = given["readout_depth"] is not None or given["readout_width"] is not None
        return self.readout in LINEAR_UNLESS_GIVEN and shaped and given != USUAL


def no_such_part(kind: str, name: str) -> InputError:
    """The error for a part of the shape that a kind of readout does not have."""
    kinds = [other for other, has in SHAPES.items() if name in has]
    return InputError(
        f"Expected {name} with a readout that has it ({', '.join(kinds)}), but got it with "
        f"'{kind}'; leave it out or choose another --readout"
    )


def _known(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}


def check_given_shape(kind: str, given: Collection[str]) -> None:
    """Check settings that were given by hand, of which not even a usual value is ignored.

    Raises:
        InputError: the kind of readout does not have one of them.
    """
    for name in USUAL:
        if name in given and name not in SHAPES.get(kind, USUAL):
            raise no_such_part(kind, name)


def shape_for(kind: str, recorded: Mapping[str, Any]) -> dict[str, Any]:
    """Recorded settings without the shape that a readout of another kind does not take over.

    Args:
        kind: the new kind.
        recorded: settings of a method, as a configuration holds them.
    """
    filler = recorded.get("readout", "linear") != kind or all(
        recorded.get(name) == usual for name, usual in USUAL.items()
    )
    return {
        name: value
        for name, value in recorded.items()
        if name not in USUAL
        or (name in SHAPES.get(kind, USUAL) and not (filler and value == USUAL[name]))
    }


def head_of(settings: ReadoutSettings) -> "Head":
    """The readout head that the settings describe."""
    from earlysieve.readouts.heads import ConvHead, LinearHead, MLPHead, StatisticsHead, TokenHead

    depth, width = settings.readout_depth or 1, settings.readout_width or 64
    hidden = depth if settings.readout_block is None else 0
    heads: dict[str, Head] = {
        "linear": LinearHead(),
        "mlp": MLPHead(width=width, depth=depth),
        "statistics": StatisticsHead(width=width, depth=hidden) if hidden else StatisticsHead(),
        "conv": ConvHead(depth=depth, width=width, block=settings.readout_block or "residual"),
        "token": TokenHead(width=width, depth=hidden),
    }
    return heads[settings.readout]
