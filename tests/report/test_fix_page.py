import base64
import hashlib
import re
from dataclasses import replace

import pytest

from earlysieve.auditing.columns_left_out import code_without
from earlysieve.auditing.next_steps import next_steps as audit_steps
from earlysieve.auditing.rule import decide
from earlysieve.errors import InputError, OutputError
from earlysieve.report.fix_figures import points
from earlysieve.report.fix_page import render_fix, write_fix_page
from earlysieve.report.fix_steps import compare_command, next_steps
from earlysieve.report.fix_steps import test_commands as commands_on_test
from earlysieve.report.fix_view import HARDLY_HELD, ExampleRow
from tests.auditing.made_up import COLOUR, facts

from .audits import HOSTILE, Leaning, Picture, Summary, Word, image_audit, png
from .fixes import (
    CHOSEN,
    Used,
    candidate_table,
    example_rows,
    figure_table,
    hostile_fix,
    made_fix,
    unchanged_fix,
)
from .test_page import Outline

pytest.importorskip("jinja2")
FIX = "earlysieve fix --model timm:resnet18 --checkpoint old.pt --data 'my photos' --split train"


def outline(fix, rows=()):
    page = render_fix(
        fix, before="audit-before/report.html", after="audit-after/report.html", rows=rows
    )
    return Outline(page)


def headings(found):
    return [attrs["id"] for tag, attrs in found.tags if tag == "section"]


def test_a_change_is_told_in_order():
    found = outline(made_fix(), example_rows())
    assert headings(found) == [
        "change", "verdicts", "tried", "examples", "mind", "next", "help", "repeat"
    ]  # fmt: skip
    for part in ("Changed", "It is right on 44% instead of 27%", "The second part."):
        assert part in found.text
    links = [attrs["href"] for tag, attrs in found.tags if tag == "a" and "-" in attrs["href"]]
    assert links == ["audit-before/report.html", "audit-after/report.html"]


def test_figures_have_intervals_in_the_table_and_in_the_chart():
    found = outline(made_fix())
    assert "misled 157 27.4% 21.0% to 34.8% 43.9% 36.4% to 51.8% +16.5" in found.text
    styles = [attrs["style"] for attrs in found.having("interval")]
    assert "--low: 0.21; --high: 0.348; --at: 0.274" in styles
    assert "--low: 0.364; --high: 0.518; --at: 0.439" in styles
    assert len(styles) == 8


def test_what_it_cost_is_a_sentence():
    text = outline(made_fix()).text
    assert (
        "On the 2,843 examples that are not misled, the model was right on 99.8% before and is "
        "right on 98.4% after: 1.4 points less. The class that lost most is “Trouser”, from 97.5% "
        "to 95.0%."
    ) in text


def test_a_repair_that_helps_nobody_whom_the_shortcut_misleads_leads_to_a_training():
    figures, tried = figure_table(), candidate_table()
    repairs = tried[tried["kind"] != "retrain"]
    assert "--retrain" not in next_steps(made_fix(candidates=repairs), FIX)[0].command
    figures.loc[figures["part"] == "misled", "after"] = figures["before"]
    first, second, *_ = next_steps(made_fix(figures=figures, candidates=repairs), FIX)
    assert first.command == f"{FIX} --retrain"
    assert second.text.startswith("Test the new model")
    trained = next_steps(made_fix(figures=figures, candidates=tried), FIX)
    assert "--retrain" not in trained[0].command


@pytest.mark.parametrize(
    ("misled", "whole", "retrained"),
    [
        (0.6, 0.955, True),  # 27.4% before, others 99.8%: half of the way would be 63.6%
        (0.65, 0.955, False),
        (0.65, 0.905, True),  # 96% before
    ],
)
def test_a_repair_that_gains_little_or_costs_much_leads_on_to_a_training(misled, whole, retrained):
    figures, tried = figure_table(), candidate_table()
    figures.loc[figures["part"] == "misled", "after"] = misled
    figures.loc[figures["kind"] == "all", "after"] = whole
    repairs = tried[tried["kind"] != "retrain"]
    steps = next_steps(made_fix(figures=figures, candidates=repairs), FIX)
    assert steps[0].text.startswith("Test the new model")
    assert (steps[1].command == f"{FIX} --retrain") == retrained
    trained = next_steps(made_fix(figures=figures, candidates=tried), FIX)
    assert not any("--retrain" in one.command for one in trained)


