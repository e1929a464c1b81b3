"""Networks by specification (`torchvision:resnet18`, `hf:FOLDER`, `module:function`), and our own.

`earlysieve.networks:small_cnn`, `earlysieve.networks:SmallMLP` (for tables) and
`earlysieve.networks:simkd_student` are specifications, too.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from earlysieve.networks.classifier import replace_classifier
    from earlysieve.networks.distilled import simkd_student
    from earlysieve.networks.small import SmallCNN, small_cnn
    from earlysieve.networks.small_mlp import SmallMLP
    from earlysieve.networks.spec import build_model

__all__ = [
    "SmallCNN",
    "SmallMLP",
    "build_model",
    "replace_classifier",
    "simkd_student",
    "small_cnn",
]
_HOME = {
    "SmallMLP": "small_mlp",
    "build_model": "spec",
    "replace_classifier": "classifier",
    "simkd_student": "distilled",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'earlysieve.networks' has no attribute '{name}'")
    home = _HOME.get(name, "small")
    return getattr(import_module(f"earlysieve.networks.{home}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
