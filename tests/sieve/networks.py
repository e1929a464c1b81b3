"""Small networks of three kinds, each with a layer to sieve and a batch."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from earlysieve.model.batch import Batch


@dataclass(frozen=True)
class Case:
    """A network, where to cut it, and how to make a batch."""

    model: nn.Module
    layer: str
    batch: Callable[[int], Batch]


class Residual(nn.Module):
    """Two residual blocks with BatchNorm, strides 1 and 2."""

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8))
        self.early = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(True))
        self.late = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(True))
        self.drop = nn.Dropout(dropout)
        self.head = nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.stem(x))
        x = x + self.early(x)
        x = x + self.late(x)
        return self.head(self.drop(x.mean((2, 3))))


def residual(dropout: float = 0.0) -> Case:
    """A residual network with BatchNorm."""
    return Case(_seeded(lambda: Residual(dropout)), "early", _images(12, 3))


def vision_transformer() -> Case:
    """A ViT of two blocks."""
    from torchvision.models import VisionTransformer

    def make() -> nn.Module:
        return VisionTransformer(
            image_size=16,
            patch_size=8,
            num_layers=2,
            num_heads=2,
            hidden_dim=16,
            mlp_dim=32,
            num_classes=3,
        )

    return Case(_seeded(make), "encoder.layers.encoder_layer_0", _images(16, 3))


def bert() -> Case:
    """A BERT of two layers without dropout, with padding in its batches."""
    from transformers import BertConfig, BertForSequenceClassification

    config = BertConfig(
        vocab_size=50,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        num_labels=3,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    model = _seeded(lambda: BertForSequenceClassification(config))
    return Case(model, "bert.encoder.layer.0", _tokens)


CASES = {"residual": residual, "vit": vision_transformer, "bert": bert}


def _seeded(make: Callable[[], nn.Module]) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return make().train()


def _images(side: int, classes: int) -> Callable[[int], Batch]:
    def batch(seed: int) -> Batch:
        generator = torch.Generator().manual_seed(seed)
        labels = torch.randint(0, classes, (8,), generator=generator)
        images = torch.randn(8, 3, side, side, generator=generator)
        images[:, 0] += labels.float()[:, None, None]
        return Batch(images, labels, torch.arange(8))

    return batch


def _tokens(seed: int) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(1, 50, (8, 6), generator=generator)
    mask = (torch.arange(6)[None] < torch.randint(3, 7, (8, 1), generator=generator)).long()
    inputs = {"input_ids": ids * mask, "attention_mask": mask}
    return Batch(inputs, torch.randint(0, 3, (8,), generator=generator), torch.arange(8))
