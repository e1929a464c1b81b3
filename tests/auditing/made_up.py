"""Leanings and facts made by hand, for the rule and its sentences."""

import math
from dataclasses import replace

from earlysieve.auditing.evidence import Evidence
from earlysieve.auditing.known_data import KnownData
from earlysieve.auditing.leaning import Leaning
from earlysieve.auditing.rule import Facts

EVIDENCE = Evidence(
    readability=0.9,
    errors=100,
    flagged=60,
    same_mistake=0.9,
    same_mistake_low=0.8,
    same_mistake_high=0.95,
    accuracy=0.9,
    accuracy_flagged=0.1,
    accuracy_unflagged=0.97,
    predicted_classes=2,
)

# Its signs: gathers 0, recovers 1.5, swaps 0.6, confidence 0.5, reads 0.
COLOUR = Leaning(
    name="colour",
    of_network=False,
    whole=False,
    reads=0.85,
    misread=40,
    sure=30,
    accuracy=0.2,
    accuracy_else=0.97,
    explained=30,
    times_worse=12.0,
    recovered=0.8,
    recovered_by="spectrum",
    own_tells=0.62,
    followed=0.5,
    mended=0.6,
)
# A property of which nothing is seen.
IDLE = replace(
    COLOUR,
    name="size",
    reads=0.1,
    misread=900,
    sure=300,
    accuracy=0.95,
    accuracy_else=0.95,
    explained=3,
    times_worse=1.0,
    recovered=math.nan,
    recovered_by="",
    own_tells=math.nan,
    followed=0.0,
    mended=0.0,
)
LAYER = replace(
    COLOUR, name="layer1 mean", of_network=True, followed=math.nan, mended=math.nan, reads=0.93,
    times_worse=36.0,
)  # fmt: skip


def facts(*found, data=None, **changes):
    """Of 2,000 held-out examples, of which the model gets 95% right."""
    fields = {
        "examples": 2000,
        "errors": 100,
        "accuracy": 0.95,
        "above_chance": True,
        "predicted_classes": 2,
        "best_reads": 0.95,
        "leanings": list(found),
        "data": KnownData(seen_in_training=False) if data is None else data,
    }
    return Facts(**(fields | changes))
