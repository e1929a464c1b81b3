"""Cost of an audit against a plain evaluation pass, and of a stopped pass against a full one.

ResNet-18 at 96 px, 1,024 images, all stages; of random weights, but it says every class, so that
parts can be swapped. Run: python benchmarks/audit_cost.py, or, where other work goes on, on one
thread and by the processor's time: OMP_NUM_THREADS=1 python benchmarks/audit_cost.py --cpu
"""

import argparse
import time
from collections.abc import Callable

import torch
from torch.utils.data import TensorDataset
from torchvision.models import ResNet, resnet18

import earlysieve as es
from earlysieve.auditing.collect import collect
from earlysieve.datasets.batches import iterate
from earlysieve.training import evaluate
from timing import paired, show

LAYERS = ["relu", "layer1", "layer2", "layer3", "layer4"]


def main() -> None:
    """Print seconds and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=1024)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--cpu", action="store_true", help="the processor's time, of all threads")
    parser.add_argument("--whole", action="store_true", help="audits only, without their parts")
    args = parser.parse_args()
    torch.manual_seed(0)
    labels = torch.arange(args.examples) % 10
    images = torch.randn(args.examples, 3, 96, 96) + 0.1 * labels[:, None, None, None]
    model, data = saying_all(images[:256]), TensorDataset(images, labels)

    def gather() -> object:
        with torch.no_grad():
            return collect(model, iterate(data), LAYERS)

    def audit(**options: int) -> Callable[[], object]:
        return lambda: es.audit(model, data, layers=LAYERS, progress=False, **options)

    whole = {
        "evaluation": lambda: evaluate(model, data, batch_size=64),
        "audit without swaps": audit(pictures=0, swaps=0),
        "audit": audit(pictures=0),
    }
    parts = {"collecting": gather, "audit with pictures and Grad-CAM": audit()}
    clock = time.process_time if args.cpu else time.perf_counter
    show(paired(whole if args.whole else whole | parts, args.repeats, clock), "evaluation")
    for size in () if args.whole else (8, 16, 64):
        print(f"\nbatch {size}")
        stopped(model, images[:size])


@torch.no_grad()
def saying_all(images: torch.Tensor) -> ResNet:
    """A network that says every class about as often as any other."""
    model = resnet18(num_classes=10).eval()
    model.fc.bias -= model(images).mean(0)
    return model


@torch.no_grad()
def stopped(model: ResNet, batch: torch.Tensor) -> None:
    """A pass stopped after layer1, beside the same layers called one after the other."""
    first = (model.conv1, model.bn1, model.relu, model.maxpool, model.layer1)

    def by_hand() -> None:
        x = batch
        for layer in first:
            x = layer(x)

    show(
        paired(
            {
                "full pass": lambda: model(batch),
                "full pass, layer1 captured": lambda: es.capture(model, batch, ["layer1"]),
                "stopped after layer1": lambda: es.capture(model, batch, ["layer1"], stop=True),
                "the same layers called by hand": by_hand,
            },
            15,
        ),
        "full pass",
    )


if __name__ == "__main__":
    main()
