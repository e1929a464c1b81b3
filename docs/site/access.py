"""What keyboards and screen readers need of the theme's pages."""

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

# The parameters of a long signature: a list without terms is no list of definitions.
_SIGNATURE = re.compile(r'<dl>(?=\s*<dd><em class="sig-param")')
# The box in which a wide table scrolls, once.
_TABLE_BOX = re.compile(r'<div class="(?=table-wrapper)(?![^>]*tabindex)')
_BOX = '<div tabindex="0" role="group" aria-label="Table" class="'
# A corner without words heads nothing.
_CORNER = re.compile(r'<th class="head">(?:\s*<p>\s*</p>)?\s*</th>')

# Of the theme's own templates, which are no blocks that a template of ours could replace.
_THEME = {
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="Site">',
    '<aside class="toc-drawer">': '<aside class="toc-drawer" aria-label="This page">',
    '<div id="search-results">': '<h1>Search</h1>\n<div id="search-results">',
}


def usable(html: str) -> str:
    """The same piece of a page: keyboards reach what scrolls, headings have levels."""
    html = _SIGNATURE.sub('<dl role="presentation">', html.replace("<pre>", '<pre tabindex="0">'))
    html = _CORNER.sub("<td></td>", _TABLE_BOX.sub(_BOX, html))
    return re.sub(r'role="heading"(?! aria-level)', 'role="heading" aria-level="2"', html)


def named(html: str) -> str:
    """The same page: its landmarks have names, and a search a heading."""
    for found, better in _THEME.items():
        if better not in html:
            html = html.replace(found, better)
    return html


def mend(
    _app: Sphinx, _page: str, _template: str, context: dict[str, Any], _tree: nodes.document | None
) -> None:
    """Mend what the builder and the theme have made of a page."""
    for part in ("body", "furo_navigation_tree"):
        if part in context:
            context[part] = usable(context[part])


def finish(app: Sphinx, stopped: Exception | None) -> None:
    """Mend what the theme's templates have put around the pages."""
    for page in () if stopped else Path(app.outdir).rglob("*.html"):
        page.write_text(named(page.read_text(encoding="utf-8")), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("html-page-context", mend, priority=900)  # after the theme's own
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
