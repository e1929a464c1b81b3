"""When to forget, and how often in a row."""

from dataclasses import dataclass
from typing import Literal

from earlysieve.errors import InputError


@dataclass(frozen=True)
class ForgetSchedule:
    """Forget after every `every`-th main step, or in all steps of every `every`-th epoch.

    Attributes:
        every: k >= 1; step or epoch numbers (from 0) divisible by k are due. 0: never.
        warmup: steps or epochs before the first forgetting, >= 0.
        repeats: forget steps in a row when due, >= 1.
        unit: what `every` and `warmup` count: "step" (published) or "epoch".

    Raises:
        InputError: a value is out of its range.

    Example:
        >>> import torch
        >>> import earlysieve as es
        >>> x = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))
        >>> y = (x[:, 0] + x[:, 1] > 0).long()
        >>> net = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
        >>> when = es.ForgetSchedule(every=2, warmup=1, unit="epoch")
        >>> sieve = es.FeatureSieve(net, "0", 2, forget_every=when)
    """

    every: int = 5
    warmup: int = 0
    repeats: int = 1
    unit: Literal["step", "epoch"] = "step"

    def __post_init__(self) -> None:
        for name, low in (("every", 0), ("warmup", 0), ("repeats", 1)):
            value = getattr(self, name)
            if value < low:
                raise InputError(
                    f"Expected the forgetting schedule's {name} to be at least {low}, but got "
                    f"{value}; every=0 never forgets"
                )
        if self.unit not in ("step", "epoch"):
            raise InputError(
                f"Expected the forgetting schedule's unit to be 'step' or 'epoch', but got "
                f"{self.unit!r}; choose one of them"
            )

    def due(self, step: int, epoch: int) -> int:
        """How many forget steps follow main step `step` (from 0) of epoch `epoch` (from 0)."""
        now = step if self.unit == "step" else epoch
        if self.every == 0 or now < self.warmup or now % self.every:
            return 0
        return self.repeats
