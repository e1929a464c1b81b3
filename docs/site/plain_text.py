"""Docstrings and pages are written to be read as they are; here is what Sphinx would misread."""

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

BAR = re.compile(r"(?<!\\)\|")


def keep_bars(_app: Sphinx, _what: str, _name: str, _value: Any, _options: Any, lines: list[str]):
    """`|S|` is a size in our docstrings, not the name of a text to be put in its place."""
    lines[:] = [
        line if line.lstrip().startswith((">>>", "...")) else BAR.sub(r"\\|", line)
        for line in lines
    ]


def folders_as_text(app: Sphinx, document: nodes.document) -> None:
    """A link to a folder of the repository leads nowhere on the site; its text stays."""
    for node in list(document.findall(addnodes.pending_xref)):
        page = Path(app.srcdir, node.get("refdoc", ""))
        target = str(node.get("reftarget") or "#")
        if node.get("reftype") == "myst" and (page.parent / target).is_dir():
            node.replace_self(node.children)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("autodoc-process-docstring", keep_bars, priority=400)
    app.connect("doctree-read", folders_as_text)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
