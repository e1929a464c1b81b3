"""What may be tried, the most promising first."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

NO_CHANGE = "no change"
# Of a group within a class, in the folds that a last layer is fitted to. Fewer than a user would be
# allowed, since what comes of it is compared with no change on other examples.
FEWEST = 2
Kind = Literal["no change", "repair", "retrain"]


@dataclass(frozen=True)
class Candidate:
    """One way to change a model.

    Attributes:
        name: unique, as "dfr@audit, strength 0.01".
        kind: the last layer alone ("repair"), or the whole network ("retrain").
        method: of the registry of repairs, or of the registry of training methods.
        source: of its groups; None where it needs none.
        settings: of the method.
    """

    name: str
    kind: Kind
    method: str = ""
    source: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


UNCHANGED = Candidate(NO_CHANGE, "no change")


def repair_candidates(sources: "tuple[str, ...]") -> Iterator[Candidate]:
    """Repairs of the last layer.

    Args:
        sources: of groups of the held-out data, by name, the best first.
    """
    for source in sources:
        for strength in (0.01, 0.1, 0.001):
            name = f"dfr@{source}, strength {strength:g}"
            settings = {"strength": strength, "min_group": FEWEST}
            yield Candidate(name, "repair", "dfr", source, settings)
    for gamma in (4.0, 1.0):
        yield Candidate(f"afr, gamma {gamma:g}", "repair", "afr", None, {"gamma": gamma})
    yield Candidate("neurontune", "repair", "neurontune")
    yield Candidate("crt", "repair", "crt")


def retrain_candidates(sources: "tuple[str, ...]") -> Iterator[Candidate]:
    """Trainings of the whole network.

    Args:
        sources: of groups of the training data, by name, the best first.
    """
    for source in sources:
        yield Candidate(f"balanced@{source}", "retrain", "balanced", source, {"balance": "group"})
    for source in sources[:1]:
        yield Candidate(f"group-dro@{source}", "retrain", "group-dro", source, {"balance": "group"})
