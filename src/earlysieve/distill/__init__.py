"""Debiased distillation (DeDiER) and the methods it is compared with.

Reading order: `losses` and `weights` (pure functions) -> `example_weights` (one weight per example)
-> `reader` (the early readout) -> `base` (what one step is) -> `reweighting` (without a teacher)
-> `teacher` and `kept_logits` -> `debiased` (DeDiER) -> `published` (the oracle of the weights)
-> `kd`, `simkd`, `jtt`, `group_dro`, `balance` (comparators) -> `presets`.
"""

from earlysieve.distill.balance import balanced_weights
from earlysieve.distill.debiased import DebiasedDistillation
from earlysieve.distill.example_weights import WeightWarning
from earlysieve.distill.group_dro import GroupDRO
from earlysieve.distill.indexing import with_index
from earlysieve.distill.jtt import JTT, DeTT
from earlysieve.distill.kd import KnowledgeDistillation
from earlysieve.distill.kept_logits import KeptLogits, open_logits
from earlysieve.distill.presets import PRESETS, Preset, preset
from earlysieve.distill.published import Judgement, published_reweight
from earlysieve.distill.reweighting import EarlyReweighting
from earlysieve.distill.simkd import SimKD, SimKDStudent
from earlysieve.distill.teacher import Teacher, keep_logits
from earlysieve.distill.weights import early_weights

__all__ = [
    "JTT",
    "PRESETS",
    "DeTT",
    "DebiasedDistillation",
    "EarlyReweighting",
    "GroupDRO",
    "Judgement",
    "KeptLogits",
    "KnowledgeDistillation",
    "Preset",
    "SimKD",
    "SimKDStudent",
    "Teacher",
    "WeightWarning",
    "balanced_weights",
    "early_weights",
    "keep_logits",
    "open_logits",
    "preset",
    "published_reweight",
    "with_index",
]