def test_features_that_hardly_hold_the_task_lead_to_a_training_first():
    repairs = candidate_table()[lambda table: table["kind"] != "retrain"]
    notes = (f"No candidate is surely better than guessing: {HARDLY_HELD}.",)
    first, second, *_ = next_steps(made_fix(candidates=repairs, notes=notes), FIX)
    assert first.command == f"{FIX} --retrain"
    assert second.text.startswith("Test the new model")
    trained = next_steps(made_fix(notes=notes), FIX)  # which was done
    assert not any("--retrain" in one.command for one in trained)


def test_a_column_that_an_audit_names_is_left_out_first_as_that_audit_says():
    seen = facts(replace(COLOUR, name="column clinic"))
    steps = audit_steps(decide(seen), seen, "table", left_out=code_without("clinic", ["clinic"]))
    summary = replace(made_fix().before.summary, next_steps=tuple(steps))
    before = image_audit(summary=summary)
    for fix in (made_fix(before=before), unchanged_fix(before=before)):
        first, *others = next_steps(fix, FIX)
        assert first.command.startswith('# leave out "clinic"\nX, y = ...')
        assert "X, X_train = (one.drop(" in first.command
        assert "count less. But if column 'clinic' must not count" in first.text
        assert others == next_steps(replace(fix, before=made_fix().before), FIX)


def risky_fix(**changes):
    """Nothing was changed, and the verdict was that there is a risk."""
    must_not = (
        "Or say that it must not matter, so that (--irrelevant):\n"
        "earlysieve audit --model nets:net --irrelevant token --out out/must"
    )
    summary = Summary(
        verdict="at risk",
        leans_on="token",
        leanings=(Leaning("token"),),
        words=(Word("thanks", "Bag"),),
        next_steps=("Decide.", must_not),
    )
    return unchanged_fix(before=image_audit(summary=replace(summary, **changes)))


def test_at_risk_ends_in_commands_that_say_that_it_must_not_matter():
    command = f"{FIX} --audit old --repair-only --out 'to here'"
    first, second, third = next_steps(risky_fix(), command)
    audit, again = first.command.splitlines()
    assert audit.endswith("--irrelevant token --out out/must")
    assert again == f"{FIX} --audit out/must --out 'to here/must-not-matter' --retrain"
    assert "157 of 40 held-out examples contradict it, and nothing in these tells" in first.text
    assert "take 'thanks' (with the phrase that it belongs to) out of texts of class 'Bag'" in (
        second.text
    )
    assert "--balance" not in third.text
    assert "--method balanced" in third.text
    in_python = next_steps(risky_fix(), "")
    assert in_python[0].command.endswith("train=train_data, retrain=True)")
    assert "--" not in "".join(one.text for one in in_python)


def test_at_risk_without_such_a_step_is_to_be_decided():
    first, second, _ = next_steps(risky_fix(next_steps=("Decide.",), words=()), FIX)
    assert first.command == ""
    assert first.text.endswith("if it is the task, nothing is wrong.")
    assert second.text.startswith("Collect or make training examples")


@pytest.mark.parametrize("after", [0.975, 0.99])
def test_no_class_that_lost_is_made_up(after):
    figures = figure_table()
    figures.loc[figures["kind"] == "class", "after"] = after
    assert "No class as a whole lost accuracy." in outline(made_fix(figures=figures)).text


def test_figures_without_misled_examples_cost_nothing_that_is_known():
    figures = figure_table()
    figures = figures[figures["kind"].isin(["all", "group"])]
    found = outline(made_fix(figures=figures, groups=Used("given", {})))
    assert "not misled" not in found.text
    assert "The class that lost most" not in found.text
    assert len(found.having("interval")) == 2


@pytest.mark.parametrize(("groups", "folded"), [(8, False), (9, True)])
def test_many_groups_are_folded_away(groups, folded):
    text = outline(made_fix(figures=figure_table(groups))).text
    assert (f"By group: {groups} groups" in text) == folded
    assert "group 7 22 20.0% 10.0% to 40.0% 30.0% 15.0% to 50.0% +10.0" in text
    assert "By class: 2 classes" in text


