"""The published settings, and that they can be used as they are."""

import dataclasses

import pytest

from earlysieve import DebiasedDistillation
from earlysieve.distill import PRESETS, preset
from earlysieve.errors import InputError
from earlysieve.training import TrainConfig, build_optimizer, build_scheduler

from ..weighting.helpers import CLASSES, net, sgd

PUBLISHED = {
    "waterbirds": (0.05, 4.0, 1, 5e-4, 1e-1, 300, 64, "sgd", None),
    "celeba": (0.1, 3.5, 1, 5e-4, 1e-2, 60, 64, "sgd", None),
    "multinli": (0.2, 3.0, 2, 2e-5, 1e-2, 5, 32, "adamw", 1.0),
    "civilcomments": (0.05, 3.0, 1, 2e-5, 1e-2, 3, 24, "adamw", 1.0),
}


def test_values_are_those_of_the_paper() -> None:
    found = {
        name: (
            p.alpha,
            p.beta,
            p.stage,
            p.lr,
            p.weight_decay,
            p.epochs,
            p.batch_size,
            p.optimizer,
            p.clip_norm,
        )
        for name, p in PRESETS.items()
    }
    assert found == PUBLISHED
    assert {(p.temperature, p.kd_weight, p.reweight_every) for p in PRESETS.values()} == {(3, 1, 1)}


@pytest.mark.parametrize("name", PUBLISHED)
def test_presets_configure_a_run(name: str) -> None:
    chosen = preset(name)
    config = TrainConfig(**chosen.train_options())
    student = net(0)
    optimizer = build_optimizer(student.parameters(), config)
    assert (build_scheduler(optimizer, config, 10) is None) == (config.optimizer == "sgd")
    assert config.momentum == 0.9
    distiller = DebiasedDistillation(
        student,
        net(1),
        layer="early",
        num_classes=CLASSES,
        optimizer=sgd(student),
        num_examples=4,
        **chosen.method_options(),
    )
    assert distiller.settings["beta"] == chosen.beta


def test_presets_are_frozen_and_misspellings_are_named() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        preset("celeba").beta = 1.0  # type: ignore[misc]
    with pytest.raises(InputError, match="did you mean 'celeba'"):
        preset("celebA")
