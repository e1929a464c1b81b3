"""Was it the simple feature that was sieved? Fresh probes by layer, before and after.

Fashion-MNIST with a planted colour (0.98). On data where colour and class are independent, fresh
linear readouts of each stage are fitted to the colour and, separately, to the garment, for a plain
and a sieved network. Writes a figure. Run: python benchmarks/sieve_depth.py
"""

import argparse
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.data import TensorDataset

import earlysieve as es
from earlysieve._files import replacing
from earlysieve.datasets import fashion_mnist, plant_colour
from planted import Course, colours
from planted_sieve import CANDIDATES, CHOSEN, trained

STAGES = ["stage1", "stage2", "stage3"]


def independent(size: int = 3000) -> tuple[Tensor, Tensor, Tensor]:
    """Images whose colour tells nothing of the class, with class and colour."""
    files = fashion_mnist("test", channels=3).subset(range(size))
    data = plant_colour(files, 0.1, seed=7)
    images = torch.stack([torch.as_tensor(data[i][0]) for i in range(len(data))])
    return images, torch.from_numpy(data.labels), torch.from_numpy(data.shortcut_values)


def probe(model: nn.Module, images: Tensor, target: Tensor) -> list[float]:
    """Out-of-fold accuracy of fresh linear readouts by stage."""
    result = es.audit(
        model, TensorDataset(images, target), layers=STAGES, pictures=0, progress=False
    )
    return [float(value) for value in result.layers["accuracy"]]


def main() -> None:
    """Print a table and write the figure."""
    from matplotlib.figure import Figure

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("docs/images/sieve-depth.png"))
    args = parser.parse_args()
    data = colours(0.98, 10_000, args.seed)
    images, garment, colour = independent()
    options = {"plain training": {}, "feature sieve": CANDIDATES["colour"][CHOSEN["colour"]]}
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    axes = figure.subplots(1, 2, sharey=True, gridspec_kw={"wspace": 0.1})
    for style, (name, chosen) in zip(("o--", "s-"), options.items(), strict=True):
        model = trained(data, chosen, args.seed, Course(args.epochs))[1].eval()
        for axis, what, target in zip(
            axes, ("colour (the shortcut)", "garment (the task)"), (colour, garment), strict=True
        ):
            found = probe(model, images, target)
            print(f"{name:<16} {what:<22} " + "  ".join(f"{v:.3f}" for v in found), flush=True)
            axis.plot(STAGES, found, style, label=name)
            axis.set(title=f"fresh readout of the {what}", ylim=(0, 1.03))
            axis.grid(alpha=0.3)
    axes[0].set_ylabel("accuracy")
    axes[1].legend(loc="lower right")
    with replacing(args.out) as temporary:
        figure.savefig(temporary, dpi=150, format="png")


if __name__ == "__main__":
    main()
