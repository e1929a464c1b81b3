"""Text: keyword inputs with padding, a readout on a transformer block, kept logits by index."""

import pytest
import torch
from torch import nn

from earlysieve import Batch, DebiasedDistillation, Teacher, keep_logits
from earlysieve.training.batch_step import run_model
from earlysieve.weighting import published_reweight

from ..weighting.helpers import seeded


class Texts(torch.utils.data.Dataset):
    """Token lists of different lengths; class 1 if token 3 is there; token 5 goes along with it."""

    def __init__(self, size: int = 60) -> None:
        generator = torch.Generator().manual_seed(0)
        self.labels = torch.arange(size) % 2
        self.rows = []
        for i in range(size):
            length = 4 + i % 5
            tokens = torch.randint(10, 30, (length,), generator=generator)
            tokens[1] = 3 if self.labels[i] else 4
            tokens[2] = 5 if bool(self.labels[i]) != (i % 10 < 2) else 6
            self.rows.append(tokens)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, i: int) -> dict:
        tokens = self.rows[i]
        return {
            "input_ids": tokens,
            "attention_mask": torch.ones_like(tokens),
            "labels": int(self.labels[i]),
        }


def bert(layers: int, seed: int) -> nn.Module:
    from transformers import BertConfig, BertForSequenceClassification

    config = BertConfig(
        vocab_size=30,
        hidden_size=16,
        num_hidden_layers=layers,
        num_attention_heads=2,
        intermediate_size=16,
        num_labels=2,
    )
    return seeded(lambda: BertForSequenceClassification(config), seed)


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("mode", ["online", "published"])
def test_students_and_teachers_of_text(mode: str, kept: bool) -> None:
    from earlysieve.training import fit

    data, student, teacher = Texts(), bert(2, 0).train(), bert(3, 1)
    given = Teacher(teacher, logits=keep_logits(teacher, data)) if kept else teacher
    distiller = DebiasedDistillation(
        student,
        given,
        layer="bert.encoder.layer.0",
        num_classes=2,
        optimizer=torch.optim.AdamW(student.parameters(), lr=1e-3),
        data=data,
        mode=mode,
        kd_weight=0.5,
        clip_norm=1.0,
    )
    result = fit(distiller, data, epochs=2, batch_size=12, progress=False)
    assert result.history[-1]["train_loss"] < 10
    assert (distiller.weights > 1).any()
    assert student.training


def test_padding_does_not_change_what_the_readout_sees() -> None:
    student, data = bert(2, 0).eval(), Texts()
    few = published_reweight(
        student, data, layer="bert.encoder.layer.0", num_classes=2, batch_size=60
    )
    distiller = DebiasedDistillation(
        student,
        bert(1, 1),
        layer="bert.encoder.layer.0",
        num_classes=2,
        optimizer=torch.optim.SGD(student.parameters(), lr=0.1),
        num_examples=60,
    )
    ids = torch.nn.utils.rnn.pad_sequence([data.rows[0], torch.arange(12)], batch_first=True)
    padded = {"input_ids": ids, "attention_mask": (torch.arange(12) < 4).repeat(2, 1).long()}
    alone = {"input_ids": data.rows[0][None], "attention_mask": torch.ones(1, 4).long()}
    labels = torch.zeros(2, dtype=torch.int64)
    distiller.prepare(Batch(padded, labels, labels))

    def read(batch: Batch) -> torch.Tensor:
        return run_model(student, batch, distiller.weighting.keep(batch))[1]["bert.encoder.layer.0"]

    seen, short = read(Batch(padded, labels, labels)), read(Batch(alone, labels[:1], labels[:1]))
    torch.testing.assert_close(seen[0], short[0], rtol=1e-4, atol=1e-5)
    assert few.margin.shape == (60,)
