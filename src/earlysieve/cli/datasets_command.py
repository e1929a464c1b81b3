"""`earlysieve datasets`: what --data can name, what is known of a source, and checks."""

from typing import Any

import click
from click.shell_completion import CompletionItem

from earlysieve.cli.completing import among, sources
from earlysieve.cli.console import Console, speaking
from earlysieve.datasets.registry import source_forms, source_named, source_names
from earlysieve.datasets.source import Source


class Sources(click.Group):
    """A group in which the name of a source stands for `show NAME`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is named, or `show` with all that was written."""
        if args[0] in self.commands:
            return super().resolve_command(ctx, args)
        return "show", show, args

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Commands, and the names that stand for `show NAME`."""
        found = [name for name in sources() if name.startswith(incomplete)]
        return [*super().shell_complete(ctx, incomplete), *map(CompletionItem, found)]


@click.group("datasets", cls=Sources, invoke_without_command=True)
@speaking
@click.pass_context
def command(context: click.Context, quiet: bool, as_json: bool) -> None:
    """List the data sources, and which options each of them takes.

    With the name of a source, say what is known of it: splits, groups, metric, licence, layout.

    \b
    Examples:
      earlysieve datasets --json
      earlysieve datasets waterbirds
      earlysieve datasets verify waterbirds waterbird_complete95_forest2water2
    """
    if context.invoked_subcommand is not None:
        return
    console = Console(quiet, as_json)
    forms = dict(zip(source_names(), source_forms(), strict=False))
    sources = {name: source_named(name) for name in forms}
    rows = [
        (forms[name], source.summary, ", ".join(source.options) or "-")
        for name, source in sources.items()
        if source is not None
    ]
    console.table(("data", "what it is", "options"), rows)
    console.say(
        "A function of your own, module:function, is called with those of split, image_size and "
        "seed that it takes; any data may be cut with --limit."
    )
    console.result(
        {
            name: {"form": forms[name], "summary": source.summary, "options": source.options}
            | _told(source)
            for name, source in sources.items()
            if source is not None
        }
    )


@command.command("show")
@click.argument("name", shell_complete=among(sources))
@speaking
def show(name: str, quiet: bool, as_json: bool) -> None:
    """Say what is known of the source NAME.

    \b
    Example:
      earlysieve datasets show civilcomments
    """
    from earlysieve.datasets.verify import known_source

    console, source = Console(quiet, as_json), known_source(name)
    console.say(f"{name}: {source.summary}")
    form = dict(zip(source_names(), source_forms(), strict=False)).get(name, name)
    options = [f"--{option.replace('_', '-')}" for option in source.options]
    about = {"named as": form, "options": options} | _told(source)
    told = {key: value for key, value in about.items() if value}
    console.table(("what", "of these data"), [(key, _words(told[key])) for key in told])
    console.result({name: {"summary": source.summary, "options": source.options} | _told(source)})


@command.command("verify")
@click.argument("name", shell_complete=among(sources))
@click.argument("folder", required=False, metavar="[DIR]")
@click.option("--variant", metavar="NAME", help="Which version of the data; by default the usual.")
@speaking
def verify(name: str, folder: str | None, variant: str | None, quiet: bool, as_json: bool) -> None:
    """Check that the folder DIR holds the data of the source NAME, and count them.

    What is missing ends in one sentence and exit code 1; numbers other than the official ones are
    noted.

    \b
    Example:
      earlysieve datasets verify waterbirds waterbird_complete95_forest2water2
    """
    from earlysieve.datasets.verify import known_source, verified
    from earlysieve.runs.data_settings import full_spec

    console = Console(quiet, as_json)
    known_source(name)
    path = full_spec(f"{name}:{folder}").partition(":")[2] if folder else folder
    found = verified(name, path, variant=variant, progress=console.progress)
    console.table(
        ("split", "group", "examples", "official"),
        [(row.split, row.group or "all", row.size, row.official) for row in found.rows],
        title=f"{name}: {path or 'as it comes'}",
    )
    for note in found.notes:
        console.say(f"Note: {note}")
    if not found.notes:
        known = any(row.official is not None for row in found.rows)
        console.say(
            "All is there, in the official numbers."
            if known
            else "All is there; official numbers are not known here."
        )
    console.result(found.as_json())


def _told(source: Source) -> dict[str, Any]:
    """What is known of a source, by name; empty where nothing is."""
    # The splits of a user's own folder are known only when it is named.
    names = list(source.splits(None)) if source.homepage and source.splits else []
    return {
        "splits": dict(source.sizes) or names,
        "variants": list(source.variants),
        "groups": source.groups,
        "metric": source.metric,
        "licence": source.licence,
        "official place": source.homepage,
        "paper": source.citation,
        "layout": source.layout,
    }


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {size:,}" for name, size in value.items())
    return ", ".join(value) if isinstance(value, list) else str(value)
