"""Planted shortcuts: the feature sieve against plain training.

`--tune` compares settings on the validation split, by accuracy where the shortcut
fails there (validation images are planted without correlation and never trained on); without it,
plain training and the chosen settings are run over the seeds and the test split is opened at the
end of each run. Each network is judged with its last weights and with their moving average.
Results are kept after every run; a run that is there is not repeated.

Run: python benchmarks/planted_sieve.py --data colour --tune --seeds 2
     python benchmarks/planted_sieve.py --data colour
     python benchmarks/planted_sieve.py --data dominoes --tune --seeds 2
     python benchmarks/planted_sieve.py --data dominoes
"""

import argparse
from functools import cache, partial
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.data import TensorDataset

import earlysieve as es
from earlysieve.training import ERM
from kept import Figures, Kept
from planted import (
    Averaged,
    Course,
    Planted,
    accuracies,
    colours,
    dominoes,
    epochs,
    mean_and_interval,
    network,
    row,
)

# The first ReLU of stage 1 and the ends of stages 1 and 2.
THREE = ["stage1.2", "stage1", "stage2"]
LINEAR: dict[str, Any] = {"readout_lr": 5e-2, "forget_lr": 0.1, "forget_every": 1}
STATISTICS: dict[str, Any] = {
    "readout": es.StatisticsHead(),
    "readout_lr": 2e-2,
    "forget_lr": 0.1,
    "forget_every": 1,
}
CONV: dict[str, Any] = {
    "readout": es.ConvHead(depth=1, width=32),
    "forget_lr": 0.1,
    "forget_every": 1,
}
DATA = {
    "colour": lambda seed: colours(0.98, 10_000, seed),
    "dominoes": lambda seed: dominoes(0.95, 6000, seed),
}
CANDIDATES: dict[str, dict[str, dict[str, Any]]] = {
    "colour": {
        "plain": {},
        "stages 1 and 2, linear": {"layer": THREE[1:], **LINEAR},
        "first ReLU, stages 1 and 2, linear": {"layer": THREE, **LINEAR},
        "stage 1, statistics": {"layer": "stage1", **STATISTICS},
        "stages 1 and 2, statistics": {"layer": THREE[1:], **STATISTICS},
        "first ReLU, stages 1 and 2, statistics": {"layer": THREE, **STATISTICS},
        "first ReLU, stages 1 and 2, statistics, forget 0.05": {
            "layer": THREE,
            **STATISTICS,
            "forget_lr": 0.05,
        },
        "first ReLU, stages 1 and 2, statistics, forget 0.2": {
            "layer": THREE,
            **STATISTICS,
            "forget_lr": 0.2,
        },
        "first ReLU, stages 1 and 2, statistics, forget 0.4": {
            "layer": THREE,
            **STATISTICS,
            "forget_lr": 0.4,
        },
        "first ReLU and stage 1, conv 32": {"layer": THREE[:2], **CONV},
        "stage 1, conv 32": {"layer": "stage1", **CONV},
        "stage 1, conv 32, forget 0.2": {"layer": "stage1", **CONV, "forget_lr": 0.2},
        "stage 1, conv 32, forget 0.03": {"layer": "stage1", **CONV, "forget_lr": 0.03},
        "stage 1, conv 32, two readout steps": {"layer": "stage1", **CONV, "readout_steps": 2},
        "stages 1 and 2, conv 32": {"layer": THREE[1:], **CONV},
    },
    "dominoes": {
        "plain": {},
        "stage 1, linear": {"layer": "stage1", **LINEAR},
        "stage 1, linear, slow readout": {"layer": "stage1", **LINEAR, "readout_lr": 1e-2},
        "stages 1 and 2, linear": {"layer": THREE[1:], **LINEAR},
        "stage 1, conv 32": {"layer": "stage1", **CONV},
        "stage 1, conv 32, forget 0.01": {"layer": "stage1", **CONV, "forget_lr": 0.01},
        "first ReLU, stages 1 and 2, statistics": {"layer": THREE, **STATISTICS},
        "stage 2, statistics": {"layer": "stage2", **STATISTICS},
        "stage 2, linear": {"layer": "stage2", **LINEAR},
        "stage 2, linear, forget 0.01": {"layer": "stage2", **LINEAR, "forget_lr": 0.01},
        "stage 1, linear, forget 0.3": {"layer": "stage1", **LINEAR, "forget_lr": 0.3},
        "stage 1, linear, every fifth": {"layer": "stage1", **LINEAR, "forget_every": 5},
        "stage 1, MLP 64, forget 0.03": {
            "layer": "stage1",
            **LINEAR,
            "readout": es.MLPHead(width=64),
            "readout_lr": 1e-2,
            "forget_lr": 0.03,
        },
    },
}
CHOSEN = {
    "colour": "first ReLU, stages 1 and 2, statistics, forget 0.05",
    "dominoes": "stage 1, linear, slow readout",
}


