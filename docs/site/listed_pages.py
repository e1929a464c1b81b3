"""The list of links on an index page is the site's navigation; pages that none lists follow it.

An index is `docs/index.md` or a `README.md` below docs. Its entries are list items that begin with
a link to a page, `- [Title](page.md)`, or a notebook; the heading above them is the caption of
their part.
"""

import posixpath
import re

from sphinx.application import Sphinx

ENTRY = re.compile(r"^- \[[^\]]+\]\(([^)#:]+)\.(?:md|ipynb)\)", re.MULTILINE)
ROOT = "docs/index"


def is_index(page: str) -> bool:
    """Whether the links of a page are navigation."""
    return page == ROOT or (page.startswith("docs/") and page.endswith("/README"))


def parts(page: str, text: str) -> list[tuple[str, list[str]]]:
    """Captions and the pages listed below them, as the site names pages."""
    found = []
    for part in re.split(r"^## ", text, flags=re.MULTILINE):
        entries = [
            posixpath.normpath(posixpath.join(posixpath.dirname(page), entry))
            for entry in ENTRY.findall(part)
        ]
        if entries:
            found.append((part.split("\n", 1)[0].lstrip("# "), entries))
    return found


def toctree(caption: str, pages: list[str]) -> str:
    """A part of the navigation, as MyST has it."""
    lines = "\n".join(f"/{page}" for page in pages)
    return f"\n\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{lines}\n```\n"


def add_navigation(app: Sphinx, page: str, content: list[str]) -> None:
    """Put a hidden table of contents below the text of an index page."""
    if not is_index(page):
        return
    found = parts(page, content[0])
    if page == ROOT:
        listed = {ROOT} | {entry for _, entries in found for entry in entries}
        for index in filter(is_index, app.env.found_docs - {ROOT}):
            text = app.env.doc2path(index).read_text(encoding="utf-8")
            listed |= {entry for _, entries in parts(index, text) for entry in entries}
        if rest := sorted(app.env.found_docs - listed):
            found.append(("More", rest))
    content[0] += "".join(toctree(caption, pages) for caption, pages in found)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("source-read", add_navigation)
    app.connect("env-get-outdated", lambda *_: [ROOT])
    return {"parallel_read_safe": True, "parallel_write_safe": True}
