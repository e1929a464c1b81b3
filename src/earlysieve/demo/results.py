"""Train an arm, audit what it gives, and count where it is right."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from numpy.typing import ArrayLike
from torch import nn

from earlysieve.auditing.audit import audit
from earlysieve.auditing.result import AuditResult
from earlysieve.demo.arms import CONFIG, Arm, train
from earlysieve.demo.data import CORRELATION, DemoData, Settings
from earlysieve.networks.small import small_cnn
from earlysieve.training import evaluate

MODEL = "earlysieve.networks:small_cnn"


@dataclass(frozen=True)
class ArmResult:
    """What became of an arm; accuracies in [0, 1], on the balanced digits.

    Attributes:
        arm: how it was trained.
        model: the network.
        audit: of the network.
        accuracy_holds: where the colour tells the digit.
        accuracy_fails: where it misleads.
        weights: of the training examples in each epoch, for a method that weights them.
    """

    arm: Arm
    model: nn.Module
    audit: AuditResult
    accuracy_holds: float
    accuracy_fails: float
    weights: Sequence[ArrayLike] | None = None


def run_arm(arm: Arm, data: DemoData, settings: Settings, tell: Callable[[str], None]) -> ArmResult:
    """Train a network by one arm, and look at it."""
    model = small_cnn(data.train.num_classes, seed=settings.seed)
    # Convolutions with few channels are about a quarter faster on a CPU in this layout.
    model.to(memory_format=torch.channels_last)
    tell(f"Training a small network for {settings.epochs} epochs: {arm.title}.")
    weights = train(arm, model, data, settings)
    tell(f"Auditing it on {len(data.held_out):,} other digits, coloured likewise.")
    found = audit(
        model,
        data.held_out,
        seed=settings.seed,
        progress=settings.progress,
        seen_in_training=False,
    )
    return looked_at(arm, model, found, data, settings, weights)


def looked_at(
    arm: Arm,
    model: nn.Module,
    found: AuditResult,
    data: DemoData,
    settings: Settings,
    weights: Sequence[ArrayLike] | None = None,
) -> ArmResult:
    """An arm's network with its audit, to which it is noted how to repeat it, and accuracies."""
    noted = replace(found, config={**found.config, **record(arm, data, settings)})
    return ArmResult(arm, model, noted, *_accuracies(model, data), weights)


def _accuracies(model: nn.Module, data: DemoData) -> tuple[float, float]:
    """Mean over the classes where the colour tells the digit, and where it misleads."""
    found = evaluate(model, data.balanced).group_accuracy
    accuracies = [found[group] for group in sorted(found)]
    holds, fails = accuracies[0::2], accuracies[1::2]
    return sum(holds) / len(holds), sum(fails) / len(fails)


def record(arm: Arm, data: DemoData, settings: Settings) -> dict[str, Any]:
    """How an audit of an arm's network is repeated, and what it is of."""
    limit = "" if settings.limit is None else f" --limit {settings.limit}"
    return {
        "command": f"earlysieve demo --seed {settings.seed} --epochs {settings.epochs}{limit}",
        "model": f"{MODEL}, {arm.title}",
        "data": f"held-out digits, coloured: the colour tells the digit for {CORRELATION:.0%}",
        "training": {"digits": len(data.train), "epochs": settings.epochs, "lr": CONFIG.lr},
    }