def trained(
    data: Planted, options: dict[str, Any], seed: int, course: Course
) -> tuple[nn.Module, nn.Module]:
    """A network trained plainly, or with a sieve of these options, as it is and averaged."""
    torch.manual_seed(seed)
    model = network()
    optimizer = torch.optim.Adam(model.parameters(), lr=course.lr)
    method: Any = ERM(model, optimizer)
    if options:
        method = es.FeatureSieve(model, num_classes=10, optimizer=optimizer, **options)
    schedule = course.scheduler(optimizer, len(data.train))
    average = Averaged(model, course.steps(len(data.train)))
    for _, batch in epochs(data.train, course.epochs, course.batch_size):
        method.step(batch)
        schedule.step()
        average.step()
    both = model, average.network().train()
    for found in both:
        # For all arms: forgetting leaves BatchNorm statistics behind (docs/sieve.md).
        es.refresh_statistics(found, TensorDataset(data.train.images, data.train.labels))
    return both


def main() -> None:
    """Run what is missing and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", choices=list(DATA), default="colour")
    parser.add_argument("--tune", action="store_true")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    Course.add_options(parser, Course(5))
    parser.add_argument("--only", nargs="+", help="of the candidates to tune")
    parser.add_argument("--out", type=Path, default=Path("runs/planted_sieve.json"))
    args = parser.parse_args()
    where = "validation" if args.tune else "test"
    seeds = range(args.first_seed, args.first_seed + args.seeds)
    pair = ["plain", CHOSEN[args.data]]
    names = args.only or (list(CANDIDATES[args.data]) if args.tune else pair)
    kept = Kept(args.out)
    course = Course.of(args)

    @cache
    def data_of(seed: int) -> Planted:
        return DATA[args.data](seed)

    def run(name: str, seed: int) -> Figures:
        data = data_of(seed)
        last, average = trained(data, CANDIDATES[args.data][name], seed, course)
        split = data.validation if args.tune else data.test
        averaged = {f"averaged {key}": value for key, value in accuracies(average, split).items()}
        return accuracies(last, split) | averaged

    def figures(name: str, measure: str) -> list[float]:
        by_seed = kept.by_seed(f"{args.data} | {where} | {name} | {course}", measure)
        return [by_seed[seed] for seed in seeds]

    for seed in seeds:
        for name in names:
            key = f"{args.data} | {where} | {name} | {course} | seed {seed}"
            kept.once(key, partial(run, name, seed))
    for weights in ("", "averaged "):
        for measure in (f"{weights}fails", f"{weights}holds"):
            print(f"\n{args.data}, {where}: accuracy where the shortcut {measure}, 95% interval")
            for name in names:
                print(row(name, figures(name, measure)))
        if set(pair) <= set(names):
            plain, sieve = (figures(name, f"{weights}fails") for name in pair)
            gains = [b - a for a, b in zip(plain, sieve, strict=True)]
            mean, low, high = mean_and_interval(gains)
            print(f"\n{weights}gain where it fails: {mean:+.3f} [{low:+.3f}, {high:+.3f}]")


if __name__ == "__main__":
    main()
