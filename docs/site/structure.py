"""What a page lacks for keyboards and screen readers, as far as its HTML alone can tell.

Used by the check of a built site, and by the tests of the pages that the library makes.
"""

from collections.abc import Iterator
from html.parser import HTMLParser

_LEVELS = {f"h{level}": level for level in range(1, 7)}
_FIELDS = ("input", "select", "textarea")
_NAMES = ("aria-label", "aria-labelledby", "title")
_SCROLL = {"table-wrapper", "scroll"}  # boxes that wide tables scroll in
_EMPTY = {"input", "img", "br", "hr", "meta", "link", "col", "source", "wbr"}

Attributes = dict[str, str]


class Outline(HTMLParser):
    """The parts of a page that have to have names, with where they stand."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[tuple[str, Attributes]] = []
        self.levels: list[int] = []
        self.language = False
        self.labelled: set[str] = set()
        self.fields: list[Attributes] = []
        self.ids: list[str] = []
        self.found: list[str] = []
        self._text: list[str] | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Called by the parser at every tag."""
        given = {name: value or "" for name, value in attrs}
        self.ids += [given["id"]] if "id" in given else []
        self.language |= tag == "html" and bool(given.get("lang"))
        if tag in _LEVELS:
            self.levels.append(_LEVELS[tag])
        if tag == "img" and "alt" not in given:
            self.found.append(f"the picture {given.get('src', '')[:40]} has no alt text")
        if tag == "label" and "for" in given:
            self.labelled.add(given["for"])
        if tag in _FIELDS and not self._is_named(given):
            self.fields.append(given)
        if tag == "pre" and "tabindex" not in given:
            self.found.append("code that may scroll cannot be reached by keyboard")
        if tag == "table":
            self._table()
        if tag in ("th", "button") and "hidden" not in given:
            self._text = [given.get("aria-label", "")]
        if tag not in _EMPTY:
            self.open.append((tag, given))

    def handle_data(self, data: str) -> None:
        """Called by the parser for text."""
        if self._text is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        """Called by the parser at every end of a tag."""
        if tag in ("th", "button") and self._text is not None:
            if not "".join(self._text).strip():
                self.found.append(f"a <{tag}> has no text")
            self._text = None
        while self.open and self.open.pop()[0] != tag:
            pass

    def _is_named(self, given: Attributes) -> bool:
        hidden = given.get("type") in ("hidden", "submit", "button")
        within = any(tag == "label" for tag, _ in self.open)
        return hidden or within or any(given.get(name) for name in _NAMES)

    def _table(self) -> None:
        """A table stands in a box that scrolls, and that keyboards reach, or scrolls never."""
        boxes = [given for tag, given in self.open if tag == "div"]
        boxes = [one for one in boxes if {*one.get("class", "").split()} & _SCROLL]
        if boxes and "tabindex" not in boxes[-1]:
            self.found.append("a table that may scroll cannot be reached by keyboard")


def lacking(html: str) -> Iterator[str]:
    """One sentence for each thing that a page lacks."""
    page = Outline(html)
    if not page.language:
        yield "the page names no language"
    if page.levels.count(1) != 1:
        yield f"there are {page.levels.count(1)} headings of the first level instead of one"
    for before, level in zip(page.levels, page.levels[1:], strict=False):
        if level > before + 1:
            yield f"a heading of level {level} follows one of level {before}"
    for field in page.fields:
        if field.get("id") not in page.labelled:
            yield f"the field {field.get('id') or field.get('name', '')} has no label"
    for name in sorted({one for one in page.ids if page.ids.count(one) > 1}):
        yield f"two parts of the page are called {name}"
    yield from page.found
