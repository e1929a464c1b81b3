"""The data of a case: what it is trained on, what is audited, and the same with the cue drawn anew.

Everything follows from the case alone; no file is kept. Three parts: "train", "audit" (held-out
examples with the same correlation as training, or those of the training), and "redrawn" (more
held-out examples with clean labels and the cue drawn independently of the class).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from bank_cases import TEXTS, Case
from earlysieve.datasets import cues, slabs, table_cues, text_cues, two_latents
from earlysieve.datasets.base import ExampleDataset
from earlysieve.datasets.embedded_digits import digit_arrays, digits
from earlysieve.datasets.fashion_files import CLASS_NAMES, locate, read_idx
from earlysieve.datasets.images import HALF, ArrayImages, ImageExamples, Pixels
from earlysieve.datasets.mislabel import wrong_labels
from earlysieve.datasets.painters import Colour, as_colour, luminance, palette
from earlysieve.datasets.planted import Painter, PlantedImages, draw_values
from earlysieve.datasets.table import Table
from earlysieve.datasets.text import Texts

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

HELD_OUT = 6000
TEXT_LENGTH = 24
STREAMS = {"train": 1, "audit": 2, "redrawn": 3}


@dataclass(frozen=True)
class Part:
    """Examples as a model gets them, and what only the judge may know of each.

    Attributes:
        data: yields (inputs, label, -1): no groups.
        true: class before wrong labels were put in, (N,).
        values: of the cue, (N,); -1 without one.
        counter: the cue tells another class than the label, which is right, (N,).
        wrong: the label is wrong, (N,).
        rare: of the rare hard kind, (N,).
        cue: what carries the cue ("colour", "cells", "frame", "spectrum", "size", "half", "token",
            "length", "column", "" ...).
        painter: of image cues, else None.
    """

    data: ExampleDataset
    true: Ints
    values: Ints
    counter: Bools
    wrong: Bools
    rare: Bools
    cue: str
    details: dict[str, Any]
    painter: Painter | None = None
    base: ImageExamples | None = None

    def __len__(self) -> int:
        return len(self.data)

    def mask(self, position: int) -> Bools | None:
        """Which pixels of an image depend on the cue, (H, W); None where it is no image's."""
        if self.painter is None or self.base is None:
            return None
        count = self.data.num_classes
        return cues.touched(self.painter, self.base.image(position), count, position)


CARRIERS = {
    "colour": "colour", "background": "colour", "mark": "cells", "watermark": "cells",
    "stripes": "spectrum", "texture": "spectrum", "border": "frame", "size": "size",
    "dominoes": "half", "blocks": "half", "token": "token", "punctuation": "token",
    "length": "length", "negation": "token", "threshold": "column", "linear": "column",
    "latent": "direction", "none": "",
}  # fmt: skip


def part(case: Case, which: str) -> Part:
    """One of the three parts of a case's data."""
    if which == "audit" and case.audit_on == "training":
        which = "train"
    build = _texts if case.base == "topics" else _tables
    return _images(case, which) if case.base in ("garments", "digits") else build(case, which)


def seed_of(case: Case, what: int) -> int:
    """A stream of random numbers that belongs to a case's seed."""
    return 1000 * case.seed + what


def core_labels(case: Case, labels: Ints, which: str) -> Ints:
    """The class as the core tells it: the label, or drawn by chance where the cue is the task."""
    if case.core == "label":
        return labels
    rng = np.random.default_rng(seed_of(case, 50 + STREAMS[which]))
    return rng.integers(0, case.classes, len(labels))


def cue_values(case: Case, labels: Ints, which: str) -> Ints:
    """The value of the cue for each example.

    In "redrawn" the cue agrees with half of the examples instead of one in C, so that accuracy
    where it agrees and where it fails are both known well; either is the same as if it were drawn
    by chance, since within each the class is as before.
    """
    if case.family == "none":
        return np.full(len(labels), -1)
    share = 0.5 if which == "redrawn" else case.correlation
    return draw_values(labels, case.classes, share, seed=seed_of(case, 10 + STREAMS[which]))


def mislabelled(case: Case, labels: Ints, values: Ints, which: str) -> Ints:
    """The labels that are given: wrong ones among examples whose cue is right, if there is one."""
    if not case.wrong or which == "redrawn":
        return labels
    among = values == labels if case.planted else None
    seed = seed_of(case, 20 + STREAMS[which])
    return wrong_labels(labels, case.classes, case.wrong, seed=seed, among=among)


def finish(
    case: Case, data: ExampleDataset, true: Ints, values: Ints, which: str, **more: Any
) -> Part:
    """Put wrong labels in, hide the groups, and keep what the judge knows."""
    given = mislabelled(case, true, values, which)
    wrong = given != true
    rare = more.pop("rare", np.zeros(len(true), bool))
    counter = (values != true) & ~wrong & (values >= 0)
    return Part(
        data=data.without_groups().with_labels(given),
        true=true,
        values=values,
        counter=counter,
        wrong=wrong,
        rare=rare,
        cue=CARRIERS[case.family],
        **more,
    )


