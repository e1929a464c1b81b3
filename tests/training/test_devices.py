"""Workers and audits on a machine with accelerators, which are faked where there are none."""

import os
import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

import earlysieve as es
from earlysieve.model.state import preserved_rng
from earlysieve.training import ERM, TrainConfig, fit
from earlysieve.training.randomness import RandomStream

from .helpers import Noisy, difference, erm, network

CONFIG = TrainConfig(epochs=1, batch_size=3)
FORKED = "Cannot re-initialize CUDA in forked subprocess"


class FakeCuda:
    """One GPU whose generator is a tensor; touched in a child or before its start, it raises."""

    def __init__(self, monkeypatch, *, started: bool) -> None:
        self.parent, self.started = os.getpid(), started
        self.state = torch.arange(16, dtype=torch.uint8)
        for name, value in {
            "is_available": lambda: True,
            "device_count": lambda: 1,
            "_is_in_bad_fork": lambda: os.getpid() != self.parent,
            "_initialized": started,
            "_lazy_init": self.touch,
            "get_rng_state": lambda *_: self.read(),
            "set_rng_state": lambda state, *_: self.write(state),
            "get_rng_state_all": lambda: [self.read()],
            "set_rng_state_all": lambda states: self.write(*states),
            "manual_seed_all": self.seed,
        }.items():
            monkeypatch.setattr(torch.cuda, name, value)
        check = "_accelerator_graph_capture_health_check"  # asks the real driver
        monkeypatch.setattr(torch.optim.Optimizer, check, lambda _: None, raising=False)

    def touch(self):
        if os.getpid() != self.parent:
            raise RuntimeError(FORKED)
        if not self.started:
            raise AssertionError("a CUDA context was made")

    def seed(self, seed):
        if self.started and os.getpid() == self.parent:  # else torch does so at its start
            self.write(torch.full((16,), seed % 256).byte())

    def read(self):
        self.touch()
        return self.state.clone()

    def write(self, state):
        self.touch()
        self.state = state.clone()


@pytest.fixture(params=[True, False], ids=["started", "idle"])
def cuda(request, monkeypatch):
    return FakeCuda(monkeypatch, started=request.param)


def trained(num_workers, **options):
    algorithm = erm(CONFIG)
    fit(
        algorithm,
        Noisy(),
        epochs=1,
        batch_size=3,
        progress=False,
        num_workers=num_workers,
        **options,
    )
    return algorithm.model.state_dict()


def test_training_with_workers_beside_a_gpu(cuda):
    assert difference(trained(0), trained(2)) is None


def test_statistics_with_workers_beside_a_gpu(cuda):
    plain, loaded = network(), network()
    assert es.refresh_statistics(plain, Noisy(), batch_size=3) == 1
    assert es.refresh_statistics(loaded, Noisy(), batch_size=3, num_workers=2) == 1
    assert difference(plain.state_dict(), loaded.state_dict()) is None


def test_published_reweighting_with_workers_beside_a_gpu(cuda):
    weights = []
    for num_workers in (0, 2):
        model = network()
        algorithm = es.EarlyReweighting(
            model,
            optimizer=torch.optim.SGD(model.parameters(), lr=0.1),
            layer="0",
            num_classes=2,
            data=Noisy(),
            batch_size=4,
            num_workers=num_workers,
            mode="published",
        )
        fit(algorithm, Noisy(), epochs=1, batch_size=4, progress=False, num_workers=num_workers)
        weights.append(algorithm.weights)
    assert torch.equal(*weights)


def test_an_audit_on_the_cpu_makes_no_context_on_a_gpu(monkeypatch):
    FakeCuda(monkeypatch, started=False)
    rows = torch.randn(60, 4, generator=torch.Generator().manual_seed(0))
    data = TensorDataset(rows, (rows[:, 0] > 0).long())
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)).eval()
    result = es.audit(model, data, layers=["0"], progress=False)
    assert len(result.examples) == 60


def test_the_states_of_a_gpu_in_use_are_kept(monkeypatch):
    cuda = FakeCuda(monkeypatch, started=True)
    before = cuda.state.clone()
    with preserved_rng():
        cuda.write(torch.zeros(16, dtype=torch.uint8))
    assert torch.equal(cuda.state, before)
    stream = RandomStream(3)
    assert torch.equal(cuda.state, before)
    with stream.active():
        assert torch.equal(cuda.state, torch.full((16,), 3, dtype=torch.uint8))
    assert torch.equal(cuda.state, before)


def test_a_run_from_a_gpu_goes_on_without_one():
    state = RandomStream(3).state_dict() | {"cuda": [torch.zeros(16, dtype=torch.uint8)]}
    stream = RandomStream(0)
    stream.load_state_dict(state)
    with stream.active():
        drawn = torch.rand(2)
    with RandomStream(3).active():
        assert torch.equal(drawn, torch.rand(2))


def test_states_of_other_accelerators_are_kept(monkeypatch):
    held = {"mps": torch.arange(4, dtype=torch.uint8), "xpu": torch.arange(5, dtype=torch.uint8)}
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.mps, "get_rng_state", lambda: held["mps"].clone())
    monkeypatch.setattr(torch.mps, "set_rng_state", lambda state: held.update(mps=state.clone()))
    monkeypatch.setattr(torch.xpu, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.xpu, "device_count", lambda: 1)
    monkeypatch.setattr(torch.xpu, "get_rng_state_all", lambda: [held["xpu"].clone()])
    monkeypatch.setattr(torch.xpu, "set_rng_state", lambda s, *_: held.update(xpu=s.clone()))
    before = {name: state.clone() for name, state in held.items()}
    with preserved_rng():
        held.update(mps=torch.zeros(4).byte(), xpu=torch.zeros(5).byte())
    assert difference(held, before) is None


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA GPU")
def test_training_on_a_real_gpu_is_the_same_with_workers():
    found = []
    for num_workers in (0, 2):
        model = network().cuda()
        algorithm = ERM(model, torch.optim.SGD(model.parameters(), lr=0.1))
        options = {"epochs": 2, "batch_size": 3, "progress": False, "refresh_batches": 2}
        fit(algorithm, Noisy(), validation=Noisy(), num_workers=num_workers, **options)
        es.refresh_statistics(model, Noisy(), batch_size=3, num_workers=num_workers)
        found.append(model.state_dict())
    assert difference(*found) is None


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA GPU")
def test_a_gpu_that_starts_inside_a_block_begins_anew_after_it():
    program = (
        "import torch\n"
        "from earlysieve.model.state import preserved_rng\n"
        "with preserved_rng():\n"
        "    torch.rand(3, device='cuda')\n"
        "after = torch.rand(3, device='cuda')\n"
        "torch.cuda.default_generators[0].manual_seed(torch.cuda.initial_seed())\n"
        "assert torch.equal(after, torch.rand(3, device='cuda'))\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
