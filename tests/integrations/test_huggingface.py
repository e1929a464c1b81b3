"""SieveTrainer does after each batch what a plain loop would, and resumes."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.data import Dataset

pytest.importorskip("transformers", reason="needs transformers")
pytest.importorskip("accelerate", reason="needs accelerate")

from transformers import (
    BertConfig,
    BertForSequenceClassification,
    Trainer,
    TrainingArguments,
)

from earlysieve import Batch, FeatureSieve, ForgetSchedule, TokenHead
from earlysieve.errors import CheckpointError, InputError, LayerError
from earlysieve.integrations.huggingface import SieveTrainer
from earlysieve.integrations.huggingface.sieve_trainer import STATE_NAME

from ..training.helpers import difference

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::FutureWarning", "ignore:.*pin_memory.*:UserWarning"
)

LAYER = "bert.encoder.layer.0"


class Texts(Dataset[dict[str, torch.Tensor]]):
    """Twenty texts of six tokens, the last of which may be padding."""

    def __init__(self, classes: int = 3) -> None:
        generator = torch.Generator().manual_seed(0)
        self.ids = torch.randint(1, 30, (20, 6), generator=generator)
        lengths = torch.randint(3, 7, (20, 1), generator=generator)
        self.mask = (torch.arange(6)[None] < lengths).long()
        self.labels = torch.randint(0, classes, (20,), generator=generator)

    def __len__(self) -> int:
        return 20

    def __getitem__(self, i: int) -> dict[str, torch.Tensor]:
        return {
            "input_ids": self.ids[i] * self.mask[i],
            "attention_mask": self.mask[i],
            "labels": self.labels[i],
        }


def bert(dropout: float = 0.0) -> BertForSequenceClassification:
    config = BertConfig(
        vocab_size=30,
        hidden_size=8,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
        num_labels=3,
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return BertForSequenceClassification(config)


def trainer(folder: Path, model: Any = None, **options: Any) -> SieveTrainer:
    own = {k: options.pop(k) for k in ("layer", "num_classes", "callbacks") if k in options}
    init = options.pop("model_init", None)
    sieve = options.pop("sieve", {"forget_every": 2, "forget_lr": 0.1, "readout": TokenHead()})
    settings = {
        "max_steps": 8,
        "per_device_train_batch_size": 4,
        "learning_rate": 1e-3,
        "save_strategy": "no",
        "logging_strategy": "no",
        "report_to": "none",
        "use_cpu": True,
        "disable_tqdm": True,
        "seed": 1,
        "lr_scheduler_type": "constant",
        "max_grad_norm": 0.0,
        "weight_decay": 0.0,
        "optim": "adamw_torch",
    } | options
    args = TrainingArguments(output_dir=str(folder), **settings)
    source = {"model": model or bert()} if init is None else {"model_init": init}
    given = {"args": args, "train_dataset": Texts(), "sieve": sieve, "layer": LAYER}
    return SieveTrainer(**(source | given | own))


def taken(made: SieveTrainer) -> list[dict[str, torch.Tensor]]:
    seen: list[dict[str, torch.Tensor]] = []
    plain = made.compute_loss

    def compute_loss(model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        seen.append(dict(inputs))
        return plain(model, inputs, *args, **kwargs)

    made.compute_loss = compute_loss
    return seen


def test_a_trainer_equals_a_loop_by_hand(tmp_path: Path) -> None:
    made = trainer(tmp_path)
    seen = taken(made)
    made.train()
    model = bert().train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.0)
    sieve = FeatureSieve(model, LAYER, 3, forget_every=2, forget_lr=0.1, readout=TokenHead())
    for inputs in seen:
        model(**inputs).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        rest = {k: v for k, v in inputs.items() if k != "labels"}
        sieve.after_step(Batch(rest, inputs["labels"]))
    assert sieve.steps_done == made.sieve.steps_done == 8
    for name, value in model.state_dict().items():
        torch.testing.assert_close(made.model.state_dict()[name], value, rtol=1e-4, atol=1e-6)
    assert list(tmp_path.iterdir()) == []


def test_accumulation_counts_optimiser_steps(tmp_path: Path) -> None:
    """Five batches an epoch by twos: the third step of an epoch has one batch."""
    made = trainer(tmp_path, gradient_accumulation_steps=2, max_steps=5)
    calls: list[tuple[bool, bool]] = []
    plain = made.sieve.after_step

    def after_step(batch: Batch, *, stepped: bool) -> dict[str, float]:
        logs = plain(batch, stepped=stepped)
        calls.append((stepped, "forget_loss" in logs))
        return logs

    made.sieve.after_step = after_step  # type: ignore[method-assign]
    made.train()
    steps = "".join("s" if stepped else "-" for stepped, _ in calls)
    assert steps == "-s-ss" + "-s-s"
    assert [forgot for stepped, forgot in calls if stepped] == [True, False, True, False, True]
    assert not any(forgot for stepped, forgot in calls if not stepped)


def test_schedules_by_epoch_go_on_after_a_checkpoint_at_an_epochs_end(tmp_path: Path) -> None:
    options = {
        "sieve": {"forget_every": ForgetSchedule(2, unit="epoch")},
        "save_strategy": "steps",
        "save_steps": 5,
        "max_steps": 15,
    }
    whole, resumed = trainer(tmp_path, **options), trainer(tmp_path, **options)
    whole.train()
    resumed.train(resume_from_checkpoint=str(tmp_path / "checkpoint-5"))
    assert whole.sieve.epochs_done == 3
    assert difference(whole.sieve.state_dict(), resumed.sieve.state_dict()) is None
    ours, theirs = resumed.model.state_dict(), whole.model.state_dict()
    assert difference(dict(ours), dict(theirs)) is None


def test_a_setting_that_the_sieve_lacks_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="got 'forget_rate'; near names are .*forget_lr"):
        trainer(tmp_path, bert(0.1), sieve={"forget_rate": 1})


def test_forgetting_off_is_the_trainer_alone(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="never forgets"):
        sieved = trainer(tmp_path, bert(0.1), sieve={"forget_every": 0})
    sieved.train()
    plain = Trainer(bert(0.1), sieved.args, train_dataset=Texts())
    plain.train()
    ours, theirs = sieved.model.state_dict(), plain.model.state_dict()
    assert difference(dict(ours), dict(theirs)) is None


def test_a_resumed_run_equals_one_that_was_not_interrupted(tmp_path: Path) -> None:
    options = {"save_strategy": "steps", "save_steps": 3, "max_steps": 7} | {
        "gradient_accumulation_steps": 2
    }
    whole = trainer(tmp_path, bert(0.1), **options)
    whole.train()
    resumed = trainer(tmp_path, bert(0.1), **options)
    resumed.train(resume_from_checkpoint=str(tmp_path / "checkpoint-3"))
    assert difference(whole.sieve.state_dict(), resumed.sieve.state_dict()) is None
    ours, theirs = resumed.model.state_dict(), whole.model.state_dict()
    assert difference(dict(ours), dict(theirs)) is None
    assert torch.load(tmp_path / "checkpoint-3" / STATE_NAME, weights_only=True)["steps_done"] == 3


def test_a_checkpoint_of_another_trainer_is_refused(tmp_path: Path) -> None:
    made = trainer(tmp_path, save_strategy="steps", save_steps=2, max_steps=2)
    made.train()
    (tmp_path / "checkpoint-2" / STATE_NAME).unlink()
    with pytest.raises(CheckpointError, match=r"^Expected a checkpoint at '.*sieve.pt', but there"):
        trainer(tmp_path, max_steps=4).train(resume_from_checkpoint=True)


def test_figures_join_the_training_log(tmp_path: Path) -> None:
    made = trainer(tmp_path, logging_strategy="steps", logging_steps=4)
    made.train()
    rows = [row for row in made.state.log_history if "loss" in row]
    assert len(rows) == 2
    for row in rows:
        assert 0 <= row["sieve/readout_accuracy"] <= 1
        assert row["sieve/forget_loss"] > 1.0986
        assert row["sieve/readout_loss"] > 0


def test_bad_input_stops_before_the_first_update(tmp_path: Path) -> None:
    cases = [
        ({"layer": "classifier"}, LayerError, "^Expected trainable parameters after layer"),
        ({"num_classes": 2}, InputError, "^Expected a model that gives 2 logits, as num_classes s"),
    ]
    with pytest.raises(LayerError, match=r"'bert.encoder.layer.7'"):
        trainer(tmp_path, layer="bert.encoder.layer.7")
    for options, error, message in cases:
        made = trainer(tmp_path, **options)
        with pytest.raises(error, match=message):
            made.train()
        assert difference(dict(made.model.state_dict()), dict(bert().state_dict())) is None
    made = trainer(tmp_path)
    made.train_dataset.labels += 3
    with pytest.raises(InputError, match="^Expected labels from 0 to 2, .*, but got [345]; "):
        made.train()
    assert difference(dict(made.model.state_dict()), dict(bert().state_dict())) is None


def test_a_model_without_a_configuration_needs_the_number_of_classes(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="^Expected num_classes, or a model whose config has num_"):
        trainer(tmp_path, torch.nn.Linear(2, 3))


def test_precision_follows_the_trainer(tmp_path: Path) -> None:
    made = trainer(tmp_path, bf16=True, max_steps=2)
    made.train()
    assert made.sieve.precision.dtype == torch.bfloat16
    assert made.sieve.steps_done == 2


def test_a_model_that_each_training_makes_anew_is_the_one_that_is_sieved(tmp_path: Path) -> None:
    given, made = trainer(tmp_path), trainer(tmp_path, model_init=lambda: bert())
    given.train()
    for _ in range(2):
        made.train()
        assert made.sieve.model is made.model
        assert made.sieve.steps_done == 8
        ours, theirs = made.model.state_dict(), given.model.state_dict()
        assert difference(dict(ours), dict(theirs)) is None
        assert difference(made.sieve.state_dict(), given.sieve.state_dict()) is None


def test_a_resumed_model_that_is_made_anew_keeps_its_readouts(tmp_path: Path) -> None:
    options = {
        "save_strategy": "steps",
        "save_steps": 3,
        "max_steps": 7,
        "model_init": lambda: bert(),
    }
    whole, resumed = trainer(tmp_path, **options), trainer(tmp_path, **options)
    whole.train()
    resumed.train(resume_from_checkpoint=str(tmp_path / "checkpoint-3"))
    assert difference(whole.sieve.state_dict(), resumed.sieve.state_dict()) is None


def test_resuming_needs_no_private_method_of_the_trainer() -> None:
    own = [name for name in vars(SieveTrainer) if name.startswith("_") and not name.endswith("__")]
    assert [name for name in own if hasattr(Trainer, name)] == []


def test_a_checkpoint_of_the_model_alone_says_that_readouts_start_afresh(tmp_path: Path) -> None:
    options = {"save_strategy": "steps", "save_steps": 2, "save_only_model": True}
    trainer(tmp_path, max_steps=2, **options).train()
    resumed = trainer(tmp_path, max_steps=4, **options)
    with pytest.warns(UserWarning, match="holds a model only .* start afresh"):
        resumed.train(resume_from_checkpoint=True)
    assert resumed.sieve.steps_done == 2


def test_a_step_that_the_gradient_scaler_skipped_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = trainer(tmp_path, sieve={"forget_every": 1}, max_steps=4)
    skipped = property(lambda _self: made.state.global_step == 2)
    monkeypatch.setattr(type(made.accelerator), "optimizer_step_was_skipped", skipped)
    made.train()
    assert made.state.global_step == 4
    assert made.sieve.steps_done == 3
