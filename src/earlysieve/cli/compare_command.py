"""`earlysieve compare`: audits and runs side by side."""

from pathlib import Path

import click

from earlysieve._files import check_output
from earlysieve.cli.console import Console, speaking
from earlysieve.cli.each_once import EachOnce
from earlysieve.cli.exit_codes import GateFailed
from earlysieve.cli.kinds import Place
from earlysieve.comparing.estimated import RIGHT


@click.command("compare", cls=EachOnce)
@click.argument("folders", nargs=-1, required=True, type=Place(), metavar="DIR DIR ...")
@click.option(
    "--out",
    type=Place(),
    metavar="DIR",
    help="Write compare.csv (numbers), compare.md, compare.tex and compare.html to this folder.",
)
@click.option(
    "--all-columns",
    is_flag=True,
    help="Show every figure in the terminal and in compare.tex, not only reliance, accuracy, worst "
    "group, worst class and accuracy where misled; compare.csv, compare.md and compare.html always "
    "have all.",
)
@click.option(
    "--fail-on-worse",
    is_flag=True,
    help="End with exit code 3, after all is written, if an accuracy of another line lies below "
    "that of the first by more than chance (the 95% interval of the difference), or if none can "
    "be told.",
)
@click.option(
    "--fail-unless-better",
    is_flag=True,
    help="End with exit code 3, after all is written, unless another line lies above the first by "
    "more than chance in each figure of --gate-on: what a repair has to show, as one that changes "
    "nothing is not worse, either.",
)
@click.option(
    "--gate-on",
    multiple=True,
    type=click.Choice([name.replace(" ", "-") for name in RIGHT]),
    help="Let --fail-on-worse or --fail-unless-better look at this figure alone; may be repeated. "
    "A repair of a model that takes a shortcut loses accuracy over all where the data hold that "
    "shortcut: where-misled is what it is for.",
)
@speaking
def command(
    folders: tuple[Path, ...],
    out: Path | None,
    all_columns: bool,
    fail_on_worse: bool,
    fail_unless_better: bool,
    gate_on: tuple[str, ...],
    quiet: bool,
    as_json: bool,
) -> None:
    """Put two or more audits or runs side by side: verdict, reliance, accuracies, best epoch.

    Folders that differ in their seed alone become one line: mean and 95% t-interval over seeds.
    Each other line is compared with the first, seed by seed where seeds match. Figures of runs are
    those of their validation data; verdict and reliance those of their audit (train --audit).
    Audits of the same examples also say how often models are right where something simple misleads
    that the first one relies on. The folder of a benchmark stands for all its runs, as do those of
    one data set (results/runs/DATA) and of one method there for theirs.

    \b
    Examples:
      earlysieve compare audits/before audits/after
      earlysieve compare audits/last-week audits/today --fail-on-worse
      earlysieve compare audits/plain audits/repaired --fail-unless-better --gate-on where-misled
      earlysieve compare runs/erm-* runs/sieve-* --out tables
      earlysieve compare results/runs/digits/erm results/runs/digits/sieve
    """
    from earlysieve.comparing.compare import compare
    from earlysieve.comparing.data_told import sentences
    from earlysieve.comparing.gate import no_better, passed_but, worse
    from earlysieve.comparing.written import all_cells, names_of_lines, write_comparison

    console = Console(quiet, as_json)
    gated = fail_on_worse or fail_unless_better
    if gate_on and not gated:
        raise click.UsageError(
            "--gate-on says what --fail-on-worse and --fail-unless-better look at; give one of "
            "these, too."
        )
    if fail_unless_better and not gate_on:
        raise click.UsageError(
            "--fail-unless-better needs a figure in which to be better; add --gate-on "
            "where-misled after a repair, or --gate-on accuracy."
        )
    if out is not None:
        check_output(out)
    found = compare(_runs_of(folders))
    for cells in all_cells(found, short=not all_columns):
        console.table(cells[0], cells[1:])
    for line in names_of_lines(found):
        console.say(line)
    about = sentences(found.lines)
    for line in about:
        console.say(line)
    for note in found.notes:
        console.say(f"Note: {note}")
    files = [] if out is None else write_comparison(found, out, all_columns=all_columns)
    for path in files:
        console.say(f"Written: {path}")
    judged = tuple(name.replace("-", " ") for name in gate_on) or RIGHT
    failures = worse(found, judged) if fail_on_worse else ()
    failures += no_better(found, judged) if fail_unless_better else ()
    console.result(
        {
            "lines": found.table.to_dict("records"),
            "differences": [vars(one) for one in found.differences],
            "measured_on": about,
            "notes": found.notes,
            "files": files,
            **({"gate": {"passed": not failures, "failures": failures}} if gated else {}),
        }
    )
    if failures:
        raise GateFailed(failures)
    for line in passed_but(found, judged) if fail_on_worse else ():
        click.echo(line, err=True)


def _runs_of(folders: tuple[Path, ...]) -> list[Path]:
    """The folders, with those of its runs in place of that of a benchmark or of a part of it."""
    from earlysieve.benchmarking.gather import runs_in

    found: list[Path] = []
    for folder in folders:
        runs = runs_in(folder)
        found += [folder] if runs is None else runs
    return found
