"""The feature sieve (SiFer): forget what an early layer can already read off.

Reading order: `forgetting_loss`, `forget_schedule` (when to forget) and `sieve_settings` -> `plan`
(what lies before the layer, and whether it can be sieved at all) -> `early_part` (with its
readouts) -> `main_update`, and `updates` of readouts and for forgetting -> `sieve` (their order).
"""

from earlysieve.sieve.forget_schedule import ForgetSchedule
from earlysieve.sieve.sieve import FeatureSieve

__all__ = ["FeatureSieve", "ForgetSchedule"]
