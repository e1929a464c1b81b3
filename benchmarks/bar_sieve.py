"""BAR: the feature sieve against plain training, from EfficientNet-Lite0's ImageNet weights.

Settings are compared on a held-out fifth of the training split (`--tune`); the final runs train on
the rest and open the test split once, at their end. Results are kept in a JSON file after every
run, and a run that is there is not repeated.

Run: python benchmarks/bar_sieve.py --tune && python benchmarks/bar_sieve.py
"""

import argparse
from functools import partial
from pathlib import Path
from typing import Any

import torch

import earlysieve as es
from bar_common import (
    CLASSES,
    DATA,
    SIZE,
    Photographs,
    augmented,
    decoded,
    predict,
    pretrained,
    splits,
)
from earlysieve.datasets import bar
from earlysieve.training import ERM
from kept import Figures, Kept
from planted import mean_and_interval

BATCH = 32
CONV = es.ConvHead(depth=1, width=64)
CANDIDATES: dict[str, dict[str, Any]] = {
    "plain": {},
    "block 3, conv 64, 0.01 every 5": {"layer": "_blocks.3", "forget_lr": 0.01},
    "block 5, conv 64, 0.01 every 5": {"layer": "_blocks.5", "forget_lr": 0.01},
}


def algorithm(name: str, model: torch.nn.Module) -> Any:
    """The training method of one candidate."""
    optimizer = torch.optim.SGD(model.parameters(), lr=5e-3, momentum=0.9, weight_decay=1e-4)
    if name == "plain":
        return ERM(model, optimizer)
    return es.FeatureSieve(
        model,
        num_classes=CLASSES,
        optimizer=optimizer,
        readout=CONV,
        readout_lr=1e-3,
        forget_every=5,
        **CANDIDATES[name],
    )


def train(name: str, data: Photographs, seed: int, epochs: int) -> torch.nn.Module:
    """One run."""
    # Depthwise convolutions train in half the time on a CPU in this order of memory.
    model = pretrained(seed).train().to(memory_format=torch.channels_last)
    method = algorithm(name, model)
    for _ in range(epochs):
        for rows in torch.randperm(len(data)).split(BATCH):
            if len(rows) > 1:
                images = augmented(data.images[rows]).contiguous(memory_format=torch.channels_last)
                method.step(es.Batch(images, data.labels[rows], rows))
        method.end_epoch()
    return model


def accuracy(model: torch.nn.Module, data: Photographs) -> float:
    """In percent."""
    return 100 * float((predict(model, data.images).argmax(1) == data.labels).double().mean())


def main() -> None:
    """Run what is missing and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tune", action="store_true", help="compare settings on held-out data")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--chosen", default="block 3, conv 64, 0.01 every 5")
    parser.add_argument("--out", type=Path, default=Path("runs/bar_sieve.json"))
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    rest, held_out = splits()
    data = decoded(rest)
    where = "validation" if args.tune else "test"
    opened = decoded(held_out if args.tune else bar(DATA, split="test", image_size=SIZE))
    names = list(CANDIDATES) if args.tune else ["plain", args.chosen]
    kept = Kept(args.out)

    def run(name: str, seed: int) -> Figures:
        return {"accuracy": accuracy(train(name, data, seed, args.epochs), opened)}

    for seed in range(args.seeds):
        for name in names:
            kept.once(
                f"{where} | {name} | {args.epochs} epochs | seed {seed}", partial(run, name, seed)
            )
    print(f"\n{where} accuracy in percent, mean over seeds and its 95% interval")
    for name in names:
        prefix = f"{where} | {name} | {args.epochs} epochs"
        values = kept.over_seeds(prefix, "accuracy")
        mean, low, high = mean_and_interval(values)
        each = ", ".join(f"{value:.1f}" for value in values)
        print(f"| {name} | {mean:.1f} | [{low:.1f}, {high:.1f}] | {each} |")


if __name__ == "__main__":
    main()
