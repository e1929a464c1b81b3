"""Which selection rule finds the candidate that does best where the cue misleads?

Nobody with a real problem can look that up. On planted cases it is known, since the cue can be
drawn anew. Over some fifty candidates (settings of every repair, and every epoch of two
retrainings): each rule's Spearman correlation with accuracy where the cue misleads, its regret
(accuracy where the cue misleads of the best candidate minus that of the rule's choice), what its
choice loses where the cue holds, and the sum of both;
means over cases with 95% intervals (bootstrap over cases).

Run: python benchmarks/rule_table.py run --cache DIR, any number of times (it goes on where it was),
then: python benchmarks/rule_table.py table --cache DIR.
"""

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from bank_cases import Case, planted
from bank_data import Part, part
from bank_train import weights
from earlysieve._files import write_text
from earlysieve._json import plain
from earlysieve.errors import EarlysieveError
from earlysieve.fixing.basis import Basis
from earlysieve.fixing.candidates import NO_CHANGE, Candidate
from earlysieve.fixing.retraining import Recipe, retrained
from earlysieve.fixing.trials import Training, attempt, finished, logits_of
from earlysieve.groups.selection_rules import RULES, Answers
from fix_bank import figures, start, true_groups
from fix_table import bootstrap

FAMILIES = ("background", "blocks", "watermark", "threshold", "token")
SEEDS = (10, 11)
DATA = Path(__file__).parent.parent / "docs" / "results" / "data" / "rule_table.json"
STRENGTHS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)


