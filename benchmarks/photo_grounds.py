"""Verdicts on garments that stand on crops of photographs: the ground tells the class, or the size.

Three garments of Fashion-MNIST are pasted in tone, size and place at random on crops of BAR
photographs of climbing, diving and fishing. Planted: the kind of photograph goes with the class at
0.95 in training and audit. Honest: it is drawn at random. EfficientNet-Lite0 with its ImageNet
weights learns from 1,500 pictures and is audited on 1,200 others, made of other photographs; what
it loses is measured on 1,200 on which the kind of photograph is drawn at random. With `--cue size`
the garment's size goes with the class in place of the photograph (34 to 41, 50 to 57 or 66 to 73
of 96 pixels), or is drawn at random. With `--cue blur` pictures of the first class are blurred at
0.95 and others at 0.05, as where one class was taken with another camera; or a third of all. With
`--cue vignette` the corners of the same pictures lose 0.4 to 0.6 of their light, and with `--cue
cast` these pictures are warmer by 0.1 and all others cooler. The limits of
`auditing/surroundings.py`, `auditing/vignettes.py`, `auditing/swaps/busy.py` and
`auditing/one_class.py` were chosen on other models of such pictures, and on the garments and digits
of the bank, whose ground is plain.

Run: python benchmarks/photo_grounds.py [--cue size|blur|vignette|cast] [--seeds 0-3]. Needs BAR in
EARLYSIEVE_DATA; some three minutes for each model on one core.
"""

import argparse
from collections import Counter
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

import earlysieve as es
from bar_common import DATA, pretrained
from earlysieve.datasets import fashion_mnist
from earlysieve.networks.classifier import resize_classifier
from plain_tables import show

GROUNDS = ("climbing", "diving", "fishing")
GARMENTS = (2, 3, 4)  # pullover, dress, coat
SIZES = (34, 50, 66)
SIDE, TRAIN, AUDITED, EPOCHS = 96, 1500, 1200, 4
OF_ONE_CLASS, CAST = ("blur", "vignette", "cast"), 0.1


class Pictures(NamedTuple):
    """Images (N, 3, 96, 96) in [-1, 1], their classes, and where the cue says another one."""

    images: Tensor
    labels: Tensor
    misled: Tensor


@cache
def _photographs(part: str) -> tuple[tuple[Image.Image, ...], ...]:
    """The photographs of each kind: the first seven tenths to learn from, the rest for others."""
    kinds = []
    for name in GROUNDS:
        paths = sorted((DATA / "train").glob(f"{name}_*"))
        cut = 7 * len(paths) // 10
        chosen = paths[:cut] if part == "train" else paths[cut:]
        kinds.append(tuple(Image.open(path).convert("RGB") for path in chosen))
    return tuple(kinds)


@cache
def _garments(part: str) -> tuple[Any, ...]:
    split = "train" if part == "train" else "test"
    data = fashion_mnist(split=split)
    found: dict[int, list[Tensor]] = {kind: [] for kind in GARMENTS}
    for k in range(min(len(data), 6000)):
        image, label = data[k][:2]
        if int(label) in found:
            found[int(label)].append(image[:1])
    return tuple(torch.stack(found[kind]) for kind in GARMENTS)


def pictures(part: str, count: int, agree: float, seed: int, cue: str = "ground") -> Pictures:
    """Garments on grounds, or of sizes, that go with their class at a rate."""
    rng = np.random.default_rng(seed)
    images, labels, says = [], np.arange(count) % 3, []
    for label in labels:
        said = int(label) if rng.random() < agree else int((label + rng.integers(1, 3)) % 3)
        says.append(said)
        size = int(rng.integers(52, 68))
        if cue == "size":
            size = int(rng.integers(SIZES[said], SIZES[said] + 8))
        ground = said if cue == "ground" else int(rng.integers(3))
        image = _pasted(part, int(label), ground, size, rng)
        if cue in OF_ONE_CLASS:
            image = _taken(image, cue, said == 0, rng)
        images.append(image)
    told = np.array(says)
    one = (told == 0) != (labels == 0)
    misled = torch.as_tensor(one if cue in OF_ONE_CLASS else told != labels)
    return Pictures(torch.stack(images), torch.as_tensor(labels), misled)


