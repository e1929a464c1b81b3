"""Tables of `bar_fix.py`: every candidate on the test photographs, and what rules would choose."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from planted import mean_and_interval

NO_CHANGE = "no change"
READ = "accuracy where the early readout errs"


def show(folder: Path, most: int) -> None:
    """Print the tables of the first so many seeds: of the methods that all of these have."""
    seeds = [_load(path.parent) for path in sorted(folder.glob("*/summary.json"))[:most]]
    if not seeds:
        raise SystemExit(f"nothing was run yet in {folder}")
    for name in ("verdict", "misled", "chosen"):
        print(f"{name}: {', '.join(str(one[name]) for one in seeds)}")
    print()
    _candidates(seeds)
    _rules(seeds)


def _load(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "summary.json").read_text())
    kept = np.load(folder / "answers.npz")
    right = {
        part: {
            name.removeprefix(f"{part} "): kept[name].argmax(1) == kept[part]
            for name in kept.files
            if name.startswith(f"{part} ")
        }
        for part in ("held", "test")
    }
    found["test"] = {name: float(values.mean()) for name, values in right["test"].items()}
    found["held"] = {name: float(values.mean()) for name, values in right["held"].items()}
    said = _column(folder / "examples.csv", "readout_prediction").astype(int)
    misread = said != kept["held"]
    for name, values in right["held"].items():
        found["scores"][name][READ] = float(values[misread].mean())
    return found


def _column(path: Path, name: str) -> Any:
    import pandas as pd

    return pd.read_csv(path)[name].to_numpy()


def _candidates(seeds: Sequence[Mapping[str, Any]]) -> None:
    shared = [name for name in seeds[0]["test"] if all(name in one["test"] for one in seeds)]
    print("| candidate | held-out | test | test minus no change |\n|---|---|---|---|")
    for name in shared:
        held = np.mean([one["held"][name] for one in seeds])
        test = mean_and_interval([one["test"][name] for one in seeds])
        gain = mean_and_interval([one["test"][name] - one["test"][NO_CHANGE] for one in seeds])
        print(f"| {name} | {held:.3f} | {_words(test)} | {_words(gain, '+')} |")
    gain = mean_and_interval([one["test"][one["chosen"]] - one["test"][NO_CHANGE] for one in seeds])
    print(f"| *what fix --retrain chooses* | | | {_words(gain, '+')} |\n")


def _rules(seeds: Sequence[Mapping[str, Any]]) -> None:
    from scipy.stats import spearmanr

    rules = sorted({rule for one in seeds for scores in one["scores"].values() for rule in scores})
    print("| rule | Spearman with test accuracy | test of its choice minus no change | regret |")
    print("|---|---|---|---|")
    for rule in rules:
        rows = []
        for one in seeds:
            known = [name for name in one["scores"] if rule in one["scores"][name]]
            scores = [one["scores"][name][rule] for name in known]
            test = [one["test"][name] for name in known]
            best = int(np.argmax(scores))
            rho = spearmanr(scores, test).statistic if len(set(scores)) > 1 else 0.0
            rows.append((rho, test[best] - one["test"][NO_CHANGE], max(test) - test[best]))
        cells = [_words(mean_and_interval([row[k] for row in rows]), "+") for k in range(3)]
        print(f"| {rule} | " + " | ".join(cells) + " |")


def _words(found: Any, sign: str = "") -> str:
    mean, low, high = found
    return f"{mean:{sign}.3f} [{low:{sign}.3f}, {high:{sign}.3f}]"
