"""Figures of a run for TensorBoard, MLflow and Weights & Biases, from the events of `fit`.

Reading order: `tracker` (what a tracker is) -> `named` (those there are) -> `listening` (to a run, whose
end no tracker is) -> one file per tracker.

    with tracked(["tensorboard"], config, folder) as hear:
        fit(..., on_event=hear)
"""

from earlysieve.tracking.named import check_trackers
from earlysieve.tracking.listening import tracked

__all__ = ["check_trackers", "tracked"]