# --- images ---------------------------------------------------------------------------------------


@lru_cache(maxsize=2)
def pool(base: str) -> tuple[Pixels, Ints, tuple[str, ...]]:
    """All images of a base: uint8 (N, 28, 28), classes (N,), names."""
    if base == "digits":
        images, labels = digit_arrays()
        return images, labels, tuple("0123456789")
    both = [locate(split) for split in ("train", "test")]
    images = np.concatenate([read_idx(files[0], 3) for files in both])
    labels = np.concatenate([read_idx(files[1], 1) for files in both])
    return images, labels.astype(np.int64), CLASS_NAMES


def chosen_rows(case: Case, which: str) -> Ints:
    """Which images of the pool belong to a part; training and held-out share none."""
    _, labels, _ = pool(case.base)
    kinds = np.array(case.chosen or range(case.classes))
    order = np.random.default_rng(seed_of(case, 0)).permutation(len(labels))
    order = order[np.isin(labels[order], kinds)]
    if case.tail != 1:
        order = order[_long_tail(case, labels[order], kinds)]
    if which == "train":
        return order[: case.train_size]
    held = order[case.train_size :][:HELD_OUT]
    return held if which == "redrawn" else held[: case.audit_size]


def _long_tail(case: Case, labels: Ints, kinds: Ints) -> Bools:
    """Thin out: class ranks are shuffled by the seed, each has `tail` times the one before."""
    rng = np.random.default_rng(seed_of(case, 1))
    keep = case.tail ** rng.permutation(len(kinds)).astype(float)
    share = dict(zip(kinds.tolist(), keep, strict=True))
    return rng.random(len(labels)) < np.array([share[int(label)] for label in labels])


def _images(case: Case, which: str) -> Part:
    images, labels, names = pool(case.base)
    kinds = list(case.chosen or range(case.classes))
    rows = chosen_rows(case, which)
    content = np.searchsorted(np.array(kinds), labels[rows])
    true = content
    if case.core == "chance":
        rng = np.random.default_rng(seed_of(case, 50 + STREAMS[which]))
        true = rng.integers(0, case.classes, len(rows))
    # Where the cue is the task, redrawing would leave no label to be right about.
    values = cue_values(case, true, which)
    audited = which == "audit" and case.preprocessing != ""
    mean, std = SCALES.get(case.preprocessing if audited else "", (HALF, HALF))
    class_names = [names[kind] for kind in kinds] if case.core == "label" else _plain(case)
    base = ArrayImages(images[rows], true, class_names, channels=case.channels, mean=mean, std=std)
    rare = np.zeros(len(rows), bool)
    if case.rare:
        rng = np.random.default_rng(seed_of(case, 30 + STREAMS[which]))
        rare[rng.permutation(len(rows))[: round(case.rare * len(rows))]] = True
    painter = Steps(painter_of(case, which), rare, case.preprocessing if audited else "")
    data = PlantedImages(base, np.maximum(values, 0), painter)
    return finish(
        case, data, true, values, which, rare=rare, painter=painter, base=base, details={}
    )


SCALES = {"unscaled": ((0.0,), (1 / 255,)), "half": ((0.0,), (1.0,))}


def _plain(case: Case) -> list[str]:
    return [f"kind {k}" for k in range(case.classes)]


@dataclass(frozen=True)
class Steps:
    """What happens to an image: it may be of the rare kind, has its cue, is preprocessed."""

    cue: Painter | None
    rare: Bools
    preprocessing: str

    def __call__(self, image: Pixels, value: int, row: int) -> Pixels:
        """The image as it is seen."""
        if self.rare[row]:
            image = np.ascontiguousarray(np.rot90(image))
        if self.cue is not None:
            image = self.cue(image, value, row)
        change = CHANGES.get(self.preprocessing)
        return image if change is None else change(image)


CHANGES: dict[str, Callable[[Pixels], Pixels]] = {
    "negative": lambda image: 255 - image,
    "grey": lambda image: as_colour(np.round(luminance(image)).astype(np.uint8)),
    "bgr": lambda image: np.ascontiguousarray(image[..., ::-1]),
}


def painter_of(case: Case, which: str) -> Painter | None:
    """The painter of an image cue; what is random in it differs between the parts."""
    options, count, seed = dict(case.options), case.classes, seed_of(case, 40 + STREAMS[which])
    if case.family == "none":
        return None
    if case.family == "colour":
        return Colour(palette(count), **options)
    if case.family == "background":
        return cues.Background(palette(count), **options)
    if case.family == "watermark":
        return cues.Watermark(seed=seed, **options)
    if case.family in ("dominoes", "blocks"):
        simple = digits("train" if which == "train" else "test")
        layout = "above" if case.family == "dominoes" else "beside"
        return cues.Companion(simple, layout, seed=seed, **options)
    kind = {
        "mark": cues.Mark, "stripes": cues.Stripes, "texture": cues.Texture,
        "border": cues.Border, "size": cues.Size,
    }[case.family]  # fmt: skip
    return kind(count, seed=seed, **options)


