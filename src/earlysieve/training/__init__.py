"""Training that can be stopped anywhere and goes on exactly.

Reading order: `algorithm` (what learns), `stepper` (how it steps), `batch_step` (a
step on a batch), `erm` (plain training),
`sampling` and `loading` (which examples come), `evaluate` and `selection` (how good a model is),
`run` (the state), `loop` (the loop and `fit`), `checkpoint` and `model_weights` (files), `config`
and `optim` (a run as a file of settings).
"""

from earlysieve.training.algorithm import Algorithm, NonFiniteLossError
from earlysieve.training.checkpoint import load_checkpoint, save_checkpoint
from earlysieve.training.collapse import CollapseWarning
from earlysieve.training.config import TrainConfig, read_config, write_config
from earlysieve.training.erm import ERM
from earlysieve.training.evaluate import SingleClassWarning, evaluate
from earlysieve.training.evaluation import Evaluation
from earlysieve.training.events import Event
from earlysieve.training.fit_result import FitResult
from earlysieve.training.handed_over import loss_of
from earlysieve.training.loop import fit, train_steps
from earlysieve.training.model_weights import load_weights
from earlysieve.training.one_class import OneClassWarning
from earlysieve.training.optim import build_optimizer, build_scheduler, optimizer_steps
from earlysieve.training.run import Run
from earlysieve.training.run_settings import RunSettings
from earlysieve.training.sampling import BatchSampler, EpochSampler
from earlysieve.training.stepper import Stepper

__all__ = [
    "ERM",
    "Algorithm",
    "BatchSampler",
    "CollapseWarning",
    "EpochSampler",
    "Evaluation",
    "Event",
    "FitResult",
    "NonFiniteLossError",
    "OneClassWarning",
    "Run",
    "RunSettings",
    "SingleClassWarning",
    "Stepper",
    "TrainConfig",
    "build_optimizer",
    "build_scheduler",
    "evaluate",
    "fit",
    "load_checkpoint",
    "load_weights",
    "loss_of",
    "optimizer_steps",
    "read_config",
    "save_checkpoint",
    "train_steps",
    "write_config",
]
