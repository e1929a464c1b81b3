"""The options by which a saved audit is given to other programs, and what writes it."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from earlysieve._files import check_output, check_output_file, write_text
from earlysieve.cli.kinds import Place
from earlysieve.cli.with_options import with_options
from earlysieve.errors import InputError

if TYPE_CHECKING:
    from earlysieve.auditing.result import AuditResult

F = TypeVar("F", bound=Callable[..., Any])

# Where each is written below the folder of the audit.
EXPORTS = {
    "fiftyone": "fiftyone.csv",
    "huggingface": "huggingface",
    "model-card": "model-card.md",
}
_OPTIONS = (
    click.option(
        "--export",
        type=click.Choice(list(EXPORTS)),
        help="Write, instead of the page, a CSV file with paths for FiftyOne, the audited "
        "HuggingFace data set with further columns, or a model card section in Markdown.",
    ),
    click.option(
        "--root",
        type=Place(),
        metavar="DIR",
        help="Look for the audited files in this folder, for --export fiftyone; by default the one "
        "that the audit read.",
    ),
)


def export_options(command: F) -> F:
    """Add --export and --root to a command."""
    return with_options(command, _OPTIONS)


def check_export(given: dict[str, Any], folder: Path, out: Path | None) -> Path:
    """Where an export is written, checked before anything is read.

    Raises:
        OutputError: nothing can be written there.
        UsageError: --root without an export that reads files.
    """
    kind = given["export"]
    if given["root"] is not None and kind != "fiftyone":
        raise click.UsageError("--root is of --export fiftyone; add that, or leave it out.")
    place = out if out is not None else folder / EXPORTS.get(kind, "report.html")
    return check_output(place) if kind == "huggingface" else check_output_file(place)


def export(result: "AuditResult", given: dict[str, Any], place: Path) -> None:
    """Write what --export names.

    Raises:
        DataError, InputError: the audit is of other data than this export needs.
    """
    kind = given["export"]
    if kind == "fiftyone":
        result.to_fiftyone_csv(place, root=given["root"])
    elif kind == "model-card":
        write_text(place, result.model_card())
    else:
        result.to_huggingface(_audited_table(result)).save_to_disk(str(place))


def _audited_table(result: "AuditResult") -> Any:
    from earlysieve.datasets.hub import hub_table

    source, _, path = str(result.config.get("data", "")).partition(":")
    if source != "hf" or not path:
        raise InputError(
            f"Expected an audit of --data hf:FOLDER, but this one is of "
            f"'{result.config.get('data', 'data that were passed in Python')}'; in Python, pass "
            "the data set to AuditResult.to_huggingface"
        )
    options = result.config.get("data_options")
    return hub_table(path, options.get("split") if isinstance(options, dict) else None)
