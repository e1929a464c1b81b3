"""earlysieve: find and reduce shortcut learning in PyTorch classifiers with early readouts.

Reading order: `earlysieve.model` (look inside any network) -> `earlysieve.readouts` (small
classifiers on what a layer gives out) -> `earlysieve.auditing` (which examples a shortcut fails on)
-> `earlysieve.training` (loops) -> `earlysieve.report` (the page) -> `earlysieve.cli`.

Everything public is imported on first use, so that `import earlysieve` costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from earlysieve._version import __version__

if TYPE_CHECKING:
    from earlysieve.auditing.result import AuditResult, Picture
    from earlysieve.auditing.run import audit
    from earlysieve.auditing.verdict import Summary
    from earlysieve.distill.balance import balanced_weights
    from earlysieve.distill.debiased import DebiasedDistillation
    from earlysieve.distill.group_dro import GroupDRO
    from earlysieve.distill.indexing import with_index
    from earlysieve.distill.jtt import JTT, DeTT
    from earlysieve.distill.kd import KnowledgeDistillation
    from earlysieve.distill.reweighting import EarlyReweighting
    from earlysieve.distill.simkd import SimKD, SimKDStudent
    from earlysieve.distill.teacher import Teacher, keep_logits
    from earlysieve.model.batch import Batch
    from earlysieve.model.capture import Captured, capture
    from earlysieve.model.layers import LayerInfo, trace_layers
    from earlysieve.model.stages import choose_layers
    from earlysieve.readouts.heads import ConvHead, LinearHead, MLPHead, StatisticsHead, TokenHead
    from earlysieve.sieve.schedule import ForgetSchedule
    from earlysieve.sieve.sieve import FeatureSieve
    from earlysieve.training.statistics import refresh_statistics

_HOME = {
    "AuditResult": "auditing.result",
    "Batch": "model.batch",
    "Captured": "model.capture",
    "ConvHead": "readouts.heads",
    "DeTT": "distill.jtt",
    "DebiasedDistillation": "distill.debiased",
    "EarlyReweighting": "distill.reweighting",
    "FeatureSieve": "sieve.sieve",
    "ForgetSchedule": "sieve.schedule",
    "GroupDRO": "distill.group_dro",
    "JTT": "distill.jtt",
    "KnowledgeDistillation": "distill.kd",
    "LayerInfo": "model.layers",
    "LinearHead": "readouts.heads",
    "MLPHead": "readouts.heads",
    "Picture": "auditing.result",
    "SimKD": "distill.simkd",
    "SimKDStudent": "distill.simkd",
    "StatisticsHead": "readouts.heads",
    "Summary": "auditing.verdict",
    "Teacher": "distill.teacher",
    "TokenHead": "readouts.heads",
    "audit": "auditing.run",
    "balanced_weights": "distill.balance",
    "capture": "model.capture",
    "choose_layers": "model.stages",
    "keep_logits": "distill.teacher",
    "refresh_statistics": "training.statistics",
    "trace_layers": "model.layers",
    "with_index": "distill.indexing",
}

__all__ = [
    "JTT",
    "AuditResult",
    "Batch",
    "Captured",
    "ConvHead",
    "DeTT",
    "DebiasedDistillation",
    "EarlyReweighting",
    "FeatureSieve",
    "ForgetSchedule",
    "GroupDRO",
    "KnowledgeDistillation",
    "LayerInfo",
    "LinearHead",
    "MLPHead",
    "Picture",
    "SimKD",
    "SimKDStudent",
    "StatisticsHead",
    "Summary",
    "Teacher",
    "TokenHead",
    "__version__",
    "audit",
    "balanced_weights",
    "capture",
    "choose_layers",
    "keep_logits",
    "refresh_statistics",
    "trace_layers",
    "with_index",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'earlysieve' has no attribute '{name}'")
    value = getattr(import_module(f"earlysieve.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