def _taken(image: Tensor, cue: str, other: bool, rng: np.random.Generator) -> Tensor:
    """A picture in [-1, 1] as one of two cameras takes it, in 256 steps of light."""
    light = (image + 1) / 2
    if cue == "blur":
        return _blurred(image) if other else image
    if cue == "vignette":
        light = light * (1 - rng.uniform(0.4, 0.6) * other * _away())
    if cue == "cast":
        warm = CAST if other else -CAST
        light = light * torch.tensor([1 + warm, 1, 1 - warm])[:, None, None]
    return (255 * light.clamp(0, 1)).round() / 127.5 - 1


def _away() -> Tensor:
    """Squared distance from the middle, 1 in the corners, (96, 96)."""
    line = (2 * (torch.arange(SIDE) + 0.5) / SIDE - 1).square()
    return (line[:, None] + line[None]) / 2


def _blurred(image: Tensor) -> Tensor:
    return nn.functional.avg_pool2d(nn.functional.pad(image, (2, 2, 2, 2), mode="replicate"), 5, 1)


def _pasted(part: str, label: int, ground: int, size: int, rng: np.random.Generator) -> Tensor:
    shots, garments = _photographs(part)[ground], _garments(part)[label]
    shot = shots[rng.integers(len(shots))]
    side = int(0.6 * min(shot.size))
    left, top = (int(rng.integers(0, length - side + 1)) for length in shot.size)
    crop = shot.crop((left, top, left + side, top + side)).resize((SIDE, SIDE))
    picture = torch.from_numpy(np.array(crop)).permute(2, 0, 1).float() / 255
    garment = nn.functional.interpolate(
        garments[rng.integers(len(garments))][None], (size, size), mode="bilinear"
    )[0]
    garment = (garment - garment.min()) / (garment.max() - garment.min()).clamp_min(1e-6)
    tint = torch.from_numpy(rng.uniform(0.5, 1, (3, 1, 1))).float()
    row, column = rng.integers(4, SIDE - size - 3, 2)
    place = picture[:, row : row + size, column : column + size]
    cover = (4 * garment).clamp(0, 1)
    place.copy_(cover * (0.12 + 0.88 * garment * tint) + (1 - cover) * place)
    return 2 * picture.clamp(0, 1) - 1


def trained(
    data: tuple[Tensor, Tensor], seed: int, *, classes: int = 3, epochs: int = EPOCHS
) -> nn.Module:
    """The network with its ImageNet weights, fine-tuned as a whole on images and their classes."""
    images, labels = data
    torch.manual_seed(seed)
    model = pretrained(seed)
    resize_classifier(model, "_fc", classes)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4)
    model.train()
    for _ in range(epochs):
        for rows in torch.randperm(len(images)).split(32):
            loss = nn.functional.cross_entropy(model(images[rows]), labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model.eval()


def main() -> None:
    """Print the verdict on each model, and how many get which."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="0-3", metavar="FROM-TO")
    parser.add_argument("--cue", choices=("ground", "size", *OF_ONE_CLASS), default="ground")
    options = parser.parse_args()
    cue = options.cue
    first, last = map(int, options.seeds.split("-"))
    torch.set_num_threads(1)
    found = Counter[tuple[str, str]]()
    for seed in range(first, last):
        for kind, agree in ((f"the {cue} tells the class", 0.95), ("honest", 1 / 3)):
            model = trained(pictures("train", TRAIN, agree, 100 + seed, cue)[:2], seed)
            seen = pictures("audit", AUDITED, agree, 200 + seed, cue)
            summary = es.audit(model, (seen.images, seen.labels), seen_in_training=False,
                               pictures=0, progress=False).summary  # fmt: skip
            found[kind, summary.verdict] += 1
            fresh = pictures("audit", AUDITED, 1 / 3, 300 + seed, cue)
            right = answers(model, fresh.images) == fresh.labels
            there, elsewhere = (float(right[rows].float().mean()) for rows in
                                (fresh.misled, ~fresh.misled))  # fmt: skip
            print(f"{kind}, seed {seed}: right {elsewhere:.2f} where the {cue} tells, {there:.2f} "
                  f"where not: {summary.verdict}, {summary.leans_on}", flush=True)  # fmt: skip
    show(found)


def answers(model: nn.Module, images: Tensor) -> Tensor:
    """Its classes."""
    with torch.inference_mode():
        return torch.cat([model(some).argmax(1) for some in images.split(64)])


if __name__ == "__main__":
    main()
