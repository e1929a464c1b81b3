"""A fix in a folder: weights, both audits, what was tried, and one page."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from torch import nn

from earlysieve._files import check_output, file_hash, output_folder, write_text
from earlysieve._json import plain
from earlysieve.auditing.result import AuditResult
from earlysieve.errors import MissingDependencyError, OutputError
from earlysieve.networks.own_format import write_own_format
from earlysieve.report.fix_view import ExampleRow, FixData
from earlysieve.report.follows import follows
from earlysieve.training.archive import save_weights
from earlysieve.training.config import versions

WEIGHTS, DOCUMENT, PAGE = "model.pt", "fix.json", "report.html"
BEFORE, AFTER, CANDIDATES = "audit-before", "audit-after", "candidates"


class Savable(FixData, Protocol):
    """What is saved of a `FixResult`, which saves itself by this file."""

    @property
    def model(self) -> nn.Module:
        """The chosen one."""

    @property
    def before(self) -> AuditResult:
        """The audit of the given model."""

    @property
    def after(self) -> AuditResult:
        """The audit of the chosen one."""

    @property
    def rows(self) -> Sequence[ExampleRow]:
        """Some misled examples, and where both models looked."""


def check_place(folder: Path) -> Path:
    """Check that a result can be written to a folder, and leave the disk as it is.

    Raises:
        OutputError: the folder cannot be written, or folders lie where files go.
    """
    check_output(folder)
    for name in (WEIGHTS, DOCUMENT, PAGE):
        if (folder / name).is_dir():
            raise OutputError(
                f"Expected to write a file at '{folder / name}', but got a folder; choose another "
                "output folder"
            )
    for name in (BEFORE, AFTER, CANDIDATES):
        if (folder / name).is_file():
            raise OutputError(
                f"Expected to write a folder at '{folder / name}', but got a file; choose another "
                "output folder"
            )
    return folder


def save_fix(
    result: Savable,
    folder: Path,
    *,
    record: Mapping[str, Any] | None = None,
    before: str = f"{BEFORE}/{PAGE}",
    tell: Callable[[str], None] = lambda _: None,
) -> Path | None:
    """Write a result to a folder; `fix.json` comes last and names the weights that belong to it.

    Args:
        result: what came of it.
        folder: it is created where it is missing; a former result in it is replaced.
        record: what else is needed to repeat it.
        before: path to the page of the first audit, from the folder.
        tell: takes lines for people.

    Returns:
        The page; None where it cannot be made.

    Raises:
        OutputError: the folder cannot be written.
    """
    output_folder(check_place(folder))
    for name in (DOCUMENT, PAGE):
        (folder / name).unlink(missing_ok=True)
    record = record or {}
    also = write_own_format(
        result.model,
        folder,
        spec=str(record.get("model") or ""),
        checkpoint=record.get("checkpoint"),
        prefix=record.get("checkpoint_prefix"),
        tell=tell,
    )
    save_weights(folder / WEIGHTS, result.model.state_dict())
    if also is not None:
        tell(f"Weights in the form of those given: {also}")
    page = _pages(result, folder, record, before, tell)
    document = {
        "chosen": result.chosen,
        "changed": result.changed,
        "headline": result.headline,
        "explanation": result.explanation,
        "select": result.select,
        "candidates": result.candidates.to_dict("records"),
        "figures": result.figures.to_dict("records"),
        "verdict_before": result.before.summary.verdict,
        "verdict_after": result.after.summary.verdict,
        "reliance_before": _maybe(result.before.summary.reliance),
        "reliance_after": _maybe(result.after.summary.reliance),
        "followed": [asdict(one) for one in follows(result.before, result.after)],
        "notes": list(result.notes),
        "config": {**result.config, **record},
        "model_sha256": file_hash(folder / WEIGHTS),
        "versions": versions(),
    }
    write_text(folder / DOCUMENT, json.dumps(plain(document), indent=2) + "\n")
    return page


def _pages(
    result: Savable,
    folder: Path,
    record: Mapping[str, Any],
    before: str,
    tell: Callable[[str], None],
) -> Path | None:
    try:
        result.before.save(folder / BEFORE, page=True)
        result.after.save(folder / AFTER, page=True)
        from earlysieve.report.fix_page import write_fix_page

        write_fix_page(
            result,
            folder / PAGE,
            before=before,
            after=f"{AFTER}/{PAGE}",
            rows=result.rows,
            record=record,
        )
    except MissingDependencyError as error:
        tell(f"No page: {error}")
        result.before.save(folder / BEFORE)
        result.after.save(folder / AFTER)
        return None
    return folder / PAGE


def _maybe(value: Any) -> Any:
    return None if value is None else asdict(value)
