"""The network from which a run starts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from earlysieve.datasets.opened_data import opened
from earlysieve.errors import CheckpointError
from earlysieve.networks.built import BuiltModel
from earlysieve.networks.classifier import resize_classifier
from earlysieve.networks.hf_folder import name_outputs
from earlysieve.networks.spec import build_model, load_checkpoint
from earlysieve.networks.table_scale import fit_scale
from earlysieve.networks.tuned import with_classifier
from earlysieve.runs.class_names import other_number
from earlysieve.training import TrainConfig
from earlysieve.training.check_weights import ShapeError

_OF_OTHERS = ("hf-hub:", "timm:hf-hub:", "timm:local-dir:")


def start_of_run(config: TrainConfig, data: Any, tell: Callable[[str], None]) -> BuiltModel:
    """The network from which a run starts: its weights, and a last layer for the data's classes.

    Args:
        config: of the run.
        data: the training data.
        tell: takes lines for people.

    Raises:
        EarlysieveError: it cannot be built, or its weights do not fit.

    Warns:
        DataWarning: see `fit_scale`.
    """
    wanted = config.num_classes or opened(data).num_classes
    built = build_model(
        config.model,
        num_classes=wanted,
        options=config.model_options,
        seed=config.seed,
        pretrained=config.pretrained,
        head=config.head,
        like=data,
    )
    name_outputs(built, opened(data).class_names)
    if config.head is not None and config.checkpoint is not None and wanted:
        resize_classifier(built.model, config.head, wanted)
    if (config.checkpoint, config.checkpoint_key, config.checkpoint_prefix) != (None, None, None):
        for note in _loaded(built, config, data):
            tell(note)
    elif config.pretrained is None:
        fit_scale(built.model, config.model, data, tell)
    if config.pretrained is None:
        if config.checkpoint is None and config.model.startswith(_OF_OTHERS):
            tell(f"The weights of '{config.model}' are random; --pretrained takes its own.")
        return built
    return with_classifier(built, data, wanted, head=config.head, seed=config.seed)


def _loaded(built: BuiltModel, config: TrainConfig, data: Any) -> tuple[str, ...]:
    """Load the checkpoint of a run; of weights of other classes the error names another option."""
    checkpoint = None if config.checkpoint is None else Path(config.checkpoint)
    try:
        return load_checkpoint(
            built,
            checkpoint,
            spec=config.model,
            key=config.checkpoint_key,
            prefix=config.checkpoint_prefix,
        )
    except ShapeError as error:
        said = other_number(error, data, config.data, checkpoint)
        raise CheckpointError(
            f"{said or error}; to start from weights of other classes, name them by "
            "--pretrained instead, which makes the last layer anew"
        ) from error