def test_both_verdicts_stand_side_by_side_with_a_caveat():
    text = outline(made_fix()).text
    assert "Verdict Shortcut found No clear answer" in text
    assert "Accuracy lost where that fails 72% 65% to 81% \N{EN DASH} " in text
    assert "Right where that fails 27% 19% to 35% \N{EN DASH} " in text
    assert "The second audit cannot decide." in text
    assert "Answers follow colour when it is swapped 75% 20%" in text
    trained = made_fix(chosen="balanced@audit", after=image_audit(config={}))
    assert "The second audit cannot decide." not in outline(trained).text


def test_every_candidate_is_listed_and_the_chosen_one_is_marked():
    found = outline(made_fix())
    assert (
        f"{CHOSEN} chosen groups count equally 92.4% 89.0% to 95.0% 95.5% 44.0% 92.4% last layer "
        "fitted anew the audit 2.8"
    ) in found.text
    assert (
        "no change 91.4% 91.0% to 93.0% 96.0% 27.0% 91.4% the given model \N{EN DASH} \N{EN DASH}"
        in found.text
    )
    assert "balanced@audit each group is drawn equally often" in found.text
    assert len(found.having("stressed")) == 1
    assert "the lowest accuracy of a class. It knows the labels of the classes" in found.text


def test_the_rule_says_what_it_knows():
    inferred = outline(made_fix(select="pseudo_group_accuracy")).text
    assert "It knows labels, and groups that were inferred; no true ones." in inferred
    given = outline(made_fix(select="pseudo_group_accuracy", groups=Used("given", {}))).text
    assert "It knows labels, and the groups that were given." in given
    assert "an oracle" in outline(made_fix(select="worst_group_accuracy")).text
    assert "The choice was made by my_rule." in outline(made_fix(select="my_rule")).text


def test_scores_that_are_no_share_are_no_percentages():
    table = candidate_table(score=-0.25, low=float("nan"), high=float("nan"))
    text = outline(made_fix(select="loss", candidates=table)).text
    assert f"{CHOSEN} chosen groups count equally \N{MINUS SIGN}0.250 95.5%" in text


def test_failed_candidates_are_folded_with_their_reason():
    text = outline(made_fix()).text
    assert (
        "Could not be used here: 2 dfr@errors, strength 0.1 dfr@errors, strength 1 Expected at "
        "least 5 examples of each group, but got 3"
    ) in text
    table = candidate_table(failure="")
    assert "Could not be used here" not in outline(made_fix(candidates=table)).text


def test_the_page_says_plainly_that_nothing_was_changed():
    found = outline(unchanged_fix(), ())
    for part in (
        "Kept as it is",
        "The weights are those that were given, bit for bit.",
        "Nothing was changed.",
        "misled 157 27.4% 21.0% to 34.8% not misled",
        "no change kept",
    ):
        assert part in found.text
    for part in ("43.9%", "Change in points", "36.4%", "The class that lost most"):
        assert part not in found.text
    assert "audit-after/report.html" not in [a.get("href") for _, a in found.tags]
    assert len(found.having("interval")) == 4


def test_nothing_was_tried():
    table = candidate_table().head(1)[
        ["candidate", "kind", "method", "source", "seconds", "failure", "misled"]
    ]
    text = outline(unchanged_fix(candidates=table)).text
    assert "Nothing was tried." in text
    assert "If you know groups on which the model might do badly" in text
    no_groups = outline(unchanged_fix(candidates=table, groups=None)).text
    assert "Try groups from another source" in no_groups


def test_pictures_are_shown_with_what_both_models_say():
    found = outline(made_fix(), example_rows())
    assert len(found.having("picture-grid")) == 1
    images = [attrs for tag, attrs in found.tags if tag == "img"]
    assert len(images) == 6
    assert all(one["src"].startswith("data:image/png") for one in images)
    assert images[2]["alt"] == "Example photo-0, labelled Coat: where it looks after"
    assert "Coat ✗ Shirt ✓ Coat Bag ✗ Shirt ✗ Shirt" in found.text


def test_pictures_of_another_form_are_refused():
    row = ExampleRow("a", "b", "c", "d", (png(), png()))
    with pytest.raises(InputError, match="Expected 3 pictures in row 'b', but got 2"):
        outline(made_fix(), [row])
    with pytest.raises(InputError, match="PNG or JPEG"):
        outline(made_fix(), [ExampleRow("a", "b", "c", "d", (b"x",) * 3)])


