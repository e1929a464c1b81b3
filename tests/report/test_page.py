import math
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from earlysieve.errors import InputError, OutputError
from earlysieve.report import (
    Section,
    Series,
    Tile,
    Trained,
    before_and_after,
    callout,
    line_chart,
    link,
    paragraph,
    picture_grid,
    render,
    table,
    write_html,
)
from earlysieve.report.context import settings

from .audits import (
    HOSTILE,
    Changed,
    Estimate,
    Groups,
    Leaning,
    Part,
    Picture,
    Piece,
    Summary,
    SwapText,
    Word,
    example_table,
    group_table,
    hostile_audit,
    image_audit,
    layer_table,
    piled_audit,
    piled_summary,
    png,
    text_audit,
)

pytest.importorskip("jinja2")
VOID = {"meta", "link", "br", "wbr", "img", "input", "hr"}


class Outline(HTMLParser):
    """Checks that every tag is closed in order; keeps tags, texts and ids."""

    def __init__(self, page):
        super().__init__()
        self.open, self.tags, self.texts, self.ids = [], [], [], []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())

    def having(self, name):
        return [attrs for tag, attrs in self.tags if name in (attrs.get("class") or "").split()]


@pytest.mark.parametrize(
    ("verdict", "words", "look"),
    [
        ("shortcut", "Shortcut found", "bad"),
        ("at risk", "At risk", "risk"),
        ("none found", "No shortcut found", "good"),
        ("inconclusive", "No clear answer", "open"),
    ],
)
def test_the_verdict_is_said_in_words(verdict, words, look):
    outline = Outline(render(image_audit(summary=Summary(verdict=verdict))))
    assert words in outline.text
    assert "The model leans on something simple." in outline.text
    assert len(outline.having(look)) == 1


def test_a_verdict_that_something_speaks_against_is_not_green():
    headline = "No shortcut was found, but the errors gather where an early layer misleads."
    found = Summary(verdict="none found", headline=headline)
    outline = Outline(render(image_audit(summary=found)))
    assert "None found, but not clear" in outline.text
    assert (len(outline.having("open")), len(outline.having("good"))) == (1, 0)


def test_key_figures_steps_and_settings_are_there():
    text = Outline(render(image_audit())).text
    for part in (
        "4 of 40 examples",
        "25%",
        "80% over all examples",
        "layer 1 of the 2 examined",
        "right in “rare”",
        "Few examples were flagged.",
        "The second part.",
        "Train again.",
        "earlysieve audit --folds 5",
        "Scores are out of fold.",
        "Average reweighted to equal groups 60.0%",
        "10.0% to 60.0%",
        "60.0 points",
    ):
        assert part in text


def test_what_it_is_about_how_much_it_costs_and_what_to_look_at_are_at_the_top():
    text = Outline(render(piled_audit())).text
    top = text[: text.index("The examples behind it")]
    for part in (
        "What the model relies on colour",
        "sees nothing else achieves 96%",
        "where it fails 27% elsewhere 98% all examples 80%",
        "95% interval from 19% to 35%. That is 71 points less than elsewhere",
        "interval: 65 to 80",
        "shortcut fails 3 7.5% label doubtful 2 5.0% rare or hard 1 2.5%",
        "of 40 examples; an early readout flags 7.",
        "Not looked at: swaps of all parts (swaps are turned off).",
    ):
        assert part in top


def test_where_nothing_was_found_it_says_how_likely_that_would_have_been_otherwise():
    few = piled_summary(
        verdict="inconclusive",
        leans_on=None,
        reliance=None,
        accuracy_where_it_fails=None,
        strength=math.nan,
        signs={},
        power=0.4,
        examples_needed=1300,
        piles={"shortcut fails": 0, "label doubtful": 2, "rare or hard": 0},
        not_looked_at={},
    )
    text = Outline(render(piled_audit(summary=few))).text
    top = text[: text.index("The examples behind it")]
    assert "Would have been found 40%" in top
    assert "Audit about 1,300 examples." in top
    assert "flagged 25% not flagged 90% all examples 80%" in top
    assert "label doubtful 2 5.0% of 40" in top
    assert "Not looked at" not in top
    assert "How strong the evidence is" not in text
    assert "shortcut fails" not in top


