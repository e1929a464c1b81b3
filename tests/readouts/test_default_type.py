"""What is read out does not depend on the type that torch gives new tensors."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import Tensor

import earlysieve as es
from earlysieve.model.layout import Layout
from earlysieve.readouts.heads import HEADS, ConvHead, Head, MLPHead, StatisticsHead, TokenHead
from earlysieve.training import fit
from earlysieve.weighting.reweight_pass import published_reweight

from ..auditing.helpers import Net as AuditNet
from ..auditing.helpers import Planted as AuditPlanted
from ..sieve.networks import CASES
from ..weighting.helpers import CLASSES, Planted, bits, net, same, sgd

RECIPES: list[Head] = [
    *(make() for make in HEADS.values()),
    MLPHead(depth=2),
    StatisticsHead(depth=1),
    ConvHead(block="plain"),
    TokenHead("first", depth=1),
]


@contextmanager
def default_type(dtype: torch.dtype) -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def both(run: Callable[[], Any]) -> tuple[Any, Any]:
    single = run()
    with default_type(torch.float64):
        return single, run()


@pytest.mark.parametrize("recipe", RECIPES, ids=repr)
def test_readouts_begin_with_the_same_bits(recipe: Head) -> None:
    def build() -> dict[str, Tensor]:
        return recipe.build((2, 5, 4, 4), 3, layout=Layout.FIRST, seed=1).state_dict()

    single, double = both(build)
    assert all(value.dtype is torch.float32 for value in double.values())
    assert same(single, double)


@pytest.mark.parametrize("head", list(HEADS)[:3])
def test_audits(head: str) -> None:
    model, data = AuditNet(), AuditPlanted(60)
    single, double = both(lambda: es.audit(model, data, head=head, folds=2, pictures=0))
    assert single.examples.equals(double.examples)
    assert single.layers.equals(double.layers)


def distilled(mode: Any) -> tuple[dict[str, Tensor], Tensor]:
    with default_type(torch.float32):
        data = Planted(48)
        student, teacher = net(seed=1), net(seed=2)
    algorithm = es.DebiasedDistillation(
        student,
        teacher,
        layer="early",
        num_classes=CLASSES,
        optimizer=sgd(student),
        mode=mode,
        data=data if mode == "published" else None,
        num_examples=None if mode == "published" else len(data),
        beta=2.0,
    )
    fit(algorithm, data, epochs=2, batch_size=16, progress=False)
    return bits(student), algorithm.weights


@pytest.mark.parametrize("mode", ["online", "published"])
def test_distillation(mode: Any) -> None:
    (single, weights), (double, others) = both(lambda: distilled(mode))
    assert same(single, double)
    assert torch.equal(weights, others)
    assert (weights > 1).any()


def test_a_readout_of_ones_own_in_double_precision() -> None:
    class Own(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(8, CLASSES, dtype=torch.float64)

        def forward(self, activation: Tensor, mask: Tensor | None) -> Tensor:
            return self.layer(activation.mean((2, 3)))

    found = published_reweight(
        net(), Planted(32), layer="early", num_classes=CLASSES, readout=Own()
    )
    assert found.margin.shape == (32,)


@pytest.mark.parametrize("kind", ["residual", "vit"])
@pytest.mark.parametrize("readout", [None, StatisticsHead(), MLPHead()], ids=repr)
def test_steps_of_a_sieve(kind: str, readout: Head | None) -> None:
    def run() -> dict[str, Tensor]:
        with default_type(torch.float32):
            case = CASES[kind]()
            batches = [case.batch(seed) for seed in range(3)]
        case.model.train()
        sieve = es.FeatureSieve(
            case.model,
            case.layer,
            3,
            optimizer=torch.optim.SGD(case.model.parameters(), lr=0.1),
            readout=readout,
            forget_every=2,
        )
        with torch.random.fork_rng():
            torch.manual_seed(0)
            for batch in batches:
                sieve.step(batch)
        return bits(case.model)

    assert same(*both(run))
