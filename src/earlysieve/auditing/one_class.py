"""Simple properties that tell one class of several, as where one was taken with another camera.

A reader of all classes hardly achieves anything by such a property, and is misled wherever it says
nothing. So of a property that tells one class far better than the others a second reader speaks for
that class alone, as those of marks do.
"""

from dataclasses import replace

import numpy as np

from earlysieve.auditing.alterations.alter import ALTERATIONS
from earlysieve.auditing.eye import Eye, Sample
from earlysieve.auditing.marks import OF_ONE_CLASS
from earlysieve.auditing.pair_texts import OF_PAIRS
from earlysieve.auditing.vignettes import VIGNETTE

_OF_ONE_CLASS = ("colour", "brightness", "spectrum", "sharpness", "frame", "size", VIGNETTE)
_ABLE = frozenset({*_OF_ONE_CLASS, *ALTERATIONS, *OF_PAIRS})
_TELLS, _ALTERED_TELLS, _OTHERS, _FEWEST_CLASSES = 0.7, 0.4, 0.5, 3


def one_class_eye(name: str, eye: Eye, sample: Sample) -> dict[str, Eye]:
    """A reader that speaks for the class that a property tells, where it is one of three or more.

    That class is said of its own examples 0.7 more often than of others, and of the other classes
    the median is 0.5 at most. Of what alters images 0.4 is enough: swaps tell what comes of it.

    Args:
        name: of the property.
        eye: its reader.
        sample: that it was fitted on.
    """
    if name not in _ABLE or sample.classes < _FEWEST_CLASSES:
        return {}
    says, labels = eye.reader.prediction, sample.labels
    told = np.array([
        (says[labels == kind] == kind).mean() - (says[labels != kind] == kind).mean()
        if 0 < (labels == kind).sum() < len(labels) else 0.0
        for kind in range(sample.classes)
    ])  # fmt: skip
    best = int(told.argmax())
    least = _ALTERED_TELLS if name in ALTERATIONS else _TELLS
    if told[best] < least or np.median(np.delete(told, best)) > _OTHERS:
        return {}
    return {f"{name}{OF_ONE_CLASS}": replace(eye, speaks_for=np.array([best]))}