@pytest.mark.parametrize("verdict", ["shortcut", "at risk"])
def test_what_was_found_without_a_name_needs_no_probability_of_being_found(verdict):
    found = piled_summary(verdict=verdict, leans_on=None, power=0.4)
    assert "Would have been found" not in Outline(render(piled_audit(summary=found))).text


def test_after_at_risk_the_misled_stand_first():
    audit = piled_audit(
        summary=piled_summary(
            verdict="at risk", piles={"misled": 3, "label doubtful": 2, "rare or hard": 1}
        )
    )
    renamed = audit.examples["pile"].replace("shortcut fails", "misled")
    pictures = tuple(
        replace(one, role="misled") if one.role == "shortcut fails" else one
        for one in audit.pictures
    )
    text = Outline(
        render(replace(audit, examples=audit.examples.assign(pile=renamed), pictures=pictures))
    ).text
    assert "Misled: colour" in text
    assert "Shortcut fails" not in text
    assert text.index("Misled: colour") < text.index("Label doubtful")


def test_each_pile_has_its_pictures_in_the_order_in_which_they_were_taken():
    outline = Outline(render(piled_audit()))
    ids = [one for one in outline.ids if one.endswith("-cards")]
    assert ids == [f"{name}-cards" for name in ("fails", "correct", "doubtful", "hard", "flagged")]
    assert "the label is wrong, or both go by colour. Remove none before looking" in outline.text
    nameless = replace(piled_audit(), summary=replace(piled_audit().summary, leans_on=None))
    unnamed = Outline(render(nameless)).text
    assert "or something simple that has no reader here misleads both. Remove none" in unnamed
    cards = [c for c in outline.having("card") if "fails" in c["class"].split()]
    assert [c["data-score"] for c in cards] == ["0.98", "0.99", "0.97"]
    assert "Shortcut fails: colour" in outline.text
    assert "Here are" not in outline.text
    assert "Pile shortcut fails Against colour +0.85" in outline.text
    assert "Pile label doubtful Against model and readers +0.70" in outline.text
    assert outline.text.count("Against") == 5
    assert len(outline.having("pile")) == 6
    many = piled_summary(piles={"shortcut fails": 300, "label doubtful": 2, "rare or hard": 1})
    assert "Here are 3 of 300." in Outline(render(piled_audit(summary=many))).text


def test_without_a_shortcut_no_pile_is_said_to_be_of_one():
    summary = piled_summary(verdict="none found", leans_on=None, piles={"label doubtful": 2})
    others = tuple(one for one in piled_audit().pictures if one.role != "shortcut fails")
    outline = Outline(render(piled_audit(summary=summary, pictures=others)))
    names = [one for one in outline.ids if one.endswith("-cards")]
    assert names == [f"{name}-cards" for name in ("doubtful", "hard", "flagged", "correct")]
    top = outline.text[: outline.text.index("The examples behind it")]
    assert "shortcut fails" not in top


def test_what_readers_of_tables_see_has_a_name():
    lines = (Leaning("columns", of_network=True), Leaning("column age"))
    text = Outline(render(piled_audit(summary=piled_summary(leanings=lines)))).text
    assert "a weighted sum of the columns 96%" in text
    assert "column 'age' 96%" in text


