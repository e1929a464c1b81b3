"""`earlysieve report`: write the page of a saved audit again."""

from pathlib import Path

import click

from earlysieve._files import check_output_file
from earlysieve.cli.console import Console, speaking
from earlysieve.cli.kinds import Place


@click.command("report")
@click.argument("folder", type=Place(), metavar="DIR")
@click.option(
    "--out",
    type=Place(),
    metavar="FILE",
    help="Where to write the page. [default: DIR/report.html]",
)
@speaking
def command(folder: Path, out: Path | None, quiet: bool, as_json: bool) -> None:
    """Write the page of an audit again, from the files that `earlysieve audit` saved in DIR.

    \b
    Example:
      earlysieve report audit-out --out page.html
    """
    from earlysieve.auditing.result import AuditResult

    console = Console(quiet, as_json)
    page = folder / "report.html" if out is None else out
    check_output_file(page)
    result = AuditResult.load(folder)
    result.to_html(page)
    console.say(f"{result.summary.headline}\nPage: {page}")
    console.result({"page": page, "verdict": result.summary.verdict})
