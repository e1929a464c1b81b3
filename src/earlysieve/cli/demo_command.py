"""`earlysieve demo`: see what an audit finds, on data that come with the package."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from earlysieve._files import check_output
from earlysieve.cli.console import Console, share, speaking
from earlysieve.cli.each_once import EachOnce
from earlysieve.cli.kinds import Count, Place
from earlysieve.cli.libraries import load_libraries
from earlysieve.cli.pass_options import seed_option
from earlysieve.cli.recording import recorded

if TYPE_CHECKING:
    from earlysieve.demo import ArmResult


@click.command("demo", cls=EachOnce)
@click.option(
    "--out",
    type=Place(),
    default="demo-out",
    show_default=True,
    metavar="DIR",
    help="Write to this folder audit.json, scores.csv, report.html, the weights, and fix/, which "
    "holds "
    "the same of the repaired network.",
)
@seed_option("weights, order and colours")
@click.option(
    "--epochs",
    type=Count(min=1),
    default=4,
    show_default=True,
    metavar="N",
    help="Pass over the training digits this many times.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=20, max=3000),
    metavar="N",
    help="Use at most N training digits of 3,000.",
)
@recorded
@speaking
def command(
    out: Path, seed: int, epochs: int, limit: int | None, quiet: bool, as_json: bool
) -> None:
    """Plant a shortcut in real digits, train a small network in three ways, audit, repair, write.

    Plain training is audited and repaired, and what came of it is audited again. Takes two or three
    minutes on two cores and needs no network.

    \b
    Example:
      earlysieve demo --out demo-out
    """
    console = Console(quiet, as_json)
    check_output(out)
    load_libraries()
    from earlysieve.demo import Settings, run_demo

    settings = Settings(seed, epochs, limit, console.progress)
    results = run_demo(out, settings, tell=console.say)
    _show(results, console)
    page, fixing = out / "report.html", out / "fix/report.html"
    console.say(results[0].audit.summary.headline)
    console.say(f"Open in a browser: {page.resolve()}\nWhat was tried for 'repaired': {fixing}")
    arms = [_values(result) for result in results]
    console.result({"out": out, "page": page, "fix_page": fixing, "arms": arms})


def _show(results: list["ArmResult"], console: Console) -> None:
    """One column per arm."""
    columns = [_column(result) for result in results]
    rows = [[name, *(column[name] for column in columns)] for name in columns[0]]
    console.table(("", *(result.arm.title for result in results)), rows)


def _column(result: "ArmResult") -> dict[str, str]:
    summary = result.audit.summary
    layers = zip(result.audit.layers["layer"], result.audit.layers["accuracy"], strict=True)
    return {
        "accuracy where the colour tells the digit": share(result.accuracy_holds),
        "accuracy where the colour misleads": share(result.accuracy_fails),
        **{f"readout accuracy after {name}": share(value) for name, value in layers},
        "flagged as likely shortcut failures": share(summary.share_flagged),
        "verdict of the audit": summary.verdict,
        "knows beside the coloured digits": result.arm.knows,
    }


def _values(result: "ArmResult") -> dict[str, Any]:
    return {
        "name": result.arm.name,
        "knows": result.arm.knows,
        "accuracy_holds": result.accuracy_holds,
        "accuracy_fails": result.accuracy_fails,
        "summary": vars(result.audit.summary),
        "layers": result.audit.layers.to_dict("records"),
    }
