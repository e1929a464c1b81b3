"""Cost of an audit against a plain evaluation pass, and of a stopped pass against a full one.

ResNet-18 at 96 px, 1,024 images, all stages. Run: python benchmarks/audit_cost.py
"""

import argparse

import torch
from torch.utils.data import TensorDataset
from torchvision.models import resnet18

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
    args = parser.parse_args()
    torch.manual_seed(0)
    model = resnet18(num_classes=10).eval()
    labels = torch.arange(args.examples) % 10
    images = torch.randn(args.examples, 3, 96, 96) + 0.1 * labels[:, None, None, None]
    data = TensorDataset(images, labels)

    def gather() -> object:
        with torch.no_grad():
            return collect(model, iterate(data), LAYERS)

    show(
        paired(
            {
                "evaluation": lambda: evaluate(model, data, batch_size=64),
                "collecting": gather,
                "audit": lambda: es.audit(model, data, layers=LAYERS, pictures=0),
                "audit with pictures and Grad-CAM": lambda: es.audit(model, data, layers=LAYERS),
            },
            args.repeats,
        ),
        "evaluation",
    )
    batch = images[:64]

    def run(layers: list[str], stop: bool) -> None:
        with torch.no_grad():
            es.capture(model, batch, layers, stop=stop)

    def plain() -> None:
        with torch.no_grad():
            model(batch)

    print()
    show(
        paired(
            {
                "full pass": plain,
                "full pass, layer1 captured": lambda: run(["layer1"], False),
                "stopped after layer1": lambda: run(["layer1"], True),
            },
            15,
        ),
        "full pass",
    )


if __name__ == "__main__":
    main()
