"""`earlysieve report`: a saved audit as a page or for other programs, or held to a gate."""

from pathlib import Path
from typing import Any

import click

from earlysieve.cli.console import Console, speaking
from earlysieve.cli.each_once import EachOnce
from earlysieve.cli.export_options import check_export, export, export_options
from earlysieve.cli.gate_options import end_by, gate_options, gate_values
from earlysieve.cli.kinds import Place


@click.command("report", cls=EachOnce)
@click.argument("folder", type=Place(), metavar="DIR")
@click.option(
    "--out",
    type=Place(),
    metavar="FILE",
    help="Write to this file; by default DIR/report.html, for an export DIR/fiftyone.csv, "
    "DIR/model-card.md or the folder DIR/huggingface.",
)
@export_options
@gate_options
@speaking
def command(folder: Path, out: Path | None, quiet: bool, as_json: bool, **given: Any) -> None:
    """Write the page of an audit again, or export it, from the files that an audit saved in DIR.

    \b
    Examples:
      earlysieve report audit-out --out page.html
      earlysieve report audit-out --export fiftyone --out audit.csv
      earlysieve report audit-out --export model-card --out card.md
      earlysieve report audit-out --fail-on shortcut --min-worst-group 0.8
    """
    from earlysieve.auditing.result import AuditResult

    console = Console(quiet, as_json)
    place = check_export(given, folder, out)
    result = AuditResult.load(folder)
    if given["export"] is None:
        result.to_html(place)
    else:
        export(result, given, place)
    what = "page" if given["export"] is None else "export"
    console.say(f"{result.summary.headline}\n{what.capitalize()}: {place}")
    gate = gate_values(result, given)
    console.result({what: place, "verdict": result.summary.verdict, "gate": gate})
    end_by(gate)
