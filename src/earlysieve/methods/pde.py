"""`--method pde`: progressive data expansion from a subset in which groups are balanced."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from earlysieve.methods.erm import build
from earlysieve.methods.method import Method
from earlysieve.methods.order import weighed_groups
from earlysieve.methods.settings import Range, setting

if TYPE_CHECKING:
    from earlysieve.methods.job import Job
    from earlysieve.training import BatchSampler


@dataclass(frozen=True)
class Settings:
    """The settings of progressive data expansion."""

    warmup_epochs: int = setting(
        5,
        "Learn a subset with equally many examples of each group for this many epochs.",
        low=0,
        search=Range(1, 20, below="epochs"),
    )
    expand_every: int = setting(
        1, "Let this many epochs pass from one expansion to the next.", low=1
    )
    expand_by: int = setting(
        20,
        "Let this many examples join in each expansion.",
        low=1,
        search=Range(1, 1000, log=True),
    )
    per_group: int | None = setting(
        None,
        "Begin with at most this many examples of each group; by default as the smallest has.",
        low=1,
    )


def expanding_order(job: "Job") -> "BatchSampler":
    """See `weighting.progressive_expansion`.

    Raises:
        InputError: no group is known.
    """
    from earlysieve.weighting import ProgressiveExpansion

    s, c = job.settings, job.config
    return ProgressiveExpansion(
        weighed_groups(job),
        c.batch_size,
        seed=c.seed,
        warmup_epochs=s.warmup_epochs,
        expand_every=s.expand_every,
        expand_by=s.expand_by,
        per_group=s.per_group,
    )


METHOD = Method(
    "pde",
    "plain training on balanced groups first, then on more and more of the data; needs groups",
    build,
    Settings,
    expanding_order,
    needs_groups=lambda _: True,
)
