"""A gate: what an audit must not say, so that a pipeline can stop a model."""

import math
from collections.abc import Iterable
from numbers import Real
from typing import get_args

from earlysieve._names import near_names
from earlysieve.auditing.rule import Verdict
from earlysieve.auditing.verdict import Summary
from earlysieve.errors import InputError
from earlysieve.groups.group_report import GroupReport

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


def verdicts_of(names: str | Iterable[str]) -> tuple[Verdict, ...]:
    """Verdicts by name; case, hyphens and underscores do not matter.

    Args:
        names: such as "shortcut,at-risk", or several names.

    Raises:
        InputError: there is no verdict of such a name.
    """
    asked = names.split(",") if isinstance(names, str) else list(names)
    return tuple(dict.fromkeys(_verdict(name) for name in asked if str(name).strip()))


def _verdict(name: str) -> Verdict:
    plain = " ".join(str(name).lower().replace("-", " ").replace("_", " ").split())
    for verdict in VERDICTS:
        if plain == verdict:
            return verdict
    near = near_names(plain, VERDICTS) or VERDICTS
    raise InputError(
        f"Expected a verdict to fail on, but got '{name}'; near names are: "
        + ", ".join(verdict.replace(" ", "-") for verdict in near)
    )


def checked_share(value: float | None) -> float | None:
    """The lowest accuracy that passes, in [0, 1].

    Raises:
        InputError: it is no share.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= value <= 1:
        raise InputError(
            "Expected as least accuracy of the worst group a share from 0 to 1, but got "
            f"{value!r}; write 0.8 for 80%"
        )
    return float(value)


def gate_failures(
    summary: Summary,
    groups: GroupReport | None,
    fail_on: str | Iterable[str],
    min_worst_group: float | None,
) -> list[str]:
    """Why an audit does not pass, one sentence each; empty where it passes.

    What cannot be checked does not pass: a least accuracy of the worst group needs groups.

    Args:
        summary: of the audit.
        groups: accuracy by group; None where no group is known.
        fail_on: the verdicts that do not pass, see `verdicts_of`.
        min_worst_group: the least accuracy of the worst group, in [0, 1]; None: any.

    Raises:
        InputError: no such verdict, or no share.
    """
    refused, least = verdicts_of(fail_on), checked_share(min_worst_group)
    failures = []
    if summary.verdict in refused:
        failures.append(f"The verdict is '{summary.verdict}': {summary.headline}")
    if least is not None and groups is None:
        failures.append(
            f"The worst group cannot be held to {_shown(least)}, since no group of these data is "
            "known: name a column (--group-column), or let a data set of yours return "
            "(x, y, group)."
        )
    elif least is not None and groups is not None and not groups.worst_accuracy >= least:
        failures.append(_too_low(groups, least))
    return failures


def _too_low(groups: GroupReport, least: float) -> str:
    row = groups.table[groups.table["group"] == groups.worst_group].iloc[0]
    return (
        f"The worst group, '{groups.worst_group_name}', is answered right in "
        f"{_whole(groups.worst_accuracy, least)} of {int(row['n']):,} examples (95% interval "
        f"{_whole(row['low'])} to {_whole(row['high'])}), less than {_shown(least)}."
    )


def _whole(share: float, least: float = 1.01) -> str:
    """A share in whole percent, unless that is no less than the least that passes."""
    hides = math.isnan(share) or round(100 * share) >= 100 * least
    return _shown(share) if hides else f"{share:.0%}"


def _shown(share: float) -> str:
    """A share in percent, with as many decimals as tell it from its neighbours."""
    return "unknown" if math.isnan(share) else f"{100 * share:.4g}%"
