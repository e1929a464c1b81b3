"""Does an audit find a planted colour, and nothing where there is nothing to find?

Fashion-MNIST, 10,000 images, the plain 3-stage CNN, 5 epochs, audited on its own training data:
AUROC of the earliest readout's score against the true minority, and the verdict, at correlation
0.98 and at 0.1 (colour independent of the class). Run: python benchmarks/planted_audit.py
"""

import argparse

import torch
from torch import nn
from torch.utils.data import TensorDataset

import earlysieve as es
from earlysieve.networks.small import small_cnn
from earlysieve.training import ERM
from planted import colours, epochs, mean_and_interval


def trained(data: object, seed: int, count: int) -> nn.Module:
    """A plain network."""
    torch.manual_seed(seed)
    model = small_cnn(10).train()
    method = ERM(model, torch.optim.Adam(model.parameters(), lr=1e-3))
    for _, batch in epochs(data, count):  # type: ignore[arg-type]
        method.step(batch)
    return model


def main() -> None:
    """One line per correlation and seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--size", type=int, default=10_000)
    parser.add_argument("--correlations", type=float, nargs="+", default=[0.98, 0.1])
    args = parser.parse_args()
    for correlation in args.correlations:
        found = []
        for seed in range(args.seeds):
            data = colours(correlation, args.size, seed).train
            model = trained(data, seed, args.epochs)
            groups = 2 * data.labels + (~data.holds).long()
            result = es.audit(
                model, TensorDataset(data.images, data.labels, groups), pictures=0, progress=False
            )
            first = result.layers.iloc[0]
            found.append(float(first["auroc"]))
            print(
                f"correlation {correlation}  seed {seed}  {first['layer']}  "
                f"AUROC {first['auroc']:.4f}  flagged {result.summary.share_flagged:.3f}  "
                f"same mistake {result.summary.same_mistake:.3f}  "
                f"verdict: {result.summary.verdict}",
                flush=True,
            )
        mean, low, high = mean_and_interval(found)
        print(f"correlation {correlation}  AUROC {mean:.4f} [{low:.4f}, {high:.4f}]", flush=True)


if __name__ == "__main__":
    main()
