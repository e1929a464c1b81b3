"""A finished run of training, read again: its settings, its epochs, its network."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from earlysieve.errors import InputError
from earlysieve.runs.class_names import read_class_names
from earlysieve.runs.run_beside import as_in_run, shape_in_run
from earlysieve.runs.run_files import CONFIG, HISTORY, damaged, read_object
from earlysieve.runs.trust import code_in
from earlysieve.training.config import TrainConfig, read_config

if TYPE_CHECKING:
    import pandas as pd
    from torch import nn

_WEIGHTS = "model.pt"


@dataclass(frozen=True)
class SavedRun:
    """What lies in the folder of a finished run.

    Attributes:
        folder: of the run.
        config: what it was made with; `config.seed` is its seed.
        history: figures of each epoch, see `FitResult`.
        best_epoch: the epoch that was chosen, from 1; None without validation data.
        class_names: in the order of the network's outputs; empty where the data name none.
    """

    folder: Path
    config: TrainConfig
    history: tuple[Mapping[str, float], ...]
    best_epoch: int | None
    class_names: tuple[str, ...]

    @property
    def table(self) -> "pd.DataFrame":
        """The history as a data frame with one row per epoch; NaN where a figure is missing."""
        import pandas as pd

        return pd.DataFrame([dict(row) for row in self.history])

    def model(self, *, num_classes: int | None = None, trust_config: bool = False) -> "nn.Module":
        """Build the network of the run with its weights, on the CPU, in evaluation mode.

        Args:
            num_classes: outputs of the network, where the run names no classes.
            trust_config: build it even where the configuration names a function of other code,
                which is imported then.

        Raises:
            InputError: the configuration names other code and is not trusted, or the network
                cannot be built; near names are listed.
            CheckpointError: the weights are missing or do not fit.
            MissingDependencyError: the package of the network's family is not installed.
        """
        from earlysieve.networks.spec import build_model, load_checkpoint

        config, weights = self.config, self.folder / _WEIGHTS
        built_from = {"model": config.model, "model_options": config.model_options}
        for code in () if trust_config else code_in(built_from):
            raise InputError(
                f"Expected a run whose network needs no code of its own, but '{code.field}' in "
                f"'{self.folder / CONFIG}' asks for '{code.what}'; if you trust that code, pass "
                "trust_config=True"
            )
        outputs = num_classes or config.num_classes or len(self.class_names) or None
        options = {**shape_in_run(config.model, weights), **config.model_options}
        built = build_model(config.model, num_classes=outputs, options=options, seed=config.seed)
        as_in_run(built, weights, outputs)
        load_checkpoint(built, weights, spec=config.model)
        return built.model.eval()


def load_run(folder: str | os.PathLike[str]) -> SavedRun:
    """Read the folder that `earlysieve train --out` or a benchmark wrote.

    Args:
        folder: of a finished run, with config.json and training.json.

    Returns:
        Its settings and figures; `SavedRun.model` builds its network.

    Raises:
        InputError: it is no folder of a finished run, or its configuration has a wrong field.
        DataError: a file of it is damaged.

    Example:
        >>> import tempfile
        >>> import earlysieve as es
        >>> network = {"input_shape": (50,), "widths": (4,)}
        >>> model = {"model": "earlysieve.networks:SmallMLP", "model_options": network}
        >>> data = {"latents": es.DataSplits("latents", options={"limit": 300}, training=model)}
        >>> protocol = es.Protocol(data, seeds=(0,), budget=es.Budget(epochs=2))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     result = es.benchmark(protocol, ["erm"], folder)
        ...     run = es.load_run(result.folder / result.lines[0].runs[0])
        ...     net = run.model()
        >>> run.config.method, run.config.seed, len(run.table)
        ('erm', 0, 2)
    """
    place = Path(folder)
    missing = [name for name in (CONFIG, HISTORY) if not (place / name).is_file()]
    if missing:
        raise InputError(
            f"Expected the folder of a finished run, but '{place}' has no {missing[0]}; give the "
            "--out of 'earlysieve train', or a folder below the runs/ of a benchmark"
        )
    found = read_object(place / HISTORY)
    history, best = found.get("history"), found.get("best_epoch")
    if not isinstance(history, list) or not all(isinstance(row, dict) for row in history):
        raise damaged(place / HISTORY, TypeError("no list of epochs"))
    return SavedRun(
        place,
        read_config(place / CONFIG),
        tuple(history),
        best if isinstance(best, int) else None,
        read_class_names(place / _WEIGHTS),
    )
