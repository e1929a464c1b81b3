"""How often a model is right before and after, on every part of the held-out examples."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from earlysieve._arrays import Bools
from earlysieve.fixing.basis import Basis
from earlysieve.groups.accuracy import wilson_interval
from earlysieve.groups.paired_shares import paired_difference

if TYPE_CHECKING:
    import pandas as pd

ALL = "all held-out examples"


def figures(basis: Basis, after: Tensor) -> "pd.DataFrame":
    """One row per part: all, by pile, misled or not, by pseudo-group, by class.

    Args:
        basis: what the candidates share.
        after: logits (N, C) of the chosen model, of examples that it was not fitted to.

    Returns:
        Columns part, kind ("all", "pile", "misled", "group", "class"), n, before, before_low,
        before_high, after, after_low, after_high: shares in [0, 1], Wilson intervals of 95%.
    """
    import pandas as pd

    labels = basis.features.labels
    right = [(logits.argmax(1) == labels).numpy() for logits in (basis.features.logits, after)]
    rows = [_row(kind, name, rows, right) for kind, name, rows in parts(basis) if rows.any()]
    return pd.DataFrame(rows)


def gained(basis: Basis, after: Tensor) -> tuple[float, float, float] | None:
    """How much more often it is right on the misled examples, with a paired 95% interval.

    Args:
        basis, after: as for `figures`.

    Returns:
        Difference, lower and upper end; None where no example is known to be misled.
    """
    suspects = None if basis.judged_by is None else basis.judged_by.suspects
    if suspects is None or not bool(suspects.any()):
        return None
    rows, labels = suspects.numpy(), basis.features.labels
    before, now = (
        (logits.argmax(1) == labels).numpy()[rows] for logits in (basis.features.logits, after)
    )
    return paired_difference(now, before)


def parts(basis: Basis) -> Iterator[tuple[str, str, Bools]]:
    """Parts of the held-out examples: kind, name, and which examples, shape (N,)."""
    labels = basis.labels
    yield "all", ALL, np.ones(len(labels), bool)
    table = basis.audit.examples.sort_values("index", kind="stable")
    if "pile" in table.columns:
        piles = table["pile"].to_numpy()
        for pile in ("shortcut fails", "label doubtful", "rare or hard"):
            yield "pile", pile, np.asarray(piles == pile)
    groups = basis.judged_by
    if groups is not None and groups.suspects is not None:
        misled = groups.suspects.numpy()
        yield "misled", "misled", misled
        yield "misled", "not misled", ~misled
    finer = next(iter(basis.sources.values()), groups)
    if finer is not None:
        numbers = finer.numbers.numpy()
        for group in range(int(numbers.max()) + 1):
            name = finer.name(group)
            yield "group", f"group {name}" if name.isdecimal() else name, numbers == group
    names = basis.audit.class_names
    for label in np.unique(labels):
        name = names[label] if label < len(names) else str(label)
        yield "class", name, labels == label


def _row(kind: str, name: str, rows: Bools, right: list[Bools]) -> dict[str, object]:
    found: dict[str, object] = {"part": name, "kind": kind, "n": int(rows.sum())}
    for when, hits in zip(("before", "after"), right, strict=True):
        low, high = wilson_interval(int(hits[rows].sum()), int(rows.sum()))
        found |= {when: float(hits[rows].mean()), f"{when}_low": low, f"{when}_high": high}
    return found
