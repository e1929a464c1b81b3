"""Verdicts on tables whose shortcut is a range of one number, or one number for another.

A range: one class of three is told by another unit (heights in inches) or by an age below 31; of
two classes one, by half of its rows (Fahrenheit). One for another: a ratio of two amounts, on a log
scale and plain, whose columns tell hardly anything one by one. Each agrees with the label at 0.93
to 0.97 beside six columns that tell it less. Controls: nothing planted; the ratio of two columns is
the task, or a part of it; a range of a number makes the class whatever else a row holds; wrong
labels. Each trains a small network on 4,000 rows, audits 2,000 others with the plain call, and
measures what the model loses on 4,000 rows in which the shortcut says the label by chance. Limits
were chosen on seeds below 10.

Run: python benchmarks/ranges_and_ratios.py [--seeds 20-26]. Some 20 tables a minute on one core.
"""

import argparse
from collections import Counter
from collections.abc import Callable

import numpy as np
import pandas as pd
import torch
from torch import nn

import earlysieve as es
from earlysieve.groups.accuracy import wilson_interval
from plain_tables import show, trained

COUNTS = (4000, 2000, 4000)
RELIED_ON = 0.1
# A frame, labels, and where what was planted says the label; None: nothing was.
Made = tuple[pd.DataFrame, np.ndarray, np.ndarray | None]


def task(count: int, rng: np.random.Generator, classes: int = 2) -> tuple[pd.DataFrame, np.ndarray]:
    """Columns as of patients, six of which tell the class."""
    frame = pd.DataFrame({
        "age": rng.integers(18, 91, count).astype(float),
        "pressure": rng.normal(130, 16, count).round(),
        "creatinine": np.exp(rng.normal(0, 0.35, count)),
        "albumin": rng.normal(4, 0.5, count),
        "visits": rng.poisson(2.2, count).astype(float),
        "rate": rng.normal(78, 11, count).round(),
    })  # fmt: skip
    standard = (frame - frame.mean()) / frame.std()
    weights = {"pressure": 0.8, "creatinine": 0.7, "albumin": -0.9, "visits": 0.6, "rate": 0.4}
    score = sum(weight * standard[name] for name, weight in weights.items())
    score += 0.6 * rng.normal(size=count)
    return frame, np.asarray(pd.qcut(score, classes, labels=False))


def one_of_three(
    count: int, rng: np.random.Generator, agrees: float | None
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, int]:
    """A task of three classes, and the rows that look like one of them."""
    frame, labels = task(count, rng, 3)
    kind, looks = 2, rng.random(count) < 1 / 3
    if agrees is not None:
        mine = labels == kind
        looks = np.where(rng.random(count) < agrees, mine, rng.random(count) < 0.5 * ~mine)
    return frame, labels, looks, kind


def inches(count: int, rng: np.random.Generator, agrees: float | None) -> Made:
    """Heights of one class in another unit."""
    frame, labels, looks, kind = one_of_three(count, rng, agrees)
    tall = np.where(looks, rng.normal(67, 3.5, count), rng.normal(170, 9, count)).round()
    return frame.assign(height=tall), labels, looks == (labels == kind)


def young(count: int, rng: np.random.Generator, agrees: float | None) -> Made:
    """An age below which nearly all are of one class."""
    frame, labels, looks, kind = one_of_three(count, rng, agrees)
    age = np.where(looks, rng.integers(18, 31, count), rng.integers(31, 91, count))
    return frame.assign(age=age.astype(float)), labels, looks == (labels == kind)


def fahrenheit(count: int, rng: np.random.Generator, agrees: float | None) -> Made:
    """Half of one class of two measured in another unit."""
    frame, labels = task(count, rng)
    looks = rng.random(count) < 0.3
    if agrees is not None:
        rate = np.where(labels == 1, 0.6, 0.6 * (1 - agrees) / agrees)
        looks = rng.random(count) < rate
    degrees = np.where(looks, rng.normal(99, 1.2, count), rng.normal(37.2, 0.7, count)).round(1)
    return frame.assign(temperature=degrees), labels, ~looks | (labels == 1)


def ratio(count: int, rng: np.random.Generator, agrees: float | None, *, logs: bool) -> Made:
    """What was paid of what was billed."""
    frame, labels = task(count, rng)
    right = rng.random(count) < (0.5 if agrees is None else agrees)
    says = np.where(right, labels, 1 - labels)
    billed = rng.normal(6, 0.8, count)
    paid = billed + np.where(
        says == 1, rng.normal(-0.05, 0.05, count), rng.normal(-0.5, 0.1, count)
    )
    if not logs:
        billed, paid = np.exp(billed), np.exp(paid)
    return frame.assign(billed=billed, paid=paid), labels, right


