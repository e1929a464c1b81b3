"""Seconds that each repair method takes to fit a last layer, with its default settings.

100,000 examples x 512 features, ten classes, a cue that misleads 5% of the examples.
Run: python benchmarks/repair_cost.py
"""

import argparse
import time

import torch

from earlysieve.repairing.features import LastFeatures
from earlysieve.repairing.fitting import fit_last_layer
from earlysieve.repairing.linear_map import LinearMap
from earlysieve.repairing.registry import REPAIR_METHODS


def made(examples: int, width: int, classes: int) -> tuple[LastFeatures, LinearMap]:
    """Correlated features of which some tell the label and some the cue, and a layer on both."""
    torch.manual_seed(0)
    labels = torch.arange(examples) % classes
    misled = torch.rand(examples) < 0.05
    cue = torch.where(misled, (labels + 1) % classes, labels)
    tells, misleads = torch.randn(classes, width), torch.randn(classes, width)
    features = torch.randn(examples, width // 4) @ torch.randn(width // 4, width) / 8
    features += torch.randn(examples, width)
    features += 0.3 * tells[labels] + 0.4 * misleads[cue]
    features.relu_()
    old = LinearMap((tells + misleads) / width, torch.zeros(classes))
    made = LastFeatures(
        features,
        old(features),
        labels,
        torch.arange(examples),
        misled.long(),
        identity=None,
        layer="head",
    )
    return made, old


def main() -> None:
    """Print seconds and accuracies."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=100_000)
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--classes", type=int, default=10)
    args = parser.parse_args()
    features, old = made(args.examples, args.width, args.classes)
    published = {"penalty": "l1", "subsets": 10}
    tried = [(name, {}) for name in REPAIR_METHODS] + [("dfr", published)]
    for name, settings in tried:
        start, busy = time.perf_counter(), time.process_time()
        new = fit_last_layer(features, old, name, settings)
        seconds, used = time.perf_counter() - start, time.process_time() - busy
        right = (new(features.features).argmax(1) == features.labels).double()
        shown = " ".join([name, *(f"{key}={value}" for key, value in settings.items())])
        print(
            f"{shown:<28} {seconds:6.2f} s, {used:6.2f} s of processors; accuracy "
            f"{float(right.mean()):.3f}, misled {float(right[features.groups == 1].mean()):.3f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