def test_texts_are_shown_with_what_both_models_say():
    pictures = (
        Picture(0, "text", role="correct", text="a usual text"),
        Picture(1, "text", role="flagged", text="a flagged text"),
        Picture(2, "text", role="shortcut fails", text="a misled text"),
    )
    after = made_fix().after
    examples = after.examples.assign(prediction=0)
    fix = made_fix(
        before=image_audit(pictures=pictures), after=image_audit(examples=examples, config={})
    )
    text = outline(fix).text
    assert "a usual text" not in text
    shown = text[text.index("a misled text") :]
    assert shown.startswith(
        "a misled text shirt ✓ (right) shirt ✗ (wrong) boot a flagged text coat ✓"
    )
    assert "a misled text" not in outline(unchanged_fix(before=fix.before)).text


def test_commands_are_filled_in():
    command = f"{FIX} --strict --pretrained --retrain --epochs 3 --out 'my fix/'"
    config = {"command": command, "model": "timm:resnet18"}
    text = outline(made_fix(config=config)).text
    wanted = (
        "earlysieve audit --model timm:resnet18 --data 'my photos' --strict --split test "
        "--checkpoint 'my fix/model.pt' --out 'my fix/test-after'"
    )
    assert wanted in text
    assert "--out 'my fix/test-before'" in text
    assert "earlysieve compare 'my fix/test-before' 'my fix/test-after'" in text
    assert "earlysieve compare 'my fix/audit-before' 'my fix/audit-after'" in text
    assert command in text
    record = {"command": command, "data": "my photos"}
    assert wanted in Outline(render_fix(made_fix(), before="a", after="b", record=record)).text
    assert "earlysieve audit" not in outline(made_fix()).text
    assert 'torch.load("model.pt", weights_only=True)' in outline(made_fix()).text


@pytest.mark.parametrize(
    "command",
    [
        "",
        "'",
        "rm -rf x",
        "earlysieve fix",
        FIX,
        "earlysieve fix --out --data",
        f"{FIX} --out x --split test",
        HOSTILE,
    ],
)
def test_no_command_is_made_of_half_a_command(command):
    assert commands_on_test(command, "", None) == ""
    assert ("compare" in compare_command(command)) == ("--out x" in command)


@pytest.mark.parametrize(
    ("splits", "suggested"), [(None, True), ([], False), (["train", "test"], True), (["a"], False)]
)
def test_a_test_split_is_suggested_where_the_data_may_have_one(splits, suggested):
    config = {"command": f"{FIX} --out out", "splits": splits}
    assert ("--split test" in outline(made_fix(config=config)).text) == suggested


def test_no_test_split_is_suggested_that_was_held_out_for_the_choice():
    command = "earlysieve fix --model net --data photos --out x"
    assert "--split test" in commands_on_test(command, "validation", None)
    assert commands_on_test(command, "test", None) == ""
    config = {"command": command, "split": "test"}
    assert "--split test" not in outline(made_fix(config=config)).text
    assert "--split test" in outline(made_fix(config={"command": command})).text


def test_what_to_do_where_nothing_helped():
    table = candidate_table()
    repairs = table[table["kind"] != "retrain"]
    config = {"command": f"{FIX} --repair-only --out x"}
    text = outline(unchanged_fix(candidates=repairs, config=config)).text
    assert "The smallest group has 15 of the 40; with about 67 it would have 25." in text
    assert f"{FIX} --out x --retrain" in text
    assert "Collect or make training examples" in text
    large = figure_table(0)
    trained = outline(unchanged_fix(candidates=table, config=config, figures=large)).text
    assert "--out x --retrain" not in trained
    assert "four times as many, about 160," in trained


def test_few_examples_are_pointed_out():
    few = "Some parts hold few examples"
    assert few in outline(made_fix()).text
    text = outline(unchanged_fix(figures=figure_table(0), notes=())).text
    assert few not in text
    assert "Keep in mind" not in text
    assert "Six labels are in doubt." in outline(unchanged_fix()).text


