"""What `fix` gains on cues that no setting of audit or repair was chosen on, and what it costs.

The cases of `unseen_cues.py`, with other seeds. For each: the audit of 3,000 held-out examples, the
repairs that `fix` tries, what it chooses, and the same repairs with the groups that nobody has.
Figures are accuracy where the cue misleads, on examples for which it is drawn anew; for controls
accuracy and that of the worst class.

Run: python benchmarks/unseen_fix.py run --cache DIR [--seed 93 --retrain --few --only TEXT],
any number of times, then: python benchmarks/unseen_fix.py table --cache DIR, or export.
"""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import TensorDataset

import earlysieve as es
from earlysieve._files import write_text
from earlysieve._json import plain
from earlysieve.datasets.example_groups import Groups, label_by_suspect
from earlysieve.datasets.opened_data import opened
from earlysieve.fixing.basis import Basis, make_basis
from earlysieve.fixing.beginning import worth_trying
from earlysieve.fixing.candidates import NO_CHANGE, repair_candidates, retrain_candidates
from earlysieve.fixing.choosing import choose
from earlysieve.fixing.fix import DEFAULT_SELECT
from earlysieve.fixing.retraining import Recipe
from earlysieve.fixing.training_groups import training_groups
from earlysieve.fixing.trials import Training, Trial, attempt, finished
from earlysieve.repairing.features import last_features
from fix_table import controls, gains
from unseen_cues import Case, cases, trained
from unseen_data import Examples

TRUE = "true"
MUCH = 0.01
FEW = {"train": 1600, "audit": 400}
DATA = Path(__file__).parent.parent / "docs" / "results" / "data" / "unseen_fix.json"
Figures = dict[str, float]


