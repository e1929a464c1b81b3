"""Verdicts on plain tables, and on the same kinds of table with a column that tells the class.

Plain: `make_classification` of scikit-learn, Gaussian columns with and without wrong labels, blobs,
a logistic model. Planted: one column more that agrees with the label at 0.9, 0.95 or 0.98, as a
code, with little
noise, with much (its classes overlap), or as the mean of four; once with the code drawn
independently of the label in the audited rows. Each trains a small network on half of the rows and
audits the other half with the plain call. Settings were chosen on seeds below 130.

Run: python benchmarks/plain_tables.py [--seeds 200-230]. Some 40 tables a minute on one core.
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.datasets import make_blobs, make_classification
from torch import nn

import earlysieve as es
from earlysieve.groups.accuracy import wilson_interval
from earlysieve.training import ERM

COUNT = 5000
TASKS = ("xor", "ring", "sum of four", "sum of two")
CORRELATIONS = (0.9, 0.95, 0.98)
FORMS = ("code", "little noise", "much noise", "mean of four", "code, broken")


@dataclass(frozen=True)
class Case:
    """A table.

    Attributes:
        kind: in the table of figures.
        values, labels: float32 (N, D), int64 (N,).
        misled: where a planted column says another class, (N,); None: nothing was planted.
    """

    kind: str
    values: np.ndarray
    labels: np.ndarray
    misled: np.ndarray | None = None


def plain(seed: int) -> Iterator[Case]:
    """Tables without anything planted."""
    informative = 2 + seed % 4
    clusters = 1 if informative < 4 or seed % 2 else 2
    values, labels = make_classification(
        n_samples=COUNT, n_features=10, n_informative=informative, n_redundant=seed % 3,
        n_classes=2 + (seed % 5 == 4), n_clusters_per_class=clusters, flip_y=0.01,
        class_sep=(0.6, 0.8, 1.2, 2.0)[seed // 3 % 4], random_state=seed,
    )  # fmt: skip
    yield Case("make_classification", values, labels)
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(COUNT, 8))
    columns = 2 + seed % 3
    labels = (values[:, :columns].sum(1) + (seed // 3 % 3) / 2 * rng.normal(size=COUNT) > 0) * 1
    wrong = rng.random(COUNT) < (0.0, 0.03, 0.08)[seed % 3]
    yield Case("Gaussian columns", values, np.where(wrong, 1 - labels, labels))
    centres = rng.normal(size=(2 + seed % 3, 6)) * (1.0, 1.6)[seed % 2]
    values, labels = make_blobs(COUNT, centers=centres, random_state=seed)
    yield Case("blobs", values, labels)
    values = rng.normal(size=(COUNT, 4 + seed % 6))
    chance = 1 / (1 + np.exp(-2 * values @ rng.normal(size=values.shape[1])))
    yield Case("logistic model", values, (rng.random(COUNT) < chance) * 1)


def planted(seed: int) -> Iterator[Case]:
    """A task of columns, and one column more."""
    for place, form in enumerate(FORMS):
        rng = np.random.default_rng([seed, place])
        core = rng.normal(size=(COUNT, 8))
        labels = (_task(TASKS[seed % 4], core, rng) > 0) * 1
        agrees = rng.random(COUNT) < CORRELATIONS[seed % 3]
        if form.endswith("broken"):
            agrees[COUNT // 2 :] = rng.random(COUNT - COUNT // 2) < 0.5
        says = np.where(agrees, labels, 1 - labels) * 2.0 - 1
        noise = {"little noise": 0.3, "much noise": 0.7}.get(form, 0.0)
        cue = says[:, None] + noise * rng.normal(size=(COUNT, 1))
        if form == "mean of four":
            cue = 0.8 * (says[:, None] + rng.normal(size=(COUNT, 4)))
        yield Case(form, np.concatenate([core, cue], 1), labels, ~agrees)


def _task(name: str, core: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    if name == "xor":
        return core[:, 0] * core[:, 1]
    if name == "ring":
        return (core[:, :2] ** 2).sum(1) - 1.386
    columns, noise = (4, 0.7) if name == "sum of four" else (2, 0.4)
    return core[:, :columns].sum(1) + noise * rng.normal(size=len(core))


def trained(values: np.ndarray, labels: np.ndarray) -> nn.Module:
    """A network of two hidden layers that standardises its inputs."""
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.BatchNorm1d(values.shape[1], affine=False), nn.Linear(values.shape[1], 32), nn.ReLU(),
        nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, int(labels.max()) + 1),
    )  # fmt: skip
    optimizer = torch.optim.Adam(model.parameters(), 5e-3)
    es.fit(ERM(model, optimizer), (values, labels), epochs=10, batch_size=64, progress=False)
    return model.eval()


def reliance(model: nn.Module, case: Case, misled: np.ndarray) -> float:
    """Accuracy lost on the audited rows in which the planted column says another class."""
    half = COUNT // 2
    with torch.inference_mode():
        said = model(torch.from_numpy(case.values[half:])).argmax(1).numpy()
    right, misled = said == case.labels[half:], misled[half:]
    return float(right[~misled].mean() - right[misled].mean())


def main() -> None:
    """Print how many tables of each kind get which verdict."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="200-230", metavar="FROM-TO")
    first, last = map(int, parser.parse_args().seeds.split("-"))
    torch.set_num_threads(1)
    half, found = COUNT // 2, Counter[tuple[str, str]]()
    for seed in range(first, last):
        for case in (*plain(seed), *planted(seed)):
            values = case.values.astype(np.float32)
            case = Case(case.kind, values, case.labels.astype(np.int64), case.misled)
            model = trained(values[:half], case.labels[:half])
            if case.misled is not None and reliance(model, case, case.misled) < 0.1:
                found[case.kind, "not relied on"] += 1
                continue
            audit = es.audit(model, (values[half:], case.labels[half:]), seen_in_training=False,
                             pictures=0, progress=False)  # fmt: skip
            found[case.kind, audit.summary.verdict] += 1
    show(found)


def show(found: Counter[tuple[str, str]]) -> None:
    """A row for each kind of table."""
    verdicts = ("shortcut", "at risk", "none found", "inconclusive", "not relied on")
    print(f"| tables | {' | '.join(verdicts)} | called |\n|---|" + "---|" * (len(verdicts) + 1))
    for kind in dict.fromkeys(kind for kind, _ in found):
        counts = [found[kind, one] for one in verdicts]
        told, cells = sum(counts[:4]), " | ".join(map(str, counts))
        low, high = wilson_interval(counts[0], told) if told else (0.0, 1.0)
        called = f"{counts[0] / told:.2f} [{low:.2f}, {high:.2f}]" if told else ""
        print(f"| {kind} | {cells} | {called} |")


if __name__ == "__main__":
    main()
