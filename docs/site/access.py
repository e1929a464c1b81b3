"""What keyboards and screen readers need of the theme's pages."""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

# The parameters of a long signature: a list without terms is no list of definitions.
_SIGNATURE = re.compile(r'<dl>(?=\s*<dd><em class="sig-param")')


def usable(html: str) -> str:
    """The same piece of a page: keyboards reach code that scrolls, headings have levels."""
    html = _SIGNATURE.sub('<dl role="presentation">', html.replace("<pre>", '<pre tabindex="0">'))
    return re.sub(r'role="heading"(?! aria-level)', 'role="heading" aria-level="2"', html)


def mend(
    _app: Sphinx, _page: str, _template: str, context: dict[str, Any], _tree: nodes.document | None
) -> None:
    """Mend what the builder and the theme have made of a page."""
    for part in ("body", "furo_navigation_tree"):
        if part in context:
            context[part] = usable(context[part])


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("html-page-context", mend, priority=900)  # after the theme's own
    return {"parallel_read_safe": True, "parallel_write_safe": True}
