"""BAR: what can be gained, and what a rule that sees the training split alone would choose.

EfficientNet-Lite0 is fine-tuned from its ImageNet weights on four fifths of the training split; the
held-out fifth is audited. Then everything is tried that `fix --retrain` tries (repairs of the last
layer on the held-out photographs, balanced batches and group DRO on groups of the audit), and other
methods that need no groups. Every candidate's answers on held-out and test photographs are kept;
the test split is used for the table alone. With `--variant 1pct` or `5pct` that share of
counter-examples is in training and held-out photographs.

Run: python benchmarks/bar_fix.py run --cache DIR [--seeds 5 --variant original --fix-only], any
number of times, then: python benchmarks/bar_fix.py table --cache DIR.
"""

import argparse
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import TensorDataset

import earlysieve as es
from bar_common import DATA, SIZE, decoded, predict, pretrained
from earlysieve._files import write_text, write_with
from earlysieve._json import plain
from earlysieve.datasets import bar, stratified_split
from earlysieve.datasets.opened_data import opened
from earlysieve.errors import EarlysieveError
from earlysieve.fixing.basis import Basis, make_basis
from earlysieve.fixing.beginning import worth_trying
from earlysieve.fixing.candidates import (
    NO_CHANGE,
    Candidate,
    repair_candidates,
    retrain_candidates,
)
from earlysieve.fixing.choosing import choose
from earlysieve.fixing.fix import DEFAULT_SELECT
from earlysieve.fixing.retraining import Recipe, retrained
from earlysieve.fixing.training_groups import training_groups
from earlysieve.fixing.trials import Training, attempt, finished
from earlysieve.groups.selection_rules import RULES, Answers
from earlysieve.repairing.features import last_features
from earlysieve.training import TrainConfig

CONFIG = TrainConfig(
    optimizer="sgd", lr=5e-3, momentum=0.9, weight_decay=1e-4, scheduler="cosine", epochs=4,
    batch_size=32,
)  # fmt: skip
LAYER = "_blocks.4"
OTHERS = (
    Candidate("erm, another seed", "retrain", "erm"),
    Candidate("jtt", "retrain", "jtt"),
    Candidate("sieve", "retrain", "sieve", None, {"layer": LAYER}),
    Candidate("early weights", "retrain", "early-reweighting", None, {"layer": LAYER}),
)


