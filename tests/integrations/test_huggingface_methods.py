"""Methods in HuggingFace's Trainer do what a loop by hand does, resume, and can be audited."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.data import Dataset

pytest.importorskip("transformers", reason="needs transformers")
pytest.importorskip("accelerate", reason="needs accelerate")

from transformers import TrainingArguments

import earlysieve as es
from earlysieve.errors import CheckpointError, InputError
from earlysieve.integrations.huggingface import AuditEachEpoch, MethodTrainer
from earlysieve.integrations.huggingface.method_trainer import STATE_NAME
from earlysieve.training import Algorithm, EpochSampler

from ..training.helpers import difference
from .helpers import BATCH, EPOCHS, METHODS, SEED, SIZE, Points, fitted, momentum, network

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::FutureWarning", "ignore:.*pin_memory.*:UserWarning"
)


class Rows(Dataset[dict[str, Any]]):
    """The points as mappings, with group and index."""

    def __len__(self) -> int:
        return SIZE

    def __getitem__(self, i: int) -> dict[str, Any]:
        x, y, group = Points()[i]
        return {"x": x, "labels": y, "group": group, "index": i}


class Net(nn.Module):
    """The network as transformers calls one."""

    def __init__(self) -> None:
        super().__init__()
        self.net = network()

    def forward(
        self, x: torch.Tensor, labels: torch.Tensor | None = None, **_: Any
    ) -> dict[str, Any]:
        logits = self.net(x)
        if labels is None:
            return {"logits": logits}
        return {"loss": nn.functional.cross_entropy(logits, labels), "logits": logits}


class Same(torch.utils.data.Sampler[int]):
    """The order of `fit`; each pass is the next epoch unless it is told."""

    def __init__(self) -> None:
        self.order, self.epoch = EpochSampler(SIZE, BATCH, seed=SEED), 0

    def __len__(self) -> int:
        return SIZE

    def __iter__(self) -> Any:
        epoch, self.epoch = self.epoch, self.epoch + 1
        return iter([i for batch in self.order.batches(epoch) for i in batch])

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch


def layered(name: str) -> Any:
    """The method on the network inside, whose layers have their names there."""

    def make(model: nn.Module, optimizer: Any) -> Algorithm:
        return METHODS[name](model.net, optimizer)

    return make


_OWN = ("sampler", "method", "train_dataset", "eval_dataset")


def trainer(folder: Path, name: str, **options: Any) -> MethodTrainer:
    own = {k: options.pop(k) for k in _OWN if k in options}
    settings = {
        "num_train_epochs": EPOCHS,
        "per_device_train_batch_size": BATCH,
        "save_strategy": "no",
        "logging_strategy": "no",
        "report_to": "none",
        "use_cpu": True,
        "disable_tqdm": True,
        "max_grad_norm": 0.0,
    } | options
    model = Net()
    optimizer = momentum(model.parameters())
    constant = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda _: 1.0)
    given: dict[str, Any] = {
        "model": model,
        "args": TrainingArguments(output_dir=str(folder), **settings),
        "train_dataset": Rows(),
        "method": layered(name),
        "sampler": Same(),
        "optimizers": (optimizer, constant),
    }
    return MethodTrainer(**(given | own))


def same(made: MethodTrainer, weights: dict[str, torch.Tensor]) -> bool:
    return difference(dict(made.model.net.state_dict()), weights) is None


@pytest.mark.parametrize("name", METHODS)
def test_a_method_equals_fit(tmp_path: Path, name: str) -> None:
    made = trainer(tmp_path, name)
    made.train()
    assert same(made, fitted(METHODS[name])[0])
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in made.model.modules())


def test_balanced_batches_are_a_sampler(tmp_path: Path) -> None:
    made = trainer(tmp_path, "erm", sampler=es.BalancedSampler(Points().groups, seed=SEED))
    made.train()
    assert same(made, fitted(METHODS["erm"], balanced=True)[0])


def test_a_resumed_run_equals_one_that_was_not_interrupted(tmp_path: Path) -> None:
    trainer(tmp_path, "early", save_strategy="epoch", num_train_epochs=2).train()
    resumed = trainer(tmp_path, "early")
    resumed.train(resume_from_checkpoint=True)
    assert same(resumed, fitted(METHODS["early"])[0])
    last = max(tmp_path.glob("checkpoint-*"), key=lambda path: int(path.name.split("-")[1]))
    (last / STATE_NAME).unlink()
    with pytest.raises(CheckpointError, match=r"^Expected a checkpoint at '.*method.pt', but "):
        trainer(tmp_path, "early").train(resume_from_checkpoint=True)


def test_the_usual_order_is_shuffled_and_the_same_after_a_resumption(tmp_path: Path) -> None:
    options = {"sampler": None, "save_strategy": "steps", "save_steps": 4}
    whole = trainer(tmp_path, "erm", **options)
    orders = [[int(i) for batch in whole.get_train_dataloader() for i in batch["index"]]]
    assert sorted(orders[0]) == list(range(SIZE)) != orders[0]
    whole.train()
    resumed = trainer(tmp_path, "erm", **options)
    resumed.train(resume_from_checkpoint=str(tmp_path / "checkpoint-8"))  # within an epoch
    assert same(resumed, dict(whole.model.net.state_dict()))


@pytest.mark.parametrize("norm", [0.0, 0.1])  # clipping alone would hide the scale of a loss
def test_accumulation_and_clipping_are_the_trainers(tmp_path: Path, norm: float) -> None:
    options = {"gradient_accumulation_steps": 2, "max_grad_norm": norm}
    made = trainer(tmp_path, "group-dro", **options)
    made.train()
    model = network().train()
    optimizer = momentum(model.parameters())
    algorithm = METHODS["group-dro"](model, optimizer)
    order = Same().order
    for epoch in range(EPOCHS):
        rows = [list(batch) for batch in order.batches(epoch)]
        flat = [i for batch in rows for i in batch]
        batches = [flat[start : start + BATCH] for start in range(0, SIZE, BATCH)]
        for first in range(0, len(batches), 2):
            together = batches[first : first + 2]
            for indices in together:
                points = [Points()[i] for i in indices]
                batch = es.Batch(
                    torch.stack([p[0] for p in points]),
                    torch.tensor([p[1] for p in points]),
                    torch.tensor(indices),
                    torch.tensor([p[2] for p in points]),
                )
                loss, _ = es.loss_of(algorithm, batch)
                assert loss is not None
                (loss / len(together)).backward()
            if norm:
                nn.utils.clip_grad_norm_(model.parameters(), norm)
            optimizer.step()
            optimizer.zero_grad()
    for key, value in model.state_dict().items():
        torch.testing.assert_close(made.model.net.state_dict()[key], value, rtol=1e-6, atol=1e-6)


def test_figures_are_logged_and_the_model_is_evaluated_without_groups(tmp_path: Path) -> None:
    made = trainer(
        tmp_path,
        "group-dro",
        logging_strategy="epoch",
        eval_strategy="epoch",
        eval_dataset=Rows(),
        remove_unused_columns=False,
    )
    made.train()
    rows = [row for row in made.state.log_history if "loss" in row]
    assert len(rows) == EPOCHS
    assert all(0 < row["method/group_weight/0"] < 1 for row in rows)
    assert sum("eval_loss" in row for row in made.state.log_history) == EPOCHS


def test_columns_that_nothing_knows_are_left_out_behind_an_index(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets", reason="needs datasets")
    columns = {"x": [[0.0] * 4] * 2, "labels": [0, 1], "text": ["a", "b"]}
    rows = datasets.Dataset.from_dict(columns)
    made = trainer(tmp_path, "erm", train_dataset=es.with_index(rows), sampler=None)
    batch = next(iter(made.get_train_dataloader()))
    assert set(batch) == {"x", "labels", "index"}
    grouped = es.with_index(rows, groups=[3, 1])
    made = trainer(tmp_path, "erm", train_dataset=grouped, sampler=None)
    batch = next(iter(made.get_train_dataloader()))
    assert set(batch) == {"x", "labels", "index", "group"}
    assert [[3, 1][i] for i in batch["index"]] == batch["group"].tolist()


def test_a_sieve_is_sent_to_its_own_trainer(tmp_path: Path) -> None:
    def sieve(model: nn.Module, optimizer: Any) -> Algorithm:
        return es.FeatureSieve(model, "net.0", 3, optimizer=optimizer)

    with pytest.raises(InputError, match="SieveTrainer"):
        trainer(tmp_path, "erm", method=sieve).train()


def test_audits_come_every_so_many_epochs_and_change_nothing(tmp_path: Path) -> None:
    made = trainer(tmp_path / "run", "early", num_train_epochs=5)
    audits = AuditEachEpoch(
        made,
        Points(60, seed=1),
        every=2,
        out=tmp_path / "audits",
        layers=["net.0"],
        seen_in_training=False,
    )
    made.add_callback(audits)
    made.train()
    assert same(made, fitted(METHODS["early"], epochs=5)[0])
    assert list(audits.results) == [2, 4]
    assert sorted(p.name for p in (tmp_path / "audits").iterdir()) == ["epoch-2", "epoch-4"]
    logged = [row["audit/accuracy"] for row in made.state.log_history if "audit/accuracy" in row]
    assert logged == [pytest.approx(result.summary.accuracy) for result in audits.results.values()]


def test_what_was_trained_can_be_repaired(tmp_path: Path) -> None:
    made = trainer(tmp_path, "erm")
    made.train()
    repaired = es.repair(
        made.model, Points(60, seed=1), method="afr", seen_in_training=False, progress=False
    )
    assert type(repaired) is Net
    assert not torch.equal(repaired.net[4].weight, made.model.net[4].weight)
