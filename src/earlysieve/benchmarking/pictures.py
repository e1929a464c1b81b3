"""Where networks of several methods look, on validation images that the plain one gets wrong."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from earlysieve._arrays import Ints
from earlysieve.attribution.rows import heat_rows
from earlysieve.benchmarking.arms import PLAIN
from earlysieve.benchmarking.lines import Line
from earlysieve.benchmarking.one_groups import trained_model
from earlysieve.datasets.opened_data import OpenedData, opened
from earlysieve.groups.classes import class_name
from earlysieve.model.batch import Inputs, call_model, inputs_to, logits_of
from earlysieve.model.precision import match_precision
from earlysieve.model.state import device_of, looking_at, preserved_rng
from earlysieve.report.sections import Tile, picture_grid
from earlysieve.runs.train_data import open_parts
from earlysieve.runs.train_run import WEIGHTS_NAME
from earlysieve.training import evaluate, read_config

if TYPE_CHECKING:
    from markupsafe import Markup

    from earlysieve.training import TrainConfig

MOST_ROWS, MOST_METHODS = 6, 4


def grid_of_pictures(lines: Sequence[Line], out: Path) -> "Markup | None":
    """Input, plain and methods side by side, for the first seed that plain training has.

    Args:
        lines: of one data set, the best methods first.
        out: folder of the results.

    Returns:
        None for texts and tables, or where Grad-CAM cannot be made: pictures are an extra, and
        never cost a result.
    """
    plain = next((line for line in lines if line.name == PLAIN and line.by_seed), None)
    if plain is None:
        return None
    seed = min(plain.by_seed)
    others = [line for line in lines if line.name != PLAIN and seed in line.by_seed]
    shown = [plain, *others[:MOST_METHODS]]
    try:
        with preserved_rng(), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            rows = _rows({line.name: out / line.runs[seed] for line in shown})
    except Exception:  # noqa: BLE001 - networks, data sets and pictures of users may raise anything
        return None
    if not rows:
        return None
    caption = (
        f"Where each network looked for the true class (Grad-CAM) and what it said; seed {seed}, "
        "the first validation images of each class that plain training gets wrong"
    )
    return picture_grid(("input", *(line.name for line in shown)), rows, caption=caption)


def _rows(runs: Mapping[str, Path]) -> list[tuple[str, list[Tile]]]:
    config = read_config(runs[PLAIN] / "config.json")
    parts = open_parts(config, progress=False)
    data = opened(parts.validation)
    models = {name: _model(place, config, parts) for name, place in runs.items()}
    chosen = _wrong(models[PLAIN], data, config)
    if not data.has_random_access or not len(chosen):
        return []
    shown = [data.display(int(index)) for index in chosen]
    if any(picture is None or isinstance(picture, str) for picture in shown):
        return []
    batch = data.examples(chosen.tolist())
    device = device_of(models[PLAIN])
    inputs = inputs_to(match_precision(models[PLAIN], batch.inputs), device)
    pictures = heat_rows(list(models.values()), inputs, batch.labels.to(device), shown)
    answers = {name: _answers(model, inputs) for name, model in models.items()}
    return [
        _row(data, int(index), int(batch.labels[k]), {n: a[k] for n, a in answers.items()}, row)
        for k, (index, row) in enumerate(zip(chosen, pictures, strict=True))
    ]


def _row(
    data: OpenedData, index: int, label: int, said: Mapping[str, int], pictures: Sequence[bytes]
) -> tuple[str, list[Tile]]:
    names = data.class_names
    truth, (name,) = class_name(label, names), data.ids([index])
    tiles = [Tile(pictures[0], f"Example {name}, labelled {truth}")]
    for (method, answer), picture in zip(said.items(), pictures[1:], strict=True):
        mark = "✓" if answer == label else "✗"
        alt = f"Example {name}: where {method} looks"
        tiles.append(Tile(picture, alt, f"{mark} {class_name(answer, names)}"))
    return truth, tiles


def _model(place: Path, config: "TrainConfig", parts: Any) -> nn.Module:
    return trained_model(place / WEIGHTS_NAME, config, parts)


def _wrong(model: nn.Module, data: OpenedData, config: "TrainConfig") -> Ints:
    """The first examples that a model gets wrong, all classes in turn."""
    found = evaluate(model, data.data, batch_size=2 * config.batch_size, keep_logits=True)
    if found.logits is None or found.labels is None:
        return torch.empty(0, dtype=torch.int64).numpy()
    wrong = torch.nonzero(found.logits.argmax(1) != found.labels)[:, 0]
    seen: dict[int, int] = {}
    turns = []
    for index in wrong.tolist():
        label = int(found.labels[index])
        turns.append((seen.get(label, 0), index))
        seen[label] = seen.get(label, 0) + 1
    chosen = [index for _, index in sorted(turns)[:MOST_ROWS]]
    return torch.tensor(chosen, dtype=torch.int64).numpy()


def _answers(model: nn.Module, inputs: Inputs) -> list[int]:
    with torch.no_grad():
        logits = looking_at(lambda: logits_of(call_model(model, inputs)), model)
    numbers: list[int] = logits.argmax(1).tolist()
    return numbers
