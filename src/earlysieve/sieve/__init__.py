"""The feature sieve (SiFer): forget what an early layer can already read off.

Reading order: `losses`, `schedule` (when to forget) and `settings` -> `plan` (what lies before the
layer, and whether it can be sieved at all) -> `early_part` (that part with its readouts) ->
`main_update` and `updates` (the readout and the forget update) -> `sieve` (the order).
"""

from earlysieve.sieve.schedule import ForgetSchedule
from earlysieve.sieve.sieve import FeatureSieve

__all__ = ["FeatureSieve", "ForgetSchedule"]
