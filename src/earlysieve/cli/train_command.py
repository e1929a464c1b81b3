"""`earlysieve train`: a training run in a folder, from its configuration to its weights."""

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from earlysieve._files import check_output
from earlysieve._signals import Terminated
from earlysieve.cli.console import Console, speaking
from earlysieve.cli.exit_codes import stopped
from earlysieve.cli.kinds import Count, Place
from earlysieve.cli.libraries import load_libraries
from earlysieve.cli.method_flags import USUAL_METHOD, MethodCommand
from earlysieve.cli.recording import recorded
from earlysieve.cli.run_options import run_options

if TYPE_CHECKING:
    from pathlib import Path

    from earlysieve.auditing.result import AuditResult
    from earlysieve.training import Event, FitResult
    from earlysieve.training.config import TrainConfig

_KINDS = {"epoch": "trained", "evaluation": "validation", "audit": "audit"}
_MOST_EPOCHS = 10


@click.command("train", cls=MethodCommand)
@run_options
@click.option(
    "--out",
    required=True,
    type=Place(),
    metavar="DIR",
    help="Write to this folder model.pt (weights), classes.json (names of its classes), last.pt "
    "(to go on), "
    "config.json and training.json, and with weighted examples weights.csv.",
)
@click.option(
    "--resume/--fresh",
    default=True,
    show_default=True,
    help="Go on with the run that --out holds, or start again and overwrite it.",
)
@click.option("--audit", is_flag=True, help="Audit the network before and after training.")
@click.option(
    "--audit-every",
    type=Count(min=1),
    metavar="N",
    help="Audit the network after every N epochs, in the folders audit-epoch-N of --out; training "
    "gives the same weights as without.",
)
@recorded
@speaking
@click.pass_context
def command(context: click.Context, /, **given: Any) -> None:
    """Train a classifier. An interrupted run goes on exactly where it stopped.

    \b
    Examples:
      earlysieve train --model torchvision:resnet18 --data photos/ --split train \\
        --validation 0.1 --image-size 96 --epochs 20 --out runs/photos
      earlysieve train --config runs/photos/config.json --seed 1 --out runs/photos-1
      earlysieve train --method sieve --model torchvision:resnet18 --data photos/ \\
        --layer layer1 --forget-every 5 --forget-lr 0.01 --out runs/sieved
      earlysieve train --method group-dro --groups-from audits/train --groups-reader colour \\
        --model torchvision:resnet18 --data photos/ --split train --validation split:val \\
        --select worst_pseudo_group_accuracy --validation-groups-from audits/val \\
        --out runs/groups
      earlysieve train --method dedier --preset celeba --model torchvision:resnet18 \\
        --data faces.csv --teacher torchvision:resnet50 --teacher-checkpoint teacher.pt \\
        --out runs/debiased
    """
    load_libraries()
    from earlysieve.auditing.figures_to_log import figures_to_log
    from earlysieve.cli.command_line import command_line
    from earlysieve.cli.train_config import resolve
    from earlysieve.runs.given_groups import check_groups_used, how_told
    from earlysieve.runs.harm import harmed, learned_nothing
    from earlysieve.runs.reporter import Reporter
    from earlysieve.runs.train_run import TrainRun
    from earlysieve.runs.validated import kept_row, overfitted
    from earlysieve.tracking.named import check_trackers

    console = Console(given["quiet"], given["as_json"])
    listening = partial(_report, console) if console.is_heard else None
    trackers = check_trackers(given["log_to"])
    reporter = Reporter(console.say, listening, console.progress, trackers)
    config = resolve(context, console.say)
    run = TrainRun.prepare(config, check_output(given["out"]), reporter)
    if given["groups_from"] is not None:
        check_groups_used(run.job)
    for said in how_told(run.config, run.groups):
        console.say(said)
    audits: dict[str, AuditResult] = {}

    def audit_epoch(epoch: int) -> dict[str, float]:
        if given["audit_every"] is None or epoch % given["audit_every"]:
            return {}
        audits[f"epoch-{epoch}"] = found = run.audit(f"epoch-{epoch}")
        return figures_to_log(found)

    try:
        if given["audit"]:
            audits["before"] = run.audit_before(resume=given["resume"])
        start = run.start()
        result = run.train(resume=given["resume"], after_epoch=audit_epoch)
        weights, example_weights = run.save(result), run.save_example_weights()
        if given["audit"]:
            audits["after"] = run.audit("after")
    except (KeyboardInterrupt, Terminated) as error:
        raise stopped(run.how_to_go_on(), error) from error
    warned = [
        harmed(start, kept_row(vars(result)), run.config),
        learned_nothing(
            result.history,
            run.chance(),
            len(run.job.data),
            run.config,
            classes=run.classes_drawn(),
        ),
        overfitted(result.history, result.steps, run.job.model),
    ]
    warnings = [one for one in warned if one]
    _show(result, audits, console, run.config, warnings)
    console.say(f"Weights: {weights}")
    if example_weights is not None:
        console.say(f"Weights of the examples: {example_weights}")
    if not given["audit"]:
        held = None if run.parts.held_rows is None else len(run.parts.held_rows)
        _say_how_to_audit(console, command_line(context), given["out"], held)
    verdicts = {when: vars(found.summary) for when, found in audits.items()}
    files = {"weights": weights, "example_weights": example_weights}
    ends = {"going_on": run.going_on, "audits": verdicts, "warnings": [*run.warned, *warnings]}
    console.result({**files, **vars(result), **ends})


