"""Verdicts on cues, and on controls, that no setting of the audit was chosen on.

Each case trains a small network on data with one cue at 0.95 (or none), audits 3,000 held-out
examples with the plain call, and measures reliance where the cue is redrawn. Expected: "shortcut"
where reliance is at least 0.2, "none found" for controls; a reliance between 0.05 and 0.2 is
listed, not counted.

Run: python benchmarks/unseen_cues.py run --cache DIR [--seed 91 --share 1/2 --only TEXT --unsaid],
any number of times, then: python benchmarks/unseen_cues.py table --cache DIR.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch import nn
from torch.utils.data import TensorDataset

import earlysieve as es
from earlysieve._files import write_text
from earlysieve._json import plain
from earlysieve.networks.small import SmallCNN
from earlysieve.networks.small_mlp import SmallMLP
from earlysieve.networks.small_resnet import SmallResNet
from earlysieve.networks.small_transformers import SmallTextTransformer
from unseen_data import (
    COLUMNS,
    LENGTH,
    PAINTERS,
    SIGNS,
    VOCABULARY,
    WORDS,
    Examples,
    images,
    tables,
    texts,
)

SHARE, COUNTED, LISTED = 0.95, 0.2, 0.05
Data = dict[str, Examples]


@dataclass(frozen=True)
class Case:
    """What is trained on what."""

    name: str
    planted: bool
    classes: int
    data: Callable[[int], Data]
    kind: str


def cases() -> list[Case]:
    """Every cue, and controls."""
    said, nothing = (SHARE, SHARE, 0.5), lambda classes: (1 / classes,) * 3
    found = [
        Case(cue, True, count, lambda s, c=cue, k=count: images(c, k, said, s), "cnn")
        for cue, (_, count) in PAINTERS.items()
    ]
    found += [
        Case(
            cue,
            True,
            3 if cue == "three classes" else 2,
            lambda s, c=cue: tables(c, said, s),
            "mlp",
        )
        for cue in COLUMNS
    ]
    found += [Case(cue, True, 2, lambda s, c=cue: texts(c, said, s), "text") for cue in WORDS]
    found += [
        Case(cue, True, count, lambda s, c=cue, k=count: texts(c, said, s, k), "text")
        for cue, count in SIGNS.items()
    ]
    found += [
        Case(f"{cue}, that says nothing", False, count,
             lambda s, c=cue, k=count: texts(c, (0.5,) * 3, s, k), "text")
        for cue, count in SIGNS.items()
    ]  # fmt: skip
    found += [
        Case("no cue, ten garments", False, 10, lambda s: images("", 10, nothing(10), s), "cnn"),
        Case("no cue, four alike", False, 4, lambda s: images("", 4, nothing(4), s), "resnet"),
        Case("noise that says nothing", False, 4,
             lambda s: images("noise", 4, nothing(4), s), "cnn"),
        Case("light that says nothing", False, 4,
             lambda s: images("light from a side", 4, nothing(4), s), "resnet"),
        Case("tones that say nothing", False, 3,
             lambda s: images("posterised", 3, nothing(3), s), "cnn"),
        Case("scratch that says nothing", False, 10,
             lambda s: images("scratch", 10, nothing(10), s), "cnn"),
        Case("stamp that says nothing", False, 4,
             lambda s: images("stamp on one of four", 4, (0.5,) * 3, s), "cnn"),
        Case("frame that says nothing", False, 4,
             lambda s: images("frame on one of four", 4, (0.5,) * 3, s), "cnn"),
        Case("10% wrong, to the next class", False, 10,
             lambda s: images("", 10, nothing(10), s, wrong=0.1), "cnn"),
        Case("table, spread says nothing", False, 2,
             lambda s: tables("spread", nothing(2), s), "mlp"),
        Case("text, first word says nothing", False, 2,
             lambda s: texts("first word", nothing(2), s), "text"),
        Case("text, three topics", False, 3, lambda s: texts("", nothing(3), s, 3), "text"),
    ]  # fmt: skip
    return found


def main() -> None:
    """Run what is missing, or print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["run", "table"])
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=91)
    parser.add_argument("--share", default="1/1")
    parser.add_argument("--only", default="")
    parser.add_argument("--unsaid", action="store_true", help="not told that examples are held out")
    args = parser.parse_args()
    folder = args.cache / ("unseen-unsaid" if args.unsaid else "unseen")
    if args.what == "table":
        show([json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))])
        return
    torch.set_num_threads(1)
    place, of = (int(part) for part in args.share.split("/"))
    for case in [one for one in cases() if args.only in one.name][place - 1 :: of]:
        path = folder / f"{case.name.replace(' ', '-').replace('%', '')}-{args.seed}.json"
        if path.exists():
            continue
        found = outcome(case, args.seed, seen=None if args.unsaid else False)
        folder.mkdir(parents=True, exist_ok=True)
        write_text(path, json.dumps(plain(found), indent=1))
        print(f"{case.name}: {found['verdict']}, {found['leans_on']}", flush=True)


