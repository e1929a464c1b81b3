"""`earlysieve report`: write the page of a saved audit again, or hold the audit to a gate."""

from pathlib import Path
from typing import Any

import click

from earlysieve._files import check_output_file
from earlysieve.cli.console import Console, speaking
from earlysieve.cli.gate_options import end_by, gate_options, gate_values
from earlysieve.cli.kinds import Place


@click.command("report")
@click.argument("folder", type=Place(), metavar="DIR")
@click.option(
    "--out",
    type=Place(),
    metavar="FILE",
    help="Where to write the page. [default: DIR/report.html]",
)
@gate_options
@speaking
def command(folder: Path, out: Path | None, quiet: bool, as_json: bool, **given: Any) -> None:
    """Write the page of an audit again, from the files that `earlysieve audit` saved in DIR.

    \b
    Examples:
      earlysieve report audit-out --out page.html
      earlysieve report audit-out --fail-on shortcut --min-worst-group 0.8
    """
    from earlysieve.auditing.result import AuditResult

    console = Console(quiet, as_json)
    page = folder / "report.html" if out is None else out
    check_output_file(page)
    result = AuditResult.load(folder)
    result.to_html(page)
    console.say(f"{result.summary.headline}\nPage: {page}")
    gate = gate_values(result, given)
    console.result({"page": page, "verdict": result.summary.verdict, "gate": gate})
    end_by(gate)
