"""The page in a real browser, without a network."""

import shutil
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from earlysieve.report import write_html
from earlysieve.report.fix_page import write_fix_page

from .audits import (
    HOSTILE,
    Leaning,
    Part,
    Picture,
    Swap,
    hostile_audit,
    image_audit,
    layer_table,
    piled_audit,
    piled_summary,
    png,
    text_audit,
)
from .fixes import example_rows, figure_table, hostile_fix, made_fix, unchanged_fix
from .test_weighted import LABELS, WEIGHTS, section

pytest.importorskip("jinja2")
playwright = pytest.importorskip("playwright.sync_api")

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")
def browser():
    found = next(filter(None, (shutil.which(name) for name in NAMES)), None)
    with playwright.sync_playwright() as driver:
        if found is None and not Path(driver.chromium.executable_path).exists():
            pytest.skip("no Chromium is installed")
        running = driver.chromium.launch(executable_path=found, args=list(QUIET))
        yield running
        running.close()


class Visit:
    """One page opened from disk; notes what it says, and what it asks for."""

    def __init__(self, browser, audit, folder, *, width=1200, write=write_html, **options):
        path = folder / "report.html"
        pieces = {name: options.pop(name) for name in ("sections", "rows") if name in options}
        write(audit, path, **pieces)
        self.context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        self.page = self.context.new_page()
        self.requests, self.complaints = [], []
        self.page.on("request", lambda r: self.requests.append(r.url))
        self.page.on("console", lambda m: self.complaints.append(m.text))
        self.page.on("pageerror", lambda e: self.complaints.append(str(e)))
        self.context.route("**/*", self._only_the_file)
        self.address = path.as_uri()
        self.page.goto(self.address)

    def _only_the_file(self, route):
        if route.request.url == self.address:
            route.continue_()
        else:
            route.abort()

    def shown(self, role):
        """Numbers of the examples that a gallery shows, in order."""
        ids = self.page.locator(f"#{role}-cards > li:not([hidden]) dd.soft").all_inner_texts()
        return [int(text.removeprefix("photo-")) for text in ids]

    @property
    def outside(self):
        return [u for u in self.requests if u != self.address and not u.startswith("data:")]


@pytest.fixture
def visit(browser, tmp_path):
    visits = []

    def open_page(audit, **options):
        visits.append(Visit(browser, audit, tmp_path, **options))
        return visits[-1]

    yield open_page
    for one in visits:
        assert one.complaints == []
        assert one.outside == []
        one.context.close()


def test_it_renders(visit):
    page = visit(image_audit()).page
    assert page.title().startswith("Shortcut found")
    assert page.locator("h1").inner_text() == "The model leans on something simple."
    pictures = page.locator("img.photo")
    assert pictures.count() == 9
    assert all(pictures.evaluate_all("all => all.map(one => one.naturalWidth > 0)"))
    assert page.locator("figure.chart > svg").count() == 3


def test_the_class_filter(visit):
    one = visit(image_audit())
    assert one.shown("flagged") == [0, 1, 2, 3]
    one.page.select_option("#class-filter", "0")
    assert (one.shown("flagged"), sorted(one.shown("correct"))) == ([0, 3], [6])
    assert one.page.locator("#shown").inner_text() == "3 of 9 examples"
    one.page.select_option("#class-filter", label="all classes")
    assert one.shown("flagged") == [0, 1, 2, 3]


def test_a_class_without_pictures_on_one_side_says_so(visit):
    pictures = (Picture(0, image=png()), Picture(5, role="correct", image=png()))
    one = visit(image_audit(pictures=pictures))
    one.page.select_option("#class-filter", "2")
    assert one.shown("flagged") == []
    assert (
        one.page.get_by_text("No picture of this class here.").locator("visible=true").count() == 1
    )


def test_the_order(visit):
    one = visit(image_audit())
    orders = {
        "score-up": [3, 2, 1, 0],
        "score-down": [0, 1, 2, 3],
        "confidence-down": [3, 2, 1, 0],
        "confidence-up": [0, 1, 2, 3],
        "class": [0, 3, 1, 2],
    }
    assert one.shown("correct") == [4, 5, 6, 7, 8]
    for order, flagged in orders.items():
        one.page.select_option("#order", order)
        assert one.shown("flagged") == flagged


