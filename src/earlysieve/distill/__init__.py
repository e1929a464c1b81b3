"""Distillation: learning from a teacher, debiased (DeDiER) and as it is compared with.

Reading order: `distillation_loss` (pure functions) -> `teacher`, `kept_logits` and `logits_file` ->
`kd` -> `dedier` (with the weights of `earlysieve.weighting.early_reweighting`) -> `classifier` and
`simkd` -> `dett` (with the weights of `earlysieve.weighting.jtt`) -> `presets`.
"""

from earlysieve.distill.dedier import DebiasedDistillation
from earlysieve.distill.dett import DeTT
from earlysieve.distill.kd import KnowledgeDistillation
from earlysieve.distill.kept_logits import KeptLogits, open_logits
from earlysieve.distill.presets import PRESETS, Preset, preset
from earlysieve.distill.simkd import SimKD, SimKDStudent
from earlysieve.distill.teacher import Teacher, keep_logits

__all__ = [
    "PRESETS",
    "DeTT",
    "DebiasedDistillation",
    "KeptLogits",
    "KnowledgeDistillation",
    "Preset",
    "SimKD",
    "SimKDStudent",
    "Teacher",
    "keep_logits",
    "open_logits",
    "preset",
]
