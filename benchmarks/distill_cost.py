"""Cost of debiased distillation: its step, its epoch against the published way, kept logits.

Run: python benchmarks/distill_cost.py
"""

import argparse
import copy
from collections.abc import Callable

import torch
from torch import nn
from torch.utils.data import TensorDataset
from torchvision.models import resnet18, resnet50

import earlysieve as es
from earlysieve.training import ERM, Algorithm, EpochSampler
from earlysieve.training.algorithm import end_epoch
from earlysieve.weighting import published_reweight
from timing import paired, show

CLASSES = 10


def batches(data: TensorDataset, size: int) -> list[es.Batch]:
    """All examples in batches."""
    images, labels = data.tensors
    order = EpochSampler(len(data), size, seed=0).batches(0)
    return [es.Batch(images[rows], labels[rows], torch.tensor(rows)) for rows in order]


def images(count: int, side: int) -> TensorDataset:
    """Random images whose brightness goes with the class."""
    labels = torch.arange(count) % CLASSES
    return TensorDataset(
        torch.randn(count, 3, side, side) + 0.1 * labels[:, None, None, None], labels
    )


def sgd(model: nn.Module) -> torch.optim.Optimizer:
    """As published for images."""
    return torch.optim.SGD(model.parameters(), lr=5e-4, momentum=0.9)


def debiased(student: nn.Module, teacher: object, count: int) -> es.DebiasedDistillation:
    """Online weights from a linear readout after the first stage."""
    return es.DebiasedDistillation(
        student,
        teacher,
        layer="layer1",
        num_classes=CLASSES,
        optimizer=sgd(student),
        num_examples=count,
    )


def cycled(algorithm: Algorithm, some: list[es.Batch]) -> Callable[[], None]:
    """A call that makes one step on each batch, and ends the epoch."""

    def run() -> None:
        for batch in some:
            algorithm.step(batch)
        end_epoch(algorithm)

    return run


def main() -> None:
    """Print seconds and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=96)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--batches", type=int, default=4, help="of an epoch")
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    torch.manual_seed(0)
    count = args.batches * args.batch_size
    data = images(count, args.side)
    some = batches(data, args.batch_size)
    start, large = resnet18(num_classes=CLASSES).train(), resnet50(num_classes=CLASSES)
    print(f"ResNet-18, {args.side} px, epochs of {args.batches} batches of {args.batch_size}")
    print("teacher's logits: those of a ResNet-50, kept", flush=True)
    logits = es.keep_logits(large, data, batch_size=args.batch_size)
    student, plain = copy.deepcopy(start), copy.deepcopy(start)
    kept = es.KnowledgeDistillation(student, logits, optimizer=sgd(student))
    online = debiased(copy.deepcopy(start), logits, count)

    def published(stop: bool) -> Callable[[], None]:
        train = cycled(kept, some)

        def run() -> None:
            train()
            published_reweight(
                student,
                data,
                layer="layer1",
                num_classes=CLASSES,
                batch_size=args.batch_size,
                stop=stop,
            )

        return run

    medians = paired(
        {
            "plain training of the student": cycled(ERM(plain, sgd(plain)), some),
            "plain KD": cycled(kept, some),
            "DeDiER, online": cycled(online, some),
            "DeDiER, published, full passes": published(False),
            "DeDiER, published, stopped at the layer": published(True),
        },
        args.repeats,
    )
    for base in ("plain training of the student", "plain KD", "DeDiER, online"):
        show(medians, base)
        print(flush=True)


if __name__ == "__main__":
    main()
