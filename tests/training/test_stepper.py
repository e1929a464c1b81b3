"""Plain training by hand, and the seam for precision, clipping and accumulation."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.optim.lr_scheduler import ReduceLROnPlateau, StepLR

from earlysieve.errors import CheckpointError, InputError, TrainingError
from earlysieve.model.batch import Batch
from earlysieve.training import ERM, NonFiniteLossError, Stepper

from .helpers import difference, network


def quadratic(value=3.0, **options):
    """The loss w^2 / 2, whose gradient is w; SGD with rate 0.1."""
    w = nn.Parameter(torch.tensor([value]))
    return w, Stepper(torch.optim.SGD([w], lr=0.1), **options)


def data(seed=0, size=8):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(size, 4, generator=generator)
    return x, torch.randint(0, 2, (size,), generator=generator)


def test_sgd_by_hand():
    # Logits (0, 0): softmax (1/2, 1/2), so the gradient of the logits is (-1/2, 1/2) / B.
    model = nn.Linear(1, 2, bias=False)
    nn.init.zeros_(model.weight)
    erm = ERM(model, torch.optim.SGD(model.parameters(), lr=1.0))
    logs = erm.step(Batch(torch.tensor([[2.0], [4.0]]), torch.tensor([0, 0])))
    assert logs == {"loss": pytest.approx(0.6931472), "accuracy": 1.0}
    assert torch.equal(model.weight, torch.tensor([[1.5], [-1.5]]))  # 1/2 * (2 + 4) / 2


@pytest.mark.parametrize("name", ["SGD", "AdamW"])
def test_defaults_equal_the_plain_three_lines_bit_for_bit(name):
    options = {"lr": 0.1, "momentum": 0.9} if name == "SGD" else {"lr": 0.1}
    plain, ours = network(), network()
    optimizer = getattr(torch.optim, name)(plain.parameters(), **options)
    erm = ERM(ours, getattr(torch.optim, name)(ours.parameters(), **options))
    torch.manual_seed(1)
    for seed in range(5):
        x, y = data(seed)
        optimizer.zero_grad()
        F.cross_entropy(plain(x), y).backward()
        optimizer.step()
    after = torch.get_rng_state()
    torch.manual_seed(1)
    for seed in range(5):
        erm.step(Batch(*data(seed)))
    assert torch.equal(after, torch.get_rng_state())
    assert difference(dict(ours.state_dict()), dict(plain.state_dict())) is None
    state = erm.stepper.optimizer.state_dict()
    assert difference(state, optimizer.state_dict()) is None


def test_a_loss_per_example_is_averaged():
    model, other = network(), network()
    erm = ERM(
        model,
        torch.optim.SGD(model.parameters(), lr=0.1),
        loss=lambda logits, labels: F.cross_entropy(logits, labels, reduction="none"),
    )
    plain = ERM(other, torch.optim.SGD(other.parameters(), lr=0.1))
    for algorithm in (erm, plain):
        torch.manual_seed(0)
        algorithm.step(Batch(*data()))
    torch.testing.assert_close(dict(model.state_dict()), dict(other.state_dict()))
    wrong = ERM(
        model, torch.optim.SGD(model.parameters(), lr=0.1), loss=lambda logits, labels: logits
    )
    with pytest.raises(InputError, match=r"one value for each of 8 examples, but got shape \(8, 2"):
        wrong.step(Batch(*data()))


def test_labels_out_of_range_are_named():
    model = network()
    erm = ERM(model, torch.optim.SGD(model.parameters(), lr=0.1))
    message = (
        "Expected labels from 0 to 1, as the model returns 2 logits or a single one, but got 2; "
        "check the class numbering, or give the model one output per class"
    )
    with pytest.raises(InputError, match=f"^{message}$"):
        erm.step(Batch(torch.zeros(2, 4), torch.tensor([0, 2])))
    with pytest.raises(InputError, match="but got -1;"):
        erm.step(Batch(torch.zeros(2, 4), torch.tensor([0, -1])))


def test_clipping_by_hand():
    w, stepper = quadratic(3.0, clip_norm=1.0)
    assert stepper.backward_and_step((w**2 / 2).sum())
    assert w.item() == pytest.approx(2.9, abs=1e-5)  # the gradient 3 was cut to 1


def test_accumulation_averages_micro_batches():
    w, stepper = quadratic(0.0, accumulate=2)
    assert not stepper.backward_and_step((w * 1.0).sum())
    assert w.item() == 0.0
    assert stepper.pending == 1
    assert stepper.backward_and_step((w * 3.0).sum())
    assert w.item() == pytest.approx(-0.2)  # rate 0.1, mean gradient 2


def test_flush_averages_over_what_waits():
    w, stepper = quadratic(0.0, accumulate=4)
    stepper.backward_and_step((w * 1.0).sum())
    stepper.backward_and_step((w * 3.0).sum())
    assert stepper.flush()
    assert w.item() == pytest.approx(-0.2)
    assert not stepper.flush()


def test_steppers_that_share_parameters_do_not_mix_their_gradients():
    w, first = quadratic(0.0, accumulate=2)
    second = Stepper(torch.optim.SGD([w], lr=1.0))
    first.backward_and_step((w * 1.0).sum())
    second.backward_and_step((w * 10.0).sum())
    assert w.item() == -10.0
    first.backward_and_step((w * 3.0).sum())
    assert w.item() == pytest.approx(-10.2)


def test_gradients_that_wait_are_safe_from_losses_of_other_steppers():
    w, first = quadratic(0.0, accumulate=2)
    v, second = quadratic(1.0)
    first.backward_and_step((w * 1.0).sum())
    second.backward_and_step((w * v * 100.0).sum())  # adds to the gradient of w, too
    first.backward_and_step((w * 3.0).sum())
    assert w.item() == pytest.approx(-0.2)


def test_inputs_limit_where_gradients_go():
    w, stepper = quadratic(1.0)
    other = nn.Parameter(torch.ones(1))
    stepper.backward_and_step((w * other).sum(), inputs=[w])
    assert other.grad is None
    assert w.item() == pytest.approx(0.9)


def test_the_scheduler_steps_with_the_optimizer():
    w = nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([w], lr=1.0)
    stepper = Stepper(optimizer, accumulate=2, scheduler=StepLR(optimizer, 1, gamma=0.5))
    rates = []
    for _ in range(4):
        stepper.backward_and_step((w * 1.0).sum())
        rates.append(optimizer.param_groups[0]["lr"])
    assert rates == [1.0, 0.5, 0.5, 0.25]


def test_bf16_reaches_the_network_and_leaves_the_parameters_alone():
    model, seen = network(), []
    model[0].register_forward_hook(lambda _m, _i, output: seen.append(output.dtype))
    erm = ERM(model, torch.optim.SGD(model.parameters(), lr=0.1), autocast="bf16")
    before = model[0].weight.detach().clone()
    logs = erm.step(Batch(*data()))
    assert seen == [torch.bfloat16]
    assert model[0].weight.dtype == torch.float32
    assert not torch.equal(before, model[0].weight)
    assert logs["loss"] > 0


def test_fp16_scales_the_loss_and_skips_steps_that_overflow():
    w = nn.Parameter(torch.ones(1))
    optimizer = torch.optim.SGD([w], lr=0.1)
    stepper = Stepper(optimizer, autocast="fp16", scheduler=StepLR(optimizer, 1, gamma=0.5))
    assert not stepper.backward_and_step((w * 1e35).sum())  # 1e35 times the scale 2^16 overflows
    assert w.item() == 1.0
    assert optimizer.param_groups[0]["lr"] == 0.1
    assert stepper.backward_and_step((w**2 / 2).sum())
    assert w.item() == pytest.approx(0.9)
    assert optimizer.param_groups[0]["lr"] == 0.05


def test_fp16_clips_the_gradient_and_not_its_scaled_copy():
    w, stepper = quadratic(3.0, clip_norm=1.0, autocast="fp16")
    assert stepper.backward_and_step((w**2 / 2).sum())
    assert w.item() == pytest.approx(2.9, abs=1e-5)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_changes_nothing(value):
    w, stepper = quadratic(1.0)
    message = (
        rf"^Expected a finite loss, but got {value}; lower the learning rate or set clip_norm$"
    )
    with pytest.raises(NonFiniteLossError, match=message):
        stepper.backward_and_step((w * value).sum())
    assert w.item() == 1.0
    assert w.grad is None


def test_a_frozen_model_is_named():
    model = network()
    erm = ERM(model, torch.optim.SGD(model.parameters(), lr=0.1))
    model.requires_grad_(False)
    with pytest.raises(TrainingError, match="unfreeze at least one layer"):
        erm.step(Batch(*data()))


def test_state_goes_on_in_the_middle_of_an_accumulation():
    w, first = quadratic(0.0, accumulate=2)
    first.backward_and_step((w * 1.0).sum())
    v, second = quadratic(0.0, accumulate=2)
    second.load_state_dict(first.state_dict())
    for parameter, stepper in ((w, first), (v, second)):
        stepper.backward_and_step((parameter * 3.0).sum())
    assert w.item() == v.item() == pytest.approx(-0.2)


def test_the_state_of_another_optimizer_is_refused():
    w, stepper = quadratic()
    adam = Stepper(torch.optim.Adam([w], lr=0.1))
    message = "^Expected the state of the optimiser SGD, but got that of Adam; go on with the opti"
    with pytest.raises(CheckpointError, match=message):
        stepper.load_state_dict(adam.state_dict())
    two = Stepper(torch.optim.SGD([w, nn.Parameter(torch.ones(1))], lr=0.1))
    with pytest.raises(CheckpointError, match="over 1 parameters, but got one over others"):
        stepper.load_state_dict(two.state_dict())
    scheduled = Stepper(stepper.optimizer, scheduler=StepLR(stepper.optimizer, 1))
    with pytest.raises(CheckpointError, match="without a scheduler, but got one with; go on"):
        stepper.load_state_dict(scheduled.state_dict())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"clip_norm": 0.0}, "Expected clip_norm to be a number above 0, or None, but got 0.0"),
        ({"accumulate": 0}, "Expected accumulate to be at least 1, but got 0"),
        ({"autocast": "int8"}, "Expected autocast to be 'bf16', 'fp16' or None, but got 'int8'"),
        ({"autocast": torch.float64}, "but got torch.float64"),
    ],
)
def test_settings_out_of_range_are_named(options, message):
    with pytest.raises(InputError, match=message):
        quadratic(**options)


def test_a_scheduler_that_needs_a_metric_is_refused():
    _, stepper = quadratic()
    with pytest.raises(InputError, match="but got ReduceLROnPlateau"):
        Stepper(stepper.optimizer, scheduler=ReduceLROnPlateau(stepper.optimizer))
