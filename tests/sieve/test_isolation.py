"""The three updates touch only what is theirs, bit for bit."""

from typing import Any

import pytest
import torch
from torch import nn

from earlysieve import FeatureSieve
from earlysieve.readouts.heads import ConvHead, LinearHead, MLPHead, StatisticsHead, TokenHead

from .networks import CASES, Case, residual


def make(case: Case, **settings: Any) -> FeatureSieve:
    optimizer = torch.optim.SGD(case.model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-3)
    return FeatureSieve(case.model, case.layer, 3, optimizer=optimizer, **settings)


def frozen(state: Any) -> Any:
    """A deep copy of nested state."""
    if isinstance(state, torch.Tensor):
        return state.detach().clone()
    if isinstance(state, dict):
        return {key: frozen(value) for key, value in state.items()}
    return [frozen(value) for value in state] if isinstance(state, list | tuple) else state


def same(left: Any, right: Any) -> bool:
    if isinstance(left, torch.Tensor):
        return torch.equal(left, right)
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[k], right[k]) for k in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)


def snapshot(sieve: FeatureSieve) -> dict[str, Any]:
    return {
        "model": frozen(dict(sieve.model.state_dict())),
        "gradients": [frozen(p.grad) for p in sieve.model.parameters()],
        "optimizer": frozen(sieve.stepper.optimizer.state_dict()),
        "readouts": frozen({n: dict(m.state_dict()) for n, m in sieve.readouts.modules.items()}),
        "readout_optimizer": frozen(sieve.readouts.optimizer.state_dict()),
    }


def early_names(case: Case) -> set[str]:
    """Parameters before the cut, by hand."""
    if case.layer == "early":
        return {n for n, _ in case.model.named_parameters() if n.startswith(("stem", "early"))}
    late = ("encoder_layer_1", "encoder.ln", "heads", "layer.1.", "pooler", "classifier")
    return {n for n, _ in case.model.named_parameters() if not any(part in n for part in late)}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize(
    "head", [LinearHead(), MLPHead(8), StatisticsHead(), ConvHead(2, 8), TokenHead()]
)
def test_readout_step_changes_only_the_readout(name: str, head: Any) -> None:
    case = CASES[name]()
    sieve = make(case, readout=head)
    sieve.step(case.batch(0))
    before, random = snapshot(sieve), torch.get_rng_state()
    sieve.readout_step(case.batch(1))
    after = snapshot(sieve)
    for key in ("model", "gradients", "optimizer"):
        assert same(before[key], after[key]), key
    assert not same(before["readouts"], after["readouts"])
    assert torch.equal(random, torch.get_rng_state())


@pytest.mark.parametrize("name", CASES)
def test_gradient_of_the_readout_loss_before_the_layer_is_zero(name: str) -> None:
    case = CASES[name]()
    sieve = make(case)
    batch = case.batch(0)
    sieve.prepare(batch)
    activations = sieve._main.step(batch, sieve.layers).activations
    losses, _ = sieve.readouts.identify(activations, batch.mask, batch.labels)
    total = torch.stack(list(losses.values())).sum()
    gradients = torch.autograd.grad(total, list(case.model.parameters()), allow_unused=True)
    assert all(gradient is None for gradient in gradients)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("head", [LinearHead(), ConvHead(1, 8)])
def test_forget_step_changes_only_parameters_before_the_layer(name: str, head: Any) -> None:
    case = CASES[name]()
    sieve = make(case, readout=head, forget_lr=0.1)
    sieve.step(case.batch(0))
    before = snapshot(sieve)
    sieve.forget_step(case.batch(1))
    after = snapshot(sieve)
    for key in ("gradients", "optimizer", "readouts", "readout_optimizer"):
        assert same(before[key], after[key]), key
    changed = {k for k, v in before["model"].items() if not torch.equal(v, after["model"][k])}
    expected = early_names(case)
    # Not every early parameter has a gradient other than zero: rows of unseen tokens, say.
    assert changed
    assert changed <= expected
    parameters = {id(p): n for n, p in case.model.named_parameters()}
    plan = sieve._early.plan
    assert plan is not None
    assert {parameters[id(p)] for p in plan.early} == expected


def test_forget_step_moves_batchnorm_statistics_only_when_asked() -> None:
    def moved(update: bool) -> bool:
        case = residual()
        sieve = make(case, update_statistics=update)
        sieve.prepare(case.batch(0))
        before = {n: b.clone() for n, b in case.model.named_buffers()}
        sieve.forget_step(case.batch(0))
        return any(not torch.equal(before[n], b) for n, b in case.model.named_buffers())

    assert not moved(False)
    assert moved(True)


def test_a_user_frozen_layer_stays_frozen() -> None:
    case = residual()
    assert isinstance(case.model, nn.Module)
    for parameter in case.model.stem.parameters():  # type: ignore[union-attr]
        parameter.requires_grad = False
    kept = frozen(dict(case.model.stem.named_parameters()))  # type: ignore[union-attr]
    sieve = make(case, forget_every=1, forget_lr=0.1)
    for seed in range(3):
        sieve.step(case.batch(seed))
    assert same(kept, frozen(dict(case.model.stem.named_parameters())))  # type: ignore[union-attr]


def test_preparing_leaves_no_trace() -> None:
    case = residual(dropout=0.5)
    sieve = make(case)
    before, random = frozen(dict(case.model.state_dict())), torch.get_rng_state()
    sieve.prepare(case.batch(0))
    assert same(before, frozen(dict(case.model.state_dict())))
    assert torch.equal(random, torch.get_rng_state())
    assert all(module.training for module in case.model.modules())
    assert not any(module._forward_hooks for module in case.model.modules())
