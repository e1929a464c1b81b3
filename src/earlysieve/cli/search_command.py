"""`earlysieve search`: the settings of a method by Optuna, with plain training as trial 0."""

import re
from typing import TYPE_CHECKING, Any

import click

from earlysieve._files import check_output
from earlysieve._signals import Terminated
from earlysieve.cli.cells import Cell
from earlysieve.cli.console import Console, speaking
from earlysieve.cli.exit_codes import stopped
from earlysieve.cli.kinds import Count, Place
from earlysieve.cli.libraries import load_libraries
from earlysieve.cli.method_flags import MethodCommand, given_method_options
from earlysieve.cli.recording import recorded
from earlysieve.cli.run_options import run_options
from earlysieve.errors import InputError

if TYPE_CHECKING:
    from earlysieve.searching.result import SearchResult, TrialRow

_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_MOST_ROWS = 10


@click.command("search", cls=MethodCommand)
@run_options
@click.option(
    "--out",
    required=True,
    type=Place(),
    metavar="DIR",
    help="Write to this folder search.json and page.html (what came of it), plan.json (what is "
    "searched), "
    "trials/NNN and again/ (ordinary runs).",
)
@click.option(
    "--trials",
    type=Count(min=1),
    default=50,
    show_default=True,
    metavar="N",
    help="Run this many trials in all, those of earlier calls and trial 0 included.",
)
@click.option(
    "--timeout",
    metavar="TIME",
    help="Begin no trial after this time: 90 (seconds), 30m, 2h, 1d. The choice follows.",
)
@click.option(
    "--jobs",
    type=Count(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="Run this many at a time, each in a process of its own.",
)
@click.option(
    "--storage",
    metavar="URL",
    help="Let Optuna keep the trials here: a URL such as postgresql://host/name, or journal:FILE "
    "on "
    "a shared disk; by default a file in --out.",
)
@click.option(
    "--space",
    multiple=True,
    metavar="KEY=RANGE",
    help="Search this setting there: KEY=LOW:HIGH, KEY=LOW:HIGH:log or KEY=A,B,C. Besides those of "
    "the method, lr, backbone_lr_scale, momentum, weight_decay, warmup, clip_norm, epochs and "
    "batch_size. May be repeated.",
)
@click.option(
    "--pruning/--no-pruning",
    default=True,
    show_default=True,
    help="Stop trials that lag behind the median of the others by --select.",
)
@click.option(
    "--seeds",
    type=Count(min=1),
    default=3,
    show_default=True,
    metavar="N",
    help="Train the choice and trial 0 again with this many fresh seeds.",
)
@recorded
@speaking
@click.pass_context
def command(context: click.Context, /, **given: Any) -> None:
    """Search for the settings of a method. The same command goes on where it was stopped.

    What an option of the method gives is fixed, the rest is searched. Trial 0 is the method
    without what it adds. Another trial replaces it only if it is better by --select on the
    validation data by more than chance; both are then trained again with fresh seeds.

    \b
    Examples:
      earlysieve search --method sieve --model torchvision:resnet18 --data photos/ \\
        --split train --validation split:val --trials 50 --timeout 2h --out searches/sieve
      earlysieve search --method jtt --model torchvision:resnet18 --data photos/ \\
        --validation 0.2 --upweight 20 --space lr=0.001:0.1:log --jobs 2 --out searches/jtt
    """
    load_libraries()
    from earlysieve.cli.train_config import resolve
    from earlysieve.runs.reporter import Reporter
    from earlysieve.searching.search import SearchOptions, search
    from earlysieve.tracking.named import check_trackers

    console = Console(given["quiet"], given["as_json"])
    config = resolve(context, console.say)
    options = SearchOptions(
        trials=given["trials"],
        timeout=_seconds(given["timeout"]),
        jobs=given["jobs"],
        storage=given["storage"],
        seeds=given["seeds"],
    )
    fixed = set(given_method_options(context)) - {"preset"}
    space = {name: str(value) for name, value in _spaces(given["space"]).items()}
    out = check_output(given["out"])

    def on_trial(row: "TrialRow", best: "TrialRow | None") -> None:
        console.say(_line(row, best, options.trials))

    try:
        result = search(
            config,
            out,
            fixed=fixed,
            space=space,
            pruning=given["pruning"],
            options=options,
            reporter=Reporter(console.say, trackers=check_trackers(given["log_to"])),
            on_trial=on_trial,
        )
    except (KeyboardInterrupt, Terminated) as error:
        raise stopped(
            f"Stopped. The search is kept in '{out}'; the same command goes on from there.", error
        ) from error
    _show(result, console)
    console.say(f"Results: {out / 'search.json'}")
    console.result(vars(result))


def _spaces(given: tuple[str, ...]) -> dict[str, str]:
    for text in given:
        if "=" not in text:
            raise InputError(
                f"Expected --space as KEY=LOW:HIGH, KEY=LOW:HIGH:log or KEY=A,B,C, but got "
                f"'{text}'; write for instance --space lr=0.001:0.1:log"
            )
    return {name: value for name, _, value in (text.partition("=") for text in given)}


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", text.strip())
    if found is None:
        raise InputError(
            f"Expected --timeout as a number of seconds or with s, m, h or d, but got '{text}'; "
            "write for instance --timeout 2h"
        )
    return float(found[1]) * _SECONDS[found[2]]


def _line(row: "TrialRow", best: "TrialRow | None", trials: int) -> str:
    what = row.state if row.score is None else f"{row.score:.3f}"
    what += " (pruned)" if row.state == "pruned" and row.score is not None else ""
    so_far = "" if best is None else f"; best so far {best.score:.3f} (trial {best.place})"
    return f"Trial {row.place} of 0..{trials - 1}: {what}, {_settings(row)}{so_far}"


def _show(result: "SearchResult", console: Console) -> None:
    from earlysieve.searching.page import figure_rows, of_the_smallest_group

    scored = [row for row in result.trials if row.state == "complete"]
    best = sorted(scored, key=lambda row: -(row.score or 0.0))[:_MOST_ROWS]
    rows: list[list[Cell]] = [[r.place, r.score, _settings(r)] for r in best]
    console.table(["trial", result.select, "settings"], rows, "Best trials, one seed each")
    heads, figures = figure_rows(result)
    console.table(heads, figures, "Fresh seeds: mean, 95% t-interval")
    if few := of_the_smallest_group(result):
        console.say(few)


def _settings(row: "TrialRow") -> str:
    from earlysieve.searching.result import settings_text

    return settings_text(row.values) or "plain"
