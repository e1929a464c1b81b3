"""Time of fitting linear readouts against another checkout of the package.

Each fit runs in a process of its own, the two checkouts in turns, so that other work on the machine
meets both. Features are those of a made layer: correlated, positive parts only, five folds.

    git worktree add /tmp/old 09bc488
    python benchmarks/readout_cost.py --against /tmp/old
"""

import argparse
import importlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from earlysieve.readouts.fit import read_out
from earlysieve.readouts.folds import assign_folds
from earlysieve.readouts.heads import LinearHead

# Examples, width, classes, layers.
CASES = {
    "ten classes": (200_000, 64, 10, 3),
    "many classes": (20_000, 64, 1_000, 1),
    "wide": (125_000, 512, 10, 1),
}
HERE = Path(__file__).resolve().parent.parent
_BLOCK = 4096


def new_store() -> Any:
    """A feature store; its module had another name once."""
    try:
        module = importlib.import_module("earlysieve.readouts.feature_store")
    except ModuleNotFoundError:
        module = importlib.import_module("earlysieve.readouts.store")
    return module.FeatureStore()


def layer(count: int, width: int, classes: int, seed: int) -> tuple[Any, torch.Tensor]:
    """Features and labels; variances fall over directions as they do in networks."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, classes, (count,), generator=torch.Generator().manual_seed(0))
    signal = (64 / width) ** 0.5 * (0.4 if classes < 100 else 1.2)
    centres = signal * torch.randn(classes, width, generator=generator)
    spectrum = torch.arange(1, width + 1).float() ** -0.75
    turn = torch.linalg.qr(torch.randn(width, width, generator=generator))[0]
    mix = torch.randn(width, width, generator=generator) / width**0.5 * spectrum @ turn
    store = new_store()
    for start in range(0, count, _BLOCK):
        rows = labels[start : start + _BLOCK]
        x = torch.randn(len(rows), width, generator=generator) + centres[rows]
        store.append(torch.relu(x @ mix + 0.1))
    return store, labels


def one(case: str, answers: Path) -> None:
    """Fit every layer, print seconds, write predictions and the mean loss."""
    from earlysieve.model.layout import Layout

    count, width, classes, layers = CASES[case]
    seconds, readings = 0.0, []
    for seed in range(layers):
        store, labels = layer(count, width, classes, seed)
        folds = assign_folds(labels, 5)
        start = time.perf_counter()
        readings.append(read_out(store, labels, folds, LinearHead(), Layout.FLAT))
        seconds += time.perf_counter() - start
    said = np.concatenate([reading.prediction.numpy() for reading in readings])
    right = float((said.reshape(layers, -1) == labels.numpy()).mean())
    np.savez(answers, said=said, right=right, loss=float(readings[0].loss.mean()))
    print(seconds)


def timed(case: str, root: Path, answers: Path) -> float:
    """Seconds of one case with the package of one checkout."""
    command = [sys.executable, __file__, "--case", case, "--answers", str(answers)]
    environment = {**os.environ, "PYTHONPATH": str(root / "src")}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return float(done.stdout)


def compare(case: str, against: Path, repeats: int) -> None:
    """Print median seconds of both checkouts, their ratio, and how their answers differ."""
    with tempfile.TemporaryDirectory() as folder:
        answers = [Path(folder) / "old.npz", Path(folder) / "new.npz"]
        pairs = [
            (timed(case, against, answers[0]), timed(case, HERE, answers[1]))
            for _ in range(repeats)
        ]
        old, new = (np.load(path) for path in answers)
        ratio = np.median([after / before for before, after in pairs])
        before, after = np.median(pairs, axis=0)
        print(
            f"{case:<14} {before:8.2f} s  {after:8.2f} s  ratio {ratio:.3f}   "
            f"accuracy {float(old['right']):.4f} {float(new['right']):.4f}   "
            f"loss {float(old['loss']):.5f} {float(new['loss']):.5f}   "
            f"other predictions {(old['said'] != new['said']).mean():.4f}",
            flush=True,
        )


def main() -> None:
    """Print one line per case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", type=Path, help="folder of the other checkout")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--case", choices=CASES, help="this case alone")
    parser.add_argument("--answers", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.answers:
        one(args.case, args.answers)
    elif args.against:
        for case in [args.case] if args.case else CASES:
            compare(case, args.against.resolve(), args.repeats)
    else:
        parser.error("Expected --against FOLDER, but got none; give another checkout")


if __name__ == "__main__":
    main()
