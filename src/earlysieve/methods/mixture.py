"""`--method mixture`: large classes or groups thinned out in part, then all drawn equally often."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from earlysieve.methods.balanced import BALANCE
from earlysieve.methods.erm import build
from earlysieve.methods.method import Method
from earlysieve.methods.order import weighed_groups
from earlysieve.methods.settings import Range, setting

if TYPE_CHECKING:
    from earlysieve.methods.job import Job
    from earlysieve.training import BatchSampler


@dataclass(frozen=True)
class Settings:
    """The settings of mixture balancing."""

    balance: Literal["class", "group"] = setting("group", BALANCE)
    ratio: float = setting(
        2.0,
        "Keep of each class or group at most this many times as many as the smallest has; 1: a "
        "balanced subset, very large: all are drawn, the small ones more often.",
        low=1,
        search=Range(1, 20, log=True),
    )


def mixture_order(job: "Job") -> "BatchSampler":
    """See `weighting.balanced_sampling.mixture_weights`.

    Raises:
        InputError: no group is known.
    """
    from earlysieve.training import EpochSampler
    from earlysieve.weighting.balanced_sampling import mixture_weights

    s, c = job.settings, job.config
    kinds = job.labels if s.balance == "class" else weighed_groups(job)
    weights = mixture_weights(kinds, s.ratio, seed=c.seed)
    return EpochSampler(len(job.data), c.batch_size, seed=c.seed, weights=weights)


METHOD = Method(
    "mixture",
    "plain training on classes or groups thinned out in part and drawn equally often",
    build,
    Settings,
    mixture_order,
    needs_groups=lambda settings: bool(settings.balance == "group"),
)
