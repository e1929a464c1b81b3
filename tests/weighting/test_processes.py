"""Several processes: each sees a part of the data, all end with the same weights."""

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from earlysieve.weighting.example_weights import ExampleWeights
from earlysieve.weighting.shared_work import SharedWork
from earlysieve.weighting.weight_function import Exponential

from .helpers import CLASSES, Planted, bits, net, same, seeded, sgd


class Counting(Planted):
    """Counts how many examples are read, by this process."""

    reads = 0

    def __getitem__(self, i: int) -> tuple[torch.Tensor, int, int]:
        self.reads += 1
        return super().__getitem__(i)


def own_readout(rank: int) -> torch.nn.Module:
    """A readout of the user's own, which each process initialises differently."""

    class Own(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = torch.nn.Linear(8, CLASSES)

        def forward(self, activation: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
            logits: torch.Tensor = self.linear(activation.mean((2, 3)))
            return logits

    return seeded(Own, 10 + rank)


def published_by(model: torch.nn.Module, data: Planted, readout: torch.nn.Module) -> Any:
    from earlysieve import EarlyReweighting

    return EarlyReweighting(
        model,
        layer="early",
        num_classes=CLASSES,
        optimizer=sgd(model),
        data=data,
        mode="published",
        batch_size=16,
        readout=readout,
    )


def with_own_readouts(wrapped: torch.nn.Module, rank: int) -> dict[str, Any]:
    """Online and published weights from readouts that differ between processes at first."""
    from earlysieve import EarlyReweighting

    data = Counting(97)
    model = net(3)
    model.early[1].running_mean.fill_(rank)  # BatchNorm statistics differ between processes
    published = published_by(model, data, own_readout(rank))
    published.prepare(data.batch(torch.arange(2)))
    buffers = bits(model)
    published.end_epoch()
    online = EarlyReweighting(
        wrapped,
        layer="early",
        num_classes=CLASSES,
        optimizer=sgd(wrapped),
        num_examples=97,
        readout=own_readout(rank),
    )
    for rows in torch.arange(96)[rank::2].split(16):
        online.step(data.batch(rows))
    online.end_epoch()
    return {
        "own published": published.weights,
        "own online": online.weights,
        "own readout": online.state_dict()["readout"]["module"],
        "reads": data.reads,
        "model before": buffers,
        "untouched": same(buffers, bits(model)),
    }


def one_process(rank: int, folder: str) -> None:
    from torch.nn.parallel import DistributedDataParallel

    from earlysieve import JTT, EarlyReweighting, GroupDRO
    from earlysieve.model.batch import Batch

    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=2)
    notes = ExampleWeights(5, Exponential(1.0, 1.0))
    notes.note(torch.tensor([2 * rank]), torch.tensor([True]), torch.tensor([1.0 - rank / 2]))
    notes.note(torch.tensor([4]), torch.tensor([rank == 0]), torch.tensor([1.0]))
    logs = notes.commit()

    data, student = Planted(100), net(0)
    wrapped = DistributedDataParallel(student)
    algorithm = EarlyReweighting(
        wrapped, layer="early", num_classes=CLASSES, optimizer=sgd(student), num_examples=100
    )
    for epoch in range(2):
        order = torch.randperm(100, generator=torch.Generator().manual_seed(epoch))
        for rows in order[rank::2].split(16):
            algorithm.step(data.batch(rows))
        algorithm.end_epoch()
    published = EarlyReweighting(
        wrapped,
        layer="early",
        num_classes=CLASSES,
        optimizer=sgd(student),
        data=data,
        mode="published",
        batch_size=16,
    )
    published.step(data.batch(torch.arange(16)))
    published.end_epoch()
    own = with_own_readouts(wrapped, rank)
    twice = JTT(
        wrapped,
        optimizer=sgd(student),
        data=data,
        identification_epochs=1,
        identifier_optimizer=lambda parameters: torch.optim.SGD(parameters, lr=0.05),
    )
    for rows in torch.arange(100)[rank::2].split(10):
        twice.step(data.batch(rows))
    twice.end_epoch()
    # Four examples in each process; the only one of group 1 is in the first.
    groups = torch.tensor([1, 0, 0, 0]) if rank == 0 else torch.zeros(4).long()
    weight = torch.zeros(1, requires_grad=True)
    model = torch.nn.Linear(1, 2)
    robust = GroupDRO(
        model, optimizer=torch.optim.SGD(model.parameters(), lr=0.1), num_groups=2, step_size=0.5
    )
    losses = (1.0 + rank + torch.arange(4.0)) * (1 + weight)
    robust.weighting.mean(
        losses, Batch(torch.zeros(4, 1), torch.zeros(4).long(), groups=groups)
    ).backward()
    result: dict[str, Any] = {
        "twice": twice.weights,
        "identifier": dict(twice.errors.identifier.named_parameters()),
        "robust": weight.grad,
        "odds": robust.group_weights,
        "published": published.weights,
        **own,
        "notes": notes.values,
        "logs": logs,
        "weights": algorithm.weights,
        "groups": algorithm._examples._groups,
        "readout": algorithm.state_dict()["readout"]["module"],
        "model": dict(student.named_parameters()),
    }
    torch.save(result, Path(folder) / f"{rank}.pt")
    dist.destroy_process_group()


def test_shared_work_is_a_partition_with_the_mean_of_all() -> None:
    for size in range(1, 9):
        batch, losses = list(range(size)), torch.arange(size).double().square()
        parts = [SharedWork(rank, 3).part_of(batch) for rank in range(3)]
        means = [
            SharedWork(rank, 3).scale(len(part), size) * losses[list(part)].mean()
            for rank, part in enumerate(parts)
        ]
        torch.testing.assert_close(torch.stack(means).mean(), losses.mean())
        assert sorted(i for part in parts for i in part) == sorted(batch * (1 if size > 2 else 3))


@pytest.mark.skipif(not dist.is_available(), reason="torch was built without distributed")
def test_two_processes_agree(tmp_path: Path) -> None:
    mp.spawn(one_process, args=(str(tmp_path),), nprocs=2)
    left, right = (torch.load(tmp_path / f"{rank}.pt", weights_only=False) for rank in (0, 1))
    assert left["notes"].tolist() == pytest.approx(
        [2.7182817, 1, 1.6487212, 1, 2.7182817]
    )  # example 4: one of two says wrong
    assert left["logs"] == right["logs"]
    for key in ("notes", "weights", "groups", "published", "twice", "own published", "own online"):
        assert torch.equal(left[key], right[key]), key
    for key in ("readout", "model", "identifier", "own readout"):
        assert all(torch.equal(left[key][name], right[key][name]) for name in left[key])
    assert torch.equal(left["groups"], Planted(100).minority.long())
    assert (left["weights"] > 1).any()
    assert (left["published"] > 1).any()
    assert len(left["twice"].unique()) == 2
    # Group 1: loss 1. Group 0: 2, 3, 4 and 2, 3, 4, 5. Gradients are averaged over processes.
    odds = torch.tensor([23 / 7, 1.0]).mul(0.5).softmax(0)
    assert torch.equal(left["odds"], right["odds"])
    assert left["odds"].tolist() == pytest.approx(odds.tolist())
    averaged = float(left["robust"] + right["robust"]) / 2
    assert averaged == pytest.approx(float(odds @ torch.tensor([23 / 7, 1.0])), rel=1e-5)

    # Both read the first example; then each reads its half of the data twice.
    assert (left["reads"], right["reads"]) == (1 + 49 + 49, 1 + 48 + 48)
    assert left["untouched"]
    assert right["untouched"]
    model = net(3)
    model.load_state_dict(left["model before"])
    single = published_by(model, Planted(97), own_readout(0))
    single.prepare(Planted(97).batch(torch.arange(2)))
    single.end_epoch()
    torch.testing.assert_close(left["own published"], single.weights)
    assert (single.weights > 1).any()
