"""Cost of a sieve step against a plain step, in both orders, and peak memory.

ResNet-18, 96 px, batch 32, forget every 5 steps, readout after stage 1. One unit of timing is five
steps, so that each holds exactly one forgetting. Run: python benchmarks/sieve_cost.py
"""

import argparse
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import torch
from torchvision.models import resnet18

import earlysieve as es
from earlysieve.training import ERM
from timing import paired, show

HEADS: dict[str, es.LinearHead | es.StatisticsHead | es.ConvHead] = {
    "linear": es.LinearHead(),
    "statistics": es.StatisticsHead(),
    "conv 1x64": es.ConvHead(depth=1, width=64),
    "plain conv 1x64": es.ConvHead(depth=1, width=64, block="plain"),
}
CYCLE = 5


def method(name: str) -> Any:
    """Plain training, or a sieve named "head, order"."""
    torch.manual_seed(0)
    model = resnet18(num_classes=10).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    if name == "plain":
        return ERM(model, optimizer)
    head, order = name.split(", ")
    return es.FeatureSieve(
        model,
        "layer1",
        10,
        optimizer=optimizer,
        readout=HEADS[head],
        forget_every=CYCLE,
        order=order,  # type: ignore[arg-type]
    )


def cycle(name: str) -> Callable[[], None]:
    """Five steps of one method."""
    algorithm = method(name)
    batch = es.Batch(torch.randn(32, 3, 96, 96), torch.arange(32) % 10, torch.arange(32))

    def run() -> None:
        for _ in range(CYCLE):
            algorithm.step(batch)

    return run


def peak(name: str) -> float:
    """Peak resident memory in MB of a process that takes three cycles."""
    command = [sys.executable, __file__, "--peak-of", name]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def typical_peak(name: str) -> float:
    """Median of three processes, since the allocator's luck moves one peak by a tenth."""
    return statistics.median(peak(name) for _ in range(3))


def main() -> None:
    """Print seconds, ratios, and memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--peak-of", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.peak_of:
        base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        run = cycle(args.peak_of)
        for _ in range(3):
            run()
        print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base) / 1e3)
        return
    memory()
    names = ["plain", *(f"{h}, {order}" for h in HEADS for order in ("shared", "published"))]
    medians = paired({name: cycle(name) for name in names}, args.repeats)
    print()
    show(medians, "plain")
    for head in HEADS:
        ratio = medians[f"{head}, published"] / medians[f"{head}, shared"]
        print(f"{head}: shared is {ratio:.2f} x faster than published")


def memory() -> None:
    """Print peaks; before any training here, since a process begins with its parent's peak."""
    print("Peak memory above that of the imports; median of three processes of three cycles each")
    plain = typical_peak("plain")
    for name in ("plain", *(f"{head}, shared" for head in HEADS)):
        found = plain if name == "plain" else typical_peak(name)
        print(f"{name:<26} {found:8.0f} MB   {found / plain:.3f} x plain", flush=True)


if __name__ == "__main__":
    main()
