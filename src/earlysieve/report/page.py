"""Write the audit as one HTML file that needs nothing but a browser."""

import base64
import hashlib
import os
from collections.abc import Mapping, Sequence
from typing import Any

from earlysieve._files import write_text
from earlysieve._imports import need
from earlysieve.report.audit_view import ReportData
from earlysieve.report.context import page_context
from earlysieve.report.sections import Section
from earlysieve.report.templating import asset, environment


def render(data: ReportData, *, sections: Sequence[Section] = (), scores: str = "") -> str:
    """The page as a string: HTML with its style, its script and its pictures inside.

    Everything that came from a user (names, texts, settings) is escaped, and the page forbids the
    browser every request and every script but its own.

    Args:
        data: an audit, or anything with the attributes of `ReportData`.
        sections: further sections, shown between the groups and the next steps.
        scores: name of the file beside the page that holds all examples; empty: there is none.

    Raises:
        InputError: the verdict, a picture or a section is not of the form expected.
        MissingDependencyError: Jinja2 is not installed.
    """
    context = page_context(data, sections, scores)
    return assembled("page.html.j2", {**context, "identity": getattr(data, "identity", "")})


def assembled(name: str, context: Mapping[str, Any], styles: Sequence[str] = ()) -> str:
    """A template with its variables and everything that all pages hold.

    Args:
        name: of the template.
        context: its variables, all but style and script.
        styles: files of further styles.

    Raises:
        MissingDependencyError: Jinja2 is not installed.
    """
    template = environment().get_template(name)
    script = asset("page.js")
    markup = need("markupsafe", extra="report").Markup
    page = template.render(
        context,
        script=markup(script),
        style=markup("".join(asset(one) for one in ("style.css", *styles))),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )
    # File names that are not valid UTF-8 reach Python as lone surrogates.
    return page.encode("utf-8", "replace").decode("utf-8")


def write_html(
    data: ReportData,
    path: str | os.PathLike[str],
    *,
    sections: Sequence[Section] = (),
    scores: str = "",
) -> None:
    """Write the page to `path`, atomically; see `render`.

    Raises:
        InputError: as in `render`.
        MissingDependencyError: Jinja2 is not installed.
        OutputError: the file cannot be written.
    """
    write_text(path, render(data, sections=sections, scores=scores))
