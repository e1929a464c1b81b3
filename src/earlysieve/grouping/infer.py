"""Groups of examples from any source."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from earlysieve._files import is_there
from earlysieve._names import near_names
from earlysieve._readable import readable
from earlysieve.auditing.pseudo_groups import groups_from_audit
from earlysieve.datasets.batches import Data
from earlysieve.datasets.example_groups import Groups, as_groups
from earlysieve.datasets.opened_data import OpenedData
from earlysieve.errors import InputError
from earlysieve.grouping.disagreement import groups_from_disagreement
from earlysieve.grouping.eiil import groups_from_eiil
from earlysieve.grouping.files import read_groups
from earlysieve.grouping.spare import groups_from_spare
from earlysieve.grouping.wrong import groups_from_errors
from earlysieve.grouping.xrm import groups_from_xrm

if TYPE_CHECKING:
    from earlysieve.auditing.result import AuditResult

Inferred = Callable[..., Groups]
# Sources that look at data (and a model), by name.
SOURCES: dict[str, Inferred] = {
    "xrm": groups_from_xrm,
    "disagreement": groups_from_disagreement,
    "errors": groups_from_errors,
    "eiil": groups_from_eiil,
    "spare": groups_from_spare,
}


def infer_groups(
    source: "AuditResult | str | os.PathLike[str] | Groups | Tensor | Sequence[int]",
    *,
    data: "Data | OpenedData | None" = None,
    model: nn.Module | None = None,
    **settings: Any,
) -> Groups:
    """Groups of examples that name none, for group methods, repair and selection.

    Args:
        source: the result of an audit (groups of the audited data, label x misled, see
            `groups_from_audit`); the name of a source that looks at `data`; a file of groups or an
            audit's folder (see `read_groups`); groups; or one number per example, -1 where unknown.
        data: what the groups are for. Groups of other data are refused.
        model: needed by some sources.
        settings: of the source.

    Returns:
        One group per example in the order of the data set, with the identity of the data.

    Raises:
        InputError: an unknown source or setting, or nothing tells groups apart.
        DataError: `data` are not those of the groups.

    Example:
        >>> import torch
        >>> import earlysieve as es
        >>> x = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))
        >>> y = (x[:, 0] + x[:, 1] > 0).long()
        >>> groups = es.infer_groups((2 * y + (x[:, 2] > 0)).tolist(), data=(x, y))
        >>> groups.numbers.shape
        torch.Size([200])
    """
    if isinstance(source, os.PathLike) or (
        isinstance(source, str) and source not in SOURCES and is_there(Path(source))
    ):
        _check_settings("a file", read_groups, settings)
        return told_apart(read_groups(source, data, **settings))
    if isinstance(source, str):
        return _named(source, data, model, settings)
    found = _of_object(source, settings)
    if data is not None:
        found.check(data)
    return told_apart(found)


def told_apart(groups: Groups) -> Groups:
    """The groups, if they tell some suspects from the rest.

    Raises:
        InputError: there are no suspects, or nothing else.
    """
    if groups.suspects is not None and int(groups.suspects.sum()) in (0, len(groups)):
        which = "no example" if not bool(groups.suspects.any()) else "every example"
        by = groups.config.get("reader", groups.source)
        raise InputError(
            f"Expected examples that '{by}' misleads beside others, but it misleads {which}: no "
            "group can be told; take more examples, or another source, as 'xrm'; where none goes "
            "against a shortcut, only other data in which some do can mend it"
        )
    return groups


def _of_object(source: Any, settings: dict[str, Any]) -> Groups:
    if hasattr(source, "summary") and hasattr(source, "examples"):
        return _said_of(source, groups_from_audit(source, **settings), settings)
    if settings:
        raise InputError(
            f"Expected no settings for groups that are given, but got {', '.join(settings)}; "
            "leave them out"
        )
    return as_groups(source)


def _said_of(result: "AuditResult", groups: Groups, settings: dict[str, Any]) -> Groups:
    """The groups, with a note where they are not told by what the verdict is about."""
    used, about = groups.config["reader"], result.summary.leans_on
    if settings.get("reader") is not None:
        if about is None or used == about:
            return groups
        note = (
            f"The verdict of this audit is about '{readable(about)}', but groups are told by "
            f"'{readable(used)}', as was asked."
        )
    elif about is None:
        note = (
            f"The verdict is '{result.summary.verdict}' and names nothing that the model relies "
            f"on: groups are told by '{used}', the strongest sign there is."
        )
    else:
        return groups
    return replace(groups, notes=(note, *groups.notes))


def _named(
    source: str, data: "Data | OpenedData | None", model: nn.Module | None, settings: dict[str, Any]
) -> Groups:
    if source not in SOURCES:
        near = near_names(source, list(SOURCES)) or list(SOURCES)
        raise InputError(
            "Expected the result of an audit, groups, a file of groups that is there, or a source "
            f"of groups, but got '{source}'; known sources are: {', '.join(near)}"
        )
    if data is None:
        raise InputError(
            f"Expected data from which '{source}' infers groups, but got none; pass data="
        )
    _check_settings(f"'{source}'", SOURCES[source], settings)
    return told_apart(SOURCES[source](data, model=model, **settings))


def _check_settings(name: str, function: Inferred, settings: dict[str, Any]) -> None:
    known = [one for one in signature(function).parameters if one not in ("path", "data", "model")]
    wrong = [one for one in settings if one not in known]
    if wrong:
        raise InputError(
            f"Expected settings of {name}, which are {', '.join(known)}, but got "
            f"{', '.join(wrong)}; correct the name"
        )
