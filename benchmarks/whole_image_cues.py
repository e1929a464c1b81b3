"""Verdicts where a cue alters a whole image, and the task is hardly legible without it.

Four or five garments of Fashion-MNIST that are alike (tops and dresses) lie in tone, colour and
place at random on plain grounds. A cue goes with the class at 0.95 in training and audit: how the
image was compressed, how saturated, dark, sharp or turned it is, where the garment lies, whether
its red is a little beside; or one class is blurred, dark or noisy at 0.95 and others at 0.05. A
small network learns from 4,000 images and is audited on 2,000 others; on 2,000 in which the cue
always goes with another class it is told what it relied on. Honest: the cue is drawn at random, or
there is none; there a network of this size is right on hardly more than 0.6.

Every reader sees such a cue, so that hardly anything is left to speak for the label where it
misleads. The limits of `auditing/hardly_more.py` were chosen on seeds 1 to 3, those of
`auditing/one_class.py` for weak models on seeds 3 to 9.

Run: python benchmarks/whole_image_cues.py [--seeds 11-13] [--only NAME]. Half a minute for each
model on one core.
"""

import argparse
import io
import itertools
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image, ImageEnhance, ImageFilter
from torch import Tensor, nn

import earlysieve as es
from earlysieve.datasets import fashion_mnist
from plain_tables import show

FOUR, FIVE = (0, 2, 4, 6), (0, 2, 3, 4, 6)
SIDE, TRAIN, AUDITED, EPOCHS, AGREE = 40, 4000, 2000, 8, 0.95
Pixels = np.ndarray[Any, Any]


class Pictures(NamedTuple):
    """Images (N, 3, 40, 40) in [0, 1], their classes, and where the cue says another one."""

    images: Tensor
    labels: Tensor
    misled: Tensor


def _pil(pixels: Pixels) -> Image.Image:
    return Image.fromarray((np.clip(pixels, 0, 1) * 255).astype(np.uint8))


def _pixels(image: Image.Image) -> Pixels:
    return np.asarray(image.convert("RGB"), np.float32) / 255


def _compressed(pixels: Pixels, kind: int) -> Pixels:
    held = io.BytesIO()
    _pil(pixels).save(held, "JPEG", quality=(95, 18, 45, 70)[kind])
    return _pixels(Image.open(held))


def _saturated(pixels: Pixels, kind: int) -> Pixels:
    grey = pixels.mean(-1, keepdims=True)
    return grey + (pixels - grey) * (0.2, 1.6, 0.8, 2.5)[kind]


def _moved(pixels: Pixels, kind: int) -> Pixels:
    return np.roll(pixels, ((-5, 0), (5, 0), (0, -5), (0, 5))[kind], (0, 1))


def _red_beside(pixels: Pixels, kind: int) -> Pixels:
    moved = pixels.copy()
    moved[..., 0] = np.roll(pixels[..., 0], (0, 2, 1, -2)[kind], 1)
    return moved


CUES: dict[str, Callable[[Pixels, int], Pixels]] = {
    "compression": _compressed,
    "saturation": _saturated,
    "tones": lambda pixels, kind: np.clip(pixels, 0, 1) ** (0.6, 1.5, 1.0, 2.2)[kind],
    "place": _moved,
    "sharpening": lambda pixels, kind: _pixels(
        ImageEnhance.Sharpness(_pil(pixels)).enhance((0.1, 3.0, 1.0, 6.0)[kind])
    ),
    "turns": lambda pixels, kind: np.rot90(pixels, kind).copy(),
    "red beside": _red_beside,
}
ONE_CLASS: dict[str, Callable[[Pixels, np.random.Generator], Pixels]] = {
    "blur of one class": lambda pixels, _: _pixels(
        _pil(pixels).filter(ImageFilter.GaussianBlur(1.2))
    ),
    "dark one class": lambda pixels, _: pixels * 0.6,
    "noise of one class": lambda pixels, rng: pixels + rng.normal(0, 0.08, pixels.shape),
}
HONEST = ("no cue, four classes", "no cue, five classes", "random tones")