def _say_how_to_audit(console: Console, command: str, out: "Path", held_out: int | None) -> None:
    from earlysieve.runs.after_training import audit_of_run, too_few

    audit = audit_of_run(command, out, held_out)
    if not audit:
        return
    few = held_out is not None and too_few(held_out) and not audit.endswith("--held-out")
    why = f" (the {held_out} examples held out are too few to tell)" if few else ""
    console.say(f"Next: Find out what it goes by{why}:\n  {audit}")


def _show(
    result: "FitResult",
    audits: "dict[str, AuditResult]",
    console: Console,
    config: "TrainConfig",
    warnings: list[str],
) -> None:
    """Print the last epochs, warnings, the best epoch, and what the audits said."""
    from earlysieve.cli.epoch_table import epoch_table
    from earlysieve.runs.while_training import when_in_words
    from earlysieve.training.progress import is_by_group

    rows = result.history[-_MOST_EPOCHS:]
    keys = dict.fromkeys(key for row in rows for key in row if key != "step")
    names = [key for key in keys if not is_by_group(key)]
    heads, cells = epoch_table(rows, names, console.width, f"validation_{config.select}")
    console.table(heads, cells)
    if len(heads) < len(names):
        console.say("All figures of each epoch are in training.json.")
    elif len(names) < len(keys):
        console.say("Figures by group are in training.json.")
    for warning in warnings:
        console.say(f"Warning: {warning}")
    if result.restored_best:
        console.say(f"The weights are those of the best epoch, {result.best_epoch}.")
    elif result.best_epoch not in (None, result.epochs) and not _selects_the_shortcut(config):
        rule = f"{config.select} on the validation data".replace("_", " ")
        console.say(f"Best by {rule} was epoch {result.best_epoch}; --restore-best keeps that one.")
    for when, audit in audits.items():
        console.say(f"Audit {when_in_words(when)}: {audit.summary.headline}")


def _selects_the_shortcut(config: "TrainConfig") -> bool:
    """Whether the best epoch is one by accuracy over all, which a method gives up for a purpose.

    Most examples are those in which a shortcut holds, so that the model that follows it wins.
    """
    return config.select == "accuracy" and config.method != USUAL_METHOD


def _report(console: Console, event: "Event") -> None:
    """One line per epoch and evaluation, where no progress bar can be drawn."""
    from earlysieve.training.progress import format_logs, is_by_group

    if event.kind != "step":
        name = _KINDS[event.kind]
        logs = {key: value for key, value in event.logs.items() if not is_by_group(key)}
        console.say(f"epoch {event.epoch}, {name}: {format_logs(logs)}", err=True)