def test_why_tells_the_signs_the_readers_and_the_swaps():
    outline = Outline(render(piled_audit()))
    why = outline.text[outline.text.index("How strong the evidence") :]
    why = why[: why.index("What each layer can already tell")]
    for part in (
        "Together the signs come to +1.60. From +0.90 on, they are enough.",
        "Errors gather where it misleads +1.50 It errs 60 times as often.",
        "The model is less sure of these errors \N{MINUS SIGN}0.60 Only 53%.",
        "colour leading 96% 150 27% 98% 76 79% (size) +75% +95% +2.30",
        "layer 'stage1', as a map 96% 150 27% 98% 76 79% (size) \N{EN DASH} \N{EN DASH} +2.30",
        "3 more",
        "early layer belongs to the task channel statistics 60 75% 2.0% 40 90% 10%",
        "colour must not matter",
        "Not swapped: size (the budget is spent).",
        "colour 75% of 60 answers follow the donor, by chance 2.0%",
        "model says coat follows",
        "model says boot keeps its answer",
        "swapped inside the network model says shirt another class",
    ):
        assert part in why
    assert [bar["class"] for bar in outline.having("for")] == ["for"] * 3
    assert len(outline.having("against")) == 1
    assert why.index("colour leading") < why.index("layer 'stage1'")
    assert sum(tag == "img" and "Receiver" in attrs["alt"] for tag, attrs in outline.tags) == 3


def test_words_that_mislead_are_told_on_the_card_where_the_verdict_is_about_words():
    words = (Word(against=3, followed=1.0), Word("sold", "Shirt", 1306, 31, 0.84))
    summary = piled_summary(words=words, leans_on="token", leanings=(Leaning("token"),))
    text = Outline(render(piled_audit(summary=summary))).text
    assert "The model goes with “sold” in 84% of 31 texts of other classes." in text
    assert "reported speaks for Coat 306 3 100% sold speaks for Shirt 1,306 31 84%" in text
    other = Outline(render(piled_audit(summary=piled_summary(words=words)))).text
    assert "The model goes with “" not in other
    assert "Where a word contradicts" not in Outline(render(piled_audit())).text


def test_swaps_of_texts_show_what_was_swapped():
    before = (Piece("the"), Piece("bad", marked=True), Piece("film"))
    given, after = (Piece("good", marked=True),), (Piece("the"), Piece("good", marked=True))
    swaps = (
        SwapText("token", 0, 1, 1, before, given, after),
        SwapText("token", 0, 1, 0, before, given, after),
        SwapText("length", 0, 1, 2, before, (Piece("so"),), after),
    )
    outline = Outline(render(piled_audit(swap_pictures=(), swap_texts=swaps)))
    for part in (
        "telling words the bad film receiver boot good donor coat the good model says coat follows",
        "the good model says boot keeps its answer",
        "length of the text the bad film receiver boot so donor coat the good model says shirt",
    ):
        assert part in outline.text
    assert sum(tag == "mark" for tag, _ in outline.tags) == 8
    assert sum(tag == "img" and "Receiver" in attrs["alt"] for tag, attrs in outline.tags) == 0


def test_what_the_decision_survives():
    outline = Outline(render(piled_audit()))
    assert "survives" in outline.ids
    text = outline.text[outline.text.index("What the decision survives") :]
    for part in (
        "The same 50 examples",
        "unchanged 98% 90% to 99.6% in grey 26% 16% to 40%",
        "Not done: 16 tiles shuffled (too small).",
        "One example of coat unchanged model says coat ✓ (right)",
        "in grey model says shirt ✗ (wrong)",
    ):
        assert part in text
    texts = piled_audit(changed_pictures=(Changed("first half only", 0, 0, text="a <b>"),))
    assert "a <b> first half only model says boot" in Outline(render(texts)).text
    without = Outline(render(piled_audit(summary=piled_summary(survives=()))))
    assert "survives" not in without.ids
    assert "#survives" not in [attrs.get("href") for _, attrs in without.tags]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "From +0.90 on, they are enough."),
        ({"verdict": "at risk"}, "What keeps this from being called a shortcut is said at"),
        ({"strength": 0.2}, "+0.20, short of the +0.90 that are enough. What makes it a"),
        (
            {"strength": 0.2, "leanings": (Leaning("colour", irrelevant=True),)},
            "It is called a shortcut because you said that it must not matter.",
        ),
        ({"strength": 0.2, "verdict": "inconclusive"}, "short of the +0.90 that are enough."),
    ],
)
def test_what_is_said_of_the_strength_fits_the_verdict(changes, sentence):
    assert sentence in Outline(render(piled_audit(summary=piled_summary(**changes)))).text


