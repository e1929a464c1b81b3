"""Which readout a method uses, from plain settings."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from earlysieve.errors import InputError

if TYPE_CHECKING:
    from earlysieve.readouts.heads import Head

READOUTS = ("linear", "mlp", "statistics", "conv", "token")
# Settings of every method that has a readout.
READOUT: dict[str, Any] = {
    "readout": "linear",
    "readout_depth": 1,
    "readout_width": 64,
    "readout_block": "residual",
    "readout_lr": 1e-2,
}


def head_of(options: Mapping[str, Any]) -> "Head":
    """The readout head that the settings `READOUT` describe.

    Raises:
        InputError: no such kind.
    """
    from earlysieve.readouts.heads import ConvHead, LinearHead, MLPHead, StatisticsHead, TokenHead

    kind, depth, width = options["readout"], options["readout_depth"], options["readout_width"]
    heads: dict[str, Head] = {
        "linear": LinearHead(),
        "mlp": MLPHead(width=width, depth=depth),
        "statistics": StatisticsHead(),
        "conv": ConvHead(depth=depth, width=width, block=options["readout_block"]),
        "token": TokenHead(width=width),
    }
    if kind not in heads:
        raise InputError(
            f"Expected readout to be one of {', '.join(heads)}, but got '{kind}'; choose one"
        )
    return heads[kind]
