"""What an entry of the registry says of a training method."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from earlysieve.methods.settings import NoSettings

if TYPE_CHECKING:
    from earlysieve.methods.job import Job
    from earlysieve.training import Algorithm, BatchSampler


def usual_order(_job: "Job") -> None:
    """Every example once per epoch."""


def without_groups(_settings: Any) -> bool:
    """No groups are needed, however the method is set."""
    return False


@dataclass(frozen=True)
class Method:
    """A way to train.

    Attributes:
        name: as `--method` takes it.
        summary: what it is, in one line.
        build: makes the algorithm; `job.settings` is an instance of `settings`.
        settings: a frozen dataclass of `setting` fields, the method's own settings.
        sampler: makes the order of the examples; may return None for the usual one.
        neutral: settings under which it leaves out what it adds, so that it is the method that a
            search compares with; None: there are none, and it compares with `erm`.
        needs_groups: whether it needs groups, as it is set. A method that reads `job.groups` or
            `batch.groups` has to say so: `METHOD@SOURCE` gives it groups of another source, and
            tables of a benchmark say what it knew of true ones.
        starts_trained: whether it changes a trained network, rather than training one.
    """

    name: str
    summary: str
    build: "Callable[[Job], Algorithm]"
    settings: type[Any] = NoSettings
    sampler: "Callable[[Job], BatchSampler | None]" = usual_order
    neutral: Mapping[str, Any] | None = None
    needs_groups: Callable[[Any], bool] = without_groups
    starts_trained: bool = False
