"""The options of a gate: what an audit must not say, or the command ends with code 3."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from earlysieve.cli.completing import among, verdicts
from earlysieve.cli.exit_codes import GateFailed
from earlysieve.cli.kinds import Share
from earlysieve.cli.with_options import with_options
from earlysieve.errors import InputError

if TYPE_CHECKING:
    from earlysieve.auditing.result import AuditResult

F = TypeVar("F", bound=Callable[..., Any])


def _verdicts(_context: click.Context, _option: click.Parameter, text: str | None) -> str:
    """Verdicts such as "shortcut,at-risk", as they were written."""
    if text is None:
        return ""
    from earlysieve.auditing.gate import verdicts_of

    try:
        found = verdicts_of(text)
    except InputError as error:
        raise click.BadParameter(f"{error}.") from None
    if not found:
        raise click.BadParameter("name at least one verdict, such as shortcut.")
    return text


_OPTIONS = (
    click.option(
        "--fail-on",
        metavar="VERDICTS",
        callback=_verdicts,
        shell_complete=among(verdicts, listed=True),
        help="End with exit code 3, after the report is written, if the verdict is one of these, "
        "separated by commas: shortcut, at-risk, none-found, inconclusive.",
    ),
    click.option(
        "--min-worst-group",
        type=Share(),
        metavar="SHARE",
        help="End with exit code 3, after the report is written, if the model is right on a "
        "smaller share of its worst group, such as 0.8, or if no group is known.",
    ),
)


def gate_options(command: F) -> F:
    """Add --fail-on and --min-worst-group to a command."""
    return with_options(command, _OPTIONS)


def gate_values(result: "AuditResult", given: dict[str, Any]) -> dict[str, Any] | None:
    """What the gate says, for programs; None where there is none."""
    if not given["fail_on"] and given["min_worst_group"] is None:
        return None
    failures = result.failures(fail_on=given["fail_on"], min_worst_group=given["min_worst_group"])
    verdict = result.summary.verdict
    if not failures and verdict == "inconclusive":
        click.echo(_NOTHING_TOLD, err=True)
    if not failures and verdict == "shortcut" and given["fail_on"]:
        click.echo(_WORSE_PASSED, err=True)
    return {"passed": not failures, "failures": failures}


_NOTHING_TOLD = (
    "Gate passed, but the audit could not tell anything; --fail-on inconclusive holds that up, too."
)
_WORSE_PASSED = (
    "Gate passed, but the verdict is 'shortcut'; --fail-on names verdicts one by one, "
    "and --fail-on shortcut holds that up, too."
)


def end_by(gate: dict[str, Any] | None) -> None:
    """End the command as the gate says, once all is written.

    Raises:
        GateFailed: it is not passed.
    """
    if gate is not None and not gate["passed"]:
        raise GateFailed(gate["failures"])