def _on_grounds(rng: np.random.Generator, count: int, classes: tuple[int, ...]) -> Any:
    """Garments in tint and place at random on plain grounds, and their classes by position."""
    garments = fashion_mnist("train")
    labels = garments.labels
    keep = rng.permutation(np.flatnonzero(np.isin(labels, classes)))[:count]
    made = []
    for index in keep:
        shape = np.zeros((SIDE, SIDE, 1), np.float32)
        top, left = rng.integers(2, 11, 2)
        shape[top : top + 28, left : left + 28, 0] = garments[int(index)][0][0].numpy()
        tint, ground = rng.uniform(0.6, 1, 3), rng.uniform(0, 0.3, 3)
        noise = rng.normal(0, 0.03, (SIDE, SIDE, 3))
        made.append(np.clip(shape * tint + (1 - shape) * ground + noise, 0, 1))
    return made, np.searchsorted(classes, labels[keep])


def pictures(name: str, seed: int, part: int, count: int, agree: float) -> Pictures:
    """Images of one kind; `agree` is the share of which the cue says the class."""
    rng = np.random.default_rng([seed, part])
    classes = FOUR if "four" in name or name in CUES else FIVE
    made, labels = _on_grounds(rng, count, classes)
    own = labels % 4
    if name in ONE_CLASS:
        is_one = labels == 1
        given = is_one ^ (rng.random(count) >= agree)
        misled = given != is_one
        made = [ONE_CLASS[name](one, rng) if has else one
                for one, has in zip(made, given, strict=True)]  # fmt: skip
    elif name in CUES or name == "random tones":
        cue = CUES.get(name, CUES["tones"])
        other = (own + rng.integers(1, 4, count)) % 4
        kind = np.where(rng.random(count) < agree, own, other)
        kind = kind if name in CUES else rng.integers(0, 4, count)
        misled = kind != own
        made = [cue(one, int(which)) for one, which in zip(made, kind, strict=True)]
    else:
        misled = np.zeros(count, bool)
    images = torch.from_numpy(np.clip(np.stack(made), 0, 1).astype(np.float32))
    return Pictures(images.permute(0, 3, 1, 2).contiguous(), torch.from_numpy(labels),
                    torch.from_numpy(misled))  # fmt: skip


def trained(data: Pictures, classes: int, seed: int) -> nn.Module:
    """A small convolutional network."""
    torch.manual_seed(seed)
    widths = (3, 24, 48, 64)
    stages = [
        nn.Sequential(nn.Conv2d(one, more, 3, 2, 1), nn.BatchNorm2d(more), nn.ReLU())
        for one, more in itertools.pairwise(widths)
    ]
    model = nn.Sequential(*stages, nn.Flatten(), nn.Linear(64 * 25, classes))
    optimizer = torch.optim.AdamW(model.parameters(), 2e-3)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(data.labels)).split(64):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(data.images[rows]), data.labels[rows]).backward()
            optimizer.step()
    return model.eval()


def main() -> None:
    """Print the verdict on each model, and how many get which."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="11-13", metavar="FROM-TO")
    parser.add_argument("--only", default="", metavar="NAME")
    options = parser.parse_args()
    first, last = map(int, options.seeds.split("-"))
    torch.set_num_threads(1)
    found = Counter[tuple[str, str]]()
    names = [name for name in (*CUES, *ONE_CLASS, *HONEST) if options.only in name]
    for name in names or sys.exit(f"Expected one of {', '.join((*CUES, *ONE_CLASS, *HONEST))}"):
        for seed in range(first, last + 1):
            data = pictures(name, seed, 0, TRAIN, AGREE)
            model = trained(data, int(data.labels.max()) + 1, seed)
            seen, fresh = (pictures(name, seed, part, AUDITED, agree)
                           for part, agree in ((1, AGREE), (2, 0.0)))  # fmt: skip
            summary = es.audit(model, (seen.images, seen.labels), seen_in_training=False,
                               pictures=0, progress=False).summary  # fmt: skip
            holds, fails = _right(model, seen, ~seen.misled), _right(model, fresh, fresh.misled)
            kind = "honest" if name in HONEST else "one class" if name in ONE_CLASS else "whole"
            found[kind, summary.verdict] += 1
            print(f"{name}, seed {seed}: right {holds:.2f} where the cue tells, {fails:.2f} where "
                  f"not: {summary.verdict}, {summary.leans_on}", flush=True)  # fmt: skip
    show(found)


def _right(model: nn.Module, data: Pictures, rows: Tensor) -> float:
    with torch.inference_mode():
        said = torch.cat([model(some).argmax(1) for some in data.images.split(256)])
    rows = rows if rows.any() else ~rows  # without a cue it misleads nowhere
    return float((said == data.labels)[rows].float().mean())


if __name__ == "__main__":
    main()
