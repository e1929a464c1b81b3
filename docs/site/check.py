"""Check a built site: links hold, nothing is fetched from elsewhere, every public name is there,
and keyboards and screen readers find what they need.

Used by `make docs`, as `python docs/site/check.py build/site`.
"""

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from structure import lacking

FETCHED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src"}
CSS_FETCH = re.compile(r"@import|url\(\s*['\"]?(?!data:|#|['\"])([^)'\"]+)")


class Page(HTMLParser):
    """What a page of HTML links to, fetches, and can be linked at."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def has(self, fragment: str) -> bool:
        """Whether an address with this fragment leads to a place on the page."""
        return unquote(fragment) in self.anchors

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Called by the parser at every tag."""
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "link" and given.get("rel") not in ("canonical",) and "href" in given:
            self.fetched.append(given["href"])
        if tag in FETCHED and FETCHED[tag] in given:
            self.fetched.append(given[FETCHED[tag]])
        self.fetched += CSS_FETCH.findall(given.get("style", ""))


def elsewhere(address: str) -> bool:
    """Whether an address leaves the site."""
    return address.startswith("//") or urlsplit(address).scheme in ("http", "https", "ftp")


def dead(site: Path, pages: dict[Path, Page]) -> Iterator[str]:
    """One sentence for each link or file that leads nowhere on the site."""
    for path, page in pages.items():
        for address in page.links + page.fetched:
            parts = urlsplit(address)
            if parts.scheme or elsewhere(address):
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            name = path.relative_to(site)
            if not target.is_file():
                yield f"{name}: {address} leads nowhere"
            elif parts.fragment and target in pages and not pages[target].has(parts.fragment):
                yield f"{name}: {address} has no such place"


def fetched(site: Path, pages: dict[Path, Page]) -> Iterator[str]:
    """One sentence for each script, style, font or picture that comes from elsewhere."""
    for path, page in pages.items():
        yield from (
            f"{path.relative_to(site)}: fetches {address}"
            for address in page.fetched
            if elsewhere(address)
        )
    for path in site.rglob("*.css"):
        for address in CSS_FETCH.findall(path.read_text(encoding="utf-8")):
            if not address or elsewhere(address):
                yield f"{path.relative_to(site)}: fetches {address or 'by @import'}"


def unusable(pages: dict[Path, Page], site: Path) -> Iterator[str]:
    """One sentence for each thing that keyboards or screen readers lack."""
    for path in pages:
        for lack in lacking(path.read_text(encoding="utf-8")):
            yield f"{path.relative_to(site)}: {lack}"


def missing_names(pages: dict[Path, Page]) -> Iterator[str]:
    """One sentence for each public name that no page describes."""
    from api_names import public_names

    shown = set().union(*(page.anchors for page in pages.values()))
    for name in public_names():
        if name not in shown:
            yield f"{name} is on no page; name its package on one of docs/api"


def faults(site: Path) -> list[str]:
    """What is wrong with a site, apart from names that it lacks."""
    site = site.resolve()
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    return [*dead(site, pages), *fetched(site, pages), *unusable(pages, site)]


def main(folder: str) -> int:
    """Print what is wrong; 1 if anything is."""
    site = Path(folder).resolve()
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    found = [*faults(site), *missing_names(pages)]
    print("\n".join(found) or f"{len(pages)} pages: links hold, nothing is fetched from elsewhere")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
