"""Several processes: each sees a part of the data, all end with the same weights."""

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from earlysieve.distill.example_weights import ExampleWeights
from earlysieve.distill.weights import exponential

from .helpers import CLASSES, Planted, net, sgd


def one_process(rank: int, folder: str) -> None:
    from torch.nn.parallel import DistributedDataParallel

    from earlysieve import JTT, EarlyReweighting, GroupDRO
    from earlysieve.model.batch import Batch

    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=2)
    notes = ExampleWeights(5, exponential(1.0, 1.0))
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
    robust._reduce(
        losses, Batch(torch.zeros(4, 1), torch.zeros(4).long(), groups=groups)
    ).backward()
    result: dict[str, Any] = {
        "twice": twice.weights,
        "identifier": dict(twice.errors.identifier.named_parameters()),
        "robust": weight.grad,
        "odds": robust.group_weights,
        "published": published.weights,
        "notes": notes.values,
        "logs": logs,
        "weights": algorithm.weights,
        "groups": algorithm._examples._groups,
        "readout": algorithm.state_dict()["readout"]["module"],
        "model": dict(student.named_parameters()),
    }
    torch.save(result, Path(folder) / f"{rank}.pt")
    dist.destroy_process_group()


@pytest.mark.skipif(not dist.is_available(), reason="torch was built without distributed")
def test_two_processes_agree(tmp_path: Path) -> None:
    mp.spawn(one_process, args=(str(tmp_path),), nprocs=2)
    left, right = (torch.load(tmp_path / f"{rank}.pt", weights_only=False) for rank in (0, 1))
    assert left["notes"].tolist() == pytest.approx(
        [2.7182817, 1, 1.6487212, 1, 2.7182817]
    )  # example 4: one of two says wrong
    assert left["logs"] == right["logs"]
    for key in ("notes", "weights", "groups", "published", "twice"):
        assert torch.equal(left[key], right[key]), key
    for key in ("readout", "model", "identifier"):
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
