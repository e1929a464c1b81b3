"""Networks that share, skip, overwrite or replace things."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from earlysieve import Batch, FeatureSieve, LinearHead
from earlysieve.errors import InputError, LayerError, TrainingError
from earlysieve.model.buffers import kept_buffers
from earlysieve.training.algorithm import NonFiniteLossError

from .test_isolation import frozen, same


def seeded(make: Any) -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return make().train()


def vectors(seed: int = 0, dtype: torch.dtype = torch.float32) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(16, 4, generator=generator).to(dtype)
    return Batch(x, torch.randint(0, 3, (16,), generator=generator))


def sgd(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD(model.parameters(), lr=0.1)


class Tied(nn.Module):
    """Token embeddings that score the output as well, as module or by use of their weight."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.embed = nn.Embedding(6, 8)
        self.early = nn.Linear(8, 8)
        self.late = nn.Linear(8, 8)
        self.how = how
        if how == "module":
            self.score = nn.Linear(8, 6, bias=False)
            self.score.weight = self.embed.weight

    def forward(self, tokens: Tensor) -> Tensor:
        hidden = torch.relu(self.late(torch.relu(self.early(self.embed(tokens)))).mean(1))
        if self.how == "module":
            return self.score(hidden)
        return functional.linear(hidden, self.embed.weight)


@pytest.mark.parametrize("how", ["module", "function"])
def test_weights_used_again_after_the_layer_are_not_forgotten_from(how: str) -> None:
    model = seeded(lambda: Tied(how))
    sieve = FeatureSieve(model, "early", 6, optimizer=sgd(model), forget_lr=0.1)
    generator = torch.Generator().manual_seed(0)
    tokens = torch.randint(0, 6, (8, 5), generator=generator)
    batch = Batch(tokens, tokens[:, 0])
    sieve.step(batch)
    before = frozen(dict(model.named_parameters()))
    sieve.forget_step(batch)
    changed = {n for n, p in model.named_parameters() if not torch.equal(p, before[n])}
    assert changed == {"early.weight", "early.bias"}


def test_only_tied_weights_before_the_layer_are_none() -> None:
    model = seeded(lambda: Tied("function"))
    tokens = torch.arange(6)[:, None].repeat(1, 3)
    with pytest.raises(LayerError, match="^Expected trainable parameters before layer 'embed', "):
        FeatureSieve(model, "embed", 6, optimizer=sgd(model)).step(Batch(tokens, tokens[:, 0]))


class Experts(nn.Module):
    """Runs one of its experts, by the sign of the batch's mean."""

    def __init__(self) -> None:
        super().__init__()
        self.low, self.high, self.last = nn.Linear(4, 5), nn.Linear(4, 5), nn.Linear(5, 3)
        self.gate = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        chosen = self.low if bool(x.mean() < 0) else self.high
        return self.last(torch.relu(self.gate(chosen(x))))


@pytest.mark.parametrize("order", ["shared", "published"])
def test_parameters_that_a_batch_does_not_involve(order: Any) -> None:
    model = seeded(Experts)
    sieve = FeatureSieve(
        model, "gate", 3, optimizer=sgd(model), forget_every=1, forget_lr=0.1, order=order
    )
    labels = torch.tensor([0, 1, 2, 0])
    low, high = Batch(-torch.ones(4, 4), labels), Batch(torch.ones(4, 4), labels)
    sieve.step(low)
    for batch, used, unused in ((low, "low", "high"), (high, "high", "low")):
        before = frozen(dict(model.named_parameters()))
        sieve.forget_step(batch)
        after = dict(model.named_parameters())
        assert torch.equal(before[f"{unused}.weight"], after[f"{unused}.weight"])
        assert not torch.equal(before[f"{used}.weight"], after[f"{used}.weight"])


@pytest.mark.parametrize("order", ["shared", "published"])
def test_an_in_place_layer_after_the_cut_changes_nothing(order: Any) -> None:
    results = []
    for in_place in (False, True):
        model = seeded(
            lambda: nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))
        )
        model[2].inplace = in_place
        sieve = FeatureSieve(
            model, "1", 3, optimizer=sgd(model), forget_every=1, forget_lr=0.1, order=order
        )
        logs = [sieve.step(vectors(seed)) for seed in range(4)]
        results.append([logs, frozen(dict(model.state_dict())), frozen(sieve.state_dict())])
    assert same(*results)