# --- texts ----------------------------------------------------------------------------------------


def _fresh_labels(case: Case, which: str) -> Ints:
    size = {"train": case.train_size, "audit": case.audit_size, "redrawn": HELD_OUT}[which]
    return np.random.default_rng(seed_of(case, STREAMS[which])).integers(0, case.classes, size)


def _texts(case: Case, which: str) -> Part:
    true = _fresh_labels(case, which)
    values = cue_values(case, true, which)
    options = dict(case.options)
    vocabulary = int(options.get("vocabulary", 60))
    own, foreign = int(options.get("own", 3)), int(options.get("foreign", 2))
    said = core_labels(case, true, which)
    sentences = text_cues.topic_sentences(
        said,
        case.classes,
        vocabulary=vocabulary,
        own=own,
        foreign=foreign,
        purity=case.alike or None,
        seed=seed_of(case, 20 + STREAMS[which]),
    )
    if case.family in TEXTS:
        texts = text_cues.plant_in_texts(
            sentences, values, case.classes, case.family, seed=seed_of(case, 40 + STREAMS[which])
        )
    else:
        texts = [" ".join(words) for words in sentences]
    data = Texts(
        texts,
        true,
        [f"topic {k}" for k in range(case.classes)],
        tokenizer=text_cues.word_tokenizer(case.classes, vocabulary),
        max_length=TEXT_LENGTH,
    )
    tokens = {
        "token": text_cues.cue_words(case.classes),
        "punctuation": list(text_cues.ENDINGS[: case.classes]),
        "negation": [*text_cues.NEGATIONS, *text_cues.ADVERBS],
    }.get(case.family, [])
    return finish(case, data, true, values, which, details={"tokens": tokens})


# --- tables ---------------------------------------------------------------------------------------


def _tables(case: Case, which: str) -> Part:
    true = _fresh_labels(case, which)
    values = cue_values(case, true, which)
    shown = np.maximum(values, 0)
    said = core_labels(case, true, which)
    options = dict(case.options)
    core_seed, cue_seed = seed_of(case, 20 + STREAMS[which]), seed_of(case, 40 + STREAMS[which])
    has_cue = case.family != "none"
    details: dict[str, Any] = {"columns": ["cue"] if has_cue else []}
    if case.base == "latents":
        table, names = _latents(case, true, shown, which, options), []
        details["columns"] = []
    else:
        if case.base == "slabs":
            core = slabs.slab_coordinates(
                said,
                slabs=int(options.get("slabs", 5)),
                count=int(options.get("count", 12)),
                seed=core_seed,
            )
            rng = np.random.default_rng(seed_of(case, 30 + STREAMS[which]))
            core = core + case.alike * rng.standard_normal(core.shape)
            cue = slabs.linear_coordinate(shown, seed=cue_seed) if has_cue else None
        else:
            core = table_cues.parity_columns(
                said,
                case.classes,
                order=int(options.get("order", 4)),
                noise=6,
                blur=case.alike,
                seed=core_seed,
            )
            cue = (
                table_cues.threshold_column(shown, case.classes, seed=cue_seed) if has_cue else None
            )
        names = [f"x{k}" for k in range(core.shape[1])]
        table = core
        if cue is not None:
            # The cue's column is somewhere among the others.
            place = int(np.random.default_rng(seed_of(case, 5)).integers(0, core.shape[1] + 1))
            table, names = (
                np.insert(core, place, cue, axis=1),
                [*names[:place], "cue", *names[place:]],
            )
            details["column"] = place
    data = Table(table, true, [f"class {k}" for k in range(case.classes)], columns=names)
    return finish(case, data, true, values, which, details=details)


def _latents(
    case: Case, true: Ints, values: Ints, which: str, options: dict[str, Any]
) -> NDArray[np.float64]:
    """The core tells the class with probability 0.9; the cue's sign is its value."""
    stream = STREAMS[which]
    core = two_latents.latent(
        true, float(options.get("core", 0.9)), seed=seed_of(case, 20 + stream)
    )
    size = np.abs(two_latents.latent(np.ones_like(true), 0.95, seed=seed_of(case, 40 + stream)))
    cue = (2 * values - 1) * size
    amplify = [float(options.get("amplify", 4.0)), 1.0]
    nest = [0, int(options.get("nest", 0))]
    return two_latents.embed(
        np.stack([cue, core], 1),
        amplify=amplify,
        nest=nest,
        noise=float(options.get("noise", 0.1)),
        seed=case.seed,
        noise_seed=seed_of(case, 30 + stream),
    )


def stacked(data: ExampleDataset) -> torch.Tensor | dict[str, torch.Tensor]:
    """All inputs at once."""
    items = [data[i][0] for i in range(len(data))]
    if isinstance(items[0], dict):
        return {key: torch.stack([item[key] for item in items]) for key in items[0]}
    return torch.stack(items)
