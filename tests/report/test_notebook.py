import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from earlysieve.report.notebook import LARGEST, audit_html, fix_html
from earlysieve.training import FitResult

from .audits import HOSTILE, Picture, hostile_audit, image_audit, piled_audit, png, text_audit
from .fixes import candidate_table, hostile_fix, made_fix, unchanged_fix


def parsed(text: str) -> ET.Element:
    """The fragment, which is well-formed once pictures are closed."""
    return ET.fromstring(text.replace('auto">', 'auto"/>'))


def texts(text: str) -> str:
    return " ".join(parsed(text).itertext())


def test_an_audit_shows_verdict_figures_and_pictures():
    audit = piled_audit()
    said = texts(audit_html(audit))
    assert "Shortcut found: " in said
    assert "right on all examples" in said
    assert f"of {len(audit.examples)}" in said
    assert f"Next: {audit.summary.next_steps[0]}" in said


def test_at_most_six_small_pictures_are_carried():
    audit = image_audit()
    index = audit.examples["index"].tolist()
    large = png() + b" " * LARGEST
    pictures = [Picture(i, image=large if n < 2 else png()) for n, i in enumerate(index[:12])]
    pictures += [Picture(i, role="correct", image=png()) for i in index[12:20]]
    shown = parsed(audit_html(replace(audit, pictures=tuple(pictures))))
    sources = [image.get("src", "") for image in shown.iter("img")]
    assert len(sources) == 6
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    below = [text.text or "" for text in shown.iter("figcaption")]
    assert sum("for comparison" in text for text in below) == 3


def test_texts_are_excerpts():
    said = texts(audit_html(text_audit("short", "word " * 200, "third", "fourth")))
    assert "“short” " in said
    assert said.count("word ") < 80
    assert "fourth" not in said


@pytest.mark.parametrize("shown", [audit_html(hostile_audit()), fix_html(hostile_fix())])
def test_what_users_named_is_escaped(shown):
    assert HOSTILE not in shown
    assert "<script" not in shown
    assert parsed(shown).tag == "div"


def test_a_fix_shows_before_and_after():
    fix = made_fix()
    said = texts(fix_html(fix))
    assert fix.headline in said
    assert "shortcut fails 149 25% 43%" in said
    assert "Tried: 4" in said
    assert "Next: Test the new model on labelled examples" in said


def test_a_fix_that_changed_nothing_says_why_and_what_next():
    table = candidate_table()
    kept = unchanged_fix(candidates=table[table["kind"] != "retrain"], explanation="Too little.")
    said = texts(fix_html(kept))
    assert "The model stays as it is. Too little." in said
    assert "Next: Let the whole network be trained again" in said
    assert "train=train_data, retrain=True)" in said


def test_a_run_shows_its_last_epochs():
    history = [{"epoch": float(i), "train_loss": 1 / i} for i in range(1, 21)]
    result = FitResult(history, 0.5, 17, 20, 400, stopped_early=False, restored_best=True)
    said = texts(result._repr_html_())
    assert "20 epochs, the best of them 17. The model is as it was then." in said
    assert "11 0.09091" in said
    assert "10 0.1 " not in said
