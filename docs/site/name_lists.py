"""Lists of the public names in the pages of the reference, for those who read these as files.

Run: python docs/site/name_lists.py, which writes them anew.
"""

import inspect
import re
from importlib import import_module
from pathlib import Path

from api_names import names_of

PAGES = Path(__file__).parents[1] / "api"
_BLOCK = re.compile(r"(```\{public-names\} (.*)\n)(?:[^`].*\n)*```\n")


def listed(page: str) -> str:
    """A page with the names of each of its blocks, and the first sentence on each of them."""
    return _BLOCK.sub(lambda found: f"{found[1]}{_lines(found[2].split())}```\n", page)


def _lines(asked: list[str]) -> str:
    places = [name for package in asked for name in names_of(package)]
    return "".join(f"{place}.{name}: {_first_sentence(place, name)}\n" for place, name in places)


def _first_sentence(place: str, name: str) -> str:
    value = getattr(import_module(place), name)
    text = inspect.getdoc(value) if callable(value) else None
    return " ".join((text or "A constant.").split("\n\n")[0].split())


if __name__ == "__main__":
    for path in sorted(PAGES.glob("*.md")):
        path.write_text(listed(path.read_text(encoding="utf-8")), encoding="utf-8")
