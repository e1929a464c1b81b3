"""Layers, heads, precision, clipping, schedules, compilation: each as if it were alone."""

import copy
from typing import Any

import pytest
import torch
from torch import nn

from earlysieve import (
    ConvHead,
    FeatureSieve,
    ForgetSchedule,
    LinearHead,
    MLPHead,
    StatisticsHead,
    TokenHead,
)
from earlysieve.sieve.forgetting_loss import uniform_cross_entropy
from earlysieve.training import ERM

from .networks import CASES, bert, residual, vision_transformer
from .test_isolation import frozen, same

HEADS = {
    "linear": LinearHead(),
    "mlp": MLPHead(8),
    "statistics": StatisticsHead(),
    "conv": ConvHead(1, 8),
    "token": TokenHead(),
}
# Convolutions of half precision are slow on a CPU: there, one head stands for all.
MATRIX = [
    (name, head, autocast)
    for name in CASES
    for head in HEADS
    for autocast in (None, "bf16", "fp16")
    if autocast != "fp16" or (name != "residual" and head != "mlp") or head == "conv"
]
LAYERS = {
    "residual": ["stem", "early"],
    "vit": ["encoder.layers.encoder_layer_0", "encoder.layers.encoder_layer_1"],
    "bert": ["bert.embeddings", "bert.encoder.layer.0"],
}


def sgd(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)


def parameters(model: nn.Module) -> dict[str, torch.Tensor]:
    return frozen(dict(model.named_parameters()))


@pytest.mark.parametrize(("name", "head", "autocast"), MATRIX)
def test_every_head_learns_in_every_precision(name: str, head: str, autocast: Any) -> None:
    case = CASES[name]()
    sieve = FeatureSieve(
        case.model,
        case.layer,
        3,
        optimizer=sgd(case.model),
        readout=HEADS[head],
        forget_every=2,
        readout_lr=0.03,
        autocast=autocast,
    )
    batch = case.batch(0)
    logs = [sieve.step(batch) for _ in range(4)]
    assert logs[-1]["readout_loss"] < logs[0]["readout_loss"]
    assert ["forget_loss" in log for log in logs] == [True, False] * 2
    assert all(p.dtype == torch.float32 for p in sieve.readouts.parameters)
    assert all(p.dtype == torch.float32 for p in case.model.parameters())


@pytest.mark.parametrize("name", CASES)
def test_several_layers_at_once(name: str) -> None:
    case = CASES[name]()
    layers = LAYERS[name]
    sieve = FeatureSieve(case.model, layers, 3, optimizer=sgd(case.model), forget_lr=0.1)
    batch = case.batch(0)
    logs = sieve.step(batch)
    assert {f"readout_loss/{layer}" for layer in layers} <= set(logs)
    mean = sum(logs[f"readout_loss/{layer}"] for layer in layers) / 2
    assert logs["readout_loss"] == pytest.approx(mean)
    before = parameters(case.model)
    sieve.forget_step(batch)
    changed = {n for n, p in case.model.named_parameters() if not torch.equal(p, before[n])}
    assert changed
    assert changed <= before_the_last(name, case.model)


def before_the_last(name: str, model: nn.Module) -> set[str]:
    late = {
        "residual": ("late", "head"),
        "vit": ("encoder.ln", "heads"),
        "bert": ("bert.encoder.layer.1", "bert.pooler", "classifier"),
    }
    return {n for n, _ in model.named_parameters() if not n.startswith(late[name])}


def test_forgetting_of_several_layers_is_the_sum_of_their_steps() -> None:
    """By hand: theta - lr * d/dtheta [U_1 + U_2], each U the loss of its own readout."""
    case = residual()
    sieve = FeatureSieve(case.model, ["stem", "early"], 3, optimizer=sgd(case.model), forget_lr=0.1)
    batch = case.batch(0)
    sieve.step(batch)
    twin = copy.deepcopy(case.model)
    stem = twin.stem(batch.inputs)  # type: ignore[operator]
    early = twin.early(torch.relu(stem))  # type: ignore[operator]
    first, second = sieve.readouts.modules.values()
    loss = uniform_cross_entropy(first(stem, None)) + uniform_cross_entropy(second(early, None))
    wanted = [p for n, p in twin.named_parameters() if n.startswith(("stem", "early"))]
    gradients = torch.autograd.grad(loss, wanted)
    loss = loss.detach()
    logs = sieve.forget_step(batch)
    assert logs["forget_loss"] == pytest.approx(float(loss) / 2, rel=1e-5)
    found = [p for n, p in case.model.named_parameters() if n.startswith(("stem", "early"))]
    for ours, theirs, gradient in zip(found, wanted, gradients, strict=True):
        torch.testing.assert_close(ours, theirs - 0.1 * gradient)


