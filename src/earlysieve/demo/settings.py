"""How the demonstration runs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """How the demonstration runs.

    Attributes:
        seed: of weights, order and colours.
        epochs: passes over the training digits, >= 1.
        limit: at most so many training digits; None: all 4,000.
        progress: whether to draw bars; None: where standard error is a terminal.
    """

    seed: int = 0
    epochs: int = 4
    limit: int | None = None
    progress: bool | None = None