def test_nothing_that_is_not_known_is_shown_as_a_number():
    nothing = math.nan
    unknown = Leaning(
        "colour", reads=nothing, accuracy=nothing, accuracy_else=nothing, recovered=nothing,
        followed=nothing, mended=nothing, evidence=nothing,
    )  # fmt: skip
    part = Part("colour", followed=nothing, control=nothing, mended=nothing, unmended=nothing)
    for strength in (nothing, 1.0):
        summary = piled_summary(
            strength=strength,
            signs={"gathers": nothing, "reads": 0.2},
            reliance=Estimate(nothing, nothing, nothing),
            accuracy_where_it_fails=Estimate(nothing, nothing, nothing),
            leanings=(unknown,),
            swaps=(part,),
            power=nothing,
            accuracy_flagged=nothing,
        )
        page = render(piled_audit(summary=summary))
        assert "nan" not in Outline(page).text.lower().split()
        assert "nan%" not in page
        assert ": nan" not in page


def test_classes_are_shown_the_weakest_first_and_what_is_confused():
    labels = np.repeat([0, 1, 2], 40)
    said = np.where(labels == 1, 2, labels)
    said[0] = 1
    examples = example_table(120).assign(label=labels, prediction=said)
    page = " ".join(Outline(render(image_audit(examples=examples, pictures=()))).texts)
    part = page[page.index("Class by class") : page.index("Check against the known groups")]
    assert part.index("coat") < part.index("boot") < part.index("shirt")
    assert "far below the rest" in part
    assert part.count("far below the rest") == 1
    assert "coat for shirt : 40 examples, 100% of its class" in " ".join(part.split())
    assert "1 example," in part


def test_of_many_classes_the_weakest_are_shown():
    labels = np.arange(40) % 25
    examples = example_table().assign(label=labels, prediction=labels)
    page = " ".join(Outline(render(image_audit(examples=examples, pictures=()))).texts)
    assert "5 classes on which the model does better are not shown." in page
    assert "What is taken for what" not in page


def test_examples_of_unknown_group_are_counted():
    audit = image_audit()
    counted = replace(audit, groups=replace(audit.groups, unknown=7))
    assert "Examples of unknown group, left out 7" in Outline(render(counted)).text
    assert "unknown group" not in Outline(render(audit)).text


def test_ids_are_unique_and_links_lead_somewhere():
    section = Section("before-and-after", "Before and after", [])
    outline = Outline(render(image_audit(), sections=[section]))
    assert len(set(outline.ids)) == len(outline.ids)
    links = [attrs["href"][1:] for tag, attrs in outline.tags if tag == "a"]
    assert "before-and-after" in links
    assert set(links) <= set(outline.ids)


def test_pictures_appear_as_cards_with_their_figures():
    outline = Outline(render(image_audit()))
    cards = outline.having("card")
    assert [c["data-score"] for c in cards[:2]] == ["0.99", "0.98"]
    assert sum("flagged" in card["class"].split() for card in cards) == 4
    assert len(outline.having("heat")) == 4
    assert "photo-3" in outline.text


def test_texts_are_shown_as_texts():
    long = "word " * 200
    outline = Outline(render(text_audit("a short tweet", long)))
    assert "a short tweet" in outline.text
    assert sum(tag == "blockquote" for tag, _ in outline.tags) == 2
    assert outline.text.count("Whole text") == 1
    assert outline.having("heat") == []
    assert "heat-toggle" not in outline.ids


def test_without_pictures_the_highest_scores_are_listed():
    outline = Outline(render(image_audit(pictures=())))
    assert "The flagged examples with the highest shortcut scores" in outline.text
    assert "+0.99" in outline.text
    top = outline.text.partition("highest shortcut scores")[2].partition("Wrong and sure")[0]
    assert "photo-3" in top
    assert "photo-4" not in top


