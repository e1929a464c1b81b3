"""What a change is to the runner: a name, and the sample with it done."""

from collections.abc import Callable
from dataclasses import dataclass

from earlysieve.model.batch import Inputs


@dataclass(frozen=True)
class Change:
    """Something that is taken from every example.

    Attributes:
        name: as "in grey".
        made: the inputs of the sample without it.
    """

    name: str
    made: Callable[[], Inputs]