def main() -> None:
    """Run cases, print the table, or write what was measured into the repository."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["run", "table", "export"])
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--share", default="1/1")
    parser.add_argument("--repairs-only", action="store_true", help="no retraining")
    args = parser.parse_args()
    folder = args.cache / "rules"
    if args.what == "run":
        place, of = (int(number) for number in args.share.split("/"))
        run(folder, args.cache, cases()[place - 1 :: of], not args.repairs_only)
        return
    rows = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    if args.what == "export":
        write_text(DATA, json.dumps(rows, indent=1) + "\n")
    else:
        show(rows)


def cases() -> list[Case]:
    """One case for each family and seed, seed by seed."""
    return [planted("report", name, 0.95, seed=seed) for seed in SEEDS for name in FAMILIES]


def run(folder: Path, cache: Path, chosen: list[Case], retrain: bool) -> None:
    """Every case that is not there yet."""
    torch.set_num_threads(1)
    for case in chosen:
        path = folder / f"{case.name}.json"
        if path.exists():
            continue
        begun = time.monotonic()
        found = outcome(case, cache, retrain)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, json.dumps(plain(found), indent=1))
        print(
            f"{case.name}: {len(found['truth'])} candidates, {time.monotonic() - begun:.0f} s",
            flush=True,
        )


def outcome(case: Case, cache: Path, retrain: bool) -> dict[str, Any]:
    """Scores of every candidate by every rule, and the truth."""
    model = weights(case, cache)
    held, redrawn, train = (part(case, which) for which in ("audit", "redrawn", "train"))
    basis, training = start(model, held, train, retrain=retrain)
    truth: dict[str, Any] = {NO_CHANGE: figures(model, redrawn)}
    scores = {NO_CHANGE: _scores(basis.features.logits, basis, held)}
    for name, made, logits in _candidates(case, basis, training, retrain):
        truth[name] = figures(made, redrawn)
        scores[name] = _scores(logits, basis, held)
    return {"case": case.name, "family": case.family, "truth": truth, "scores": scores}


def _candidates(
    case: Case, basis: Basis, training: Training, retrain: bool
) -> Iterator[tuple[str, nn.Module, Tensor]]:
    for candidate in _repairs(tuple(basis.sources)):
        trial = attempt(candidate, basis, None, seed=case.seed)
        if trial.logits is not None:
            yield candidate.name, finished(trial, basis, seed=case.seed), trial.logits
    if retrain:
        yield from _epochs(case, basis, training)


def _repairs(sources: tuple[str, ...]) -> Iterator[Candidate]:
    for source in sources:
        for strength in STRENGTHS:
            name = f"dfr@{source}, strength {strength:g}"
            yield Candidate(name, "repair", "dfr", source, {"strength": strength, "min_group": 2})
    for gamma in (0.5, 1.0, 2.0, 3.0, 4.0, 6.0):
        for pull in (0.003, 0.01, 0.1):
            settings = {"gamma": gamma, "pull": pull}
            yield Candidate(f"afr {gamma:g}, pull {pull:g}", "repair", "afr", None, settings)
    for strength in STRENGTHS:
        for method in ("crt", "neurontune"):
            name = f"{method}, strength {strength:g}"
            yield Candidate(name, "repair", method, None, {"strength": strength})


def _epochs(
    case: Case, basis: Basis, training: Training
) -> Iterator[tuple[str, nn.Module, Tensor]]:
    """Networks after one, two, ... epochs of plain and of balanced training."""
    ways = [("erm", None, {})]
    ways += [("balanced", source, {"balance": "group"}) for source in training.sources]
    for method, source, settings in ways:
        model = basis.model
        for epoch in range(1, 5):
            config = replace(Recipe().config, epochs=1, scheduler="none", lr=5e-4)
            candidate = Candidate(f"{method}, epoch {epoch}", "retrain", method, source, settings)
            try:
                model = retrained(
                    model, candidate, training.data,
                    None if source is None else training.sources[source],
                    Recipe(config), seed=case.seed + epoch, folder=None, progress=False,
                )  # fmt: skip
            except EarlysieveError:
                break
            yield candidate.name, model, logits_of(model, basis)


def _scores(logits: Tensor, basis: Basis, held: Part) -> dict[str, float]:
    pooled = None if basis.judged_by is None else basis.judged_by.numbers.numpy()
    finer = next((groups.numbers.numpy() for groups in basis.sources.values()), None)
    true = true_groups(held).numbers.numpy()
    found: dict[str, float] = {}
    for kind, pseudo in (("", finer), (", misled or not", pooled)):
        answers = Answers(
            logits.double().numpy(), basis.labels, true, pseudo, basis.reader_predictions
        )
        for name, rule in RULES.items():
            if not rule.missing(answers) and (not kind or "pseudo" in name):
                found[name + kind] = rule.score(answers)
    return found


def show(rows: list[dict[str, Any]]) -> None:
    """Print the table, the smallest regret first."""
    from scipy.stats import spearmanr

    names = sorted({name for row in rows for scores in row["scores"].values() for name in scores})
    count = np.mean([len(row["truth"]) for row in rows])
    print(f"{len(rows)} cases, {count:.0f} candidates each\n")
    print("| rule | Spearman | regret | lost where the cue holds | both |\n" + "|---" * 5 + "|")
    lines = []
    for name in names:
        found = []
        for row in rows:
            known = [c for c in row["truth"] if name in row["scores"][c]]
            scores = [row["scores"][c][name] for c in known]
            fails = [row["truth"][c]["fails"] for c in known]
            holds = [row["truth"][c]["holds"] for c in known]
            best = int(np.argmax(scores))
            rho = spearmanr(scores, fails).statistic if len(set(scores)) > 1 else 0.0
            found.append(
                (rho, max(fails) - fails[best], holds[known.index(NO_CHANGE)] - holds[best])
            )
        values = np.array(found)
        values = np.column_stack([values, values[:, 1] + values[:, 2]])
        cells = [bootstrap(values[:, k], np.mean) for k in range(4)]
        text = " | ".join(f"{m:.3f} [{low:.3f}, {high:.3f}]" for m, low, high in cells)
        lines.append((cells[1][0], f"| {name} | {text} |"))
    print("\n".join(line for _, line in sorted(lines)))


if __name__ == "__main__":
    main()
