"""Verdicts on photographs of which one class is altered: compressed, blurred, grey, taken warmer.

BAR photographs of climbing, diving, racing and throwing, 96 pixels, half of them to learn from and
half to audit. Planted: photographs of throwing are altered at 0.95 and others at 0.05, as where one
class comes from another site or camera. Honest: a quarter of all is. EfficientNet-Lite0 with its
ImageNet weights is fine-tuned; what it loses is measured on the audited photographs, altered all so
that the alteration says the class, and then so that it never does. Alterations are made by Pillow
and NumPy, not by `earlysieve.auditing.alterations`, whose limits were chosen on seeds 0 to 2 of
others of them (see docs/results/verdict.md).

Run: python benchmarks/altered_photographs.py [--cues jpeg,sepia] [--seeds 3-6] [--honest 3-6].
Needs BAR in EARLYSIEVE_DATA; some two minutes for each model on one core.
"""

import argparse
import io
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageFilter
from torch import Tensor, nn

import earlysieve as es
from bar_common import DATA
from photo_grounds import answers, trained
from plain_tables import show

Pixels = NDArray[np.float64]
CLASSES, SIDE, MOST, EPOCHS, AGREE = ("climbing", "diving", "racing", "throwing"), 96, 480, 5, 0.95
ALTERED = 3


class Pictures(NamedTuple):
    """Images (N, 3, 96, 96) in [-1, 1] and their classes."""

    images: Tensor
    labels: Tensor


def _filtered(*filters: ImageFilter.Filter) -> Callable[[Image.Image], Image.Image]:
    def change(image: Image.Image) -> Image.Image:
        for one in filters:
            image = image.filter(one)
        return image

    return change


def _painted(change: Callable[[Pixels], Pixels]) -> Callable[[Image.Image], Image.Image]:
    def paint(image: Image.Image) -> Image.Image:
        changed = change(np.asarray(image).astype(np.float64))
        return Image.fromarray(changed.clip(0, 255).round().astype(np.uint8))

    return paint


def _jpeg(quality: int) -> Callable[[Image.Image], Image.Image]:
    def change(image: Image.Image) -> Image.Image:
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality)
        return Image.open(file).convert("RGB")

    return change


