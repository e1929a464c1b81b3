"""`earlysieve schema`: the JSON schema of audit.json."""

import json

import click

from earlysieve.cli.each_once import EachOnce


@click.command("schema", cls=EachOnce)
def command() -> None:
    """Print the JSON schema (draft 2020-12) of the file audit.json that an audit writes.

    \b
    Example:
      earlysieve schema > audit.schema.json
    """
    from earlysieve.auditing.schema import audit_schema

    click.echo(json.dumps(audit_schema(), indent=2))
