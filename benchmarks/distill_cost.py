"""Cost of debiased distillation: its step, its epoch against the published way, kept logits.

Run: python benchmarks/distill_cost.py
"""

import argparse
import copy
from collections.abc import Callable

import torch
from timing import paired, show
from torch import nn
from torch.utils.data import TensorDataset
from torchvision.models import resnet18, resnet50

import earlysieve as es
from earlysieve.distill import published_reweight
from earlysieve.training import ERM, EpochSampler

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


def cycled(algorithm: es.DebiasedDistillation | ERM, some: list[es.Batch]) -> Callable[[], None]:
    """A call that makes one step on each batch, and ends the epoch."""

    def run() -> None:
        for batch in some:
            algorithm.step(batch)
        algorithm.end_epoch()

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
    small = resnet18(num_classes=CLASSES)
    fresh: Callable[[], nn.Module] = lambda: copy.deepcopy(start)  # noqa: E731

    print(f"ResNet-18, {args.side} px, epochs of {args.batches} batches of {args.batch_size}")
    logits = es.keep_logits(large, data)
    student = fresh()
    kept = es.KnowledgeDistillation(student, logits, optimizer=sgd(student))
    plain, many = fresh(), debiased(fresh(), logits, count)
    live, lively = fresh(), debiased(fresh(), small, count)
    fly = es.KnowledgeDistillation(live, small, optimizer=sgd(live))
    show(
        paired(
            {
                "plain KD, kept logits": cycled(kept, some),
                "DeDiER online, kept logits": cycled(many, some),
                "plain training of the student": cycled(ERM(plain, sgd(plain)), some),
            },
            args.repeats,
        ),
        "plain KD, kept logits",
    )
    print()
    show(
        paired(
            {
                "plain training of the student": cycled(ERM(plain, sgd(plain)), some),
                "DeDiER online, ResNet-50's kept logits": cycled(many, some),
            },
            args.repeats,
        ),
        "plain training of the student",
    )
    print()
    show(
        paired(
            {
                "plain KD, ResNet-18 on the fly": cycled(fly, some),
                "DeDiER online, ResNet-18 on the fly": cycled(lively, some),
            },
            args.repeats,
        ),
        "plain KD, ResNet-18 on the fly",
    )
    print()

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

    show(
        paired(
            {
                "epoch, online": cycled(many, some),
                "epoch, published, full passes": published(False),
                "epoch, published, stopped at the layer": published(True),
            },
            args.repeats,
        ),
        "epoch, online",
    )


if __name__ == "__main__":
    main()
