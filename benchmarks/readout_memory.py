"""Memory and time of fitting linear readouts on many features.

Each size runs in a process of its own: random features of 512 numbers, 10 classes, five folds,
beyond the memory budget in a file. Run: python benchmarks/readout_memory.py
"""

import argparse
import resource
import subprocess
import sys
import time

import torch

from earlysieve.model.layout import Layout
from earlysieve.readouts.feature_store import FeatureStore
from earlysieve.readouts.fit import read_out
from earlysieve.readouts.folds import assign_folds
from earlysieve.readouts.heads import LinearHead

SIZES = (125_000, 250_000, 500_000, 1_000_000)
WIDTH, CLASSES, BLOCK = 512, 10, 4096


def peak() -> float:
    """Peak resident memory of this process in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def one(size: int) -> None:
    """Fill a store, fit, print."""
    generator = torch.Generator().manual_seed(0)
    directions = torch.randn(CLASSES, WIDTH, generator=generator)
    labels = torch.randint(0, CLASSES, (size,), generator=generator)
    before = peak()
    store = FeatureStore()
    for start in range(0, size, BLOCK):
        rows = labels[start : start + BLOCK]
        store.append(torch.randn(len(rows), WIDTH, generator=generator) + 0.1 * directions[rows])
    filled = time.perf_counter()
    reading = read_out(store, labels, assign_folds(labels, 5), LinearHead(), Layout.FLAT)
    seconds = time.perf_counter() - filled
    accuracy = float((reading.prediction == labels).double().mean())
    print(
        f"{size:>9,} examples  {seconds:7.1f} s  {1e6 * seconds / size:6.1f} us per example  "
        f"{peak() - before:5.2f} GB more memory  "
        f"{'file' if store.on_disk else 'memory'}  accuracy {accuracy:.3f}",
        flush=True,
    )


def main() -> None:
    """Print one line per size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, help="this size alone, in this process")
    args = parser.parse_args()
    if args.size:
        one(args.size)
        return
    for size in SIZES:
        subprocess.run([sys.executable, __file__, "--size", str(size)], check=True)


if __name__ == "__main__":
    main()
