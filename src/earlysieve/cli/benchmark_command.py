"""`earlysieve benchmark`: methods under one protocol, with tables and a page."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from earlysieve._files import check_output
from earlysieve._signals import Terminated
from earlysieve.cli.benchmark_grid import grid_from
from earlysieve.cli.completing import among, methods, trackers
from earlysieve.cli.console import Console, speaking
from earlysieve.cli.data_options import SOURCE_HELP, data_options
from earlysieve.cli.each_once import EachOnce
from earlysieve.cli.exit_codes import Failure, stopped
from earlysieve.cli.kinds import Count, Place
from earlysieve.cli.libraries import load_libraries
from earlysieve.cli.model_options import model_options
from earlysieve.cli.run_options import fine_tuning_options
from earlysieve.cli.train_options import config_options
from earlysieve.cli.with_options import with_options

if TYPE_CHECKING:
    from earlysieve.benchmarking.cells import Cell
    from earlysieve.benchmarking.lines import BenchmarkResult
    from earlysieve.benchmarking.record import Record

_TOLD = ("average", "worst_group", "worst_class")  # of a cell that is over
_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--data",
        multiple=True,
        metavar="SOURCE",
        help="Train on these data, perhaps with a name (NAME=SOURCE); may be repeated: "
        f"{SOURCE_HELP}",
    ),
    click.option(
        "--methods",
        multiple=True,
        metavar="LIST",
        shell_complete=among(methods, listed=True),
        help="Train by these methods, separated by commas, METHOD@SOURCE where one needs groups "
        "that the data do not name: "
        "audit, xrm, disagreement, errors, eiil, spare, true or a file. erm is always among them; "
        "module:METHOD and file.py:METHOD name methods of your own.",
    ),
    click.option(
        "--grid",
        type=Place(),
        metavar="FILE",
        help="Read protocol and methods from this file in YAML, instead of options; see "
        "docs/benchmark.md.",
    ),
    click.option(
        "--seeds",
        type=int,
        metavar="N",
        help="Run each method with the seeds 0 to N - 1. [default: 5]",
    ),
    click.option(
        "--out",
        required=True,
        type=Place(),
        metavar="DIR",
        help="Write to this folder results.json, table.md, .csv and .tex, report.html, "
        "protocol.json, runs/ "
        "(one ordinary run each) and groups/.",
    ),
    click.option(
        "--validation",
        metavar="SOURCE",
        help="Choose epochs on, and fit last layers to, these data: a share of the training "
        "data (0.2), another split (split:val), or another source; by default a validation split, "
        "else 0.2.",
    ),
    click.option(
        "--test",
        metavar="SOURCE",
        help="Report figures of these data, named as for --validation; by default split:test. "
        "Nothing is chosen on them.",
    ),
    click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="METHOD.KEY=VALUE",
        help="Give a method this setting; may be repeated. What reads a layer takes the end of "
        "the first "
        "stage by default.",
    ),
    click.option(
        "--teacher",
        metavar="SPEC",
        help="Distil from this teacher; by default from the erm run of the same seed.",
    ),
    click.option(
        "--teacher-method",
        metavar="METHOD[@SOURCE]",
        help="Distil from the run of this method of the same seed; by default from that of erm.",
    ),
    click.option(
        "--teacher-checkpoint",
        type=Place(),
        metavar="FILE",
        help="Load the weights of --teacher from this file or folder.",
    ),
    click.option(
        "--teacher-checkpoint-key",
        metavar="KEY",
        help="Read the teacher's weights from this place in its file; by default it is looked for.",
    ),
    click.option(
        "--teacher-checkpoint-prefix",
        metavar="PREFIX",
        help="Take away this prefix of the names in the teacher's file; by default it is looked "
        "for.",
    ),
    click.option(
        "--teacher-pretrained",
        is_flag=False,
        flag_value="DEFAULT",
        metavar="[WEIGHTS]",
        help="Give --teacher published weights, for as many classes as the data have, as "
        "--pretrained does to --model.",
    ),
    click.option(
        "--teacher-option",
        multiple=True,
        metavar="KEY=VALUE",
        help="Give the teacher's builder this further argument; may be repeated.",
    ),
    click.option(
        "--trials",
        type=Count(min=1),
        default=1,
        show_default=True,
        metavar="N",
        help="Search the settings of each method of --tuned with this many trials, on data of the "
        "first seed, the plain method included.",
    ),
    click.option(
        "--tuned",
        multiple=True,
        metavar="METHOD[.KEY[=RANGE]]",
        help="Search the settings of this method, all that have a range or those that are named "
        "(METHOD.KEY, METHOD.KEY=LOW:HIGH:log), with --trials trials; needs optuna. May be "
        "repeated.",
    ),
    click.option(
        "--minutes",
        type=click.FloatRange(min=0, min_open=True),
        metavar="M",
        help="Let a training that takes longer than this fail.",
    ),
    click.option(
        "--irrelevant",
        multiple=True,
        metavar="NAME",
        help="Say that the answer must not depend on this part, for the audits of METHOD@audit, as "
        "for earlysieve audit. May be repeated.",
    ),
    click.option(
        "--relevant",
        multiple=True,
        metavar="NAME",
        help="Say that this part belongs to the task, so that no group of METHOD@audit is about "
        "it, as for earlysieve audit. May be repeated.",
    ),
    click.option("--retry-failed", is_flag=True, help="Try again what has failed before."),
    click.option(
        "--jobs",
        type=Count(min=1),
        default=1,
        show_default=True,
        metavar="N",
        help="Run this many at a time, each in a process of its own.",
    ),
    click.option(
        "--log-to",
        multiple=True,
        metavar="TRACKER",
        shell_complete=among(trackers),
        help="Send the figures of each run to tensorboard, mlflow or wandb; may be repeated.",
    ),
    click.option("--trust-config", is_flag=True, help="Run the code that --grid names."),
    click.option(
        "--validation-groups-from",
        type=Place(),
        metavar="PLACE",
        help="Take groups of the validation data, for a --select that needs some, from this.",
    ),
    data_options,
    model_options(required=False),
    fine_tuning_options,
    lambda command: config_options(command, without=("method", "seed"), usual="the best"),
)


def _options(command: Any) -> Any:
    return with_options(command, _OPTIONS)


@click.command("benchmark", cls=EachOnce)
@_options
@speaking
@click.pass_context
def command(context: click.Context, /, **given: Any) -> None:
    """Compare methods under one protocol. The same command goes on where it was stopped.

    Each method is trained with each seed; what is over is never repeated, and data, methods and
    seeds may be added. Repairs (dfr, afr, ...) start from the erm run of the same seed and are
    fitted to the validation data; METHOD@audit audits that run. Several processes may work on one
    folder.

    \b
    Examples:
      earlysieve benchmark --data bar:photos/bar --model torchvision:resnet18 --epochs 10 \\
        --methods erm,sieve,dedier,group-dro@audit,dfr@xrm --seeds 5 --out results
      earlysieve benchmark --grid grid.yaml --out results
    """
    load_libraries()
    from earlysieve.benchmarking.benchmark import run_grid
    from earlysieve.benchmarking.remarks import remarks
    from earlysieve.runs.reporter import Reporter
    from earlysieve.tracking.named import check_trackers

    console = Console(given["quiet"], given["as_json"])
    grid = grid_from(context)
    out = check_output(given["out"])

    def hear(cell: "Cell", record: "Record") -> None:
        console.say(_line(cell, record))

    try:
        result = run_grid(
            grid,
            out,
            jobs=given["jobs"],
            retry_failed=given["retry_failed"],
            reporter=Reporter(console.say, None, console.progress, check_trackers(given["log_to"])),
            on_cell=hear,
        )
    except (KeyboardInterrupt, Terminated) as error:
        raise stopped(
            f"Stopped. What is finished is kept in '{out}', and in its tables (the page follows at "
            "the end); the same command goes on from there.",
            error,
        ) from error
    _show(result, console)
    for text in remarks(result):
        console.say(text)
    console.say(f"Results: {out / 'results.json'}, {out / 'table.md'}, {out / 'report.html'}")
    console.result(
        {
            "digest": result.digest,
            "protocol": result.protocol,
            "remarks": list(remarks(result)),
            "lines": list(map(vars, result.lines)),
        }
    )
    if not any(line.by_seed for line in result.lines):
        raise Failure(
            "Expected a run that can be compared, but all of them failed, for the reasons above "
            f"and in '{out / 'table.md'}'; mend these, and add --retry-failed"
        )


def _line(cell: "Cell", record: "Record") -> str:
    if record.state == "failed":
        return f"{cell.title}: failed. {record.why}"
    known = [name for name in _TOLD if name in record.figures]
    figures = ", ".join(f"{k.replace('_', ' ')} {record.figures[k]:.3f}" for k in known)
    from earlysieve.benchmarking.cells import SearchCell

    why = record.notes[0].rstrip(".") if isinstance(cell, SearchCell) else "done"
    said = figures or why
    return f"{cell.title}: {said} ({record.seconds:.0f} s)"


def _show(result: "BenchmarkResult", console: Console) -> None:
    from earlysieve.benchmarking.lines import by_data, failures
    from earlysieve.benchmarking.written import short_cells

    for name, lines in by_data(result.lines).items():
        cells = short_cells(lines)
        console.table(cells[0], cells[1:], f"{name}: test data, mean and 95% t-interval over seeds")
        for line in lines:
            if line.failed:
                console.say(f"{line.name} failed, {failures(line)}")
