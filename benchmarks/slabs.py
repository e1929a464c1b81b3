"""LMS-5: one linear coordinate and 49 of five slabs, each enough to tell the class.

A network of two hidden layers learns the linear one only ("The Pitfalls of Simplicity Bias in
Neural Networks", NeurIPS 2020): its AUC is about 1 on test data, about 0.5 with the linear
coordinate permuted among the examples, and about 1 with all others permuted.

    python benchmarks/slabs.py --seeds 5 --out slabs.json
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from earlysieve._files import write_text
from earlysieve.auditing.scores import auroc
from earlysieve.datasets.slabs import linear_coordinate, random_rotation, slab_coordinates
from earlysieve.networks.small_mlp import SmallMLP

Floats = NDArray[np.float64]
TRAINING, TEST, COORDINATES = 100_000, 20_000, 50


def data(count: int, seed: int) -> tuple[Floats, NDArray[np.int64]]:
    """Unrotated coordinates (N, 50), the linear one first, and classes (N,)."""
    labels = np.random.default_rng(seed).integers(0, 2, count)
    linear = linear_coordinate(labels, seed=seed + 1)[:, None]
    others = slab_coordinates(labels, slabs=5, count=COORDINATES - 1, seed=seed + 2)
    return np.concatenate([linear, others], axis=1), labels


def train(inputs: Tensor, labels: Tensor, seed: int, steps: int) -> nn.Module:
    """SGD at 0.1 with weight decay 5e-5 and batches of 256, until the loss is below 1e-4."""
    torch.manual_seed(seed)
    model = SmallMLP(2, input_shape=inputs.shape[1:], widths=(100, 100))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=5e-5)
    for step in range(steps):
        rows = torch.randint(0, len(labels), (256,))
        loss = nn.functional.cross_entropy(model(inputs[rows]), labels[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 100 == 0 and loss.item() < 1e-4:
            break
    return model.eval()


def run(seed: int, steps: int) -> dict[str, float]:
    """AUC as it is, with the linear coordinate permuted, and with all slabs permuted."""
    rotation = random_rotation(COORDINATES, seed=seed)
    table, labels = data(TRAINING, 10 * seed)
    inputs = torch.from_numpy(table @ rotation.T).float()
    model = train(inputs, torch.from_numpy(labels), seed, steps)
    table, labels = data(TEST, 10 * seed + 5)
    rng = np.random.default_rng(seed)

    @torch.no_grad()
    def auc(coordinates: Floats) -> float:
        logits = model(torch.from_numpy(coordinates @ rotation.T).float())
        return auroc((logits[:, 1] - logits[:, 0]).double().numpy(), labels == 1)

    without_linear, without_slabs = table.copy(), table.copy()
    without_linear[:, 0] = rng.permutation(table[:, 0])
    without_slabs[:, 1:] = table[rng.permutation(len(table)), 1:]
    return {
        "auc": auc(table),
        "linear_permuted": auc(without_linear),
        "slabs_permuted": auc(without_slabs),
    }


def main() -> None:
    """All seeds, one line each."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    found = {}
    for seed in range(args.seeds):
        found[f"seed {seed}"] = run(seed, args.steps)
        print(seed, {key: round(value, 4) for key, value in found[f"seed {seed}"].items()})
    if args.out:
        write_text(args.out, json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