@pytest.mark.parametrize(
    "options",
    [
        {"clip_norm": 0.1},
        {"accumulate": 3},
        {"autocast": "bf16"},
        {"autocast": "fp16", "clip_norm": 0.5},
        {"schedule": True},
        {"clip_norm": 0.1, "accumulate": 2, "autocast": "bf16", "schedule": True},
    ],
    ids=str,
)
@pytest.mark.parametrize("order", ["shared", "published"])
def test_the_main_update_is_that_of_plain_training_with_the_same_options(
    options: dict[str, Any], order: Any
) -> None:
    """On a network without buffers, whose published passes would move them."""
    case = vision_transformer()
    twin = copy.deepcopy(case.model)
    algorithms = []
    for model, make in ((case.model, FeatureSieve), (twin, ERM)):
        optimizer = sgd(model)
        given = {k: v for k, v in options.items() if k != "schedule"}
        if "schedule" in options:
            given["scheduler"] = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
        if make is ERM:
            algorithms.append(ERM(model, optimizer, **given))
        else:
            with pytest.warns(UserWarning, match="never forgets"):
                algorithms.append(
                    FeatureSieve(
                        model,
                        case.layer,
                        3,
                        optimizer=optimizer,
                        forget_every=0,
                        order=order,
                        **given,
                    )
                )
    for algorithm in algorithms:
        for seed in range(5):
            algorithm.step(case.batch(seed))
        algorithm.end_epoch()
    assert same(parameters(case.model), parameters(twin))


def test_clipping_and_schedules_leave_forgetting_alone() -> None:
    """The step size of forgetting is forget_lr, however small the main update is made."""
    moved = []
    for options in ({}, {"clip_norm": 1e-6}, {"schedule": True}):
        case = residual()
        optimizer = torch.optim.SGD(case.model.parameters(), lr=0.0)
        if options.pop("schedule", None):
            options["scheduler"] = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.1)
        sieve = FeatureSieve(
            case.model, case.layer, 3, optimizer=optimizer, forget_every=1, **options
        )
        for seed in range(3):
            sieve.step(case.batch(seed))
        moved.append(parameters(case.model))
    assert same(moved[0], moved[1])
    assert same(moved[0], moved[2])


def test_forgetting_lr_zero_is_plain_training_with_dropout_too() -> None:
    case = residual(dropout=0.0)
    case.model.stem.append(nn.Dropout(0.3))  # type: ignore[operator, union-attr]
    twin = copy.deepcopy(case.model)
    with pytest.warns(UserWarning, match="never forgets"):
        sieve = FeatureSieve(
            case.model, case.layer, 3, optimizer=sgd(case.model), forget_every=1, forget_lr=0.0
        )
    plain = ERM(twin, sgd(twin))
    for algorithm in (sieve, plain):
        torch.manual_seed(3)
        for seed in range(3):
            algorithm.step(case.batch(seed))
    assert same(frozen(dict(case.model.state_dict())), frozen(dict(twin.state_dict())))


@pytest.mark.parametrize("how", ["wrapped", "in place", "a part"])
def test_a_compiled_model_is_sieved_as_the_plain_one(how: str) -> None:
    results = []
    for compiled in (False, True):
        case = residual()
        model = case.model
        if compiled and how == "wrapped":
            model = torch.compile(case.model, backend="eager")  # type: ignore[assignment]
        elif compiled and how == "in place":
            case.model.compile(backend="eager")
        elif compiled:
            case.model.late = torch.compile(case.model.late, backend="eager")  # type: ignore
        sieve = FeatureSieve(model, case.layer, 3, optimizer=sgd(case.model), forget_every=2)
        for seed in range(3):
            sieve.step(case.batch(seed))
        results.append(list(frozen(dict(case.model.state_dict())).values()))
    assert same(*results)


def test_readout_steps_are_updates_on_the_same_activations() -> None:
    case, other = residual(), residual()
    thrice = FeatureSieve(case.model, case.layer, 3, readout_steps=3)
    once = FeatureSieve(other.model, other.layer, 3)
    first = thrice.readout_step(case.batch(0))
    logs = [once.readout_step(case.batch(0)) for _ in range(3)]
    assert first == logs[0]
    assert same(frozen(thrice.readouts.state_dict()), frozen(once.readouts.state_dict()))


def test_several_forget_steps_in_a_row() -> None:
    case, other = residual(), residual()
    schedule = ForgetSchedule(2, repeats=3)
    sieve = FeatureSieve(case.model, "early", 3, optimizer=sgd(case.model), forget_every=schedule)
    twin = FeatureSieve(other.model, "early", 3, optimizer=sgd(other.model), forget_every=2)
    batch = case.batch(0)
    sieve.step(batch)
    twin.step(batch)
    for _ in range(2):
        twin.forget_step(batch)
    assert same(parameters(case.model), parameters(other.model))


@pytest.mark.parametrize("make", [bert, residual])
def test_a_frozen_and_a_thawed_early_layer(make: Any) -> None:
    case = make()
    part = "embeddings" if make is bert else "stem"
    chosen = {n: p for n, p in case.model.named_parameters() if part in n}
    sieve = FeatureSieve(case.model, case.layer, 3, optimizer=sgd(case.model), forget_lr=0.1)
    for p in chosen.values():
        p.requires_grad = False
    sieve.step(case.batch(0))
    kept = frozen(dict(chosen))
    sieve.forget_step(case.batch(0))
    assert same(kept, frozen(dict(chosen)))
    for p in chosen.values():
        p.requires_grad = True
    sieve.forget_step(case.batch(0))
    assert not same(kept, frozen(dict(chosen)))