def test_cumulative_batchnorm_and_its_integer_counter_stay() -> None:
    model = seeded(
        lambda: nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8, momentum=None), nn.Linear(8, 3))
    )
    sieve = FeatureSieve(model, "1", 3, optimizer=sgd(model), forget_lr=0.1)
    sieve.step(vectors())
    before = frozen(dict(model.named_buffers()))
    assert before["1.num_batches_tracked"] == 1
    sieve.forget_step(vectors(1))
    sieve.readout_step(vectors(1))
    after = dict(model.named_buffers())
    assert same(before, frozen(after))
    assert after["1.num_batches_tracked"].dtype == torch.int64


class Replacing(nn.Module):
    """Puts a new tensor in the place of its buffer, and fills an empty one."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("count", torch.zeros(1, dtype=torch.int64))
        self.register_buffer("seen", None)

    def forward(self, x: Tensor) -> Tensor:
        self.count = self.count + len(x)
        self.seen = x.detach().mean()
        return x


def fails_after(module: nn.Module) -> None:
    module(torch.ones(3, 1))
    raise InputError


def test_replaced_buffers_are_put_back() -> None:
    module = Replacing()
    count = module.count
    with kept_buffers(module):
        module(torch.ones(3, 1))
    assert module.count is count
    assert module.count.item() == 0
    assert module.seen is None
    with pytest.raises(InputError), kept_buffers(module):
        fails_after(module)
    assert module.count is count


class Normalised(nn.Module):
    """A user's readout with BatchNorm and dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.drop, self.last = nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 3)
        self.unused = nn.Linear(2, 2)
        self.last.bias.requires_grad = False

    def forward(self, activation: Tensor, mask: Tensor | None) -> Tensor:
        return self.last(self.drop(self.norm(activation)))


def test_a_readout_with_buffers_and_dropout_is_isolated_too() -> None:
    model = seeded(lambda: nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)))
    readout = seeded(Normalised)
    sieve = FeatureSieve(model, "1", 3, optimizer=sgd(model), readout=readout, forget_lr=0.1)
    start, random = frozen(dict(readout.state_dict())), torch.get_rng_state()
    sieve.prepare(vectors())
    assert same(start, frozen(dict(readout.state_dict())))
    sieve.readout_step(vectors())
    assert not torch.equal(start["norm.running_mean"], readout.norm.running_mean)
    assert torch.equal(random, torch.get_rng_state())
    before, weight = frozen(dict(readout.state_dict())), model[0].weight.detach().clone()
    sieve.forget_step(vectors(1))
    assert same(before, frozen(dict(readout.state_dict())))
    assert not torch.equal(weight, model[0].weight)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_models_of_other_precision(dtype: torch.dtype) -> None:
    model = seeded(lambda: nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))).to(dtype)
    sieve = FeatureSieve(
        model, "1", 3, optimizer=sgd(model), forget_every=1, forget_lr=0.1, readout_lr=0.1
    )
    logs = [sieve.step(vectors(0, dtype)) for _ in range(8)]
    assert logs[-1]["readout_loss"] < logs[0]["readout_loss"]
    assert {p.dtype for p in sieve.readouts.parameters} == {torch.float32}
    assert {p.dtype for p in model.parameters()} == {dtype}


class Output(dict):
    """A model output with a loss of its own, like those of transformers."""

    def __getattr__(self, name: str) -> Any:
        return self[name]