def outcome(case: Case, seed: int, *, seen: bool | None = False) -> dict[str, Any]:
    """Train, audit, and measure on redrawn examples."""
    data = case.data(seed)
    model = trained(case, data["train"], seed)
    held, redrawn = data["audit"], data["redrawn"]
    result = es.audit(
        model,
        TensorDataset(held.inputs, held.labels),
        seen_in_training=seen,
        pictures=0,
        progress=False,
    )
    with torch.no_grad():
        said = torch.cat([model(part).argmax(1) for part in redrawn.inputs.split(500)]).numpy()
    right, holds = said == redrawn.true, redrawn.values == redrawn.true
    counter = held.values != held.true
    score = result.examples.sort_values("index")["shortcut_score"].to_numpy()
    fails = result.summary.accuracy_where_it_fails
    return {
        "case": case.name,
        "seed": seed,
        "planted": case.planted,
        "kind": case.kind,
        "verdict": result.summary.verdict,
        "leans_on": result.summary.leans_on,
        "holds": float(right[holds].mean()),
        "fails": float(right[~holds].mean()),
        "estimate": None if fails is None else asdict(fails),
        "auroc": float(roc_auc_score(counter, score)) if case.planted else None,
    }


def trained(case: Case, data: Examples, seed: int) -> nn.Module:
    """Adam with a rate that falls to 0."""
    epochs, rate = {"mlp": (20, 3e-3), "text": (4, 1.5e-3)}.get(case.kind, (6, 2e-3))
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        model = network(case, data)
    order = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    falls = torch.optim.lr_scheduler.CosineAnnealingLR(
        optimizer, epochs * -(-len(data.labels) // 64)
    )
    model.train()
    for _ in range(epochs):
        for rows in torch.randperm(len(data.labels), generator=order).split(64):
            with torch.autocast("cpu", torch.bfloat16, enabled=data.inputs.ndim == 4):
                logits = model(data.inputs[rows])
            loss = nn.functional.cross_entropy(logits.float(), data.labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            falls.step()
    return model.eval()


def network(case: Case, data: Examples) -> nn.Module:
    """An untrained network for these inputs."""
    if case.kind == "mlp":
        shape = (data.inputs.shape[1],)
        return SmallMLP(case.classes, input_shape=shape, widths=(128, 128, 64))
    if case.kind == "text":
        return SmallTextTransformer(case.classes, vocabulary=VOCABULARY, max_length=LENGTH)
    kind = {"cnn": SmallCNN, "resnet": SmallResNet}[case.kind]
    return kind(case.classes, channels=1)


def show(rows: list[dict[str, Any]]) -> None:
    """Print every case, and the counts."""
    print("| case | seed | holds | fails | verdict | leans on | estimate | AUROC |")
    print("|---" * 8 + "|")
    for row in sorted(rows, key=lambda one: (not one["planted"], one["case"], one["seed"])):
        estimate = row["estimate"]
        words = (
            "-" if estimate is None else "{value:.2f} [{low:.2f}, {high:.2f}]".format(**estimate)
        )
        auroc = "-" if row["auroc"] is None else f"{row['auroc']:.2f}"
        print(f"| {row['case']} | {row['seed']} | {row['holds']:.2f} | {row['fails']:.2f} | "
              f"{row['verdict']} | {row['leans_on'] or '-'} | {words} | {auroc} |")  # fmt: skip
    counted = [row for row in rows if row["planted"] and row["holds"] - row["fails"] >= COUNTED]
    controls = [row for row in rows if not row["planted"]]
    hardly = [row for row in rows if row["planted"] and row["holds"] - row["fails"] < LISTED]
    called = sum(row["verdict"] == "shortcut" for row in counted)
    alarms = sum(row["verdict"] == "shortcut" for row in controls + hardly)
    inside = [
        row["estimate"]["low"] <= row["fails"] <= row["estimate"]["high"]
        for row in counted
        if row["estimate"] is not None
    ]
    print(f'\nplanted, reliance of 0.2 or more: {called} of {len(counted)} "shortcut"')
    print(f"controls, or a reliance below 0.05: {alarms} of {len(controls) + len(hardly)}")
    print(f"estimate holds the accuracy where the cue fails: {sum(inside)} of {len(inside)}; "
          f"median AUROC {np.median([row['auroc'] for row in counted]):.3f}")  # fmt: skip


if __name__ == "__main__":
    main()
