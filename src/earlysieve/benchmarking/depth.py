"""How deep in the plain network the cue can first be read, as its audits say."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from earlysieve.auditing.document import parsed
from earlysieve.auditing.evidence import READABLE
from earlysieve.benchmarking.arms import REFERENCE_ARM
from earlysieve.benchmarking.cells import GroupsCell, folder_of
from earlysieve.benchmarking.configs import AUDIT_NAME
from earlysieve.errors import DataError

DOCUMENT = "audit.json"
_CALLED = ("shortcut", "at risk")


@dataclass(frozen=True)
class Depth:
    """Where a cue is read first.

    Attributes:
        share: of the audited layers up to the first early one whose readout achieves at least half
            of what the network achieves above chance, in (0, 1], mean over seeds; None: unknown.
        why: it is unknown.
        each: the shares of the seeds whose audit called a cue and whose network has such a layer.
    """

    share: float | None
    why: str = ""
    each: tuple[float, ...] = ()

    @property
    def words(self) -> str:
        """The mean, with the smallest and the largest share where seeds differ."""
        if self.share is None:
            return "unknown"
        low, high = (f"{limit(self.each or (self.share,)):.2f}" for limit in (min, max))
        return f"{self.share:.2f}" + (f" ({low} to {high})" if low != high else "")


def depth_of(data: str, seeds: Iterable[int], out: Path) -> Depth:
    """The depth of the cue of a data set, from audits of held-out data by its plain runs.

    What an early layer reads where no audit called anything may be the task.

    Args:
        data: its name.
        seeds: of the runs.
        out: folder of the results.
    """
    cells = [GroupsCell(data, "audit", "validation", seed) for seed in seeds]
    cells += [replace(cell, plain=REFERENCE_ARM) for cell in cells]
    folders = [folder_of(out, cell) for cell in cells]
    paths = [path for one in folders if (path := one / AUDIT_NAME / DOCUMENT).is_file()]
    if not paths:
        return Depth(None, "no method takes groups of an audit there (METHOD@audit)")
    summaries = [(one, _summary(one)) for one in map(_document, paths)]
    called = [one for one, summary in summaries if summary.get("verdict") in _CALLED]
    if not called:
        return Depth(None, "no audit called a cue there")
    known = [share for one in called if (share := _share(one)) is not None]
    if not known:
        return Depth(None, "no early readout achieves half of what the network knows")
    return Depth(math.fsum(known) / len(known), each=tuple(known))


def _document(path: Path) -> dict[str, Any]:
    """The summary and the layers; empty where it is of another version, or damaged.

    A plot is no place to fail.
    """
    try:
        document = parsed(path, path.read_bytes())
        return {name: document.get(name, dict[str, Any]) for name in ("summary", "layers")}
    except (OSError, DataError, KeyError, ValueError, TypeError):
        return {}


def _summary(document: dict[str, Any]) -> dict[str, Any]:
    return document.get("summary") or {}


def _share(document: dict[str, Any]) -> float | None:
    try:
        summary, names = document["summary"], document["layers"]["layer"]
        readability = summary["readability"]
        if readability is None or readability < READABLE:
            return None
        return float((names.index(summary["layer"]) + 1) / len(names))
    except (KeyError, ValueError, TypeError):
        return None