def test_an_audit_that_found_nothing():
    audit = image_audit(
        examples=example_table(flagged=0).assign(group=pd.array([None] * 40, dtype="Int64")),
        layers=layer_table(auroc=float("nan")),
        summary=Summary(
            verdict="none found",
            layer=None,
            share_flagged=0.0,
            accuracy_flagged=float("nan"),
            worst_group=None,
            worst_group_accuracy=None,
            next_steps=(),
            warnings=(),
        ),
        groups=None,
        config={},
        notes=(),
        class_names=(),
        group_names=(),
        pictures=(),
    )
    outline = Outline(render(audit))
    assert "No example was flagged" in outline.text
    assert "nan" not in outline.text.lower().split()
    assert "AUROC" not in outline.text
    assert "groups" not in outline.ids


def test_names_fall_back_to_numbers():
    text = Outline(render(image_audit(class_names=(), group_names=()))).text
    assert "class 2" in text
    assert "group 1" in text


def test_everything_a_user_writes_is_escaped():
    tile = Tile(png(), HOSTILE, HOSTILE)
    page = render(
        hostile_audit(),
        sections=[
            Section(
                "more",
                HOSTILE,
                [
                    HOSTILE,
                    paragraph(HOSTILE),
                    callout(HOSTILE, HOSTILE),
                    table([HOSTILE], [[HOSTILE]], caption=HOSTILE),
                    picture_grid([HOSTILE], [(HOSTILE, [tile])], caption=HOSTILE),
                    line_chart(HOSTILE, [HOSTILE], [Series(HOSTILE, [0.5])], x_label=HOSTILE),
                ],
            )
        ],
    )
    outline = Outline(page)
    assert sum(tag == "script" for tag, _ in outline.tags) == 1
    assert all("onerror" not in attrs for _, attrs in outline.tags)
    assert {attrs.get("src", "")[:10] for tag, attrs in outline.tags if tag == "img"} == {
        "data:image"
    }
    assert outline.text.count("window.hacked") > 30


def named_audit(name, pictures):
    """An audit in which every class, group, layer and example bears a name of a user's."""
    return image_audit(
        layers=layer_table((name + "1", name + "2")),
        examples=example_table().assign(id=name),
        summary=Summary(layer=name + "1", worst_group=name),
        groups=Groups(group_table().assign(name=[name, name + "b"]), worst_group_name=name),
        config={"model": name, "data": name},
        class_names=(name,) * 3,
        group_names=(name,) * 2,
        **({} if pictures else {"pictures": ()}),
    )


@pytest.mark.parametrize("pictures", [True, False])
def test_endless_names_are_cut(pictures):
    plain = len(Outline(render(named_audit("name", pictures))).text)
    outline = Outline(render(named_audit("n" * 100_000, pictures)))
    settings_in_full = 2 * 100_000
    assert len(outline.text) < plain + settings_in_full + 20_000
    hints = [attrs["title"] for _, attrs in outline.tags if "title" in attrs]
    assert len(hints) > 10
    assert {hint[:3] for hint in hints} == {"nnn"}
    assert max(len(str(value)) for _, attrs in outline.tags for value in attrs.values()) < 2000


@pytest.mark.parametrize("pictures", [True, False])
def test_nothing_turns_text_round(pictures):
    for name in ("exe.\u202egnp", "exe.\u202egnp" * 30):
        page = render(named_audit(name, pictures), sections=[Section("a", name, [name])])
        assert "\u202e" not in page
        assert "exe.[U+202E]gnp" in page
    page = render(text_audit("\u202eturned \u0627\u200f!"))
    assert "[U+202E]turned \u0627\u200f!" in page


