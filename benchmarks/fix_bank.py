"""What inferred groups keep of what true groups give, and what `fix` chooses.

Models whose reliance on a cue is known, as in `verdict_bank.py`: accuracy where the cue misleads is
measured on examples for which the cue is drawn anew. Settings were chosen on the set "choose"
(colour, texture, a mark whose place tells the class, stripes, border, dominoes); "report" has other
families (background, blocks, watermark, a column, a word) and seeds. For every case: repairs of the
last layer with true groups, those of the audit, the errors of the model, and without groups;
trainings of the whole network on balanced groups, true, of the audit and of cross risk minimisation
(XRM); what `fix` and `fix --retrain` choose.

Run: python benchmarks/fix_bank.py run --set report --cache DIR [--share 1/2], any number of times:
it goes on where it was. Then: python benchmarks/fix_bank.py table --set report --cache DIR.
"""

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

import earlysieve as es
from bank_cases import Case, control, planted
from bank_data import Part, part
from bank_train import predictions, weights
from earlysieve._files import write_text
from earlysieve._json import plain
from earlysieve.datasets.example_groups import Groups, label_by_suspect
from earlysieve.datasets.opened_data import opened
from earlysieve.errors import EarlysieveError
from earlysieve.fixing.basis import Basis, make_basis
from earlysieve.fixing.beginning import worth_trying
from earlysieve.fixing.candidates import NO_CHANGE, Candidate, repair_candidates, retrain_candidates
from earlysieve.fixing.choosing import choose
from earlysieve.fixing.fix import DEFAULT_SELECT
from earlysieve.fixing.retraining import Recipe
from earlysieve.fixing.training_groups import training_groups
from earlysieve.fixing.trials import Training, Trial, attempt, finished
from earlysieve.repairing.features import last_features

FAMILIES = {
    "choose": ("colour", "texture", "mark", "stripes", "border", "dominoes"),
    "report": ("background", "blocks", "watermark", "threshold", "token"),
}
SEEDS = {"choose": (0, 1, 2), "report": (10, 11, 12, 13, 14)}
CORRELATIONS = {"choose": (0.95, 0.98), "report": (0.9, 0.95, 0.98)}
CONTROLS: dict[str, dict[str, Any]] = {
    "clean": {},
    "wrong-labels": {"wrong": 0.05},
    "undertrained": {"epochs": 2, "schedule": "constant"},
    "clean-table": {"base": "parity"},
    "clean-text": {"base": "topics"},
}
TRUE = "true"


def cases(which: str) -> list[Case]:
    """Planted cases and controls of a set, seed by seed."""
    of = "design" if which == "choose" else "report"
    found: list[Case] = []
    for seed in SEEDS[which]:
        for family in FAMILIES[which]:
            found += [planted(of, family, share, seed=seed) for share in CORRELATIONS[which]]
        for name, more in CONTROLS.items():
            clean = control(of, "clean", "none found", "no cue", seed=seed, **more)
            found.append(replace(clean, name=f"{name}-s{seed}"))
    return found


