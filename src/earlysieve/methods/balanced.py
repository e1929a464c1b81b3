"""`--method balanced`: plain training on classes or groups drawn equally often."""

from dataclasses import dataclass
from typing import Literal

from earlysieve.methods.erm import build
from earlysieve.methods.method import Method
from earlysieve.methods.order import balanced_order
from earlysieve.methods.settings import setting

BALANCE = "Draw all classes or all groups equally often."


@dataclass(frozen=True)
class Settings:
    """The settings of balanced sampling."""

    balance: Literal["class", "group"] = setting("group", BALANCE)


METHOD = Method(
    "balanced",
    "plain training on classes or groups drawn equally often",
    build,
    Settings,
    balanced_order,
    needs_groups=lambda settings: bool(settings.balance == "group"),
)
