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
    from earlysieve.model.batch import Batch
    from earlysieve.model.capture import Captured, capture
    from earlysieve.model.layers import LayerInfo, trace_layers
    from earlysieve.model.stages import choose_layers
    from earlysieve.readouts.heads import ConvHead, LinearHead, MLPHead, TokenHead
    from earlysieve.sieve.schedule import ForgetSchedule
    from earlysieve.sieve.sieve import FeatureSieve

_HOME = {
    "AuditResult": "auditing.result",
    "Batch": "model.batch",
    "Captured": "model.capture",
    "ConvHead": "readouts.heads",
    "FeatureSieve": "sieve.sieve",
    "ForgetSchedule": "sieve.schedule",
    "LayerInfo": "model.layers",
    "LinearHead": "readouts.heads",
    "MLPHead": "readouts.heads",
    "Picture": "auditing.result",
    "Summary": "auditing.verdict",
    "TokenHead": "readouts.heads",
    "audit": "auditing.run",
    "capture": "model.capture",
    "choose_layers": "model.stages",
    "trace_layers": "model.layers",
}

__all__ = [
    "AuditResult",
    "Batch",
    "Captured",
    "ConvHead",
    "FeatureSieve",
    "ForgetSchedule",
    "LayerInfo",
    "LinearHead",
    "MLPHead",
    "Picture",
    "Summary",
    "TokenHead",
    "__version__",
    "audit",
    "capture",
    "choose_layers",
    "trace_layers",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'earlysieve' has no attribute '{name}'")
    value = getattr(import_module(f"earlysieve.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
