"""A bank of trained models whose shortcuts are known, to judge the verdict of an audit.

    python benchmarks/verdict_bank.py plan
    python benchmarks/verdict_bank.py train --cache FOLDER --set design
    python benchmarks/verdict_bank.py truth --cache FOLDER
    python benchmarks/verdict_bank.py audit --cache FOLDER --label NAME
    python benchmarks/verdict_bank.py table --cache FOLDER --label NAME
    python benchmarks/verdict_bank.py export --cache FOLDER --label NAME --out FILE.json

Every stage goes on where it was stopped. What a case is, and what is expected of it, is in
`bank_plan.py`, written before any of them ran.
"""

import argparse
import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

from bank_cases import Case, final_expectation
from bank_data import Part, part
from bank_judge import audit_all, show_table
from bank_plan import design, fresh, report
from bank_train import truth, weights
from earlysieve._files import write_text
from earlysieve._json import plain
from earlysieve.datasets.base import ExampleDataset

DEFAULT_CACHE = Path("bank")


class Loaded(NamedTuple):
    """A case, ready for an audit.

    `truth` and `judge` are for the judge alone; `audit` and `reference` yield labels without
    groups.
    """

    model: nn.Module
    audit: ExampleDataset
    reference: ExampleDataset
    truth: dict[str, Any]


def all_cases() -> dict[str, Case]:
    """Every case by name, design first.

    Raises:
        ValueError: two cases have one name.
    """
    listed = [*design(), *report(), *fresh()]
    twice = [name for name, count in Counter(case.name for case in listed).items() if count > 1]
    if twice:
        raise ValueError(f"Expected one case for each name, but got several: {twice}; rename them")
    return {case.name: case for case in listed}


def load_case(name: str, cache: Path = DEFAULT_CACHE) -> Loaded:
    """The model, the data of the audit, the training data, and the truth with the expectation."""
    case = all_cases()[name]
    known = json.loads((cache / "cases" / name / "truth.json").read_text())
    model = weights(case, cache)
    return Loaded(model, part(case, "audit").data, part(case, "train").data, known)


def judge(name: str, which: str = "audit") -> Part:
    """What only the judge may know of the examples: counter-examples, wrong labels, the cue."""
    return part(all_cases()[name], which)


def train_all(cases: list[Case], cache: Path) -> None:
    """Train what is missing and write each case's truth."""
    torch.set_num_threads(1)
    for case in cases:
        folder = cache / "cases" / case.name
        if (folder / "truth.json").exists() and _same(folder, case):
            continue
        folder.mkdir(parents=True, exist_ok=True)
        found = truth(case, cache)
        found["expected"] = final_expectation(case, found["reliance"], found["counter_examples"])
        write_text(folder / "case.json", json.dumps(plain(asdict(case)), indent=1))
        write_text(folder / "truth.json", json.dumps(plain(found), indent=1))
        print(row(case, found), flush=True)


def _same(folder: Path, case: Case) -> bool:
    written = folder / "case.json"
    return written.exists() and json.loads(written.read_text()) == plain(asdict(case))


def row(case: Case, found: dict[str, Any]) -> str:
    """One line of the table of truths."""
    cells = [case.name, found["train_accuracy"], found["audit_accuracy"], found["reliance"]]
    cells += [found.get("accuracy_where_cue_fails"), found["counter_examples"]]
    cells += [found["wrong_labels"], found["expected"]]
    return "| " + " | ".join(_shown(cell) for cell in cells) + " |"


def _shown(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else "" if value is None else str(value)


def show_plan(cases: list[Case]) -> None:
    """The plan as a table."""
    print("| case | set | kind | expected | why |\n|---|---|---|---|---|")
    for case in cases:
        print(f"| {case.name} | {case.set} | {case.kind} | {case.expected} | {case.why} |")
    counts = Counter((case.set, case.kind == "planted") for case in cases)
    models = {case.training for case in cases}
    models |= {case.twin().training for case in cases if case.kind == "planted"}
    for (which, is_planted), count in sorted(counts.items()):
        print(f"{which}: {count} {'planted' if is_planted else 'controls'}")
    print(f"{len(cases)} cases, {len(models)} trained models with the twins")


def show_truth(cases: list[Case], cache: Path) -> None:
    """What is known so far."""
    print(
        "| case | train | audit | reliance | where it fails | counter-examples | wrong | expected |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for case in cases:
        file = cache / "cases" / case.name / "truth.json"
        if file.exists():
            print(row(case, json.loads(file.read_text())))


def export(cases: list[Case], cache: Path, label: str, out: Path) -> None:
    """Write what is known of every case, and its audit where there is one, into one file."""
    made = []
    for case in cases:
        folder = cache / "cases" / case.name
        if (folder / "truth.json").exists():
            audit = folder / f"audit-{label}.json"
            found = {"case": asdict(case), "truth": json.loads((folder / "truth.json").read_text())}
            found["audit"] = json.loads(audit.read_text()) if audit.exists() else None
            made.append(json.dumps(plain(found)))
    write_text(out, "[\n" + ",\n".join(made) + "\n]\n")


def main() -> None:
    """Run one stage."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("stage", choices=("plan", "train", "truth", "audit", "table", "export"))
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    parser.add_argument("--set", choices=("design", "report", "fresh"))
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--label", default="now", help="name of a round of audits")
    parser.add_argument("--out", type=Path, default=Path("bank.json"), help="of export")
    parser.add_argument("--share", default="1/1", help="K/N: this process does every Nth, from K")
    args = parser.parse_args()
    first, step = map(int, args.share.split("/"))
    cases = [
        case
        for case in all_cases().values()
        if args.set in (None, case.set) and args.only in case.name
    ][first - 1 :: step]
    if args.stage == "plan":
        show_plan(cases)
    elif args.stage == "train":
        train_all(cases, args.cache)
    elif args.stage == "truth":
        show_truth(cases, args.cache)
    elif args.stage == "audit":
        torch.set_num_threads(1)
        audit_all(cases, args.cache, args.label)
    elif args.stage == "export":
        export(cases, args.cache, args.label, args.out)
    else:
        show_table(cases, args.cache, args.label)


if __name__ == "__main__":
    main()