def test_piles_are_filtered_and_sorted_together(visit):
    one = visit(piled_audit())
    names = ("fails", "doubtful", "hard", "flagged")
    assert [one.shown(name) for name in names] == [[1, 0, 2], [3, 4], [5], [6]]
    one.page.select_option("#order", "score-down")
    assert one.shown("fails") == [0, 1, 2]
    one.page.select_option("#order", "telling")
    assert one.shown("fails") == [1, 0, 2]
    one.page.select_option("#class-filter", "0")
    assert [one.shown(name) for name in names] == [[0], [3], [], [6]]
    assert one.page.locator("#shown").inner_text() == "4 of 11 examples"


def test_the_heat_map_switch_works_from_the_keyboard(visit):
    page = visit(image_audit()).page
    heat, photo = page.locator("#flagged-cards .heat"), page.locator("#flagged-cards .photo")
    assert (heat.first.is_visible(), photo.first.is_visible()) == (False, True)
    page.focus("#heat-toggle")
    page.keyboard.press("Space")
    assert (heat.first.is_visible(), photo.first.is_visible()) == (True, False)
    assert page.locator("#correct-cards .photo").first.is_visible()
    page.keyboard.press("Space")
    assert (heat.first.is_visible(), photo.first.is_visible()) == (False, True)


def test_many_pictures_are_folded_until_asked_for(visit):
    pictures = tuple(Picture(i, role="correct", image=png()) for i in range(4, 34))
    one = visit(image_audit(pictures=pictures))
    assert len(one.shown("correct")) == 12
    one.page.get_by_role("button", name="Show all 30").click()
    assert len(one.shown("correct")) == 30
    assert one.page.get_by_role("button", name="Show all 30").is_hidden()


def test_values_of_a_chart_appear_on_hover_and_on_focus(visit):
    page = visit(image_audit()).page
    column = page.get_by_role("img", name="stage2: readout 75%")
    value = column.locator(".value")

    def opacity():
        return value.evaluate("one => getComputedStyle(one).opacity")

    assert opacity() == "0"
    column.hover()
    assert opacity() == "1"
    page.mouse.move(0, 0)
    column.focus()
    assert opacity() == "1"


def test_scripts_of_users_are_inert(visit):
    page = visit(hostile_audit()).page
    assert page.evaluate("window.hacked") is None
    assert page.locator("h1").inner_text() == HOSTILE
    assert page.locator("script").count() == 1
    assert page.locator("[onerror]").count() == 0
    page.select_option("#class-filter", "0")
    assert page.evaluate("window.hacked") is None