def test_ways_to_train_are_compared_with_what_they_know():
    ways = [
        Trained(title, {"on the test": share}, layer_table(), {"knows": words})
        for title, share, words in (("plain", 0.5, "nothing"), ("taught", 0.75, HOSTILE))
    ]
    made = before_and_after(ways, text="Two ways.")
    outline = Outline(render(image_audit(), sections=[made]))
    assert "plain taught on the test 50.0% 75.0% knows nothing <script>" in outline.text
    assert sum(tag == "script" for tag, _ in outline.tags) == 1


def test_the_page_refers_to_nothing_outside():
    page = render(image_audit())
    assert not re.search(r"(?:src|href|url)\s*[=(]\s*[\"']?(?!data:|#)[\w/.]", page)
    assert "@import" not in page
    assert "default-src 'none'" in page


def test_names_that_are_no_unicode_can_be_written(tmp_path):
    audit = image_audit(class_names=("boot-\udcff", "coat", "shirt"))
    write_html(audit, tmp_path / "page.html")
    assert "boot-?" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_the_same_audit_gives_the_same_page():
    assert render(image_audit()) == render(image_audit())


def test_writing_replaces_the_page_whole_or_not_at_all(tmp_path):
    path = tmp_path / "new" / "report.html"
    write_html(image_audit(), path)
    before = path.read_text(encoding="utf-8")
    with pytest.raises(InputError):
        write_html(image_audit(summary=Summary(verdict="maybe")), path)
    assert path.read_text(encoding="utf-8") == before == render(image_audit())
    assert [p.name for p in path.parent.iterdir()] == ["report.html"]
    with pytest.raises(OutputError):
        write_html(image_audit(), path / "below" / "a-file.html")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"summary": Summary(verdict="maybe")}, "Expected a verdict of 'shortcut'"),
        ({"pictures": (Picture(99, image=png()),)}, "got one of example 99 as 'flagged'"),
        ({"pictures": (Picture(1, role="odd"),)}, "got one of example 1 as 'odd'"),
        ({"pictures": (Picture(1, image=b"GIF89a"),)}, "Expected a picture as PNG or JPEG"),
    ],
)
def test_wrong_audits_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        render(image_audit(**changes))


def test_wrong_sections_are_refused():
    with pytest.raises(InputError, match="Expected a section id of lower case letters"):
        Section("Before & after", "x", [])
    twice = [Section("a", "x", []), Section("a", "y", [])]
    with pytest.raises(InputError, match="Expected sections with different ids"):
        render(image_audit(), sections=twice)
    with pytest.raises(
        InputError, match="Expected 2 cells in each row of the table 't', but got 1"
    ):
        table(["a", "b"], [["c"]], caption="t")
    with pytest.raises(InputError, match="Expected 2 pictures in row 'r', but got 0"):
        picture_grid(["a", "b"], [("r", [])], caption="t")


def test_inner_settings_get_dotted_names():
    config = {"command": "x", "head": {"name": "linear", "pool": {"kind": "mean"}}, "layers": ["a"]}
    assert settings(config) == [
        ("head.name", "linear"),
        ("head.pool.kind", "mean"),
        ("layers", '["a"]'),
    ]


def test_code_of_a_step_is_a_block_below_its_sentence():
    steps = ("Look.", "Do it:\nearlysieve fix --model 'a <b>'\nearlysieve train")
    page = render(image_audit(summary=Summary(next_steps=steps)))
    assert page.count("<li><div><p>Look.</p></div></li>") == 1
    fix = 'earlysieve fix <span class="option">--model</span> &#39;a &lt;b&gt;&#39;'
    blocks = (f'<pre tabindex="0"><code>{line}</code></pre>' for line in (fix, "earlysieve train"))
    assert f"<p>Do it:</p>{''.join(blocks)}" in page


def test_a_link_leads_to_a_path_and_never_to_an_address():
    assert '<a href="fix/report.html">&lt;there&gt;</a>' in link("<there>", "fix/report.html")
    assert 'href="javascript%3Aalert%281%29"' in link("x", "javascript:alert(1)")
