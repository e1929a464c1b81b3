"""Which selection rule finds the best trial of a search where the cue misleads?

The trials of `make results-search` are candidates: 31 settings of the sieve on each data set, plain
training among them. Every rule scores them by what they say of the validation data, with the
pseudo-groups that an audit of the reference run tells; accuracy where the cue misleads and where it
holds is that of the test data, which no rule sees. For each rule its Spearman correlation with the
former over the trials, its regret, what its choice loses where the cue holds against plain
training, and the sum of both; by data set, and as means with 95% intervals (bootstrap over data
sets).

Run after it: PYTHONPATH=. python benchmarks/search_rules.py results-search-out
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from earlysieve._arrays import Bools
from earlysieve._files import write_text
from earlysieve.benchmarking.one_groups import trained_model
from earlysieve.datasets.opened_data import opened
from earlysieve.grouping.files import read_groups
from earlysieve.groups.selection_rules import RULES, Answers
from earlysieve.runs.train_data import open_beside, open_parts
from earlysieve.training import evaluate
from earlysieve.training.config import read_config
from methods_table import FAILS
from rule_table import show

TRIALS = "searches/{}/sieve/search/trials"
GROUPS = "groups/{}/reference-validation/seed-{}/groups.csv"


def main() -> None:
    """Measure what is new, keep it beside the results, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="--out of make results-search")
    results = parser.parse_args().results
    torch.set_num_threads(1)
    rows = []
    for name in sorted(path.name for path in (results / "searches").iterdir()):
        if not (results / "searches" / name / "sieve" / "cell.json").exists():
            continue
        path = results / "searches" / name / "rules.json"
        if not path.exists():
            write_text(path, json.dumps(outcome(results, name), indent=1))
        rows.append(json.loads(path.read_text()))
    show(rows)


def outcome(results: Path, name: str) -> dict[str, Any]:
    """Scores of every trial of a data set by every rule, and the truth."""
    folders = sorted(path.parent for path in (results / TRIALS.format(name)).glob("*/model.pt"))
    config = read_config(folders[0] / "config.json")
    parts = open_parts(config, progress=False)
    validation = opened(parts.validation)
    place = results / GROUPS.format(name, config.seed)
    pseudo = read_groups(place).numbers.numpy()
    test = open_beside(config, "split:test", progress=False)
    misled = _misled(opened(test))
    found: dict[str, Any] = {"case": name, "truth": {}, "scores": {}}
    for folder in folders:
        trial = "no change" if folder.name == "000" else folder.name
        logits = np.load(folder / "validation_logits.npy").astype(float)
        answers = Answers(logits, validation.labels, validation.groups, pseudo)
        found["scores"][trial] = {
            key: rule.score(answers) for key, rule in RULES.items() if not rule.missing(answers)
        }
        model = trained_model(folder / "model.pt", config, parts)
        right = evaluate(model, test, batch_size=256, keep_logits=True)
        found["truth"][trial] = _where(right, opened(test).labels, misled)
    return found


def _misled(test: Any) -> Bools:
    named = [name.endswith(FAILS) for name in test.group_names]
    return np.asarray(named)[test.groups]


def _where(found: Any, labels: Any, misled: Bools) -> dict[str, float]:
    right = np.asarray(found.logits).argmax(1) == labels
    return {"fails": float(right[misled].mean()), "holds": float(right[~misled].mean())}


if __name__ == "__main__":
    main()
