"""Verdicts on models that rely on a cue less than they could, or not at all.

Networks are trained on clothes with a cue that tells the class of a share of the training images:
0.1 (by chance: such a model relies on nothing planted), 0.5 and 0.8, for three epochs and for
eight, so that some are poor. Each is audited by the plain call on other images, where the cue tells
the class of 95%: readouts then do better than most of these models. What a model loses where the
cue fails is measured on images where it tells the class by chance.

Run: python benchmarks/partial_reliance.py --out DIR [--seeds 0-2] [--cues colour,mark]. What is in
DIR is not computed again. Some 60 networks an hour on one core.
"""

import argparse
import json
import time
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

import earlysieve as es
from earlysieve._files import write_text
from earlysieve._json import plain
from earlysieve.datasets import load_source
from earlysieve.networks import small_cnn
from earlysieve.training import ERM, evaluate, fit

SHARES, EPOCHS, TELLS = (0.1, 0.5, 0.8), (3, 8), 0.95
TRAIN, AUDITED, JUDGED = 4000, 3000, 6000
# What an audit may call each cue: a border is a colour, too, and a mark stands in a place.
CUES = {
    "colour": ("colour",),
    "texture": ("spectrum",),
    "mark": ("mark", "place", "brightness"),
    "border": ("frame", "edge", "colour"),
    "stripes": ("spectrum", "sharpness"),
}
NOTHING, MUCH = 0.05, 0.15


def images(cue: str, share: float, split: str, limit: int, seed: int) -> Any:
    """Clothes with a cue that tells the class of a share of them."""
    if cue == "colour":
        given: dict[str, Any] = {"shortcut": "colour", "correlation": share}
        return load_source("fashion-mnist", split=split, limit=limit, seed=seed, **given)
    spec = f"cues:{cue},{share}"
    return load_source(spec, split=split, limit=limit, seed=seed, variant="fashion-mnist")


def trained(cue: str, share: float, epochs: int, seed: int) -> nn.Module:
    """A network, its weights and the order of its batches from the seed."""
    model = small_cnn(10, seed=seed)
    algorithm = ERM(model, torch.optim.Adam(model.parameters(), lr=0.001))
    data = images(cue, share, "train", TRAIN, seed)
    fit(algorithm, data, epochs=epochs, seed=seed, progress=False)
    return model


def lost(model: nn.Module, cue: str, seed: int) -> dict[str, float]:
    """Accuracy where the cue holds and where it fails, of images where it holds by chance."""
    data = images(cue, 0.1, "test", JUDGED, seed)
    logits = evaluate(model, data, keep_logits=True).logits
    right = np.asarray(logits.argmax(1)) == np.asarray(data.labels)
    found = {}
    for name in ("holds", "fails"):
        of_name = [k for k, group in enumerate(data.group_names) if group.endswith(name)]
        found[name] = float(right[np.isin(data.groups, of_name)].mean())
    return found


def judged(cue: str, share: float, epochs: int, seed: int) -> dict[str, Any]:
    """One network, its truth and its audit."""
    model = trained(cue, share, epochs, seed)
    truth = lost(model, cue, seed)
    audited = images(cue, TELLS, "test", AUDITED, seed)
    said = es.audit(model, audited, seen_in_training=False, progress=False).summary
    return {"cue": cue, "share": share, "epochs": epochs, "seed": seed, **truth, **vars(said)}


def show(found: list[dict[str, Any]]) -> None:
    """One line for each network, and how often the verdict is right."""
    for one in found:
        truth = f"{one['holds']:.2f} -> {one['fails']:.2f}"
        name = f"{one['cue']:8s} {one['share']} {one['epochs']} epochs, seed {one['seed']}"
        print(f"{name} | {truth} | {one['verdict']:12s} | {one['leans_on'] or ''}")
    none = [one for one in found if one["holds"] - one["fails"] < NOTHING]
    much = [one for one in found if one["holds"] - one["fails"] >= MUCH]
    called = [one for one in much if one["verdict"] == "shortcut"]
    named = [one for one in called if one["leans_on"] in CUES[one["cue"]]]
    wrongly = sum(one["verdict"] == "shortcut" for one in none)
    print(f"{MUCH:.0%} or more is lost: {len(called)} of {len(much)} called, {len(named)} by name")
    print(f"less than {NOTHING:.0%}: {wrongly} of {len(none)} called")


def main() -> None:
    """All networks, then the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", default="0-2", help="FIRST-END, without the end")
    parser.add_argument("--cues", default=",".join(CUES))
    given = parser.parse_args()
    first, end = map(int, given.seeds.split("-"))
    found = []
    for seed, cue, epochs, share in product(
        range(first, end), given.cues.split(","), EPOCHS, SHARES
    ):
        file, start = given.out / f"{cue}-{share}-{epochs}-{seed}.json", time.perf_counter()
        if not file.exists():
            one = judged(cue, share, epochs, seed)
            write_text(file, json.dumps(plain(one)))
            seconds = time.perf_counter() - start
            print(f"{file.stem}: {one['verdict']} ({seconds:.0f} s)", flush=True)
        found.append(json.loads(file.read_text()))
    show(found)


if __name__ == "__main__":
    main()
