"""The feature sieve (SiFer): forget what an early layer can already read off.

Reading order: `losses`, `schedule` (when to forget) and `settings` -> `plan` (what lies before the
layer, and whether it can be sieved at all) -> `readouts` (what identifies) -> `updates` (the
readout and the forget update) -> `main` and `early` (objects around them) -> `sieve` (the order).
"""

from earlysieve.sieve.schedule import ForgetSchedule
from earlysieve.sieve.sieve import FeatureSieve

__all__ = ["FeatureSieve", "ForgetSchedule"]
