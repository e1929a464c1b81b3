"""Tables of `fix_bank.py`: what is kept of the gain with true groups, and which rule is right."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from earlysieve._files import write_text

NO_CHANGE = "no change"
LEAST = 0.03  # gains with true groups below it say nothing about what is kept
DATA = Path(__file__).parent.parent / "docs" / "results" / "data" / "fix_bank.json"
Row = dict[str, Any]

# What is compared, and the same method with true groups.
WAYS: tuple[tuple[str, str, str], ...] = (
    ("DFR, groups of the audit", "dfr@audit, strength 0.01", "dfr@true, strength 0.01"),
    ("DFR, errors of the model", "dfr@errors, strength 0.01", "dfr@true, strength 0.01"),
    ("AFR, gamma 4", "afr, gamma 4", "dfr@true, strength 0.01"),
    ("NeuronTune", "neurontune", "dfr@true, strength 0.01"),
    ("cRT", "crt", "dfr@true, strength 0.01"),
    ("fix", "fix", "dfr@true, strength 0.01"),
    ("balanced batches, groups of the audit", "balanced@audit", "balanced@true"),
    ("balanced batches, groups of XRM", "balanced@xrm", "balanced@true"),
    ("group DRO, groups of the audit", "group-dro@audit", "balanced@true"),
    ("fix --retrain", "fix --retrain", "balanced@true"),
)


def load(folder: Path) -> list[Row]:
    """All cases of a set that were run."""
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]


def show(folder: Path, which: str) -> None:
    """Print the tables of a set."""
    rows = load(folder)
    planted = [row for row in rows if row["kind"] == "planted"]
    print(f"{which}: {len(planted)} planted cases, {len(rows) - len(planted)} controls\n")
    gains(planted)
    _by_family(planted)
    _rules(planted)
    controls([row for row in rows if row["kind"] != "planted"])


def export(folder: Path, which: str) -> None:
    """Write the cases of a set beside those of others into the repository."""
    known = json.loads(DATA.read_text()) if DATA.exists() else {}
    DATA.parent.mkdir(parents=True, exist_ok=True)
    write_text(DATA, json.dumps({**known, which: load(folder)}, indent=1) + "\n")


def fails(row: Row, name: str) -> float | None:
    """Accuracy where the cue misleads; None where it was not tried or failed."""
    found = (
        row["with_true_groups"]
        | row["tried"]
        | {k: row[k] for k in ("fix", "fix --retrain") if row[k]}
    )
    return found[name]["fails"] if name in found else None


def kept(rows: Sequence[Row], name: str, reference: str) -> tuple[float, float, float, float, int]:
    """Mean gain, share of the gain with true groups with its interval over cases, and cases."""
    pairs = []
    for row in rows:
        plain, true = fails(row, NO_CHANGE), fails(row, reference)
        got = fails(row, name)
        if name.endswith("@xrm") and not row.get("xrm"):
            continue
        if plain is None or true is None or true - plain < LEAST:
            continue
        pairs.append(((plain if got is None else got) - plain, true - plain))
    gains = np.array(pairs) if pairs else np.zeros((0, 2))
    share = bootstrap(gains, lambda g: g[:, 0].sum() / g[:, 1].sum())
    return (float(gains[:, 0].mean()) if len(gains) else np.nan, *share, len(gains))


def bootstrap(
    values: Any, figure: Callable[[Any], float], draws: int = 2000
) -> tuple[float, float, float]:
    """A figure of rows and its 95% interval over rows."""
    if len(values) == 0:
        return (np.nan, np.nan, np.nan)
    rng = np.random.default_rng(0)
    drawn = [figure(values[rng.integers(0, len(values), len(values))]) for _ in range(draws)]
    low, high = np.quantile(drawn, (0.025, 0.975))
    return figure(values), float(low), float(high)


def gains(rows: Sequence[Row]) -> None:
    """Print what every way gains, and what it keeps of the gain with true groups."""
    print("| way | cases | gain | kept of the gain with true groups |\n|---|---|---|---|")
    for title, name, reference in WAYS:
        gain, share, low, high, count = kept(rows, name, reference)
        if not count:
            continue
        print(f"| {title} | {count} | {gain:+.3f} | {share:.2f} [{low:.2f}, {high:.2f}] |")
    print()


def _by_family(rows: Sequence[Row]) -> None:
    names = ("no change", "dfr@audit, strength 0.01", "dfr@true, strength 0.01", "balanced@audit",
             "balanced@true", "fix", "fix --retrain")  # fmt: skip
    print("| family | correlation | seeds | " + " | ".join(names) + " | holds: before, after fix |")
    print("|---" * (len(names) + 4) + "|")
    for family, share in sorted({(r["family"], r["correlation"]) for r in rows}):
        some = [r for r in rows if (r["family"], r["correlation"]) == (family, share)]
        cells = [_mean([fails(r, name) for r in some]) for name in names]
        holds = [np.mean([r["tried"][NO_CHANGE]["holds"] for r in some]),
                 np.mean([r["fix"]["holds"] for r in some])]  # fmt: skip
        print(f"| {family} | {share} | {len(some)} | " + " | ".join(cells)
              + f" | {holds[0]:.3f}, {holds[1]:.3f} |")  # fmt: skip
    print()


def _mean(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{np.mean(known):.3f}" if known else "-"


def _rules(rows: Sequence[Row]) -> None:
    """Spearman correlation with accuracy where the cue misleads, and regret, over candidates."""
    from scipy.stats import spearmanr

    names = sorted({name for row in rows for scores in row["rules"].values() for name in scores})
    print(
        "| rule | candidates | Spearman | regret | lost where the cue holds |\n" + "|---" * 5 + "|"
    )
    lines = []
    for name in names:
        found = []
        for row in rows:
            known = [c for c in row["rules"] if name in row["rules"][c] and c in row["tried"]]
            if len(known) < 5:
                continue
            scores = [row["rules"][c][name] for c in known]
            truth = [row["tried"][c]["fails"] for c in known]
            holds = [row["tried"][c]["holds"] for c in known]
            best = int(np.argmax(scores))
            rho = spearmanr(scores, truth).statistic if len(set(scores)) > 1 else 0.0
            lost = holds[known.index(NO_CHANGE)] - holds[best]
            found.append((rho, max(truth) - truth[best], lost, len(known)))
        if not found:
            continue
        values = np.array(found)
        rho, regret, lost = (bootstrap(values[:, k], np.mean) for k in range(3))
        text = " | ".join(f"{m:.3f} [{a:.3f}, {b:.3f}]" for m, a, b in (rho, regret, lost))
        lines.append((regret[0], f"| {name} | {values[:, 3].mean():.0f} | {text} |"))
    print("\n".join(line for _, line in sorted(lines)) + "\n")


def controls(rows: Sequence[Row]) -> None:
    """Print what changes on data without a cue."""
    print("| controls | cases | changed by fix | accuracy | worst class | changed by --retrain | "
          "accuracy | worst class |\n|---|---|---|---|---|---|---|---|")  # fmt: skip
    for name in sorted({row["case"].rsplit("-", 1)[0] for row in rows}):
        some = [row for row in rows if row["case"].rsplit("-", 1)[0] == name]
        cells = [_change(some, way) for way in ("fix", "fix --retrain")]
        print(f"| {name} | {len(some)} | " + " | ".join(cells) + " |")


def _change(rows: Sequence[Row], way: str) -> str:
    rows = [row for row in rows if row[way]]
    if not rows:
        return "- | - | -"
    changed = sum(row[way]["chosen"] != NO_CHANGE for row in rows)
    moved = [
        np.mean([row[way][key] - row["tried"][NO_CHANGE][key] for row in rows])
        for key in ("accuracy", "worst_class")
    ]
    return f"{changed} | {moved[0]:+.3f} | {moved[1]:+.3f}"
