"""`earlysieve fix`: from a trained classifier and held-out data to one that leans less."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from earlysieve._signals import Terminated
from earlysieve.cli.completing import or_file, source_starts
from earlysieve.cli.console import Console, speaking
from earlysieve.cli.data_options import SOURCE_HELP, data_options, given_data_options
from earlysieve.cli.each_once import EachOnce
from earlysieve.cli.exit_codes import stopped
from earlysieve.cli.gate_options import end_by, gate_options, gate_values
from earlysieve.cli.kinds import Count, Place
from earlysieve.cli.libraries import load_libraries
from earlysieve.cli.model_options import model_options
from earlysieve.cli.pass_options import pass_options, seed_option
from earlysieve.cli.recording import recorded
from earlysieve.groups.rule_names import RULE_NAMES

if TYPE_CHECKING:
    from earlysieve.fixing.budget import Budget
    from earlysieve.fixing.result import FixResult
    from earlysieve.fixing.retraining import Recipe


_STEPS, _MOST_GROUPS = 3, 8
_OF_TRAINING = ("train_data", "train_split", "epochs", "lr", "fresh")


@click.command("fix", cls=EachOnce)
@model_options(required=True)
@click.option(
    "--data",
    required=True,
    metavar="SOURCE",
    shell_complete=or_file(source_starts),
    help="Repair and choose on these labelled data, which the model was not trained on: "
    f"{SOURCE_HELP} By default the share "
    "that the model's run held out, else the validation split, else the test split.",
)
@data_options
@click.option(
    "--audit",
    "audit_dir",
    type=Place(),
    metavar="DIR",
    help="Take the audit of this model on these data from this folder, to save another one.",
)
@click.option(
    "--features",
    type=Place(),
    metavar="DIR",
    help="Read features from this folder, which `earlysieve audit --keep-features` wrote of this "
    "model on these data.",
)
@click.option(
    "--groups-from",
    type=Place(),
    metavar="PLACE",
    help="Judge by these groups of the held-out data, instead of those that follow from the "
    "audit: an audit "
    "folder or a file of groups.",
)
@click.option(
    "--retrain/--repair-only",
    default=False,
    help="Also train the whole network on groups of the training data; takes longer.",
)
@click.option(
    "--train-data",
    metavar="SOURCE",
    help="Train on these data with --retrain; by default on the training split of --data.",
)
@click.option(
    "--train-split", metavar="NAME", help="Take this part of the training data; by default train."
)
@click.option(
    "--epochs",
    type=Count(min=1),
    metavar="N",
    help="Train each retraining for this many epochs; by default as in the model's run, else 4.",
)
@click.option(
    "--lr",
    type=click.FloatRange(min=0, min_open=True),
    metavar="X",
    help="Train each retraining with this learning rate; by default as in the model's run, else "
    "0.001, and less for a transformer, the wider it is.",
)
@click.option(
    "--fresh/--go-on",
    default=None,
    help="Retrain from fresh weights as --model makes them, or from those of the checkpoint, which "
    "is the default.",
)
@click.option(
    "--select",
    type=click.Choice(RULE_NAMES),
    default="pseudo_group_accuracy",
    show_default=True,
    help="Compare candidates by this rule; see the documentation on selection.",
)
@click.option(
    "--budget",
    metavar="LIMIT",
    help="Take this time in all, such as 90s, 10m or 2h, or try so many candidates, such as "
    "20trials; by default all are tried. A time covers the whole command, from opening the data to "
    "the page: the first audit is never cut short, the second is estimated from it and kept free, "
    "and a candidate is begun only if it fits between.",
)
@click.option(
    "--out",
    required=True,
    type=Place(),
    metavar="DIR",
    help="Write model.pt, fix.json, report.html and both audits to this folder.",
)
@pass_options
@seed_option("folds, orders, planted shortcuts and the examples of --limit")
@gate_options
@recorded
@speaking
@click.pass_context
def command(context: click.Context, /, **given: Any) -> None:
    """Try to make a trained classifier rely less on what its audit finds.

    Audits it on held-out data, infers groups, tries repairs of the last layer (and with --retrain
    trainings of the whole network), compares them without group labels, and keeps the model as it
    is unless another scores higher, and, where the audit calls no shortcut, higher than chance
    explains. An interrupted command goes on where it was. --fail-on and --min-worst-group look at
    the audit of the model that is kept.

    \b
    Examples:
      earlysieve fix --model torchvision:resnet18 --checkpoint runs/birds/model.pt \\
        --data photos --split validation --out fixed
      earlysieve fix --model earlysieve.networks:small_cnn \\
        --checkpoint runs/digits/model.pt --data digits --shortcut colour --retrain --out fixed
    """
    _check_retraining(given)
    from earlysieve.fixing.budget import parse_budget

    budget = parse_budget(given["budget"])
    load_libraries()
    console = Console(given["quiet"], given["as_json"])
    out = _checked(given["out"])
    asked: dict[str, Any] = {}
    try:
        asked |= _prepared(context, given, console)
        result = run(given, asked, console, budget)
    except (KeyboardInterrupt, Terminated) as stop:
        raise stopped("Stopped. The same command goes on with what was finished.", stop) from None
    from earlysieve.cli.command_line import command_line

    page = _save(context, given, asked, result, out, console)
    show(result, console, command_line(context))
    console.say(f"Weights: {out / 'model.pt'}" + ("" if result.changed else ", those given"))
    console.say(f"Page: {page}" if page else f"Result: {out / 'fix.json'}")
    gate = gate_values(result.after, given)
    console.result({**as_values(result, out, page), "gate": gate})
    end_by(gate)


def _check_retraining(given: dict[str, Any]) -> None:
    """Refuse options of a training where there is none."""
    if given["retrain"]:
        return
    names = [name for name in _OF_TRAINING if given[name] is not None]
    if names:
        flag = "--fresh/--go-on" if names[0] == "fresh" else f"--{names[0].replace('_', '-')}"
        raise click.UsageError(f"{flag} is of a training; add --retrain, or leave it out.")


def _checked(out: Path) -> Path:
    from earlysieve.fixing.saving import check_place

    return check_place(out)


def _prepared(context: click.Context, given: dict[str, Any], console: Console) -> dict[str, Any]:
    """The options of the data that were given, and those that follow from the model."""
    from earlysieve.runs.preparation import prepared_options

    return prepared_options(given, given_data_options(context), console.say)


def run(
    given: dict[str, Any], asked: dict[str, Any], console: Console, budget: "Budget"
) -> "FixResult":
    """Open model and data, and go through the loop; the budget was opened with the command."""
    from earlysieve.cli.command_line import command_line
    from earlysieve.fixing.audit_steps import with_commands
    from earlysieve.fixing.fix import fix
    from earlysieve.fixing.fix_data import held_out_part, open_fix_data
    from earlysieve.networks.fit_check import check_model_takes, pick_device
    from earlysieve.runs.audit_setup import open_both
    from earlysieve.runs.seen_data import split_record

    audit = _audit(given)
    device = pick_device(given["device"])
    part = held_out_part(given["data"], asked.get("split"), given["checkpoint"])
    options = split_record(part, asked)
    built, opened = open_both(
        given, options, need_weights=True, progress=console.progress, tell=console.say
    )
    data = open_fix_data(opened, given, asked, retrain=given["retrain"], progress=console.progress)
    console.say(f"Held out: {data.told}.")
    if data.held_out is not None:
        check_model_takes(built.model, data.held_out, device)
    if given["retrain"]:
        check_model_takes(built.model, data.train, device, what="training data")
    built.model.to(device)
    result = fix(
        built.model,
        held_out=data.held_out,
        train=data.train if given["retrain"] else None,
        audit=audit,
        features=given["features"],
        groups=_groups(given, data.held_out),
        retrain=_recipe(given, data.config, data.train, built.model) if given["retrain"] else None,
        select=given["select"],
        budget=budget,
        folder=given["out"],
        batch_size=given["batch_size"],
        num_workers=given["num_workers"],
        seed=given["seed"],
        progress=console.progress,
        tell=console.say,
    )
    ran = command_line(click.get_current_context())
    return with_commands(result, ran, data, given["checkpoint"], given["out"])


def _audit(given: dict[str, Any]) -> Any:
    """The audit to take: that it is of these weights is checked by what the model says."""
    from earlysieve.auditing.result import AuditResult

    return None if given["audit_dir"] is None else AuditResult.load(given["audit_dir"])


def _groups(given: dict[str, Any], data: Any) -> Any:
    if given["groups_from"] is None:
        return None
    from earlysieve.datasets.opened_data import opened
    from earlysieve.runs.given_groups import read_groups

    return read_groups(given["groups_from"], None if data is None else opened(data).size)


def _recipe(given: dict[str, Any], config: Any, train: Any, model: Any) -> "Recipe":
    """How to retrain: as the model was trained, or a few epochs; options win."""
    from dataclasses import replace

    from earlysieve.fixing.retraining import Recipe, usual_recipe
    from earlysieve.networks.spec import build_model, parse_options
    from earlysieve.networks.table_scale import fit_scale
    from earlysieve.runs.start_of_run import start_of_run

    as_it_was = config is not None
    base = replace(config, validation=None) if as_it_was else usual_recipe(model).config
    changes = {name: given[name] for name in ("epochs", "lr") if given[name] is not None}
    if not given["fresh"]:
        return Recipe(replace(base, **changes))

    def fresh() -> Any:
        if config is not None and config.pretrained is not None:
            return start_of_run(config, train, lambda _: None).model
        built = build_model(
            given["model"],
            num_classes=given["num_classes"],
            options=parse_options(given["model_option"]),
            seed=given["seed"],
            like=train,
        ).model
        fit_scale(built, given["model"], train, lambda _: None)
        return built

    return Recipe(replace(base, **changes), fresh)


def _save(
    context: click.Context,
    given: dict[str, Any],
    asked: dict[str, Any],
    result: "FixResult",
    out: Path,
    console: Console,
) -> Path | None:
    from earlysieve.cli.command_line import command_line
    from earlysieve.fixing.saving import save_fix
    from earlysieve.runs.run_beside import known_beside

    known = known_beside(given["checkpoint"])
    record = {
        "command": command_line(context),
        "model": given["model"],
        "model_options": list(given["model_option"]),
        "checkpoint": None if given["checkpoint"] is None else str(given["checkpoint"]),
        "checkpoint_key": given["checkpoint_key"],
        "checkpoint_prefix": given["checkpoint_prefix"],
        "data": given["data"],
        "data_options": asked,
        "head": None if known is None else known.head,
    }
    return save_fix(result, out, record=record, tell=console.say)


def show(result: "FixResult", console: Console, command: str) -> None:
    """Print the outcome, what was tried, the parts and what to do next for people."""
    from earlysieve.report.fix_steps import next_steps

    console.say(f"\n{result.headline}\n{result.explanation}")
    console.say(f"Audit of the given model: {result.before.summary.headline}")
    console.say("")
    tried = result.candidates
    if len(tried) > 1:
        wanted = ("candidate", "score", "accuracy", "misled")
        columns = [name for name in wanted if name in tried and tried[name].notna().any()]
        rows = [[row[name] for name in columns] for row in tried.to_dict("records")]
        console.table(columns, rows, f"Tried, by {result.select}")
        for told in without_score(result):
            console.say(told)
    _show_figures(result, console)
    for note in result.notes:
        console.say(f"Note: {note}")
    for step in next_steps(result, command)[:_STEPS]:
        console.say(f"Next: {step.text}")
        if step.command and command:
            for line in step.command.split("\n"):
                console.say(f"  {line}")


def without_score(result: "FixResult") -> list[str]:
    """Why candidates of the table have no score, a sentence for each reason."""
    tried = result.candidates
    known = tried[(tried["failure"] != "") & tried["score"].isna()]
    names = known.groupby("failure", sort=False)["candidate"].agg(", ".join)
    return [f"No score: {listed}. {str(why).rstrip('.')}." for why, listed in names.items()]


def _show_figures(result: "FixResult", console: Console) -> None:
    """All, piles, and misled or not; groups in place of the latter where people named them."""
    import pandas as pd

    kinds = result.figures["kind"]
    main = result.figures[kinds.isin(["all", "pile", "misled"])]
    title = "Before and after"
    if not (kinds == "misled").any():
        groups = result.figures[kinds == "group"].sort_values("before", kind="stable")
        main = pd.concat([main, groups.head(_MOST_GROUPS)])
        if len(groups) > _MOST_GROUPS:
            title += f", and of the {_MOST_GROUPS} worst of {len(groups)} groups"
    console.table(
        ("part", "examples", "right before", "after"),
        main[["part", "n", "before", "after"]].values.tolist(),
        title,
    )


def as_values(result: "FixResult", out: Path, page: Path | None) -> dict[str, Any]:
    """The result for programs."""
    return {
        "out": out,
        "page": page,
        "chosen": result.chosen,
        "changed": result.changed,
        "headline": result.headline,
        "candidates": result.candidates.to_dict("records"),
        "figures": result.figures.to_dict("records"),
        "verdict_before": result.before.summary.verdict,
        "verdict_after": result.after.summary.verdict,
    }
