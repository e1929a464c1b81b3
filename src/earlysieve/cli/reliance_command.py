"""`earlysieve reliance`: how much a trained classifier relies on a cue that is known."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from earlysieve._files import check_output
from earlysieve.cli.completing import or_file, source_starts
from earlysieve.cli.console import Console, speaking
from earlysieve.cli.data_options import SOURCE_HELP, data_options, given_data_options
from earlysieve.cli.each_once import EachOnce
from earlysieve.cli.libraries import load_libraries
from earlysieve.cli.model_options import model_options
from earlysieve.cli.recording import recorded

if TYPE_CHECKING:
    from earlysieve.reliance.measure import RelianceResult
    from earlysieve.reliance.randomised import RandomisedDrop
    from earlysieve.reliance.worst_cell import WorstCell
    from earlysieve.runs.seen_data import Part

_CUES = (
    "colour, patch, dominoes, blocks, background, mark, stripes, texture, border, size or "
    "watermark on images; token, punctuation, length or negation in texts"
)


def _pairs(_context: click.Context, _option: click.Parameter, texts: tuple[str, ...]) -> Any:
    """VALUE=CLASS as a dictionary."""
    pairs = [text.partition("=") for text in texts]
    wrong = ["".join(pair) for pair in pairs if not (pair[0] and pair[2])]
    if wrong:
        raise click.BadParameter(f"{wrong[0]!r} is not of the form VALUE=CLASS.")
    return {value: name for value, _, name in pairs}


@click.command("reliance", cls=EachOnce)
@model_options(required=True)
@click.option(
    "--data",
    required=True,
    metavar="SOURCE",
    shell_complete=or_file(source_starts),
    help=f"Read these labelled data: {SOURCE_HELP}",
)
@data_options
@click.option(
    "--cue",
    "cues",
    multiple=True,
    metavar="NAME",
    help=f"Plant this cue, drawn independently of the label: {_CUES}. May be repeated for cues "
    "that "
    "are equally predictive; --shortcut does the same.",
)
@click.option(
    "--cue-column",
    "cue_columns",
    multiple=True,
    metavar="NAME",
    help="Read the cue from this column of a CSV file, a table, where it may be a feature, too, or "
    "a data set of HuggingFace. May be repeated.",
)
@click.option(
    "--cue-class",
    "classes_of",
    multiple=True,
    callback=_pairs,
    metavar="VALUE=CLASS",
    help="Say for which class a value of the column speaks, where it is not the class's name; "
    "VALUE=not:CLASS speaks against one, as a mark of that class that is absent. By default a "
    "value of a table's column speaks for the class that it goes with in the training rows. Of a "
    "column of many values name those that are codes, such as -999=CLASS.",
)
@click.option(
    "--randomise",
    multiple=True,
    metavar="COLUMN",
    help="Also permute this column of a table (all that are given together), and say what "
    "accuracy is lost.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the result to this file as JSON.",
)
@click.option(
    "--batch-size",
    type=click.IntRange(min=1),
    default=64,
    show_default=True,
    help="Run this many examples through the network at a time.",
)
@click.option(
    "--device",
    metavar="NAME",
    help="Run the network on this device, such as cpu or cuda; by default on a GPU if there is "
    "one.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Draw cues, permutations and --limit by this seed.",
)
@recorded
@speaking
@click.pass_context
def command(context: click.Context, /, **given: Any) -> None:
    """Measure how much a trained classifier relies on a cue that is known.

    Reliance is accuracy where the cue agrees with the label minus accuracy where it conflicts, cue
    and label being independent: a planted cue is drawn anew, the examples of a column are balanced
    by class and cue.

    \b
    Examples:
      earlysieve reliance --model earlysieve.networks:small_cnn \\
        --checkpoint runs/digits/model.pt --data digits --shortcut colour
      earlysieve reliance --model torchvision:resnet18 --checkpoint model.pt \\
        --data birds.csv --split test --cue-column background \\
        --cue-class water=waterbird --cue-class land=landbird
      earlysieve reliance --model nets.py:mlp --checkpoint runs/mlp/model.pt \\
        --data table:loans.csv --cue-column officer \\
        --cue-class Lee=paid --cue-class Diaz=not:paid
    """
    load_libraries()
    console = Console(given["quiet"], given["as_json"])
    out = given["out"]
    if out is not None:
        check_output(out.parent)
    measured, dropped, part = _measure(context, given, console)
    values = {
        "accuracy": None if measured is None else measured.accuracy,
        "cues": [] if measured is None else [asdict(cue) for cue in measured.cues],
        "drop_when_randomised": None if dropped is None else asdict(dropped),
        "split": part.split,
        "config": _record(context, given, part),
    }
    if measured is not None:
        _show(measured, console)
    if dropped is not None:
        _show_drop(dropped, console)
    _say_what_is_known(console, given["checkpoint"], part, values["config"])
    if out is not None:
        _write(out, values)
        console.say(f"Result: {out}")
    if measured is not None:
        _say_what_next(console, values["config"]["command"], part, measured)
    console.result(values)


def _measure(context: click.Context, given: dict[str, Any], console: Console) -> Any:
    from earlysieve.datasets.opened_data import opened
    from earlysieve.networks.fit_check import check_model_takes, pick_device
    from earlysieve.reliance.measure import measure_reliance, measure_told
    from earlysieve.reliance.randomised import drop_when_randomised
    from earlysieve.runs.preparation import prepared_options
    from earlysieve.runs.reliance_run import open_cues
    from earlysieve.runs.seen_data import audited_part, split_record

    options = prepared_options(given, given_data_options(context), console.say)
    planted = [*given["cues"], *([options.pop("shortcut")] if "shortcut" in options else [])]
    _check_asked(options, planted, given)
    part = audited_part(given["data"], options.get("split"))
    device = pick_device(given["device"])
    setup = open_cues(
        given,
        split_record(part, options),
        planted=planted,
        columns=given["cue_columns"],
        classes_of=given["classes_of"],
        progress=console.progress,
        tell=console.say,
    )
    check_model_takes(setup.model, setup.data, device)
    common = {"batch_size": given["batch_size"], "device": device}
    measured = None
    passes = {**common, "progress": console.progress}
    if setup.cues:
        measured = measure_told(setup.model, opened(setup.data), setup.cues, **passes)
    elif not given["randomise"]:  # the data may know their own cue, or it is an error
        measured = measure_reliance(setup.model, setup.data, **passes)
    dropped = None
    if given["randomise"]:
        columns = list(given["randomise"])
        dropped = drop_when_randomised(
            setup.model, setup.data, columns, seed=given["seed"], **common
        )
    return measured, dropped, part


def _check_asked(options: dict[str, Any], planted: list[str], given: dict[str, Any]) -> None:
    if "correlation" in options:
        raise click.UsageError(
            "--correlation has no place here: the cue is drawn independently of the label."
        )
    if planted and given["cue_columns"]:
        raise click.UsageError("Give either --cue (or --shortcut) or --cue-column, not both.")
    if given["classes_of"] and not given["cue_columns"]:
        raise click.UsageError("--cue-class says what values of a --cue-column mean; give one.")


def _show(result: "RelianceResult", console: Console) -> None:
    columns = ("cue", "reliance", "95% from", "to", "right where it agrees", "where it conflicts")
    rows = [
        (c.cue, r.difference, r.low, r.high, r.agrees, r.fails)
        for c, r in ((cue, cue.reliance) for cue in result.cues)
    ]
    console.say(f"Right on {result.accuracy:.1%} of {result.examples:,} examples.")
    console.table(columns, rows, "Reliance: accuracy lost where the cue fails")
    for cue in result.cues:
        if cue.worst is not None:
            console.say(_worst(cue.cue, cue.worst))
    said = [(c.cue, a.share, a.low, a.high) for c, a in ((x, x.agreement) for x in result.cues)]
    chance = result.cues[0].agreement.chance
    console.table(
        ("cue", "says what the cue says", "95% from", "to"), said, f"By chance {chance:.3f}"
    )
    for cue in result.cues:
        if cue.left_out:
            one = len(cue.left_out) == 1
            lack = "1 class lacks" if one else f"{len(cue.left_out)} classes lack"
            console.say(
                f"Note: of '{cue.cue}', {lack} examples on one side and {'is' if one else 'are'} "
                f"left out: {', '.join(cue.left_out[:5])}."
            )
        if cue.unknown:
            many = "1 example has" if cue.unknown == 1 else f"{cue.unknown:,} examples have"
            console.say(f"Note: {many} no value of '{cue.cue}'.")


def _worst(cue: str, found: "WorstCell") -> str:
    speaks = "speaks against" if found.against else "says"
    return (
        f"Worst by class and cue: of {found.examples:,} examples of class '{found.label}' of which "
        f"'{cue}' {speaks} '{found.says}', {found.accuracy:.1%} are right "
        f"({found.low:.1%} to {found.high:.1%})."
    )


def _say_what_next(console: Console, command: str, part: "Part", found: "RelianceResult") -> None:
    from earlysieve.runs.after_reliance import fix_of_column

    fix = fix_of_column(command, part, found.cues)
    if fix:
        console.say(
            "Next: Repair it, or train it again, with groups of class and cue; unless the cue is "
            f"the task:\n  {fix}"
        )


def _say_what_is_known(
    console: Console, checkpoint: "Path | None", part: "Part", config: dict[str, Any]
) -> None:
    """Tell where the model knows the examples, which flatters it."""
    if config["fixed_on"]:
        console.say(
            f"Note: the fix that wrote '{checkpoint}' was fitted to, or chosen on, these examples: "
            "what it gained looks larger here than on others. Measure on data that it has not seen."
        )
    elif config["seen_in_training"]:
        console.say(
            "Note: the model was trained on these examples, where a cue costs less than on others. "
            "Measure on data that it has not seen."
        )


def _show_drop(found: "RandomisedDrop", console: Console) -> None:
    console.say(
        f"Drop when randomised ({', '.join(found.columns)}): {found.drop:.3f} "
        f"({found.low:.3f} to {found.high:.3f}), from {found.accuracy:.1%} to "
        f"{found.accuracy_randomised:.1%}. This is no reliance: a feature that is the task drops, "
        "too."
    )


def _record(context: click.Context, given: dict[str, Any], part: Any) -> dict[str, Any]:
    from earlysieve.cli.command_line import command_line
    from earlysieve.fixing.fix_data import fixed_on
    from earlysieve.runs.seen_data import seen_in_training
    from earlysieve.training.weight_files import weights_hash

    return {
        "command": command_line(context),
        "model": given["model"],
        "checkpoint": None if given["checkpoint"] is None else str(given["checkpoint"]),
        "checkpoint_key": given["checkpoint_key"],
        "checkpoint_prefix": given["checkpoint_prefix"],
        "checkpoint_sha256": weights_hash(given["checkpoint"]),
        "data": given["data"],
        "seed": given["seed"],
        "seen_in_training": seen_in_training(given["checkpoint"], part),
        "fixed_on": fixed_on(given["checkpoint"], part),
    }


def _write(out: Path, values: dict[str, Any]) -> None:
    import json

    from earlysieve._files import write_text
    from earlysieve._json import plain

    write_text(out, json.dumps(plain(values), indent=2, ensure_ascii=False) + "\n")
