"""`earlysieve audit`: from a trained classifier and labelled data to a verdict and a page."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from earlysieve._files import check_output
from earlysieve._readable import PARTS
from earlysieve._signals import Terminated
from earlysieve.cli.audit_shown import as_values, show
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
from earlysieve.methods.readout_settings import READOUTS

if TYPE_CHECKING:
    from earlysieve.auditing.result import AuditResult
    from earlysieve.runs.seen_data import Part

_SHARE = (
    "The run beside the checkpoint held a share of these data out: --held-out audits that alone, "
    "which the model was not trained on."
)


@click.command("audit", cls=EachOnce)
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
    "--held-out",
    is_flag=True,
    help="Audit the share of these data that the run beside the checkpoint held out, as "
    "`earlysieve train --validation 0.2` does.",
)
@click.option(
    "--unseen",
    is_flag=True,
    help="Say that the model was not trained on these data, where nothing else tells: an audit of "
    "examples that are nearly all right then has a verdict.",
)
@click.option(
    "--reference",
    metavar="SOURCE",
    help="Compare with other examples of the same classes, best the training data: readouts are "
    "fitted on "
    "these and score the data, which tells what transfers. Options of the data hold for both.",
)
@click.option(
    "--reference-split",
    metavar="NAME",
    help="Take this part of the reference; by default train.",
)
@click.option(
    "--swaps",
    type=Count(min=0),
    default=800,
    show_default=True,
    metavar="N",
    help="Spend this many example-forwards on swapping parts between examples and on taking parts "
    "away; 0 turns both off.",
)
@click.option(
    "--irrelevant",
    multiple=True,
    metavar="NAME",
    help="Say that the answer must not depend on this part. May be repeated. Of images: "
    f"{', '.join(PARTS['image'])}. Of texts: {', '.join(PARTS['text'])}. Of tables: a column's "
    "name.",
)
@click.option(
    "--relevant",
    multiple=True,
    metavar="NAME",
    help="Say that this part belongs to the task: it is shown, and not counted for the verdict. "
    "May be repeated, with the names of --irrelevant.",
)
@click.option(
    "--out",
    required=True,
    type=Place(),
    metavar="DIR",
    help="Write audit.json, scores.csv, report.html and pictures/ to this folder.",
)
@click.option(
    "--layers",
    default="auto",
    show_default=True,
    metavar="NAMES",
    help="Read out these layers, separated by commas; see `earlysieve layers`.",
)
@click.option(
    "--head",
    type=click.Choice(READOUTS),
    default="linear",
    show_default=True,
    help="Read layers out by this kind of readout: the more complex, the more counts as simple.",
)
@click.option(
    "--folds",
    type=Count(min=0),
    default=5,
    show_default=True,
    metavar="N",
    help="Score each example by a readout fitted on the other folds; 0 scores in-sample.",
)
@click.option(
    "--flag-margin",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.5,
    show_default=True,
    help="Flag an example that the readout gets wrong with at least this margin.",
)
@pass_options
@click.option(
    "--memory-budget",
    type=Count(min=0),
    default=512,
    show_default=True,
    metavar="MIB",
    help="Hold at most this much of features in memory, in MiB; the rest goes to files.",
)
@click.option(
    "--features-dir",
    type=Place(),
    metavar="DIR",
    help="Keep features that do not fit in memory in this folder until the end; by default in "
    "$TMPDIR.",
)
@click.option(
    "--keep-features",
    type=Place(),
    metavar="DIR",
    help="Keep what the last layer reads in this pass, for `earlysieve fix --features DIR`.",
)
@seed_option("folds, planted shortcuts and the examples of --limit")
@gate_options
@recorded
@speaking
@click.pass_context
def command(context: click.Context, /, **given: Any) -> None:
    """Find out whether a trained classifier takes shortcuts, and on which examples.

    Needs the classifier and labelled data, best data that it was not trained on; no group labels.
    A long audit that was stopped goes on with the same command.

    \b
    Examples:
      earlysieve audit --model torchvision:resnet18 --checkpoint model.pt \\
        --data photos/test --image-size 224 --out audit-out
      earlysieve audit --model torchvision:resnet18 --checkpoint model.pt \\
        --data photos/test --reference photos/train --out audit-out
      earlysieve audit --model hf:my-classifier --data tweets.csv --out audit-out \\
        --fail-on shortcut,at-risk
      earlysieve audit --model my_package.nets:build --data labels.csv --out audit-out
    """
    load_libraries()
    from earlysieve.runs.audit_run import save

    console = Console(given["quiet"], given["as_json"])
    out = check_output(given["out"])
    try:
        result = run(context, given, console)
    except (KeyboardInterrupt, Terminated) as stop:
        if not _parts(out).is_dir():
            raise
        raise stopped("Stopped. The same command goes on with what was finished.", stop) from None
    page = save(result, out, console.say)
    show(result, console)
    console.say(f"Page: {page}" if page else f"Result: {out / 'audit.json'}")
    gate = gate_values(result, given)
    console.result({**as_values(result, out, page), "gate": gate})
    end_by(gate)


def run(context: click.Context, given: dict[str, Any], console: Console) -> "AuditResult":
    """Build, load, check, audit; what is needed to repeat it goes into the configuration."""
    from earlysieve.auditing.asked_again import asked_again
    from earlysieve.auditing.audit import audit
    from earlysieve.auditing.pseudo_groups import told_by
    from earlysieve.auditing.step_options import in_options
    from earlysieve.datasets.opened_data import opened
    from earlysieve.networks.attention import attention_width
    from earlysieve.networks.fit_check import check_model_takes, pick_device
    from earlysieve.runs.audit_setup import open_both, open_reference, reference_options
    from earlysieve.runs.audit_steps import command_steps
    from earlysieve.runs.held_out import held_out_run, open_share, share_beside
    from earlysieve.runs.named_columns import check_columns
    from earlysieve.runs.preparation import prepared_options
    from earlysieve.runs.repaired_steps import explained
    from earlysieve.runs.run_beside import fix_beside
    from earlysieve.runs.seen_data import (
        audited_part,
        check_not_trained_on,
        part_of,
        seen_in_training,
        split_record,
    )
    from earlysieve.runs.validated import worse_than_validated

    if given["reference"] is None and given["reference_split"] is not None:
        raise click.UsageError("--reference-split is a part of the --reference; give one.")
    layers = layer_names(given["layers"])
    device = pick_device(given["device"])
    told: list[str] = []
    asked = prepared_options(given, given_data_options(context), told.append)
    for line in told:
        console.say(line)
    run_beside = None
    if given["held_out"]:
        run_beside = held_out_run(given["checkpoint"], given["data"], asked)
        asked = {**run_beside.data_options, **asked}
        part = part_of(given["data"], asked.get("split"))
    else:
        part = audited_part(given["data"], asked.get("split"))
    options = split_record(part, asked)
    opening: list[str] = []

    def tell(text: str) -> None:
        opening.append(text)
        console.say(text)

    built, data = open_both(given, options, need_weights=True, progress=console.progress, tell=tell)
    if run_beside is not None:
        _, data = open_share(run_beside, asked, progress=console.progress)
    check_model_takes(built.model, data, device)
    for option in ("irrelevant", "relevant"):
        check_columns(data, given[option], f"--{option}")
    seen = False if given["held_out"] else seen_in_training(given["checkpoint"], part)
    if given["unseen"]:
        check_not_trained_on(given["checkpoint"], part)
        seen = False
    other, of_reference = None, {}
    if given["reference"] is not None:
        of_reference = reference_options(given["reference"], given["reference_split"], options)
        other = open_reference(given, of_reference, progress=console.progress)
        check_model_takes(built.model, other, device, what="reference")
    result = audit(
        built.model,
        data,
        reference=other,
        layers=layers,
        head=given["head"],
        folds=given["folds"],
        flag_margin=given["flag_margin"],
        seed=given["seed"],
        batch_size=given["batch_size"],
        num_workers=given["num_workers"],
        device=device,
        memory_budget=given["memory_budget"] << 20,
        features_dir=given["features_dir"],
        keep_features=given["keep_features"],
        resume_dir=_parts(given["out"]),
        seen_in_training=seen,
        swaps=given["swaps"],
        irrelevant=given["irrelevant"],
        relevant=given["relevant"],
        progress=console.progress,
        tell=console.say,
    )
    prepared = {f"images.{k}": v for k, v in opened(data).preprocessing.items()}
    record = {**_record(context, given, options), "split": part.split, **prepared}
    record |= {"preparation": told} if told else {}
    record |= {"opening": opening} if opening else {}
    width = attention_width(built.model)
    record |= {} if width is None else {"attention_width": width}
    if other is not None:
        record |= {"reference": given["reference"], "reference_options": of_reference}
    remarks = _remarks(given, part if "split" not in asked else None)
    if seen and share_beside(given["checkpoint"], given["data"]):
        remarks.append(_SHARE)
    compared, right = other is not None, result.summary.accuracy
    gap = worse_than_validated(given["checkpoint"], right, len(result.examples), compared=compared)
    remarks += [gap] if gap else []
    if run_beside is not None:
        record["held_out"] = run_beside.validation
        remarks.append(f"These are the share of {run_beside.validation} that the run held out.")
    steps = command_steps(
        result.summary.next_steps, record, part, told_by(result), asked_again(result.summary)
    )
    return replace(
        result,
        config={**result.config, **record},
        notes=[*result.notes, *opening, *remarks],
        summary=replace(
            result.summary,
            next_steps=steps,
            explanation=explained(result.summary.explanation, fix_beside(given["checkpoint"])),
            warnings=list(map(in_options, result.summary.warnings)),
        ),
    )


def _parts(out: Path) -> Path:
    """Where parts of an audit are kept until it is complete."""
    return out / "unfinished-audit"


def layer_names(text: str) -> str | list[str]:
    """The value of --layers for `audit`: "auto", or names from a list with commas."""
    return "auto" if text == "auto" else [name.strip() for name in text.split(",") if name.strip()]


def _remarks(given: dict[str, Any], chosen: "Part | None") -> list[str]:
    """What was chosen for the user and may not be what was meant.

    Args:
        given: the options.
        chosen: the part of the data, unless it was asked for.
    """
    found = []
    named = given["pretrained"] is not None or given["model"].startswith("hf:")
    if given["checkpoint"] is None and not named:
        found.append(
            f"No --checkpoint was given: the weights are those that '{given['model']}' made; see "
            "to it that they are trained."
        )
    if chosen is not None and chosen.split is not None:
        found.append(
            f"No --split was given: these are the examples of '{chosen.split}'. Best are data that "
            "the model was not trained on."
        )
    return found


def _record(
    context: click.Context, given: dict[str, Any], options: dict[str, Any]
) -> dict[str, Any]:
    from earlysieve.cli.command_line import command_line
    from earlysieve.training.weight_files import weights_hash

    checkpoint = given["checkpoint"]
    return {
        "command": command_line(context),
        "model": given["model"],
        "model_options": list(given["model_option"]),
        "pretrained": given["pretrained"],
        "checkpoint": None if checkpoint is None else str(checkpoint),
        "checkpoint_key": given["checkpoint_key"],
        "checkpoint_prefix": given["checkpoint_prefix"],
        "checkpoint_sha256": weights_hash(checkpoint),
        "data": given["data"],
        "data_options": options,
        "batch_size": given["batch_size"],
    }
