"""Verdicts on tables in which only two columns together tell what a shortcut goes by.

Planted: neither of two columns tells the class; which half of the one goes with a class depends on
the other: two numbers, a code or a category of two to six kinds and a number, two categories. It
agrees with the label at 0.92 or 0.96, beside columns that tell the label less. Controls: the same
pair is the task itself, with and without wrong labels; a threshold that each kind of a category
has for itself; categories that tell the class by themselves. Each trains a small network on half
of the rows and audits the other half with the plain call. Limits were chosen on seeds below 25.

Run: python benchmarks/column_pairs.py [--seeds 30-36]. Some 25 tables a minute on one core.
"""

import argparse
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pandas as pd
import torch

import earlysieve as es
from earlysieve.groups.accuracy import wilson_interval
from plain_tables import COUNT, Case, reliance, show, trained

FORMS = ("two numbers", "code of 2, number", "code of 4, number", "2 kinds, number",
         "4 kinds, number", "6 kinds, number", "4 kinds, 2 kinds", "4 kinds, 5 kinds",
         "code of 2, code of 2")  # fmt: skip
CONTROLS = (
    "the pair is the task",
    "the pair is the task, 4% wrong",
    "own thresholds",
    "kinds tell by themselves",
    "nothing to tell",
    "the task is the pair and others",
)
HALF = COUNT // 2


def pair_of(form: str, says: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """Two columns whose halves agree, in the sense of `says`, and tell nothing one by one."""
    count = len(says)
    first, second = form.split(", ") if "," in form else ("number", "number")
    side, one = _drawn(first, rng.integers(0, 2, count), rng)
    _, other = _drawn(second, side ^ says, rng)
    return pd.concat([one.add_prefix("first"), other.add_prefix("second")], axis=1)


def _drawn(
    kind: str, side: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, pd.DataFrame]:
    """A column whose lower half of values (or kinds) lies on side 0."""
    if kind == "number":
        return side, pd.DataFrame({"": rng.uniform(0, 1, len(side)) + side})
    kinds = int(next(word for word in kind.split() if word.isdigit()))
    lower, order = (kinds + 1) // 2, rng.permutation(kinds)
    place = np.where(side == 0, rng.integers(0, lower, len(side)),
                     rng.integers(lower, kinds, len(side)))  # fmt: skip
    if kind.startswith("code"):
        return side, pd.DataFrame({"": place.astype(float)})
    return side, pd.get_dummies(pd.Series(order[place]), prefix="_kind", dtype=float)


def planted(seed: int) -> Iterator[tuple[Case, list[str]]]:
    """A pair of each form beside columns that tell the label."""
    for place, form in enumerate(FORMS):
        rng = np.random.default_rng([seed, place])
        labels = rng.integers(0, 2, COUNT)
        agrees = rng.random(COUNT) < (0.92, 0.96)[(seed + place) % 2]
        frame = pair_of(form, np.where(agrees, labels, 1 - labels), rng)
        core = rng.normal(size=(COUNT, 4)) + (0.4, 0.6, 0.8)[seed % 3] * (2 * labels[:, None] - 1)
        yield _case(form, core, frame, labels, ~agrees)


def controls(seed: int) -> Iterator[tuple[Case, list[str]]]:
    """Tables whose pairs and categories are the task."""
    for place, kind in enumerate(CONTROLS):
        rng = np.random.default_rng([seed, 100 + place])
        form = FORMS[(seed + place) % len(FORMS)]
        labels, core = rng.integers(0, 2, COUNT), rng.normal(size=(COUNT, 4))
        frame = pair_of(form, labels, rng)
        if kind.endswith("wrong"):
            labels = labels ^ (rng.random(COUNT) < 0.04)
        elif kind.endswith("others"):
            score = (2.5, 3.5)[seed % 2] * (2 * labels - 1) + 1.2 * core[:, :3].sum(1)
            labels = (rng.random(COUNT) < 1 / (1 + np.exp(-score))) * 1
        elif not kind.startswith("the pair"):
            frame, labels = _additive(kind, core, rng)
        yield _case(kind, core, frame, labels, None)


def _additive(
    kind: str, core: np.ndarray, rng: np.random.Generator
) -> tuple[pd.DataFrame, np.ndarray]:
    codes = rng.integers(0, 4, len(core))
    frame = pd.get_dummies(pd.Series(codes), prefix="city", dtype=float)
    shift = np.array([-1.0, -0.3, 0.3, 1.0])[codes]
    told = core[:, 0] + core[:, 1] + 0.5 * rng.normal(size=len(core))
    if kind == "own thresholds":
        told = core[:, 0] - 1.2 * shift + 0.3 * rng.normal(size=len(core))
    elif kind.startswith("kinds"):
        told = told + shift
    return frame, (told > 0) * 1


def _case(
    kind: str, core: np.ndarray, frame: pd.DataFrame, labels: np.ndarray, misled: np.ndarray | None
) -> tuple[Case, list[str]]:
    columns = pd.concat([pd.DataFrame(core).add_prefix("core"), frame], axis=1)
    return Case(kind, columns.to_numpy(), labels.astype(np.int64), misled), list(columns)


def main() -> None:
    """Print how many tables get which verdict, and how often the estimate holds the truth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="30-36", metavar="FROM-TO")
    first, last = map(int, parser.parse_args().seeds.split("-"))
    torch.set_num_threads(1)
    found, held = Counter[tuple[str, str]](), []
    for seed in range(first, last):
        for case, names in (*planted(seed), *controls(seed)):
            values = case.values.astype(np.float32)
            model = trained(values[:HALF], case.labels[:HALF])
            frame = pd.DataFrame(values[HALF:], columns=names)
            audit = es.audit(model, (frame, case.labels[HALF:]), seen_in_training=False,
                             pictures=0, progress=False)  # fmt: skip
            summary, verdict = audit.summary, audit.summary.verdict
            if case.misled is not None:
                truth = reliance(model, Case("", values, case.labels), case.misled)
                if truth < 0.1:
                    verdict = "not relied on"
                elif verdict == "shortcut":
                    held.append(summary.reliance.low <= truth <= summary.reliance.high)
            found[case.kind, verdict] += 1
    show(found)
    low, high = wilson_interval(sum(held), len(held)) if held else (0.0, 1.0)
    print(f"\nThe estimate holds the truth in {sum(held)} of {len(held)} [{low:.2f}, {high:.2f}].")


if __name__ == "__main__":
    main()
