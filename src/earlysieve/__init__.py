"""earlysieve: find and reduce shortcut learning in PyTorch classifiers with early readouts.

Reading order: `earlysieve.model` (look inside any network) -> `earlysieve.readouts` (small
classifiers on what a layer gives out) -> `earlysieve.auditing` (which examples a shortcut fails on)
-> `earlysieve.training` (loops) -> `earlysieve.sieve`, `earlysieve.weighting` and
`earlysieve.distill` (methods) -> `earlysieve.report` (the page) -> `earlysieve.cli`.

Everything public is imported on first use, so that `import earlysieve` costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from earlysieve._version import __version__

if TYPE_CHECKING:
    from earlysieve.auditing.audit import audit
    from earlysieve.auditing.audit_arrays import audit_arrays
    from earlysieve.auditing.result import AuditResult, Picture
    from earlysieve.auditing.verdict import Summary
    from earlysieve.benchmarking.benchmark import benchmark
    from earlysieve.benchmarking.lines import BenchmarkResult
    from earlysieve.benchmarking.protocol import Budget, DataSplits, Protocol
    from earlysieve.comparing.compare import compare
    from earlysieve.datasets.example_groups import Groups
    from earlysieve.distill.dedier import DebiasedDistillation
    from earlysieve.distill.dett import DeTT
    from earlysieve.distill.kd import KnowledgeDistillation
    from earlysieve.distill.simkd import SimKD, SimKDStudent
    from earlysieve.distill.teacher import Teacher, keep_logits
    from earlysieve.fixing.fix import fix
    from earlysieve.fixing.result import FixResult
    from earlysieve.grouping.infer import infer_groups
    from earlysieve.measures.measure import Measures, measure
    from earlysieve.measures.paired_seeds import PairedDifference, compare_over_seeds
    from earlysieve.model.batch import Batch
    from earlysieve.model.capture import Captured, capture
    from earlysieve.model.layers import LayerInfo, trace_layers
    from earlysieve.model.predictor import from_predictor
    from earlysieve.model.stages import choose_layers
    from earlysieve.readouts.heads import ConvHead, LinearHead, MLPHead, StatisticsHead, TokenHead
    from earlysieve.reliance.figures import Reliance
    from earlysieve.reliance.measure import CueReliance, RelianceResult, measure_reliance
    from earlysieve.reliance.randomised import RandomisedDrop, drop_when_randomised
    from earlysieve.repairing.large_dropout import LargeDropout
    from earlysieve.repairing.repair import repair
    from earlysieve.repairing.repaired_classifier import RepairedClassifier
    from earlysieve.runs.saved_run import SavedRun, load_run
    from earlysieve.searching.find import SearchOptions
    from earlysieve.searching.result import SearchResult
    from earlysieve.searching.search import search
    from earlysieve.sieve.forget_schedule import ForgetSchedule
    from earlysieve.sieve.sieve import FeatureSieve
    from earlysieve.training.handed_over import loss_of
    from earlysieve.training.loop import fit
    from earlysieve.training.model_weights import LoadedWeights, load_weights
    from earlysieve.training.select_model import Choice, select_model
    from earlysieve.training.statistics import refresh_statistics
    from earlysieve.weighting.balanced_sampler import BalancedSampler
    from earlysieve.weighting.balanced_sampling import balanced_weights
    from earlysieve.weighting.early_reweighting import EarlyReweighting
    from earlysieve.weighting.group_dro import GroupDRO
    from earlysieve.weighting.indexing import with_index
    from earlysieve.weighting.jtt import JTT
    from earlysieve.weighting.learning_from_failure import LearningFromFailure
    from earlysieve.weighting.product_of_experts import ProductOfExperts

_HOME = {
    "AuditResult": "auditing.result",
    "BalancedSampler": "weighting.balanced_sampler",
    "Batch": "model.batch",
    "BenchmarkResult": "benchmarking.lines",
    "Budget": "benchmarking.protocol",
    "Captured": "model.capture",
    "Choice": "training.select_model",
    "ConvHead": "readouts.heads",
    "CueReliance": "reliance.measure",
    "DataSplits": "benchmarking.protocol",
    "DeTT": "distill.dett",
    "DebiasedDistillation": "distill.dedier",
    "EarlyReweighting": "weighting.early_reweighting",
    "FeatureSieve": "sieve.sieve",
    "ForgetSchedule": "sieve.forget_schedule",
    "FixResult": "fixing.result",
    "GroupDRO": "weighting.group_dro",
    "Groups": "datasets.example_groups",
    "JTT": "weighting.jtt",
    "KnowledgeDistillation": "distill.kd",
    "LargeDropout": "repairing.large_dropout",
    "LayerInfo": "model.layers",
    "LearningFromFailure": "weighting.learning_from_failure",
    "LinearHead": "readouts.heads",
    "LoadedWeights": "training.model_weights",
    "MLPHead": "readouts.heads",
    "Measures": "measures.measure",
    "PairedDifference": "measures.paired_seeds",
    "Picture": "auditing.result",
    "ProductOfExperts": "weighting.product_of_experts",
    "Protocol": "benchmarking.protocol",
    "RandomisedDrop": "reliance.randomised",
    "Reliance": "reliance.figures",
    "RelianceResult": "reliance.measure",
    "RepairedClassifier": "repairing.repaired_classifier",
    "SavedRun": "runs.saved_run",
    "SearchOptions": "searching.find",
    "SearchResult": "searching.result",
    "SimKD": "distill.simkd",
    "SimKDStudent": "distill.simkd",
    "StatisticsHead": "readouts.heads",
    "Summary": "auditing.verdict",
    "Teacher": "distill.teacher",
    "TokenHead": "readouts.heads",
    "audit": "auditing.audit",
    "audit_arrays": "auditing.audit_arrays",
    "balanced_weights": "weighting.balanced_sampling",
    "benchmark": "benchmarking.benchmark",
    "capture": "model.capture",
    "choose_layers": "model.stages",
    "compare": "comparing.compare",
    "compare_over_seeds": "measures.paired_seeds",
    "drop_when_randomised": "reliance.randomised",
    "fit": "training.loop",
    "fix": "fixing.fix",
    "from_predictor": "model.predictor",
    "infer_groups": "grouping.infer",
    "keep_logits": "distill.teacher",
    "load_run": "runs.saved_run",
    "load_weights": "training.model_weights",
    "loss_of": "training.handed_over",
    "measure": "measures.measure",
    "measure_reliance": "reliance.measure",
    "refresh_statistics": "training.statistics",
    "select_model": "training.select_model",
    "repair": "repairing.repair",
    "search": "searching.search",
    "trace_layers": "model.layers",
    "with_index": "weighting.indexing",
}

__all__ = [
    "JTT",
    "AuditResult",
    "BalancedSampler",
    "Batch",
    "BenchmarkResult",
    "Budget",
    "Captured",
    "Choice",
    "ConvHead",
    "CueReliance",
    "DataSplits",
    "DeTT",
    "DebiasedDistillation",
    "EarlyReweighting",
    "FeatureSieve",
    "FixResult",
    "ForgetSchedule",
    "GroupDRO",
    "Groups",
    "KnowledgeDistillation",
    "LargeDropout",
    "LayerInfo",
    "LearningFromFailure",
    "LinearHead",
    "LoadedWeights",
    "MLPHead",
    "Measures",
    "PairedDifference",
    "Picture",
    "ProductOfExperts",
    "Protocol",
    "RandomisedDrop",
    "Reliance",
    "RelianceResult",
    "RepairedClassifier",
    "SavedRun",
    "SearchOptions",
    "SearchResult",
    "SimKD",
    "SimKDStudent",
    "StatisticsHead",
    "Summary",
    "Teacher",
    "TokenHead",
    "__version__",
    "audit",
    "audit_arrays",
    "balanced_weights",
    "benchmark",
    "capture",
    "choose_layers",
    "compare",
    "compare_over_seeds",
    "drop_when_randomised",
    "fit",
    "fix",
    "from_predictor",
    "infer_groups",
    "keep_logits",
    "load_run",
    "load_weights",
    "loss_of",
    "measure",
    "measure_reliance",
    "refresh_statistics",
    "repair",
    "search",
    "select_model",
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
