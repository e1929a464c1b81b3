"""Write what came of a fix as one HTML file that needs nothing but a browser."""

import os
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from earlysieve._files import write_text
from earlysieve._version import __version__
from earlysieve.report.context import settings
from earlysieve.report.fix_examples import pictures, texts
from earlysieve.report.fix_figures import fix_figures
from earlysieve.report.fix_steps import next_steps
from earlysieve.report.fix_tried import fix_tried
from earlysieve.report.fix_verdicts import seen_after, verdicts
from earlysieve.report.fix_view import ExampleRow, FixData, chosen_kind
from earlysieve.report.follows import follows
from earlysieve.report.page import assembled
from earlysieve.report.readable import readable
from earlysieve.report.words import count, percent

NOTHING_MORE: Mapping[str, Any] = MappingProxyType({})


def render_fix(
    result: FixData,
    *,
    before: str,
    after: str,
    rows: Sequence[ExampleRow] = (),
    record: Mapping[str, Any] = NOTHING_MORE,
) -> str:
    """The page as a string: HTML with its style, its script and its pictures inside.

    Everything that came from a user is escaped, and the page forbids the browser every request and
    every script but its own.

    Args:
        result: a `FixResult`, or anything with the attributes of `FixData`.
        before, after: relative paths to the pages of both audits.
        rows: examples whose input and heat maps are shown side by side.
        record: further settings, as "command", "model" and "data".

    Raises:
        InputError: a row has not three pictures, or one is neither PNG nor JPEG.
        MissingDependencyError: Jinja2 is not installed.
    """
    return assembled("fix.html.j2", _context(result, before, after, rows, record), ("fix.css",))


def write_fix_page(
    result: FixData,
    path: str | os.PathLike[str],
    *,
    before: str,
    after: str,
    rows: Sequence[ExampleRow] = (),
    record: Mapping[str, Any] = NOTHING_MORE,
) -> None:
    """Write the page to `path`, atomically.

    Args:
        result, before, after, rows, record: see `render_fix`.
        path: of the page.

    Raises:
        InputError: as in `render_fix`.
        MissingDependencyError: Jinja2 is not installed.
        OutputError: the file cannot be written.
    """
    page = render_fix(result, before=before, after=after, rows=rows, record=record)
    write_text(path, page)


def _context(
    result: FixData,
    before: str,
    after: str,
    rows: Sequence[ExampleRow],
    record: Mapping[str, Any],
) -> dict[str, Any]:
    shown = fix_figures(result)
    config = {**result.config, **record}
    command = str(config.get("command") or "")
    said = verdicts(result)
    return {
        "result": result,
        "kind": chosen_kind(result),
        "subject": [(key, str(config[key])) for key in ("model", "data") if config.get(key)],
        # A path is no address: what could be read as one is written out.
        "links": {"before": quote(before), "after": quote(after)},
        "shown": shown,
        "reader": _reader(result),
        "verdicts": said,
        "lacking": any(not one.fails[1] for _, one in said),
        "followed": _followed(result),
        "seen_after": seen_after(result),
        "tried": fix_tried(result),
        "pictures": pictures(rows),
        "texts": texts(result),
        "steps": next_steps(result, command, shown),
        "settings": settings(config),
        "command": command,
        "version": __version__,
    }


def _followed(result: FixData) -> list[tuple[str, tuple[str, str]]]:
    """Parts that were swapped in both audits, and how often answers follow them."""
    if not result.changed:
        return []
    found = follows(result.before, result.after)
    return [
        (
            readable(one.name),
            (_of_pairs(one.before, one.pairs_before), _of_pairs(one.after, one.pairs_after)),
        )
        for one in found
    ]


def _of_pairs(followed: float, pairs: int | None) -> str:
    """A share with the number of swaps that it is of."""
    of = "" if pairs is None else f" of {count(pairs)}"
    return f"{percent(max(0.0, followed))}{of}"


def _reader(result: FixData) -> str:
    """What the reader sees that told who is misled; empty where none is known."""
    name = None if result.groups is None else result.groups.config.get("reader")
    if name is None:
        return ""
    network = {one.name for one in result.before.summary.leanings if one.of_network}
    return readable(str(name), of_network=name in network)
