"""Forgetting off is plain training; both orders agree; accumulated and resumed runs agree."""

import copy
import warnings
from typing import Any

import pytest
import torch

from earlysieve import FeatureSieve, ForgetSchedule
from earlysieve.training import ERM

from .networks import CASES, Case, residual
from .test_isolation import frozen, same


def off(case: Case, **settings: Any) -> FeatureSieve:
    optimizer = torch.optim.SGD(case.model.parameters(), lr=0.1, momentum=0.9)
    with pytest.warns(UserWarning, match="never forgets"):
        return FeatureSieve(
            case.model, case.layer, 3, optimizer=optimizer, forget_every=0, **settings
        )


@pytest.mark.parametrize("name", [*CASES, "dropout"])
def test_forgetting_off_equals_plain_training(name: str) -> None:
    case = residual(dropout=0.3) if name == "dropout" else CASES[name]()
    twin = copy.deepcopy(case.model)
    sieve = off(case)
    plain = ERM(twin, torch.optim.SGD(twin.parameters(), lr=0.1, momentum=0.9))
    torch.manual_seed(1)
    for seed in range(4):
        sieve.step(case.batch(seed))
    random = torch.get_rng_state()
    torch.manual_seed(1)
    for seed in range(4):
        plain.step(case.batch(seed))
    assert same(frozen(dict(case.model.state_dict())), frozen(dict(twin.state_dict())))
    assert torch.equal(random, torch.get_rng_state())


@pytest.mark.parametrize("name", CASES)
def test_both_orders_give_the_same_parameters_with_forgetting_off(name: str) -> None:
    shared, published = CASES[name](), CASES[name]()
    one, two = off(shared), off(published, order="published")
    for seed in range(3):
        one.step(shared.batch(seed))
        two.step(published.batch(seed))
    left, right = dict(shared.model.named_parameters()), dict(published.model.named_parameters())
    assert all(torch.equal(left[key], right[key]) for key in left)


@pytest.mark.parametrize("order", ["shared", "published"])
@pytest.mark.parametrize("stop", [1, 2, 3])
def test_resuming_equals_going_on(order: Any, stop: int) -> None:
    def start() -> tuple[Case, FeatureSieve]:
        case = residual()
        optimizer = torch.optim.AdamW(case.model.parameters(), lr=1e-2)
        return case, FeatureSieve(
            case.model,
            case.layer,
            3,
            optimizer=optimizer,
            forget_every=2,
            order=order,
            accumulate=2 if order == "shared" else 1,
        )

    case, whole = start()
    for seed in range(6):
        whole.step(case.batch(seed))
    first_case, first = start()
    for seed in range(stop):
        first.step(first_case.batch(seed))
    kept = frozen(first.state_dict()), frozen(dict(first_case.model.state_dict()))
    second_case, second = start()
    second_case.model.load_state_dict(kept[1])
    second.load_state_dict(kept[0])
    for seed in range(stop, 6):
        second.step(second_case.batch(seed))
    assert same(frozen(whole.state_dict()), frozen(second.state_dict()))
    assert same(frozen(dict(case.model.state_dict())), frozen(dict(second_case.model.state_dict())))


def test_after_step_equals_shared_step_for_the_readout_and_forgetting() -> None:
    """A main update made elsewhere, then `after_step`: same early update from the same readout."""
    case = residual()
    optimizer = torch.optim.SGD(case.model.parameters(), lr=0.1)
    sieve = FeatureSieve(case.model, case.layer, 3, optimizer=optimizer, forget_every=2)
    due = []
    for seed in range(4):
        sieve.main_step(case.batch(seed))
        due.append("forget_loss" in sieve.after_step(case.batch(seed)))
    assert due == [True, False, True, False]


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (ForgetSchedule(3), [1, 0, 0, 1, 0, 0, 1]),
        (ForgetSchedule(2, warmup=3), [0, 0, 0, 0, 1, 0, 1]),
        (ForgetSchedule(3, repeats=2), [2, 0, 0, 2, 0, 0, 2]),
        (ForgetSchedule(0), [0, 0, 0, 0, 0, 0, 0]),
    ],
)
def test_schedule_by_step(schedule: ForgetSchedule, expected: list[int]) -> None:
    assert [schedule.due(step, 0) for step in range(7)] == expected


def test_schedule_by_epoch() -> None:
    schedule = ForgetSchedule(2, warmup=1, unit="epoch")
    assert [schedule.due(9, epoch) for epoch in range(5)] == [0, 0, 1, 0, 1]


def test_accumulation_forgets_only_after_optimiser_steps() -> None:
    case = residual()
    optimizer = torch.optim.SGD(case.model.parameters(), lr=0.1)
    sieve = FeatureSieve(
        case.model, case.layer, 3, optimizer=optimizer, forget_every=1, accumulate=3
    )
    due = ["forget_loss" in sieve.step(case.batch(seed)) for seed in range(6)]
    assert due == [False, False, True, False, False, True]


def test_no_warning_where_the_schedule_forgets() -> None:
    case = residual()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        optimizer = torch.optim.SGD(case.model.parameters(), lr=0.1)
        FeatureSieve(case.model, case.layer, 3, optimizer=optimizer)
