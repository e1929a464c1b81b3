"""What the site is made of: pages, links, public names; what the check of a built site finds."""

import inspect
import json
import re
import sys
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SITE = ROOT / "docs" / "site"
if not SITE.exists():
    pytest.skip("the documentation is not part of this copy", allow_module_level=True)
sys.path.insert(0, str(SITE))

import access  # noqa: E402
import api_names  # noqa: E402
import check  # noqa: E402
import listed_pages  # noqa: E402
import name_lists  # noqa: E402
import notebook_pages  # noqa: E402
import structure  # noqa: E402

PAGES = sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md"))
LINK = re.compile(r"\]\(([^)\s]+)\)")


def addresses(page: Path) -> list[str]:
    """Relative links outside of code."""
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return [address for address in LINK.findall(text) if "://" not in address]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_files_hold_in_the_repository(page):
    files = [address.split("#")[0] for address in addresses(page) if not address.startswith("#")]
    assert [name for name in files if not (page.parent / name).exists()] == []


def test_every_public_name_is_on_one_page_of_the_reference():
    asked = [
        name
        for page in (ROOT / "docs" / "api").glob("*.md")
        for line in re.findall(r"{public-names} (.*)", page.read_text(encoding="utf-8"))
        for name in line.split()
    ]
    shown = [f"{place}.{name}" for found in asked for place, name in api_names.names_of(found)]
    assert sorted(shown) == sorted(api_names.public_names())


@pytest.mark.parametrize("page", sorted(name_lists.PAGES.glob("*.md")), ids=lambda page: page.stem)
def test_pages_of_the_reference_list_their_names(page):
    text = page.read_text(encoding="utf-8")
    assert name_lists.listed(text) == text, "run python docs/site/name_lists.py"


def test_every_public_name_is_described():
    for name in api_names.public_names():
        place, last = name.rsplit(".", 1)
        value = getattr(import_module(place), last)
        if callable(value):
            assert inspect.getdoc(value), name


def test_the_navigation_follows_the_list():
    text = "# Title\n\n- [A](a.md): one\n\n## Part\n\n- [B](b/README.md)\n- [C](../C.md)\n- none\n"
    text += "- [D](d.ipynb)\n"
    assert listed_pages.parts("docs/index", text) == [
        ("Title", ["docs/a"]),
        ("Part", ["docs/b/README", "C", "docs/d"]),
    ]


def test_a_notebook_becomes_a_page():
    cells = [
        {"cell_type": "markdown", "source": ["# Title\n", "Text"]},
        {"cell_type": "code", "source": ["a = 1\n", "a"], "outputs": []},
    ]
    found = notebook_pages.as_markdown(json.dumps({"cells": cells}), "n.ipynb")
    assert found.startswith("# Title\nText\n\n```python\na = 1\na\n```\n\n")
    assert found.endswith("{download}`n.ipynb`.")


def test_keyboards_and_screen_readers_are_served():
    heading = '<p class="caption" role="heading">'
    assert access.usable(f"{heading}Start</p><pre>x</pre>") == (
        f'{heading[:-1]} aria-level="2">Start</p><pre tabindex="0">x</pre>'
    )
    listed = '<dl>\n<dd><em class="sig-param">a</em></dd>\n</dl>'
    assert access.usable(listed) == listed.replace("<dl>", '<dl role="presentation">')
    assert access.usable(access.usable(heading)) == access.usable(heading)
    assert access.usable("<dl><dt>term</dt><dd>what</dd></dl>").startswith("<dl><dt>")
    box = access.usable('<div class="table-wrapper docutils container">')
    assert box.startswith('<div tabindex="0" role="group" aria-label="Table" class="table-wrapper')
    assert access.usable(box) == box
    assert access.usable('<th class="head"><p></p></th>') == "<td></td>"
    assert access.usable('<th class="head"><p>rule</p></th>').startswith("<th")


def test_what_the_theme_puts_around_pages_has_names():
    search = access.named('<aside class="sidebar-drawer"><div id="search-results">')
    assert search == '<aside class="sidebar-drawer" aria-label="Site"><h1>Search</h1>\n' + (
        '<div id="search-results">'
    )
    assert access.named(search) == search


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<h1>A</h1><h3>C</h3>", "a heading of level 3 follows one of level 1"),
        ("<h2>B</h2>", "there are 0 headings of the first level instead of one"),
        ('<h1>A</h1><img src="a.png">', "the picture a.png has no alt text"),
        ('<h1>A</h1><select id="order"></select>', "the field order has no label"),
        ("<h1>A</h1><pre>code</pre>", "code that may scroll cannot be reached by keyboard"),
        ("<h1>A</h1><table><tr><th> </th></tr></table>", "a <th> has no text"),
        ("<h1>A</h1><button></button>", "a <button> has no text"),
        ('<h1 id="a">A</h1><p id="a">B</p>', "two parts of the page are called a"),
        (
            '<h1>A</h1><div class="scroll"><table></table></div>',
            "a table that may scroll cannot be reached by keyboard",
        ),
    ],
)
def test_what_keyboards_and_screen_readers_lack_is_found(body, said):
    assert list(structure.lacking(f'<html lang="en"><body>{body}</body></html>')) == [said]


def test_what_has_names_lacks_nothing():
    body = """<h1>A</h1><h2>B</h2><h3>C</h3><h2>D</h2><img src="a.png" alt=""><pre tabindex="0">
    x</pre><label>Class <select></select></label><label for="b">B</label><input id="b"><button
    hidden></button><button aria-label="Copy"></button><input type="hidden"><div class="scroll"
    tabindex="0"><table><tr><th>a</th></tr></table></div><table><tr><th>b</th></tr></table>"""
    assert list(structure.lacking(f'<html lang="en"><body>{body}</body></html>')) == []
    assert list(structure.lacking("<h1>A</h1>")) == ["the page names no language"]


def page(folder: Path, name: str, body: str) -> None:
    folder.mkdir(exist_ok=True)
    html = f'<html lang="en"><body><h1>{name}</h1>{body}</body></html>'
    (folder / name).write_text(html, encoding="utf-8")


def test_a_sound_site_has_no_faults(tmp_path):
    page(tmp_path, "a.html", '<p id="top">A</p><a href="sub/b.html#x">b</a><a href="#top">a</a>')
    page(tmp_path / "sub", "b.html", '<p id="x">B</p><a href="https://example.org/">out</a>')
    assert check.faults(tmp_path) == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('<a href="gone.html">x</a>', "gone.html leads nowhere"),
        ('<a href="#gone">x</a>', "#gone has no such place"),
        ('<img src="gone.png" alt="">', "gone.png leads nowhere"),
        ('<script src="https://example.org/a.js"></script>', "fetches https://example.org/a.js"),
        ('<link rel="stylesheet" href="//example.org/a.css">', "fetches //example.org/a.css"),
        (
            '<p style="background: url(http://example.org/a.png)">',
            "fetches http://example.org/a.png",
        ),
    ],
)
def test_faults_are_found(tmp_path, body, said):
    page(tmp_path, "a.html", body)
    assert check.faults(tmp_path) == [f"a.html: {said}"]


def test_styles_that_fetch_are_found(tmp_path):
    (tmp_path / "a.css").write_text(
        "p { src: url('https://example.org/f.woff2') }", encoding="utf-8"
    )
    assert check.faults(tmp_path) == ["a.css: fetches https://example.org/f.woff2"]