class WithLoss(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.early, self.late = nn.Linear(4, 8), nn.Linear(8, 3)
        self.given: list[list[str]] = []

    def forward(self, **inputs: Tensor) -> Output:
        self.given.append(sorted(inputs))
        logits = self.late(torch.relu(self.early(inputs["x"])))
        return Output(loss=logits.sum() * 1e6, logits=logits)


def test_a_model_output_with_a_loss_of_its_own() -> None:
    model = seeded(WithLoss)
    sieve = FeatureSieve(model, "early", 3, optimizer=sgd(model), readout=LinearHead())
    batch = vectors()
    logs = sieve.step(Batch({"x": batch.inputs, "labels": batch.labels}, batch.labels))
    assert 0.5 < logs["loss"] < 2
    assert model.given
    assert all(keys == ["x"] for keys in model.given)


def test_dropout_before_the_layer_is_active_while_forgetting() -> None:
    """A pass in training mode, as in the published code; losses differ from pass to pass."""
    model = seeded(
        lambda: nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5), nn.ReLU(), nn.Linear(8, 3))
    )
    sieve = FeatureSieve(model, "2", 3, optimizer=sgd(model), forget_lr=1e-9)
    losses = [sieve.forget_step(vectors())["forget_loss"] for _ in range(3)]
    assert len(set(losses)) == 3


def test_accumulated_epochs_that_end_early_forget_with_the_next_batch() -> None:
    model = seeded(lambda: nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)))
    sieve = FeatureSieve(model, "1", 3, optimizer=sgd(model), forget_every=1, accumulate=4)
    found = []
    for _ in range(3):
        found.append(["forget_loss" in sieve.step(vectors(seed)) for seed in range(2)])
        sieve.end_epoch()
    assert found == [[False, False], [True, False], [True, False]]
    assert sieve.steps_done == 3
    assert sieve.state_dict()["owed"] == 1


class Breaking(nn.Module):
    """A readout that gives NaN from its `good`-th call on."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Linear(8, 3)
        self.good = 1_000

    def forward(self, activation: Tensor, mask: Tensor | None) -> Tensor:
        self.good -= 1
        logits: Tensor = self.last(activation)
        return logits * (1.0 if self.good >= 0 else torch.nan)


def owing(readout: nn.Module) -> FeatureSieve:
    """A sieve whose next step begins with two forget updates that are owed for the last."""
    model = seeded(lambda: nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)))
    sieve = FeatureSieve(
        model,
        "1",
        3,
        optimizer=sgd(model),
        forget_every=1,
        forget_steps=2,
        forget_lr=0.1,
        readout=readout,
        accumulate=2,
    )
    sieve.step(vectors(0))
    sieve.end_epoch()
    assert sieve.state_dict()["owed"] == 2
    return sieve


def test_owed_forgetting_that_breaks_half_way_is_no_step_that_changed_nothing() -> None:
    readout = seeded(Breaking)
    sieve = owing(readout)
    before = frozen(dict(sieve.model.state_dict()))
    readout.good = 1
    with pytest.raises(TrainingError, match="in the middle of optimiser step") as caught:
        sieve.step(vectors(1))
    assert not isinstance(caught.value, NonFiniteLossError)
    assert not same(before, frozen(dict(sieve.model.state_dict())))


def test_owed_forgetting_that_breaks_at_once_changes_nothing_and_stays_owed() -> None:
    readout = seeded(Breaking)
    sieve = owing(readout)
    before = frozen(dict(sieve.model.state_dict()))
    readout.good = 0
    with pytest.raises(NonFiniteLossError):
        sieve.step(vectors(1))
    assert same(before, frozen(dict(sieve.model.state_dict())))
    assert sieve.state_dict()["owed"] == 2


class Watching(nn.Module):
    """A readout that notes in which precision it is called."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Linear(8, 3)
        self.seen: list[tuple[torch.dtype, bool]] = []

    def forward(self, activation: Tensor, mask: Tensor | None) -> Tensor:
        self.seen.append((activation.dtype, torch.is_autocast_enabled("cpu")))
        return self.last(activation)


@pytest.mark.parametrize(("autocast", "mixed"), [("fp16", False), ("bf16", True), (None, False)])
def test_readouts_and_forgetting_run_in_full_precision_under_fp16(
    autocast: Any, mixed: bool
) -> None:
    model = seeded(lambda: nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 8), nn.Linear(8, 3)))
    readout = seeded(Watching)
    sieve = FeatureSieve(
        model, "1", 3, optimizer=sgd(model), readout=readout, forget_every=1, autocast=autocast
    )
    sieve.prepare(vectors())
    readout.seen.clear()
    sieve.step(vectors())
    expected = (torch.bfloat16 if mixed else torch.float32, mixed)
    assert readout.seen == [expected, expected]
