"""Verdicts on tables in which a code tells the class of some rows only, after it or before it.

After: rows of a class got a value (a site, a -1 for a number) more often than the others, and the
rest of a row tells the class as well without. Before: the class comes of the value, too, as of a
site that is worse than others, or the value says nothing; or it is the end of a count. Each trains
a small network on half of the rows and audits the other half with the plain call. What a model
loses is how much of the accuracy on one class is gone where all rows have one value. Settings were
chosen on scratch tables and seeds 300 to 329.

Run: python benchmarks/partial_codes.py [--seeds 330-340] [--kind counts]. Some 20 tables a minute.
"""

import argparse
from collections import Counter
from collections.abc import Callable

import numpy as np
import pandas as pd
import torch
from torch import nn

import earlysieve as es
from plain_tables import COUNT, TASKS, show, trained

HALF = COUNT // 2
RELIED_ON = 0.2
Made = tuple[pd.DataFrame, np.ndarray, str | None]


def core_of(seed: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Six columns, and the class that they tell."""
    core, task = rng.normal(size=(COUNT, 6)), TASKS[seed // 3 % 4]
    noise = (0.0, 0.7, 0.4)[seed % 3] * rng.normal(size=COUNT)
    if task == "xor":
        told = core[:, 0] * core[:, 1]
    elif task == "ring":
        told = (core[:, :2] ** 2).sum(1) - 1.386
    else:
        told = core[:, : 4 if "four" in task else 2].sum(1) + noise
    return core, (told > 0) * 1


def framed(
    core: np.ndarray, site: np.ndarray | None = None, *, number: bool = False
) -> pd.DataFrame:
    """A table of these columns, and of a site as 0/1 columns or as a number."""
    frame = pd.DataFrame(core, columns=[f"x{k}" for k in range(core.shape[1])])
    if site is not None and number:
        frame["site"] = site
    elif site is not None:
        for kind in range(int(site.max()) + 1):
            frame[f"site_{'ABCDEFGHIJ'[kind]}"] = site == kind
    return frame.astype(np.float32)


def after(seed: int, rng: np.random.Generator, form: str) -> Made:
    """A value that rows get after their class."""
    core, labels = core_of(seed, rng)
    rate, pure = (0.1, 0.2, 0.06)[seed % 3], (0.95, 0.98, 0.9)[seed // 2 % 3]
    sites, two = 5 + seed % 4, form == "two sites"

    def holds(kind: int) -> np.ndarray:
        share = np.where(labels == kind, pure, 1 - pure)
        return rng.random(COUNT) < 2 * rate * share

    told = holds(1)
    if form == "gap":
        dose = np.round(rng.normal(3, 1, COUNT), 2)
        dose[told] = (-1.0, 0.0, 3.0)[seed % 3]
        return framed(core).assign(dose=dose.astype(np.float32)), labels, "dose"
    site = rng.integers(0, sites - 1 - two, COUNT)
    site[told] = sites - 1
    if two:
        site[holds(0) & ~told] = sites - 2
    site = np.random.default_rng(seed).permutation(sites)[site]
    return framed(core, site, number=form == "number"), labels, "site"


def before(seed: int, rng: np.random.Generator, form: str) -> Made:
    """A site from which the class comes, too, or that says nothing."""
    core, sites = rng.normal(size=(COUNT, 6)), 4 + seed % 5
    own = np.random.default_rng(seed)
    rate = (0.1, 0.2, 0.06)[seed % 3]
    shares = np.full(sites, (1 - rate) / (sites - 1))
    shares[seed % sites] = rate
    site = rng.choice(sites, COUNT, p=shares)
    slope = (1.5, 3.0)[seed % 2] * core[:, : 2 + seed % 3].sum(1)
    effect = {
        "one bad site": (3.0, 5.0, 7.0)[seed // 2 % 3] * (site == seed % sites),
        "all sites": own.normal(0, 2.0, sites)[site],
        "nothing": 0.0,
    }
    if form == "slopes":
        slope = (core * own.normal(0, 2, (sites, 6))[site]).sum(1)
    chance = 1 / (1 + np.exp(-slope - effect.get(form, 0.0)))
    labels = (rng.random(COUNT) < chance) * 1
    if form == "a rule of its own":
        labels = np.where(site == seed % sites, rng.random(COUNT) < 0.95, labels) * 1
    return framed(core, site, number=form == "nothing" and seed % 2 == 0), labels, None


def flags(seed: int, rng: np.random.Generator) -> Made:
    """Four columns of 0 and 1 that add to a score."""
    core = rng.normal(size=(COUNT, 4))
    on = (rng.random((COUNT, 4)) < (0.1, 0.3, 0.5, 0.7)) * 1.0
    score = (1.0, 2.0)[seed % 2] * core[:, :2].sum(1) + on @ np.array([2.5, -1.5, 1.0, -0.5]) - 0.3
    frame = framed(core).assign(**{f"flag {k}": on[:, k].astype(np.float32) for k in range(4)})
    return frame, (rng.random(COUNT) < 1 / (1 + np.exp(-score))) * 1, None


def codes(seed: int, rng: np.random.Generator) -> Made:
    """Six codes as numbers, each value with an effect of its own, and nothing else."""
    columns, score = {}, np.zeros(COUNT)
    for place in range(6):
        own, size = np.random.default_rng([seed, place]), 2 + (seed + place) % 6
        code = rng.integers(0, size, COUNT)
        columns[f"c{place}"] = code.astype(np.float32)
        score += own.normal(0, 1.2, size)[code]
    return pd.DataFrame(columns), (rng.random(COUNT) < 1 / (1 + np.exp(-score))) * 1, None


def counts(seed: int, rng: np.random.Generator) -> Made:
    """Honest columns that all come of the class, among them a count whose 0 tells it."""
    labels = (rng.random(COUNT) < (0.42, 0.38, 0.46)[seed % 3]) * 1
    rate, more = (0.8, 0.6, 1.0)[seed // 3 % 3], (1.1, 1.3)[seed // 2 % 2]
    shifts = np.array([0.5, 0.95, 0.6, 0.4, 0.4, 0.6])
    columns = rng.normal(size=(COUNT, 12))
    columns[:, :6] += shifts * labels[:, None]
    frame = pd.DataFrame(columns, columns=[f"x{k}" for k in range(12)])
    frame["count"] = rng.poisson(rate + more * labels)
    return ((frame - frame.mean()) / frame.std()).astype(np.float32), labels, None


AFTER = ("a site", "two sites", "number", "gap")
BEFORE = ("one bad site", "a rule of its own", "all sites", "slopes", "nothing")
KINDS: dict[str, Callable[[int, np.random.Generator], Made]] = {
    **{f"after: {form}": lambda s, r, form=form: after(s, r, form) for form in AFTER},
    **{f"before: {form}": lambda s, r, form=form: before(s, r, form) for form in BEFORE},
    "before: flags": flags,
    "before: codes": codes,
    "after: honest counts": counts,
}


def lost(model: nn.Module, frame: pd.DataFrame, labels: np.ndarray, column: str) -> float:
    """The most of a class's accuracy that is gone where all rows have one value of a column."""
    values = frame.to_numpy()
    own = [k for k, name in enumerate(frame) if name == column or name.startswith(f"{column}_")]

    def right(rows: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return model(torch.from_numpy(rows.copy())).argmax(1).numpy() == labels

    found, counts = np.unique(values[:, own], axis=0, return_counts=True)
    before, most = right(values), 0.0
    for value in found[counts >= 0.02 * len(values)]:
        changed = values.copy()
        changed[:, own] = value
        after = right(changed)
        each = [before[labels == k].mean() - after[labels == k].mean() for k in (0, 1)]
        most = max(most, *map(float, each))
    return most


def main() -> None:
    """Print how many tables of each kind get which verdict."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="330-340", metavar="FROM-TO")
    parser.add_argument("--kind", default="", help="only kinds that hold these words")
    given = parser.parse_args()
    first, last = map(int, given.seeds.split("-"))
    torch.set_num_threads(1)
    found = Counter[tuple[str, str]]()
    for seed in range(first, last):
        for place, (kind, make) in enumerate(KINDS.items()):
            if given.kind not in kind:
                continue
            frame, labels, column = make(seed, np.random.default_rng([seed, place]))
            values, labels = frame.to_numpy(), labels.astype(np.int64)
            model = trained(values[:HALF].copy(), labels[:HALF])
            seen, own = frame.iloc[HALF:].reset_index(drop=True), labels[HALF:]
            if column is not None and lost(model, seen, own, column) < RELIED_ON:
                found[kind, "not relied on"] += 1
                continue
            audit = es.audit(model, (seen, own), seen_in_training=False, pictures=0, progress=False)
            found[kind, audit.summary.verdict] += 1
    show(found)


if __name__ == "__main__":
    main()