def test_who_is_misled_is_told_by_the_reader():
    assert "what a simple reader makes of colour" in outline(made_fix()).text
    summary = Summary(leanings=(Leaning("stage2 mean", of_network=True),))
    fix = made_fix(
        before=image_audit(summary=summary), groups=Used(config={"reader": "stage2 mean"})
    )
    assert "what a simple reader makes of layer 'stage2'" in outline(fix).text
    assert "Examples whose label a simple reader contradicts" in outline(made_fix(groups=None)).text


@pytest.mark.parametrize(
    "fix", [made_fix, unchanged_fix, lambda: made_fix(figures=figure_table(12))]
)
def test_it_promises_nothing(fix):
    page = render_fix(fix(), before="a", after="b", rows=example_rows())
    shown = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL).lower()
    assert re.findall(r"\b(fixed|safe|safely|solved|debiased|unbiased)\b", shown) == []


def test_words_of_users_are_escaped():
    rows = [ExampleRow(HOSTILE, HOSTILE, HOSTILE, HOSTILE, (png(),) * 3)]
    page = render_fix(
        hostile_fix(), before=f"{HOSTILE}/a b", after="javascript:alert(1)", rows=rows
    )
    found = Outline(page)
    assert [tag for tag, _ in found.tags].count("script") == 1
    assert "<script>window" not in page
    assert not [attrs for _, attrs in found.tags if "onerror" in attrs]
    assert HOSTILE in found.text
    links = [attrs["href"] for tag, attrs in found.tags if tag == "a"]
    assert "javascript%3Aalert%281%29" in links


def test_a_long_name_is_cut():
    name = "x" * 500
    figures = figure_table().assign(part=name)
    assert name not in outline(made_fix(figures=figures)).text


def test_the_page_is_closed_to_the_network():
    page = render_fix(made_fix(), before="a", after="b", rows=example_rows())
    script = re.search(r"<script>(.*)</script>", page, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert "default-src 'none'; img-src data:; style-src 'unsafe-inline'; " in page
    assert f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'" in page
    assert '<meta name="generator" content="earlysieve ' in page
    assert not re.search(r"(?:src|href)=\"(?:https?:|//)", page)
    assert "url(" not in page


def test_ids_are_unique_links_lead_somewhere_and_tables_have_captions():
    found = outline(made_fix(figures=figure_table(12)), example_rows())
    assert len(set(found.ids)) == len(found.ids)
    anchors = [attrs["href"][1:] for tag, attrs in found.tags if attrs.get("href", "")[:1] == "#"]
    assert set(anchors) <= set(found.ids)
    tags = [tag for tag, _ in found.tags]
    assert tags.count("caption") == tags.count("table") == 6


def test_it_is_written_or_says_why_not(tmp_path):
    write_fix_page(made_fix(), tmp_path / "report.html", before="a", after="b")
    assert (tmp_path / "report.html").read_text().startswith("<!doctype html>")
    with pytest.raises(OutputError):
        write_fix_page(made_fix(), tmp_path / "report.html" / "in it", before="a", after="b")


def test_names_that_are_no_text_do_not_stop_it():
    assert "earlysieve" in render_fix(made_fix(notes=("a\udcff",)), before="a", after="b")


@pytest.mark.parametrize(
    ("difference", "text"),
    [
        (0.1656, "+16.6"),
        (-0.0043, "\N{MINUS SIGN}0.4"),
        (0.0004, "0.0"),
        (-0.0004, "0.0"),
        (float("nan"), "\N{EN DASH}"),
    ],
)
def test_points(difference, text):
    assert points(difference) == text


def test_weights_of_transformers_are_pointed_at():
    def told(model):
        fix = made_fix(config={"command": f"earlysieve fix --model {model} --data x --out y"})
        return outline(fix).text

    assert "The folder pretrained has them" in told("hf:tiny")
    assert "The folder pretrained has them" not in told("timm:resnet18")


@pytest.mark.parametrize(
    ("kind", "said"), [("repair", "was fitted to them"), ("retrain", "a little larger")]
)
def test_how_much_compared_audits_say_hangs_on_what_was_fitted_to_them(kind, said):
    table = made_fix().candidates.assign(kind=kind)
    steps = next_steps(made_fix(candidates=table), f"{FIX} --out fixed")
    assert any(said in step.text for step in steps)
