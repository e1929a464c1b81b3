"""Which readout a method trains, as settings."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from earlysieve.methods.settings import setting

if TYPE_CHECKING:
    from earlysieve.readouts.heads import Head

ReadoutKind = Literal["linear", "mlp", "statistics", "conv", "token"]
READOUTS: tuple[str, ...] = get_args(ReadoutKind)


@dataclass(frozen=True)
class ReadoutSettings:
    """The settings of every method that trains a readout."""

    readout: ReadoutKind = setting("linear", "Kind of readout.")
    readout_depth: int = setting(1, "Depth of the readout.", low=1)
    readout_width: int = setting(64, "Width of the readout.", low=1)
    readout_block: Literal["residual", "plain"] = setting(
        "residual",
        "Two convolutions per unit of a convolutional readout's depth (residual) or one (plain).",
    )
    readout_lr: float = setting(1e-2, "Learning rate of the readout.", low=0)


def head_of(settings: ReadoutSettings) -> "Head":
    """The readout head that the settings describe."""
    from earlysieve.readouts.heads import ConvHead, LinearHead, MLPHead, StatisticsHead, TokenHead

    depth, width = settings.readout_depth, settings.readout_width
    heads: dict[str, Head] = {
        "linear": LinearHead(),
        "mlp": MLPHead(width=width, depth=depth),
        "statistics": StatisticsHead(),
        "conv": ConvHead(depth=depth, width=width, block=settings.readout_block),
        "token": TokenHead(width=width),
    }
    return heads[settings.readout]
