"""Audit the cases of the bank, and judge the verdicts by what is known."""

import json
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import earlysieve as es
from bank_cases import NONE, RISK, SHORTCUT, UNSURE, Case
from bank_data import Part, part
from bank_train import weights
from earlysieve._files import write_text
from earlysieve._json import plain
from earlysieve.auditing.scores import auroc
from earlysieve.groups.accuracy import wilson_interval

Figures = dict[str, Any]
PILES = {"shortcut fails": "counter", "label doubtful": "wrong", "rare or hard": "rare"}


def audit_case(case: Case, cache: Path, **options: Any) -> Figures:
    """The plain call on one case, and what the judge makes of it."""
    model, known = weights(case, cache), part(case, "audit")
    start = time.process_time()
    result = es.audit(model, known.data, pictures=0, heatmaps=0, progress=False, **options)
    return judged(result, known) | {"cpu_seconds": time.process_time() - start}


def judged(result: Any, known: Part) -> Figures:
    """The verdict, and how well scores and piles agree with what the judge knows."""
    examples, summary = result.examples, result.summary
    scores = examples["shortcut_score"].to_numpy(float)
    found: Figures = {"verdict": summary.verdict, "headline": summary.headline}
    found["leans_on"], found["strength"] = summary.leans_on, summary.strength
    where = summary.accuracy_where_it_fails
    found["fails"] = None if where is None else [where.low, where.value, where.high]
    found["auroc_counter"] = _auroc(scores, known.counter)
    found["auroc_wrong"] = _auroc(scores, known.wrong)
    found |= _doubts(examples, summary, known)
    pile = examples["pile"].to_numpy(str)
    found["piles"] = {
        name: _pile(pile == name, getattr(known, truth)) for name, truth in PILES.items()
    }
    return found


def _doubts(examples: Any, summary: Any, known: Part) -> Figures:
    """How well doubt finds wrong labels, and what the model leans on those where the cue fails."""
    doubt = examples["label_doubt"].to_numpy(float)
    count = int(known.wrong.sum())
    on = summary.leans_on
    fails = doubt * 0 if on is None else examples[f"score of {on}"].to_numpy(float)
    return {
        "precision_wrong": float(known.wrong[np.argsort(-doubt)[:count]].mean()) if count else None,
        "auroc_doubt": _auroc(doubt, known.wrong),
        "auroc_fails": _auroc(fails - np.maximum(doubt, 0), known.counter),
    }


