"""A notebook is a page: its text as it lies, its code in fences, and the notebook to download."""

import json
import posixpath

from sphinx.application import Sphinx


def as_markdown(notebook: str, name: str) -> str:
    """The cells of a notebook, which has no outputs, as a page.

    Args:
        notebook: the content of the file, JSON.
        name: of the file, which the page offers.
    """
    parts = []
    for cell in json.loads(notebook)["cells"]:
        text = "".join(cell["source"])
        parts.append(text if cell["cell_type"] == "markdown" else f"```python\n{text}\n```")
    return "\n\n".join([*parts, f"This page is a notebook: {{download}}`{name}`."])


def read(app: Sphinx, page: str, content: list[str]) -> None:
    """Put Markdown in the place of a notebook."""
    path = app.env.doc2path(page)
    if path.suffix == ".ipynb":
        content[0] = as_markdown(content[0], posixpath.basename(str(path)))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("source-read", read)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
