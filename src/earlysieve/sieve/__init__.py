"""The feature sieve (SiFer): forget what an early layer can already read off.

Reading order: `losses` -> `schedule` (when to forget) -> `plan` (what lies before the layer, and
whether the layer can be sieved at all) -> `readouts` (what identifies) -> `sieve` (the algorithm).
"""

from earlysieve.sieve.schedule import ForgetSchedule
from earlysieve.sieve.sieve import FeatureSieve

__all__ = ["FeatureSieve", "ForgetSchedule"]
