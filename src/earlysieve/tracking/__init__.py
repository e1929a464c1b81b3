"""Figures of a run for TensorBoard, MLflow and Weights & Biases, from the events of `fit`.

Reading order: `tracker` (what a tracker is) -> `named` (those there are) -> `listening` (to a run
for its trackers, none of which can end it) -> one file per tracker.
"""

from earlysieve.tracking.listening import tracked
from earlysieve.tracking.named import check_trackers

__all__ = ["check_trackers", "tracked"]
