"""The ways to train by name. A method is one file with its settings, how it is built, and an entry.

Reading order: `settings` (how settings are declared) -> `method` (what an entry says) -> `job`
(what a method is built from) -> `registry` -> one file per method, `erm` first.
"""

from earlysieve.methods.job import Job
from earlysieve.methods.method import Method
from earlysieve.methods.registry import method_named, method_names, method_settings
from earlysieve.methods.settings import Layers, NoSettings, Range, setting

__all__ = [
    "Job",
    "Layers",
    "Method",
    "NoSettings",
    "Range",
    "method_named",
    "method_names",
    "method_settings",
    "setting",
]