def main() -> None:
    """Run cases or print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["run", "table", "export"])
    parser.add_argument("--set", choices=list(FAMILIES), default="report")
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--share", default="1/1")
    parser.add_argument("--only", default="")
    parser.add_argument("--seeds", type=int, help="the first so many seeds of the set")
    parser.add_argument("--repairs-only", action="store_true", help="no retraining: minutes a case")
    args = parser.parse_args()
    folder = args.cache / "fix" / args.set
    if args.what == "run":
        run(args, folder)
    else:
        from fix_table import export, show

        (show if args.what == "table" else export)(folder, args.set)


def run(args: argparse.Namespace, folder: Path) -> None:
    """Every case of this share that is not there yet."""
    place, of = (int(part) for part in args.share.split("/"))
    seeds = SEEDS[args.set][: args.seeds]
    some = [c for c in cases(args.set) if args.only in c.name and c.seed in seeds]
    chosen = some[place - 1 :: of]
    for case in chosen:
        path = folder / f"{case.name}-{case.training}.json"
        if path.exists() and (args.repairs_only or json.loads(path.read_text()).get("xrm")):
            continue
        begun = time.monotonic()
        found = outcome(case, args.cache, retrain=not args.repairs_only)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, json.dumps(plain(found), indent=1))
        print(
            f"{case.name}: {time.monotonic() - begun:.0f} s, {found['fix']['chosen']}", flush=True
        )


def outcome(case: Case, cache: Path, *, retrain: bool = True) -> dict[str, Any]:
    """Everything that was tried on a case, and what it came to where the cue misleads."""
    torch.set_num_threads(1)
    model = weights(case, cache)
    held, redrawn, train = (part(case, which) for which in ("audit", "redrawn", "train"))
    basis, training = start(model, held, train, retrain=retrain)
    candidates: list[Candidate] = []
    worth = worth_trying(basis)
    if worth:
        candidates += repair_candidates(tuple(basis.sources))
        candidates += retrain_candidates(tuple(training.sources))
    trials = [attempt(candidate, basis, training, seed=case.seed) for candidate in candidates]
    done = {t.candidate.name: t for t in trials}
    made = {name: figures(finished(t, basis, seed=case.seed), redrawn)
            for name, t in done.items() if t.logits is not None}  # fmt: skip
    made[NO_CHANGE] = figures(model, redrawn)
    if worth and retrain:
        made |= _with_xrm(case, basis, training, train, redrawn)
    return {
        "case": case.name,
        "family": case.family,
        "correlation": case.correlation,
        "seed": case.seed,
        "wrong": case.wrong,
        "kind": case.kind,
        "verdict": basis.audit.summary.verdict,
        "leans_on": basis.audit.summary.leans_on,
        "groups": agreement(basis, held),
        "tried": made,
        "failures": {t.candidate.name: t.failure for t in trials if t.failure},
        "seconds": {t.candidate.name: t.seconds for t in trials},
        "with_true_groups": _with_true(case, basis, training, held, train, redrawn, retrain),
        "fix": _chosen(
            basis, {n: t for n, t in done.items() if t.candidate.kind == "repair"}, made
        ),
        "fix --retrain": _chosen(basis, done, made) if retrain else None,
        "xrm": retrain,
        "rules": _rules(basis, done, made, held),
    }


def start(
    model: nn.Module, held: Part, train: Part, *, retrain: bool = True
) -> tuple[Basis, Training]:
    """The audit, groups of the held-out and of the training data, and how to train."""
    data = opened(held.data)
    features = last_features(model, data, progress=False)
    audit = es.audit(model, held.data, seen_in_training=False, pictures=0, progress=False)
    basis = make_basis(model, data, features, audit, None)
    sources: dict[str, Groups] = {}
    if retrain and worth_trying(basis):
        seen = es.audit(
            model, train.data, seen_in_training=True, swaps=0, pictures=0, progress=False
        )
        sources = dict(training_groups(basis, opened(train.data), seen))
    return basis, Training(train.data, sources, Recipe(), progress=False)


def _with_true(
    case: Case,
    basis: Basis,
    training: Training,
    held: Part,
    train: Part,
    redrawn: Part,
    retrain: bool,
) -> dict[str, Any]:
    """The same methods with the groups that nobody has."""
    if case.family == "none":
        return {}
    true = true_groups(held)
    known = Basis(basis.model, basis.data, basis.features, basis.audit, true, {TRUE: true})
    told = Training(training.data, {TRUE: true_groups(train)}, training.recipe, progress=False)
    found = {}
    tried = list(repair_candidates((TRUE,)))[:3]
    tried += list(retrain_candidates((TRUE,)))[:1] if retrain else []
    for candidate in tried:
        trial = attempt(candidate, known, told, seed=case.seed)
        if trial.logits is not None:
            found[candidate.name] = figures(finished(trial, known, seed=case.seed), redrawn)
    return found


def _with_xrm(
    case: Case, basis: Basis, training: Training, train: Part, redrawn: Part
) -> dict[str, dict[str, float]]:
    """Balanced batches on groups of cross risk minimisation, which `fix` does not try."""
    try:
        groups = es.infer_groups("xrm", data=train.data, model=basis.model, seed=case.seed)
    except EarlysieveError:
        return {}
    told = Training(training.data, {"xrm": groups}, training.recipe, progress=False)
    (candidate, *_) = retrain_candidates(("xrm",))
    trial = attempt(candidate, basis, told, seed=case.seed)
    if trial.logits is None:
        return {}
    return {candidate.name: figures(finished(trial, basis, seed=case.seed), redrawn)}


def true_groups(data: Part) -> Groups:
    """The groups that nobody has: label x does the cue mislead."""
    labels = torch.from_numpy(np.asarray(data.data.labels))
    return label_by_suspect(labels, torch.from_numpy(data.counter), source=TRUE)


def figures(model: nn.Module, redrawn: Part) -> dict[str, float]:
    """Accuracy where the cue misleads, where it holds, over all, and of the worst class."""
    right = predictions(model.eval(), redrawn) == redrawn.true
    agrees = redrawn.values == redrawn.true
    classes = np.unique(redrawn.true)
    worst = min(float(right[redrawn.true == k].mean()) for k in classes)
    if (redrawn.values < 0).all():
        return {"accuracy": float(right.mean()), "worst_class": worst}
    cells = [right[(redrawn.true == k) & (agrees == a)].mean() for k in classes for a in (0, 1)]
    return {
        "fails": float(right[~agrees].mean()),
        "holds": float(right[agrees].mean()),
        "accuracy": float(right.mean()),
        "worst_class": worst,
        "worst_group": float(min(cells)),
    }


def agreement(basis: Basis, held: Part) -> dict[str, float] | None:
    """Precision and recall of the suspects among the counter-examples."""
    if basis.judged_by is None or basis.judged_by.suspects is None:
        return None
    suspects = basis.judged_by.suspects.numpy()
    hits = float((suspects & held.counter).sum())
    return {
        "precision": hits / max(1, int(suspects.sum())),
        "recall": hits / max(1, int(held.counter.sum())),
    }


def _chosen(basis: Basis, done: dict[str, Trial], made: dict[str, Any]) -> dict[str, Any]:
    logits = {name: t.logits for name, t in done.items() if t.logits is not None}
    name = choose(basis, logits, DEFAULT_SELECT).name if logits else NO_CHANGE
    return {"chosen": name, **made[name]}


def _rules(
    basis: Basis, done: dict[str, Trial], made: dict[str, Any], held: Part
) -> dict[str, dict[str, float]]:
    """What every selection rule says of every candidate."""
    from earlysieve.groups.selection_rules import RULES, Answers

    said = basis.reader_predictions
    pseudo = None if basis.judged_by is None else basis.judged_by.numbers.numpy()
    true = true_groups(held).numbers.numpy()
    found: dict[str, dict[str, float]] = {}
    logits = {name: t.logits for name, t in done.items() if t.logits is not None}
    for name, values in {NO_CHANGE: basis.features.logits, **logits}.items():
        answers = Answers(values.double().numpy(), basis.labels, true, pseudo, said)
        found[name] = {
            key: rule.score(answers) for key, rule in RULES.items() if not rule.missing(answers)
        }
    return found


if __name__ == "__main__":
    main()
