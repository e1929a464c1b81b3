"""A directive that documents the public names of a package, and a role that links to them."""

import inspect
from importlib import import_module
from typing import Any

from api_names import names_of, public_names
from docutils import nodes
from docutils.parsers.rst.states import Inliner
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


def entry(place: str, name: str) -> list[str]:
    """The directive of autodoc that shows a name."""
    value = getattr(import_module(place), name)
    if inspect.isclass(value):
        return [f".. autoclass:: {place}.{name}", "   :members:", ""]
    if callable(value):
        return [f".. autofunction:: {place}.{name}", ""]
    return [f".. autodata:: {place}.{name}", "   :no-value:", ""]


TARGETS = {name.rsplit(".", 1)[1]: name for name in reversed(public_names())}
Parsed = tuple[list[nodes.Node], list[nodes.system_message]]


class PublicNames(SphinxDirective):
    """`{public-names} auditing`: what it holds of `earlysieve`, then what is its own."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True  # the same names, for those who read the file

    def run(self) -> list[nodes.Node]:
        """Autodoc's directives, one for each name."""
        lines = []
        for asked in self.arguments[0].split():
            lines += [line for place, name in names_of(asked) for line in entry(place, name)]
        return self.parse_text_to_nodes("\n".join(["````{eval-rst}", *lines, "````"]))


def mention(_name: str, source: str, text: str, line: int, inliner: Inliner, *_: Any) -> Parsed:
    """The role of text in single backticks: a link where it is a public name, else code."""
    shown = nodes.literal(source, text, classes=["py", "py-obj"])
    if text not in TARGETS:
        return [shown], []
    page = inliner.document.settings.env.current_document.docname
    link = addnodes.pending_xref(
        source,
        shown,
        refdomain="py",
        reftype="obj",
        reftarget=TARGETS[text],
        refexplicit=True,
        refdoc=page,
    )
    return [link], []


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_role("mention", mention)
    app.add_directive("public-names", PublicNames)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