def _coarse(image: Image.Image) -> Image.Image:
    small = image.resize((SIDE // 3, SIDE // 3), Image.Resampling.BILINEAR)
    return small.resize((SIDE, SIDE), Image.Resampling.BILINEAR)


def _noise(pixels: Pixels, deviation: float, grain: int) -> Pixels:
    rng = np.random.default_rng(int(pixels.sum()))
    each = rng.normal(0, deviation, (SIDE // grain, SIDE // grain, 1 if grain > 1 else 3))
    return pixels + np.kron(each, np.ones((grain, grain, 1)))


def _fallen(pixels: Pixels) -> Pixels:
    line = (2 * (np.arange(SIDE) + 0.5) / SIDE - 1) ** 2
    return pixels * (1 - 0.7 * (line[:, None, None] + line[None, :, None]) / 2)


_SEPIA = np.array([[0.393, 0.349, 0.272], [0.769, 0.686, 0.534], [0.189, 0.168, 0.131]])
CUES: Mapping[str, Callable[[Image.Image], Image.Image]] = {
    "jpeg": _jpeg(8),
    "jpeg-15": _jpeg(15),
    "blur": _filtered(ImageFilter.GaussianBlur(1.8)),
    "box-blur": _filtered(ImageFilter.BoxBlur(1)),
    "median": _filtered(ImageFilter.MedianFilter(5)),
    "low-resolution": _coarse,
    "noise": _painted(lambda pixels: _noise(pixels, 28, 1)),
    "film-grain": _painted(lambda pixels: _noise(pixels, 20, 2)),
    "sharpen": lambda image: ImageEnhance.Sharpness(image).enhance(7),
    "unsharp-mask": _filtered(ImageFilter.UnsharpMask(2, 200, 2)),
    "grey": lambda image: image.convert("L").convert("RGB"),
    "sepia": _painted(lambda pixels: pixels @ _SEPIA),
    "vivid": lambda image: ImageEnhance.Color(image).enhance(2.2),
    "dark": _painted(lambda pixels: 0.45 * pixels),
    "gamma": _painted(lambda pixels: 255 * (pixels / 255) ** 2.2),
    "contrast": _painted(lambda pixels: 128 + 0.45 * (pixels - 128)),
    "warm": _painted(lambda pixels: pixels * np.array([1.12, 1, 0.88])),
    "tungsten": _painted(lambda pixels: pixels * np.array([1.25, 1, 0.7])),
    "vignette": _painted(_fallen),
}


@cache
def _photographs(kind: str) -> tuple[Image.Image, ...]:
    found = []
    for path in sorted(
        one for part in ("train", "test") for one in (DATA / part).glob(f"{kind}_*")
    ):
        image = Image.open(path).convert("RGB")
        side = min(image.size)
        left, top = ((length - side) // 2 for length in image.size)
        square = image.crop((left, top, left + side, top + side))
        found.append(square.resize((SIDE, SIDE), Image.Resampling.LANCZOS))
    return tuple(found)


def pictures(part: str, cue: str, agree: float | None, seed: int) -> Pictures:
    """Photographs of which those of throwing are altered at a rate; None: a quarter of all is."""
    rng = np.random.default_rng((seed, part == "audit"))
    images, labels = [], []
    for label, kind in enumerate(CLASSES):
        shots = _photographs(kind)
        drawn = np.random.default_rng((seed, label)).permutation(len(shots))[:MOST]
        half = len(drawn) // 2
        for row in drawn[:half] if part == "train" else drawn[half:]:
            own = label == ALTERED
            altered = rng.random() < 0.25 if agree is None else own == (rng.random() < agree)
            shot = CUES[cue](shots[row]) if altered else shots[row]
            images.append(torch.from_numpy(np.array(shot)).permute(2, 0, 1) / 127.5 - 1)
            labels.append(label)
    order = torch.from_numpy(rng.permutation(len(labels)))
    return Pictures(torch.stack(images)[order], torch.tensor(labels)[order])


def right(model: nn.Module, data: Pictures) -> float:
    """Its accuracy."""
    return float((answers(model, data.images) == data.labels).float().mean())


def look(cue: str, seed: int, *, honest: bool) -> tuple[str, str]:
    """Train and audit one model; what kind it is, and the verdict."""
    agree = None if honest else AGREE
    model = trained(pictures("train", cue, agree, seed), seed, classes=len(CLASSES), epochs=EPOCHS)
    seen = pictures("audit", cue, agree, seed)
    summary = es.audit(model, (seen.images, seen.labels), seen_in_training=False, pictures=0,
                       progress=False).summary  # fmt: skip
    holds, misleads = (right(model, pictures("audit", cue, one, seed)) for one in (1.0, 0.0))
    where = summary.accuracy_where_it_fails
    told = "" if where is None else f" {where.value:.2f} [{where.low:.2f}, {where.high:.2f}]"
    kind = "honest" if honest else "planted"
    print(f"{cue} ({kind}), seed {seed}: right {holds:.2f} where it holds, {misleads:.2f} where it "
          f"misleads: {summary.verdict}, {summary.leans_on}{told}", flush=True)  # fmt: skip
    much = holds - misleads >= 0.1
    return ("honest" if honest else f"planted, {'loses' if much else 'hardly loses'}",
            summary.verdict)  # fmt: skip


def _seeds(text: str) -> range:
    first, last = map(int, text.split("-"))
    return range(first, last)


def main() -> None:
    """Print the verdict on each model, and how many get which."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cues", default=",".join(CUES), metavar="NAME,...")
    parser.add_argument("--seeds", type=_seeds, default=range(3, 4), metavar="FROM-TO")
    parser.add_argument("--honest", type=_seeds, default=range(3, 4), metavar="FROM-TO")
    options = parser.parse_args()
    torch.set_num_threads(1)
    found = Counter[tuple[str, str]]()
    for cue in options.cues.split(","):
        for honest, seeds in ((False, options.seeds), (True, options.honest)):
            for seed in seeds:
                found[look(cue, seed, honest=honest)] += 1
    show(found)


if __name__ == "__main__":
    main()
