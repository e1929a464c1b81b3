"""Methods that `fix` does not try, on the bank of `fix_bank.py`: their gain where a cue misleads.

Repairs: LEACE and INLP, with groups of the audit and with true ones. Trainings: a product of
experts, LfF, large dropout, and PDE and mixture balancing on groups of the audit. DFR and balanced
batches with the same groups stand beside them. All with their defaults; nothing was chosen.

Run: python benchmarks/more_methods.py run --cache DIR [--seeds 3] [--train 1], any number of times:
it goes on where it was. Then: python benchmarks/more_methods.py table --cache DIR.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bank_cases import Case
from bank_data import part
from bank_train import weights
from earlysieve._files import write_text
from earlysieve._json import plain
from earlysieve.fixing.basis import Basis
from earlysieve.fixing.beginning import worth_trying
from earlysieve.fixing.candidates import FEWEST, NO_CHANGE, Candidate
from earlysieve.fixing.trials import attempt, finished
from fix_bank import SEEDS, TRUE, cases, figures, start, true_groups
from fix_table import bootstrap

DFR = {"strength": 0.01, "min_group": FEWEST}


def main() -> None:
    """Run cases or print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["run", "table"])
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3, help="of the set 'report'")
    parser.add_argument("--train", type=int, default=1, help="of these, those with trainings")
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    folder = args.cache / "more-methods"
    if args.what == "table":
        return table([json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))])
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    for case in cases("report"):
        number = SEEDS["report"].index(case.seed)
        path = folder / f"{case.name}.json"
        if number >= args.seeds or args.only not in case.name:
            continue
        known = json.loads(path.read_text()) if path.exists() else {}
        if known and (known["trained"] or number >= args.train):
            continue
        begun = time.monotonic()
        found = outcome(case, args.cache, train=number < args.train)
        write_text(path, json.dumps(plain(found), indent=1))
        print(f"{case.name}: {time.monotonic() - begun:.0f} s", flush=True)
    return None


def repairs(source: str) -> list[Candidate]:
    """Repairs with groups of a source."""
    named = [("dfr", DFR), ("leace", {}), ("inlp", {})]
    return [Candidate(f"{name}@{source}", "repair", name, source, s) for name, s in named]


def trainings(layer: str) -> list[Candidate]:
    """Trainings, the weak expert of a product at this layer."""
    alone: list[tuple[str, dict[str, Any]]] = [
        ("poe", {"layer": layer}),
        ("lff", {}),
        ("large-dropout", {}),
    ]
    found = [Candidate(name, "retrain", name, None, settings) for name, settings in alone]
    on_groups = [("balanced", {"balance": "group"}), ("pde", {}), ("mixture", {"balance": "group"})]
    return found + [Candidate(f"{n}@audit", "retrain", n, "audit", s) for n, s in on_groups]


def outcome(case: Case, cache: Path, *, train: bool) -> dict[str, Any]:
    """What each method comes to on examples for which the cue is drawn anew."""
    model = weights(case, cache)
    held, redrawn, seen = (part(case, which) for which in ("audit", "redrawn", "train"))
    basis, training = start(model, held, seen, retrain=train)
    made = {NO_CHANGE: figures(model, redrawn)}
    failures: dict[str, str] = {}
    tried: list[tuple[Candidate, Basis]] = []
    if worth_trying(basis):
        tried += [(one, basis) for one in repairs("audit")]
        layer = basis.audit.summary.layer
        tried += [(one, basis) for one in trainings(layer)] if train else []
    if case.family != "none":
        true = true_groups(held)
        known = Basis(basis.model, basis.data, basis.features, basis.audit, true, {TRUE: true})
        tried += [(one, known) for one in repairs(TRUE)]
    for candidate, of in tried:
        trial = attempt(candidate, of, training, seed=case.seed)
        if trial.logits is None:
            failures[candidate.name] = trial.failure or ""
        else:
            made[candidate.name] = figures(finished(trial, of, seed=case.seed), redrawn)
    return {"case": case.name, "family": case.family, "kind": case.kind, "trained": train,
            "tried": made, "failures": failures}  # fmt: skip


def table(rows: list[dict[str, Any]]) -> None:
    """Print gains with their intervals over cases; a method that failed has gained nothing."""
    planted = [row for row in rows if row["kind"] == "planted"]
    print(f"{len(planted)} planted cases, {len(rows) - len(planted)} controls\n")
    print(
        "| method | cases | failed | gain where the cue misleads | where it holds | all, controls |"
    )
    print("|---|---|---|---|---|---|")
    for name in dict.fromkeys(name for row in rows for name in (*row["tried"], *row["failures"])):
        if name == NO_CHANGE:
            continue
        fails, holds, clean = (
            _gains(some, name, key)
            for some, key in ((planted, "fails"), (planted, "holds"), (_others(rows), "accuracy"))
        )
        failed = sum(name in row["failures"] for row in planted)
        print(f"| {name} | {len(fails)} | {failed} | {_said(fails)} | {_said(holds)} "
              f"| {_said(clean)} |")  # fmt: skip


def _others(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["kind"] != "planted"]


def _gains(rows: list[dict[str, Any]], name: str, key: str) -> Any:
    known = [row for row in rows if name in row["tried"] or name in row["failures"]]
    return np.array([
        row["tried"].get(name, row["tried"][NO_CHANGE])[key] - row["tried"][NO_CHANGE][key]
        for row in known
    ])  # fmt: skip


def _said(gains: Any) -> str:
    if not len(gains):
        return "-"
    mean, low, high = bootstrap(gains, np.mean)
    return f"{mean:+.3f} [{low:+.3f}, {high:+.3f}]"


if __name__ == "__main__":
    main()
