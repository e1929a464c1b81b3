"""The documentation as a site: `make docs`, from the Markdown files as they lie."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "src")]

from earlysieve import __version__  # noqa: E402

project = "earlysieve"
author = "The earlysieve developers"
copyright = author
release = version = __version__

extensions = [
    "access",
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "listed_pages",
    "notebook_pages",
    "plain_text",
    "public_names",
]

# The repository is the source folder, so that links between its files hold on the site as they are.
root_doc = "docs/index"
include_patterns = ["docs/**", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"]
source_suffix = {".md": "markdown", ".ipynb": "markdown"}
SHOWN = {"docs", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"}
exclude_patterns = [path.name for path in ROOT.iterdir() if path.name not in SHOWN]

myst_heading_anchors = 4
highlight_language = "text"
smartquotes_action = "qe"  # dashes stay as typed: --option is no long dash
default_role = "mention"

autodoc_typehints = "none"
autodoc_class_signature = "mixed"
autodoc_preserve_defaults = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
# Several names may share a line, as "low, high: ...", which fields of one name each cannot say.
napoleon_use_param = False
napoleon_custom_sections = [("Attributes", "params_style")]
python_maximum_signature_line_length = 80
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = f"earlysieve {release}"
html_extra_path = ["start"]
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_show_sphinx = False
html_theme_options = {"footer_icons": [], "navigation_with_keys": True}
copybutton_prompt_text = r">>> |\.\.\. "
copybutton_prompt_is_regexp = True
copybutton_exclude = ".linenos, .gp, .go"
