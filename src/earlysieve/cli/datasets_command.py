"""`earlysieve datasets`: the data sources that --data can name."""

import click

from earlysieve.cli.console import Console, speaking
from earlysieve.datasets.registry import source_forms, source_named, source_names


@click.command("datasets")
@speaking
def command(quiet: bool, as_json: bool) -> None:
    """List the data sources, and which options each of them takes.

    \b
    Example:
      earlysieve datasets --json
    """
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
            for name, source in sources.items()
            if source is not None
        }
    )