def _auroc(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> float | None:
    return auroc(scores, positive) if 0 < positive.sum() < len(positive) else None


def _pile(chosen: NDArray[np.bool_], true: NDArray[np.bool_]) -> Figures:
    hits = int((chosen & true).sum())
    return {"size": int(chosen.sum()), "true": int(true.sum()), "hits": hits}


def audit_all(cases: list[Case], cache: Path, label: str) -> None:
    """Audit every case that is trained and not yet audited under this label."""
    for case in cases:
        folder = cache / "cases" / case.name
        file = folder / f"audit-{label}.json"
        if file.exists() or not (folder / "truth.json").exists():
            continue
        found = audit_case(case, cache)
        write_text(file, json.dumps(plain(found), indent=1))
        expected = json.loads((folder / "truth.json").read_text())["expected"]
        right = "right" if found["verdict"] in expected.split("|") else "WRONG"
        print(f"{case.name}: {found['verdict']} (expected {expected}), {right}", flush=True)


def show_table(cases: list[Case], cache: Path, label: str) -> None:
    """The verdicts of all audited cases, and the rates on which they are judged."""
    rows = list(read_rows(cases, cache, label))
    print("| case | reliance | expected | verdict | AUROC |\n|---|---|---|---|---|")
    for case, known, found in rows:
        shown = found["auroc_counter"]
        auc = "" if shown is None else f"{shown:.2f}"
        mark = "" if _right(known, found) or known["expected"] == "listed" else "**"
        verdict = f"{mark}{found['verdict']}{mark}"
        print(
            f"| {case.name} | {known['reliance']:.2f} | {known['expected']} | {verdict} | {auc} |"
        )
    print("\n| figure | share | 95% interval | of |\n|---|---|---|---|")
    for name, good, count in rates(rows):
        low, high = wilson_interval(good, count) if count else (0.0, 1.0)
        share = f"{good / count:.2f}" if count else ""
        print(f"| {name} | {share} | [{low:.2f}, {high:.2f}] | {count} |")
    for line in [*aurocs(rows), *intervals(rows), *names(rows), *piles(rows)]:
        print(line)


Row = tuple[Case, Figures, Figures]


def read_rows(cases: list[Case], cache: Path, label: str) -> list[Row]:
    """Case, truth and audit of what is there."""
    found = []
    for case in cases:
        folder = cache / "cases" / case.name
        truth, audit = folder / "truth.json", folder / f"audit-{label}.json"
        if truth.exists() and audit.exists():
            found.append((case, json.loads(truth.read_text()), json.loads(audit.read_text())))
    return found


def _right(known: Figures, found: Figures) -> bool:
    return found["verdict"] in known["expected"].split("|")


def rates(rows: list[Row]) -> list[tuple[str, int, int]]:
    """The figures of a verdict: name, successes, count."""
    planted = [r for r in rows if r[0].kind == "planted" and r[1]["expected"] in (SHORTCUT, RISK)]
    clean = [r for r in rows if r[1]["expected"] == NONE]
    sure = [r for r in rows if UNSURE not in r[1]["expected"] and r[1]["expected"] != "listed"]
    tasks = [r for r in rows if r[0].kind == "task"]

    def said(some: list[Row], verdict: str) -> int:
        return sum(found["verdict"] == verdict for _, _, found in some)

    def right(some: list[Row]) -> int:
        return sum(_right(known, found) for _, known, found in some)

    made = [
        ("planted, right", right(planted), len(planted)),
        ('"shortcut" on controls that expect "none found"', said(clean, SHORTCUT), len(clean)),
        ('"at risk" on controls that expect "none found"', said(clean, RISK), len(clean)),
        ('"inconclusive" where not expected', said(sure, UNSURE), len(sure)),
        ('"shortcut" where the simple feature is the task', said(tasks, SHORTCUT), len(tasks)),
    ]
    for kind in dict.fromkeys(case.kind for case, _, _ in rows if case.kind != "planted"):
        some = [r for r in rows if r[0].kind == kind and r[1]["expected"] != "listed"]
        made.append((f"{kind}, right", right(some), len(some)))
    return made


def aurocs(rows: list[Row]) -> list[str]:
    """Median and smallest AUROC of the score over families whose reliance counts."""
    by_family: dict[str, list[float]] = defaultdict(list)
    for case, known, found in rows:
        counted = case.kind == "planted" and known["expected"] in (SHORTCUT, RISK)
        if counted and found["auroc_counter"] is not None:
            by_family[case.family].append(found["auroc_counter"])
    if not by_family:
        return []
    medians = {family: float(np.median(values)) for family, values in by_family.items()}
    lowest = min(medians, key=lambda family: medians[family])
    middle = float(np.median(list(medians.values())))
    return [
        f"\nAUROC of the score: median over families {middle:.3f}, "
        f"lowest {medians[lowest]:.3f} ({lowest})"
    ]


def intervals(rows: list[Row]) -> list[str]:
    """How often the interval holds the true accuracy where the cue fails, and how wide it is."""
    told = [
        (known["accuracy_where_cue_fails"], found["fails"])
        for case, known, found in rows
        if case.kind == "planted" and known["expected"] in (SHORTCUT, RISK) and found["fails"]
    ]
    if not told:
        return []
    held = sum(low <= true <= high for true, (low, _, high) in told)
    wide = float(np.median([high - low for _, (low, _, high) in told]))
    ends = wilson_interval(held, len(told))
    return [
        f"\nAccuracy where the cue fails: the interval holds it in {held} of {len(told)} "
        f"({held / len(told):.2f} [{ends[0]:.2f}, {ends[1]:.2f}]), median width {wide:.2f}"
    ]


# What a cue may be called; halves and columns of two latents are not swapped by themselves.
_CALLED = {"cells": ("place",), "column": ("column cue",)}
_SWAPPED = ("colour", "frame", "spectrum", "cells", "token", "length", "size", "column")


def names(rows: list[Row]) -> list[str]:
    """How often what the model leans on has the name of the cue, among those that are swapped."""
    told = [
        (known["cue"], found["leans_on"])
        for case, known, found in rows
        if case.kind == "planted" and known["cue"] in _SWAPPED and found["leans_on"]
    ]
    right = sum(name in _CALLED.get(cue, (cue,)) for cue, name in told)
    if not told:
        return []
    low, high = wilson_interval(right, len(told))
    return [
        f"\nNamed rightly: {right} of {len(told)} ({right / len(told):.2f} [{low:.2f}, {high:.2f}])"
    ]


def piles(rows: list[Row]) -> list[str]:
    """Piles of the cases with wrong labels."""
    lines = [
        f"| {case.name} | {shown(found, 'precision_wrong')} | {shown(found, 'auroc_doubt')} | "
        f"{shown(found, 'auroc_fails')} | {found['piles']['label doubtful']['size']} | "
        f"{found['piles']['label doubtful']['hits']} |"
        for case, _, found in rows
        if case.wrong and case.kind != "task"
    ]
    head = (
        "\n| wrong labels | precision at k of the doubt | AUROC of the doubt | "
        "AUROC of what fails | in the pile | of these wrong |\n|---|---|---|---|---|---|"
    )
    return [head, *lines] if lines else []


def shown(found: Figures, key: str) -> str:
    """A figure with two digits; nothing where it is missing."""
    return "" if found.get(key) is None else f"{found[key]:.2f}"