def main() -> None:
    """Run what is missing, or print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["run", "table"])
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--fix-only", action="store_true", help="no methods beside those of fix")
    parser.add_argument("--variant", default="original", choices=["original", "1pct", "5pct"])
    args = parser.parse_args()
    folder = args.cache / "bar" / args.variant
    if args.what == "run":
        torch.set_num_threads(1)
        for seed in range(args.seeds):
            run(folder / str(seed), seed, args.variant, others=not args.fix_only)
    else:
        from bar_table import show

        show(folder, args.seeds)


def run(folder: Path, seed: int, variant: str, *, others: bool) -> None:
    """One seed: what is not there yet."""
    path = folder / "summary.json"
    if path.exists() and (not others or json.loads(path.read_text())["others"]):
        return
    begun = time.monotonic()
    photographs = bar(DATA, split="train", variant=variant, image_size=SIZE)
    rest, held = (_in_memory(part) for part in stratified_split(photographs, 0.2, seed))
    test = _in_memory(bar(DATA, split="test", variant=variant, image_size=SIZE))
    recipe = Recipe(CONFIG, fresh=lambda: pretrained(seed).to(memory_format=torch.channels_last))
    model = _plain(folder / "plain.pt", rest, recipe, seed)
    basis, training = start(model, held, rest, recipe)
    print(f"seed {seed}: {basis.audit.summary.headline}", flush=True)
    kept: dict[str, Any] = {"held": basis.labels, "test": test.tensors[1].numpy()}
    logits = {NO_CHANGE: basis.features.logits}
    kept |= _answers(NO_CHANGE, logits[NO_CHANGE], predict(model, test.tensors[0]))
    for candidate in [*candidates(basis, training), *(OTHERS if others else ())]:
        found = _tried(folder / "tried", candidate, basis, training, test, seed)
        if found is None:
            continue
        held_out, tested = found
        logits[candidate.name] = held_out
        kept |= _answers(candidate.name, held_out, tested)
        accuracy = (tested.argmax(1) == test.tensors[1]).double().mean()
        seconds = time.monotonic() - begun
        print(f"  {candidate.name}: {accuracy:.3f} after {seconds:.0f} s", flush=True)
    basis.audit.examples.sort_values("index").to_csv(folder / "examples.csv", index=False)
    np.savez(folder / "answers.npz", **kept)
    found = {**summary(basis, logits), "others": others}
    write_text(path, json.dumps(plain(found), indent=1))


def _plain(path: Path, rest: TensorDataset, recipe: Recipe, seed: int) -> nn.Module:
    model = pretrained(seed).eval()
    if path.exists():
        model.load_state_dict(torch.load(path, weights_only=True))
        return model
    erm = Candidate("plain", "retrain", "erm")
    model = retrained(model, erm, rest, None, recipe, seed=seed, folder=None, progress=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_with(path, lambda part: torch.save(model.state_dict(), part))
    return model


def _tried(
    folder: Path,
    candidate: Candidate,
    basis: Basis,
    training: Training,
    test: TensorDataset,
    seed: int,
) -> tuple[Tensor, Tensor] | None:
    """Logits on held-out and test photographs, kept or made now; None where it cannot be done."""
    path = folder / f"{candidate.name.replace(' ', '-')}.pt"
    if path.exists():
        kept: tuple[Tensor, Tensor] = torch.load(path, weights_only=True)
        return kept
    try:
        trial = attempt(candidate, basis, training, seed=seed + 100)
        if trial.logits is None:
            print(f"  {candidate.name}: {trial.failure}", flush=True)
            return None
        made = finished(trial, basis, seed=seed).eval()
    except EarlysieveError as error:
        print(f"  {candidate.name}: {error}", flush=True)
        return None
    found = (trial.logits, predict(made, test.tensors[0]))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_with(path, lambda part: torch.save(found, part))
    return found


def _in_memory(part: Any) -> TensorDataset:
    found = decoded(part)
    return TensorDataset(found.images, found.labels)


def start(
    model: nn.Module, held: TensorDataset, rest: TensorDataset, recipe: Recipe
) -> tuple[Basis, Training]:
    """As `fix` does it."""
    quiet = {"pictures": 0, "progress": False}
    data = opened(held)
    audit = es.audit(model, held, seen_in_training=False, **quiet)
    basis = make_basis(model, data, last_features(model, data, progress=False), audit, None)
    seen = es.audit(model, rest, seen_in_training=True, swaps=0, **quiet)
    sources = dict(training_groups(basis, opened(rest), seen))
    return basis, Training(rest, sources, recipe, progress=False)


def candidates(basis: Basis, training: Training) -> list[Candidate]:
    """Everything that `fix --retrain` tries."""
    return [
        *repair_candidates(tuple(basis.sources)),
        *retrain_candidates(tuple(training.sources)),
    ]


def _answers(name: str, held: Tensor, test: Tensor) -> dict[str, Any]:
    return {f"held {name}": held.numpy(), f"test {name}": test.numpy()}


def summary(basis: Basis, logits: Mapping[str, Tensor]) -> dict[str, Any]:
    """Verdict, groups, what every rule says of each candidate, and what `fix` would choose."""
    pseudo = None if basis.judged_by is None else basis.judged_by.numbers.numpy()
    scores: dict[str, dict[str, float]] = {}
    for name, values in logits.items():
        answers = Answers(values.double().numpy(), basis.labels, None, pseudo,
                          basis.reader_predictions)  # fmt: skip
        scores[name] = {
            key: rule.score(answers) for key, rule in RULES.items() if not rule.missing(answers)
        }
    beside = {NO_CHANGE, *(one.name for one in OTHERS)}
    tried = {name: values for name, values in logits.items() if name not in beside}
    return {
        "verdict": basis.audit.summary.verdict,
        "misled": None if pseudo is None else int((pseudo == 1).sum()),
        "worth_trying": worth_trying(basis),
        "chosen": choose(basis, tried, DEFAULT_SELECT).name,
        "scores": scores,
    }


if __name__ == "__main__":
    main()