def main() -> None:
    """Run what is missing, or print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["run", "table", "export"])
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=93)
    parser.add_argument("--share", default="1/1")
    parser.add_argument("--only", default="")
    parser.add_argument("--few", action="store_true", help="1,600 to train and 400 to audit")
    parser.add_argument("--retrain", action="store_true", help="train whole networks, too")
    args = parser.parse_args()
    folder = args.cache / ("unseen-fix-few" if args.few else "unseen-fix")
    if args.what != "run":
        rows = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
        if args.what == "table":
            show(rows)
        else:
            write_text(DATA, json.dumps(rows, indent=1) + "\n")
        return
    torch.set_num_threads(1)
    place, of = (int(part) for part in args.share.split("/"))
    for case in [one for one in cases() if args.only in one.name][place - 1 :: of]:
        path = folder / f"{case.name.replace(' ', '-').replace('%', '')}-{args.seed}.json"
        if path.exists() and (not args.retrain or json.loads(path.read_text())["fix --retrain"]):
            continue
        begun = time.monotonic()
        found = outcome(case, args.seed, few=args.few, retrain=args.retrain)
        folder.mkdir(parents=True, exist_ok=True)
        write_text(path, json.dumps(plain(found), indent=1))
        chosen, seconds = found["fix"]["chosen"], time.monotonic() - begun
        print(f"{case.name}: {found['verdict']}, {chosen}, {seconds:.0f} s", flush=True)


def outcome(case: Case, seed: int, *, few: bool = False, retrain: bool) -> dict[str, Any]:
    """Everything that was tried on a case, and what it came to where the cue misleads."""
    data = case.data(seed)
    if few:
        data |= {name: first(data[name], count) for name, count in FEW.items()}
    model = trained(case, data["train"], seed)
    held, train = (TensorDataset(data[p].inputs, data[p].labels) for p in ("audit", "train"))
    redrawn = data["redrawn"]
    basis, training = start(model, held, train, retrain=retrain)
    worth = worth_trying(basis)
    tried = [*repair_candidates(tuple(basis.sources))] if worth else []
    tried += retrain_candidates(tuple(training.sources)) if worth else []
    trials = {one.name: attempt(one, basis, training, seed=seed) for one in tried}
    made = {NO_CHANGE: figures(model, redrawn, case.planted)}
    for name, trial in trials.items():
        if trial.logits is not None:
            made[name] = figures(finished(trial, basis, seed=seed), redrawn, case.planted)
    repairs = {name: one for name, one in trials.items() if one.candidate.kind == "repair"}
    true = _true(case, basis, training, data, seed, retrain=retrain) if case.planted else {}
    return {
        "case": f"{case.name}-{seed}",
        "seed": seed,
        "kind": "planted" if case.planted else "control",
        "verdict": basis.audit.summary.verdict,
        "leans_on": basis.audit.summary.leans_on,
        "tried": made,
        "failures": {name: one.failure for name, one in trials.items() if one.failure},
        "with_true_groups": true,
        "fix": _chosen(basis, repairs, made),
        "fix --retrain": _chosen(basis, trials, made) if retrain else None,
    }


def first(examples: Examples, count: int) -> Examples:
    """The first so many."""
    return Examples(
        examples.inputs[:count],
        examples.labels[:count],
        examples.true[:count],
        examples.values[:count],
    )


def start(
    model: nn.Module, held: TensorDataset, train: TensorDataset, *, retrain: bool
) -> tuple[Basis, Training]:
    """As `fix` does it."""
    quiet: dict[str, Any] = {"pictures": 0, "progress": False}
    data = opened(held)
    audit = es.audit(model, held, seen_in_training=False, **quiet)
    basis = make_basis(model, data, last_features(model, data, progress=False), audit, None)
    sources: dict[str, Groups] = {}
    if retrain and worth_trying(basis):
        seen = es.audit(model, train, seen_in_training=True, swaps=0, **quiet)
        sources = dict(training_groups(basis, opened(train), seen))
    return basis, Training(train, sources, Recipe(), progress=False)


def _true(
    case: Case,
    basis: Basis,
    training: Training,
    data: dict[str, Examples],
    seed: int,
    *,
    retrain: bool,
) -> dict[str, Figures]:
    """The same methods with the groups that nobody has."""
    known, told = (
        label_by_suspect(p.labels, torch.from_numpy(p.values != p.labels.numpy()), source=TRUE)
        for p in (data["audit"], data["train"])
    )
    basis = Basis(basis.model, basis.data, basis.features, basis.audit, known, {TRUE: known})
    training = Training(training.data, {TRUE: told}, training.recipe, progress=False)
    tried = list(repair_candidates((TRUE,)))[:3]
    tried += list(retrain_candidates((TRUE,)))[:1] if retrain else []
    found = {}
    for candidate in tried:
        trial = attempt(candidate, basis, training, seed=seed)
        if trial.logits is not None:
            model = finished(trial, basis, seed=seed)
            found[candidate.name] = figures(model, data["redrawn"], case.planted)
    return found


def figures(model: nn.Module, redrawn: Examples, planted: bool) -> Figures:
    """Accuracy where the cue misleads and holds, over all, and of the worst class."""
    with torch.no_grad():
        said = torch.cat([model.eval()(part).argmax(1) for part in redrawn.inputs.split(500)])
    right, holds = said.numpy() == redrawn.true, redrawn.values == redrawn.true
    worst = min(float(right[redrawn.true == k].mean()) for k in np.unique(redrawn.true))
    found = {"accuracy": float(right.mean()), "worst_class": worst}
    if planted:
        found |= {"fails": float(right[~holds].mean()), "holds": float(right[holds].mean())}
    return found


def _chosen(basis: Basis, trials: dict[str, Trial], made: dict[str, Figures]) -> dict[str, Any]:
    logits = {name: t.logits for name, t in trials.items() if t.logits is not None}
    name = choose(basis, logits, DEFAULT_SELECT).name if logits else NO_CHANGE
    return {"chosen": name, **made[name]}


def show(rows: Sequence[dict[str, Any]]) -> None:
    """Print every planted case, what is kept over all of them, and the controls."""
    planted = [row for row in rows if row["kind"] == "planted"]
    others = [row for row in rows if row["kind"] != "planted"]
    print(f"{len(planted)} planted cases, {len(others)} controls\n")
    gains(planted)
    print("| case | verdict | chosen | fails: before, fix, true groups | holds: before, fix |")
    print("|---|---|---|---|---|")
    for row in planted:
        before, after = row["tried"][NO_CHANGE], row["fix"]
        true = row["with_true_groups"].get("dfr@true, strength 0.01", {}).get("fails", float("nan"))
        print(f"| {row['case']} | {row['verdict']} | {after['chosen']} | {before['fails']:.3f}, "
              f"{after['fails']:.3f}, {true:.3f} | {before['holds']:.3f}, {after['holds']:.3f} |"
              )  # fmt: skip
    print()
    controls(others)
    trained = [row["tried"] for row in others if "group-dro@audit" in row["tried"]]
    if trained:
        cost = [t[NO_CHANGE]["accuracy"] - t["group-dro@audit"]["accuracy"] for t in trained]
        much = sum(one > MUCH for one in cost)
        print(f"\ngroup-dro@audit costs controls more than {MUCH} in {much} of {len(cost)}")


if __name__ == "__main__":
    main()