PLANTED: dict[str, tuple[Callable[..., Made], str]] = {
    "another unit of one class of three": (inches, "height"),
    "an age below which one class of three is": (young, "age"),
    "another unit of half of one class": (fahrenheit, "temperature"),
    "a ratio, logs": (lambda n, r, a: ratio(n, r, a, logs=True), "billed and paid"),
    "a ratio, amounts": (lambda n, r, a: ratio(n, r, a, logs=False), "billed and paid"),
}


def control(kind: str, count: int, rng: np.random.Generator) -> Made:
    """A table without a shortcut."""
    frame, labels = task(count, rng, 3 if kind == "nothing, three classes" else 2)
    weight, height = rng.normal(80, 15, count), rng.normal(1.7, 0.1, count)
    diastolic = frame["pressure"] - rng.normal(45, 6, count)
    if kind == "the ratio is the task":
        frame = frame.assign(weight=weight, height=height)
        told = weight / height**2
        labels = (told - told.mean() + 0.6 * told.std() * rng.normal(size=count) > 0) * 1
    elif kind == "a difference is part of the task":
        frame = frame.assign(diastolic=diastolic)
        parts = (frame["pressure"] - diastolic, frame["albumin"], frame["visits"])
        score = sum((part - part.mean()) / part.std() for part in parts)
        labels = np.asarray((score + 0.6 * rng.normal(size=count) > 0) * 1)
    elif kind == "a range makes the class":
        high = rng.random(count) < 0.2
        marker = np.where(high, rng.normal(9, 0.5, count), rng.normal(3, 0.8, count))
        frame, labels = frame.assign(marker=marker), np.where(high, 1, labels)
    elif kind == "15% wrong labels":
        labels = np.where(rng.random(count) < 0.15, 1 - labels, labels)
    return frame, labels, None


CONTROLS = (
    "nothing",
    "nothing, three classes",
    "the ratio is the task",
    "a difference is part of the task",
    "a range makes the class",
    "15% wrong labels",
)


def right_on(model: nn.Module, rows: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Which rows the model is right on, shape (N,)."""
    with torch.inference_mode():
        return np.asarray(model(torch.from_numpy(rows)).argmax(1).numpy() == labels)


def main() -> None:
    """Print how many tables get which verdict, whether the column is named, and the estimates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="20-26", metavar="FROM-TO")
    first, last = map(int, parser.parse_args().seeds.split("-"))
    torch.set_num_threads(1)
    found, named, held = Counter[tuple[str, str]](), [], []
    for seed in range(first, last):
        for place, kind in enumerate((*PLANTED, *CONTROLS)):
            rng = np.random.default_rng([seed, place])
            agrees = (0.93, 0.95, 0.97)[(seed + place) % 3]
            make, name = PLANTED.get(kind, (None, ""))
            train, seen, test = (
                make(n, rng, rate) if make else control(kind, n, rng)
                for n, rate in zip(COUNTS, (agrees, agrees, None), strict=True)
            )
            mean, spread = train[0].mean(), train[0].std()
            tables = [
                ((part[0] - mean) / spread).astype(np.float32) for part in (train, seen, test)
            ]
            model = trained(tables[0].to_numpy(), train[1].astype(np.int64))
            audit = es.audit(model, (tables[1], seen[1]), seen_in_training=False, pictures=0,
                             progress=False)  # fmt: skip
            summary, verdict = audit.summary, audit.summary.verdict
            if test[2] is not None:
                right = right_on(model, tables[2].to_numpy(), test[1])
                truth = right[test[2]].mean() - right[~test[2]].mean()
                if truth < RELIED_ON:
                    verdict = "not relied on"
                elif verdict in ("shortcut", "at risk"):
                    named.append(name in (summary.leans_on or ""))
                if verdict == "shortcut":
                    held.append(summary.reliance.low <= truth <= summary.reliance.high)
            found[kind, verdict] += 1
    show(found)
    for told, what in ((named, "The column is named"), (held, "The estimate holds the truth")):
        low, high = wilson_interval(sum(told), len(told)) if told else (0.0, 1.0)
        print(f"\n{what} in {sum(told)} of {len(told)} [{low:.2f}, {high:.2f}].")


if __name__ == "__main__":
    main()
