"""`earlysieve groups`: groups of examples that name none, in a file."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from earlysieve._files import check_output_file
from earlysieve.cli.completing import or_file, source_starts
from earlysieve.cli.console import Console, speaking
from earlysieve.cli.data_options import SOURCE_HELP, data_options, given_data_options
from earlysieve.cli.each_once import EachOnce
from earlysieve.cli.kinds import Place
from earlysieve.cli.libraries import load_libraries
from earlysieve.cli.model_options import model_options
from earlysieve.cli.pass_options import seed_option
from earlysieve.cli.recording import recorded

if TYPE_CHECKING:
    from earlysieve.datasets.example_groups import Groups
    from earlysieve.datasets.opened_data import OpenedData
    from earlysieve.grouping.agreement import Agreement

_MOST_GROUPS = 12
_SOURCES = (
    "xrm (twin networks), xrm-features (twins on the model's features), disagreement (with an "
    "early copy of the model), errors (of the model), eiil and spare (of early outputs: by "
    "invariance, by clusters); or a file of groups, or the folder of an audit of the same data"
)
_SEEDED = ("xrm", "xrm-features", "disagreement", "eiil", "spare")
_OF_A_MODEL = ("xrm-features", "disagreement", "errors", "eiil", "spare")


@click.command("groups", cls=EachOnce)
@click.option(
    "--from",
    "source",
    required=True,
    metavar="SOURCE",
    help=f"Take groups from this source: {_SOURCES}.",
)
@click.option(
    "--reader",
    metavar="NAME",
    help="Tell groups of an audit by this reader, as pages name it; by default by the one that the "
    "audit's verdict is about.",
)
@click.option(
    "--data",
    required=True,
    metavar="SOURCE",
    shell_complete=or_file(source_starts),
    help=f"Read these labelled data: {SOURCE_HELP}",
)
@data_options
@model_options(required=False)
@click.option(
    "--out",
    required=True,
    type=Place(),
    metavar="FILE",
    help="Write index, id, group, name, suspect and weight of each example to this CSV file.",
)
@seed_option("what is trained, planted shortcuts and the examples of --limit")
@recorded
@speaking
@click.pass_context
def command(context: click.Context, /, **given: Any) -> None:
    """Tell groups of examples apart without group labels.

    The file serves wherever groups are taken. Groups that the data name are only compared with.
    With an audit of the same --data, its options of the data hold where none are given.

    \b
    Examples:
      earlysieve groups --from xrm --data photos/train --out groups.csv
      earlysieve groups --from audit-out --data photos/test --out groups.csv
      earlysieve groups --from audit-train --reader colour --data photos/train --out groups.csv
      earlysieve groups --from errors --model torchvision:resnet18 \\
        --checkpoint model.pt --data photos/test --out groups.csv
    """
    if given["source"] in _OF_A_MODEL and given["model"] is None:
        raise click.UsageError(f"--from {given['source']} needs a --model.")
    load_libraries()
    from earlysieve.datasets.opened_data import opened

    console = Console(given["quiet"], given["as_json"])
    out = check_output_file(given["out"])
    model, raw = _open(context, given, console)
    data = opened(raw)
    groups = _infer(given, model, raw, console)
    named = data.identify is not None
    groups.save(out, ids=data.ids(range(len(groups))) if named else ())
    found = _agreement(groups, data)
    _show(groups, found, console)
    console.say(f"Groups: {out}")
    console.result(
        {
            "out": out,
            "source": groups.source,
            "groups": _rows(groups),
            "suspects": None if groups.suspects is None else int(groups.suspects.sum()),
            "unknown": int((groups.numbers < 0).sum()),
            "agreement": None if found is None else asdict(found),
            "notes": groups.notes,
            "config": groups.config,
        }
    )


def _open(context: click.Context, given: dict[str, Any], console: Console) -> tuple[Any, Any]:
    """The model, None where none is named, and the data."""
    from earlysieve.runs.audit_setup import open_both
    from earlysieve.runs.audited_data import as_audited
    from earlysieve.runs.open_data import open_data
    from earlysieve.runs.preparation import prepared_options

    before = as_audited(given["source"], given["data"], given_data_options(context))
    is_default = context.get_parameter_source("seed") is ParameterSource.DEFAULT
    if before.seed is not None and is_default:
        given["seed"] = before.seed
    if before.added:
        console.say(f"As in the audit: {before.added}")
    if given["model"] is None:
        data = open_data(
            given["data"],
            before.options,
            seed=given["seed"],
            tokenizer=before.tokenizer,
            progress=console.progress,
        )
        return None, data
    options = prepared_options(given, before.options, console.say)
    built, data = open_both(
        given, options, need_weights=True, progress=console.progress, tell=console.say
    )
    return built.model, data


def _infer(given: dict[str, Any], model: Any, data: Any, console: Console) -> "Groups":
    from earlysieve.grouping.infer import infer_groups

    source, settings = given["source"], {}
    if source in _SEEDED:
        settings["seed"] = given["seed"]
    if given["reader"] is not None:
        settings["reader"] = given["reader"]
    if source.startswith("xrm"):
        settings["progress"] = console.progress
    if source == "xrm-features":
        source, settings["twins"] = "xrm", "features"
    return infer_groups(source, data=data, model=model, **settings)


def _agreement(groups: "Groups", data: "OpenedData") -> "Agreement | None":
    from earlysieve.grouping.agreement import agreement

    true = data.groups
    if true is None or not bool(((true >= 0) & (groups.numbers.numpy() >= 0)).any()):
        return None
    return agreement(groups, true, data.labels)


def _rows(groups: "Groups") -> list[dict[str, Any]]:
    return [
        {"group": number, "name": groups.name(number), "n": count}
        for number, count in enumerate(groups.counts)
    ]


def _show(groups: "Groups", found: "Agreement | None", console: Console) -> None:
    rows = sorted(_rows(groups), key=lambda row: -row["n"])
    some = f"The {_MOST_GROUPS} largest of {len(rows)} groups"
    console.table(
        ("group", "examples"),
        [(row["name"], row["n"]) for row in rows[:_MOST_GROUPS]],
        "Groups" if len(rows) <= _MOST_GROUPS else some,
    )
    if groups.suspects is not None:
        share = float(groups.suspects.double().mean())
        console.say(f"{int(groups.suspects.sum()):,} suspects, {share:.1%} of the examples.")
    if found is not None:
        from earlysieve.grouping.agreement import in_words

        console.say(in_words(found))
    for note in groups.notes:
        console.say(f"Note: {note}")