def test_the_browser_refuses_scripts_and_requests_even_if_one_got_in(browser, tmp_path):
    one = Visit(browser, image_audit(), tmp_path)
    one.page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.hacked = 1";
          document.body.append(script);
          document.body.append(Object.assign(new Image(), {src: "https://example.org/x.png"}));
        }"""
    )
    assert one.page.evaluate("window.hacked") is None
    assert any("Content Security Policy" in text for text in one.complaints)
    one.context.close()


LONG = "a_name_without_any_blank_" * 8


@pytest.mark.parametrize("kind", ["plain", "long", "hostile", "text", "piled", "long piled"])
def test_nothing_sticks_out_sideways(visit, kind):
    audits = {
        "plain": image_audit,
        "long": lambda: image_audit(
            class_names=(LONG,) * 3,
            group_names=(LONG,) * 2,
            layers=layer_table(tuple(f"{LONG}{i}" for i in range(8))),
            notes=(LONG,),
            config={"model": LONG, "command": LONG, LONG: LONG},
        ),
        "hostile": hostile_audit,
        "text": lambda: text_audit(LONG, "short", "many words " * 100),
        "piled": piled_audit,
        "long piled": lambda: piled_audit(
            class_names=(LONG,) * 3,
            summary=piled_summary(
                leans_on=LONG,
                leanings=(Leaning(LONG, recovered_by=LONG),),
                swaps=(Part(LONG, LONG),),
                not_swapped={LONG: LONG},
                not_looked_at={LONG: LONG},
                signs_in_words={"gathers": LONG},
            ),
            swap_pictures=(Swap(LONG, 0, 1, 2, png(), png(), png()),),
        ),
    }
    page = visit(audits[kind](), width=360).page
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    for width in (360, 320, 768, 1200):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [1000, 1200])
def test_the_table_of_properties_fits(visit, width):
    names = ("column branch_code", "columns utilisation and loan_amount", "direction")
    leanings = tuple(Leaning(name, recovered_by="columns") for name in names)
    page = visit(piled_audit(summary=piled_summary(leanings=leanings)), width=width).page
    table = page.locator(".scroll:has(> .reasons)").first
    assert table.evaluate("one => one.scrollWidth - one.clientWidth") == 0


def test_everything_is_there_without_a_script(visit):
    page = visit(image_audit(), java_script_enabled=False).page
    assert page.locator("#controls").is_hidden()
    assert page.locator(".card").locator("visible=true").count() == 9
    assert page.locator(".heat").locator("visible=true").count() == 4
    assert page.locator(".photo").locator("visible=true").count() == 9


def test_both_colour_schemes_are_readable(visit):
    for scheme in ("light", "dark"):
        page = visit(image_audit(), color_scheme=scheme).page
        ratios = page.evaluate(CONTRAST, ["h1", ".lead", ".badge", ".intro", ".card dt", ".note"])
        assert min(ratios) >= 4.5
        page = visit(
            piled_audit(summary=piled_summary(verdict="at risk")), color_scheme=scheme
        ).page
        names = [
            ".badge",
            ".told",
            ".signs .told",
            ".triples .told.follows",
            ".tag",
            ".piles .soft",
        ]
        names += [f".pile.{pile}" for pile in ("fails", "doubtful", "hard")]
        assert min(page.evaluate(CONTRAST, names)) >= 4.5


CONTRAST = """names => {
  const numbers = (text) => (text.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const light = (rgb) => {
    const [r, g, b] = rgb.slice(0, 3).map((v) => {
      v /= 255;
      return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const rgb = numbers(getComputedStyle(at).backgroundColor);
      if (rgb.length === 3 || rgb[3] > 0) return rgb;
    }
    return [255, 255, 255];
  };
  return names.map((name) => {
    const one = document.querySelector(name);
    const both = [light(numbers(getComputedStyle(one).color)), light(ground(one))];
    return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
  });
}"""


def test_printing_opens_what_is_closed_and_hides_the_controls(visit):
    page = visit(image_audit()).page
    page.emulate_media(media="print")
    assert page.locator("#controls").is_hidden()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[open]").count() == 0


def test_it_prints(visit):
    page = visit(image_audit()).page
    assert page.pdf(format="A4").startswith(b"%PDF-")


def weights_of(page):
    shown = page.locator("#weighted-cards > li:not([hidden])")
    return [float(one) for one in shown.evaluate_all("all => all.map(one => one.dataset.score)")]


def test_weighted_examples_are_filtered_and_sorted_on_their_own(visit):
    one = visit(image_audit(), sections=[section()])
    part = one.page.locator("#weighted-up")
    assert weights_of(one.page) == [5, 4.5, 4, 3.5, 3]
    assert part.locator(".shown").inner_text() == "5 of 5 examples"
    part.locator("select.order").select_option("score-up")
    assert weights_of(one.page) == [3, 3.5, 4, 4.5, 5]
    part.locator("select.class-filter").select_option("0")
    assert weights_of(one.page) == [3.5, 5]
    assert one.shown("flagged") == [0, 1, 2, 3]
    one.page.select_option("#class-filter", "1")
    assert weights_of(one.page) == [3.5, 5]
    assert part.locator("figure.chart > svg").count() == 2


def test_many_weighted_examples_are_folded(visit):
    history = (WEIGHTS + 1,)
    page = visit(image_audit(), sections=[section(history=history)]).page
    assert len(weights_of(page)) == 12
    page.get_by_role("button", name="Show all 24").click()
    assert len(weights_of(page)) == 24


def test_weighted_examples_without_a_script_in_print_and_in_both_schemes(visit):
    page = visit(image_audit(), sections=[section()], java_script_enabled=False).page
    assert page.locator("#weighted-cards > li").locator("visible=true").count() == 5
    assert page.locator("#weighted-up form").is_hidden()
    page = visit(image_audit(), sections=[section()]).page
    page.emulate_media(media="print")
    assert page.locator("#weighted-up form").is_hidden()
    assert page.pdf(format="A4").startswith(b"%PDF-")
    names = ["#weighted-up .intro", ".weighted dt", ".weighted .score dd", "#weighted-up .hint"]
    for scheme in ("light", "dark"):
        page = visit(image_audit(), sections=[section()], color_scheme=scheme).page
        assert min(page.evaluate(CONTRAST, names)) >= 4.5


@pytest.mark.parametrize("kind", ["pictures", "texts", "many groups"])
def test_weighted_examples_fit_on_a_phone(visit, kind):
    changes = {
        "pictures": {"class_names": (LONG,) * 3, "group_names": (LONG,) * 2},
        "texts": {"show": lambda _: LONG + "many words " * 100},
        "many groups": {"groups": LABELS + 3, "group_names": (LONG,) * 6},
    }
    page = visit(image_audit(), sections=[section(**changes[kind])]).page
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    for width in (360, 320, 768, 1200):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_weighted_words_of_users_are_inert(visit):
    names = {"class_names": (HOSTILE,) * 3, "group_names": (HOSTILE,) * 2}
    hostile = section(show=lambda _: HOSTILE, text=HOSTILE, **names)
    page = visit(hostile_audit(), sections=[hostile]).page
    assert page.evaluate("window.hacked") is None
    assert page.locator("script").count() == 1


@pytest.mark.parametrize("audit", [image_audit, piled_audit])
def test_headings_and_names_for_readers_of_the_screen(visit, audit):
    page = visit(audit()).page
    levels = page.locator("h1, h2, h3, h4").evaluate_all("all => all.map(one => +one.tagName[1])")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - sooner <= 1 for sooner, later in pairwise(levels))
    assert page.locator("img:not([alt])").count() == 0
    assert page.get_by_role("combobox", name="Class").count() == 1
    assert page.get_by_role("navigation", name="On this page").count() == 1


write_fix = partial(write_fix_page, before="audit-before/a.html", after="audit-after/a.html")


@pytest.mark.parametrize("kind", ["changed", "kept", "long", "hostile"])
def test_a_fix_fits_on_a_phone(visit, kind):
    fixes = {
        "changed": lambda: made_fix(figures=figure_table(12)),
        "kept": unchanged_fix,
        "long": lambda: made_fix(
            figures=figure_table().assign(part=LONG),
            candidates=made_fix().candidates.assign(source=LONG),
            select=LONG,
            notes=(LONG,),
        ),
        "hostile": hostile_fix,
    }
    rows = example_rows(LONG, LONG)
    page = visit(fixes[kind](), write=write_fix, rows=rows, width=360).page
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    for width in (360, 320, 768, 1200):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        headline = "document.querySelector('h1').getBoundingClientRect().width"
        assert page.evaluate(headline) > 0.75 * min(width, 1000)
        captions = "all => all.map(one => one.getBoundingClientRect().right)"
        assert max(page.locator("caption").evaluate_all(captions)) <= width
    assert page.evaluate("window.hacked") is None


def test_a_fix_is_readable_in_both_colour_schemes_and_in_print(visit):
    names = [".badge", ".lead", ".note", ".cost", ".detail", ".said", ".changes dd.before b"]
    names += [".tag.chosen", ".stressed .detail", ".changes .axis", ".picture-grid td span"]
    for scheme in ("light", "dark"):
        one = visit(made_fix(), write=write_fix, rows=example_rows(), color_scheme=scheme)
        assert min(one.page.evaluate(CONTRAST, names)) >= 4.5
    one.page.emulate_media(media="print")
    assert one.page.pdf(format="A4").startswith(b"%PDF-")


def test_points_of_a_fix_stand_on_their_scale(visit):
    page = visit(made_fix(), write=write_fix).page
    middle = page.locator(".changes .axis i").nth(1).bounding_box()
    line = page.locator(".changes .interval").first.bounding_box()
    centre = middle["x"] + middle["width"] / 2
    assert centre == pytest.approx(line["x"] + line["width"] / 2, abs=1.5)


def test_headings_of_a_fix_for_readers_of_the_screen(visit):
    page = visit(made_fix(), write=write_fix, rows=example_rows()).page
    levels = page.locator("h1, h2, h3, h4").evaluate_all("all => all.map(one => +one.tagName[1])")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert page.locator("img:not([alt])").count() == 0
    for name in ("Right on each class", "Candidates that were compared", "Verdict and estimates"):
        assert page.locator("caption", has_text=name).count() == 1
