import csv
import json
import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import earlysieve as es
from earlysieve.auditing.doubt import PILES
from earlysieve.auditing.leaning import Leaning
from earlysieve.auditing.result import ChangedShown, SwapShown, SwapText
from earlysieve.auditing.summary import PartSwapped
from earlysieve.auditing.survival.found import Survived
from earlysieve.auditing.token_words import Piece
from earlysieve.auditing.verdict import Summary
from earlysieve.auditing.where_it_fails import Estimate
from earlysieve.errors import DataError, InputError, OutputError
from earlysieve.groups.group_report import group_report
from earlysieve.report import render

from .helpers import Net, Pictures, Planted

PNG = b"\x89PNG\r\n\x1a\n and the rest"
JPEG = b"\xff\xd8\xff\xe0 and the rest"
IDS = [
    "007",
    "nan",
    "",
    "NA",
    "a,b",
    'say "x"',
    "two\nlines",
    "tab\t\r",
    "None",
    "-1",
    "ü.png",
    " x ",
    "'",
    "'=1",
]


def made(ids=IDS, *, groups=True, pictures=(), swaps=(), texts=(), changed=()):
    count = len(ids)
    generator = np.random.default_rng(0)
    margin = generator.random(count).astype(np.float32)
    group = pd.array([None if i % 3 == 0 or not groups else i % 3 for i in range(count)], "Int64")
    examples = pd.DataFrame(
        {
            "index": np.arange(count) * 2,
            "id": list(ids),
            "label": np.arange(count) % 2,
            "prediction": np.arange(count) % 3,
            "confidence": generator.random(count).astype(np.float32),
            "group": group,
            "readout_prediction": np.arange(count) % 2,
            "margin": margin,
            "shortcut_score": -margin,
            "flagged": np.arange(count) % 4 == 0,
            "score of colour": generator.random(count).astype(np.float32),
            "score of 1 mean": -margin,
            "pile": [PILES[i % 4] for i in range(count)],
            "label_doubt": margin / 2,
        }
    )
    layers = pd.DataFrame(
        {
            "layer": ["1", "nan"],
            "depth": [1, 2],
            "features": [3, 4],
            "accuracy": [0.1 + 0.2, 1 / 3],
            "loss": [1.5, 2.0],
            "errors": [0, 2],
            "flagged": [0, 1],
            "margin_on_errors": [math.nan, 0.4],
            "margin_on_correct": [0.3, 0.5],
            "confidence_ratio": [math.nan, 0.8],
            "auroc": [math.nan, math.nan],
        }
    )
    summary = Summary(
        verdict="none found", headline="h", explanation="e", layer="1", share_flagged=0.1,
        accuracy=0.9, accuracy_flagged=math.nan, accuracy_unflagged=0.95, same_mistake=math.nan,
        readability=0.7, next_steps=["a", "b"], warnings=["w"],
    )  # fmt: skip
    report = None
    if groups:
        report = group_report(np.array([True, False, True]), np.array([0, 1, 1]), ["x", "y"])
    return es.AuditResult(
        layers, examples, summary, report, {"folds": 5, "layers": ["1"]}, ["note"],
        ("cat", "dog") if groups else (), ("x", "y") if groups else (), list(pictures), list(swaps),
        list(texts), list(changed),
    )  # fmt: skip


def told():
    """A summary in which everything is known."""
    leaning = Leaning(
        name="colour", of_network=False, whole=False, reads=0.9, misread=20, sure=18, accuracy=0.2,
        accuracy_else=0.9, explained=9, times_worse=math.inf, recovered=0.8, recovered_by="size",
        own_tells=math.nan, followed=0.5, mended=math.nan, irrelevant=True,
    )  # fmt: skip
    return replace(
        made().summary,
        verdict="at risk",
        leans_on="colour",
        reliance=Estimate(0.5, -0.1, 0.9),
        accuracy_where_it_fails=Estimate(0.4, 0.0, math.nan),
        strength=0.7,
        enough=0.8,
        signs={"gathers": 1.5, "swaps": -0.8},
        signs_in_words={"gathers": "often"},
        leanings=[leaning, replace(leaning, name="1 map", of_network=True, irrelevant=False)],
        swaps=[PartSwapped("colour", "means", 9, 0.5, 0.1, 0, math.nan, math.nan, irrelevant=True)],
        not_swapped={"size": "no"},
        not_looked_at={"all": "no"},
        piles={"shortcut fails": 3},
        power=0.4,
        examples_needed=900,
        survives=(Survived("unchanged", 50, 1.0, 0.9, 1.0), Survived("in grey", 50, 0.5, 0.3, 0.7)),
        not_taken={"all": "no"},
    )


def without_what_is_new(audit):
    """As an audit was before there were piles."""
    examples = audit.examples.drop(
        columns=["pile", "label_doubt", "score of colour", "score of 1 mean"]
    )
    return replace(audit, examples=examples)


def check_same(a, b):
    pd.testing.assert_frame_equal(a.layers, b.layers)
    pd.testing.assert_frame_equal(a.examples, b.examples, check_exact=True)
    assert repr(a.summary) == repr(b.summary)
    assert (a.groups is None) == (b.groups is None)
    if a.groups is not None:
        pd.testing.assert_frame_equal(a.groups.table, b.groups.table)
        assert repr(vars(a.groups)) == repr(vars(b.groups))
    for name in (
        "config",
        "notes",
        "class_names",
        "group_names",
        "pictures",
        "swap_pictures",
        "swap_texts",
        "changed_pictures",
    ):
        assert getattr(a, name) == getattr(b, name)
    return True


@pytest.mark.parametrize("groups", [True, False])
def test_what_is_saved_is_loaded(tmp_path, groups):
    pictures = [
        es.Picture(2, "image", "flagged", image=b"\x89PNG", heatmap=b"\x00\xff"),
        es.Picture(4, "image", "correct", image=b"png"),
        es.Picture(6, "text", "label doubtful", text="<b>ü</b>\n"),
    ]
    swaps = [
        SwapShown("colour", 0, 2, 1, 0, 1, b"\x89PNG", b"\xff\xd8\xff", b"x"),
        SwapShown("stage", 4, 2, 0, 1, 0, b"before", b"given"),
    ]
    piece = [Piece("<b>ü", marked=True), Piece("x", marked=False)]
    texts = [SwapText("token", 0, 2, 1, 0, 1, piece, [], piece[:1])]
    changed = [
        ChangedShown("unchanged", 2, 1, 0, image=PNG),
        ChangedShown("in grey", 2, 1, 0, text="<b>ü</b>"),
    ]
    result = made(groups=groups, pictures=pictures, swaps=swaps, texts=texts, changed=changed)
    if groups:
        result = replace(result, summary=told())
    assert result.save(tmp_path / "a" / "b") == tmp_path / "a" / "b"
    assert check_same(es.AuditResult.load(tmp_path / "a" / "b"), result)


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"))
FORMULAS = st.builds(str.__add__, st.sampled_from("=+-@\t\r\n'\N{FULLWIDTH EQUALS SIGN}"), TEXTS)


@settings(max_examples=15)
@given(st.lists(TEXTS | FORMULAS, min_size=1, max_size=5))
def test_any_ids(tmp_path_factory, ids):
    folder = tmp_path_factory.mktemp("ids")
    made(ids, groups=False).save(folder)
    assert es.AuditResult.load(folder).examples["id"].tolist() == ids


def test_a_console_shows_the_verdict_and_no_table():
    shown = repr(made())
    assert shown == (
        f"<AuditResult of {len(IDS)} examples: {made().summary.headline} "
        "See .summary, .layers, .examples and save(folder, page=True)>"
    )


def test_no_cell_is_a_formula(tmp_path):
    ids = ["=cmd|' /C calc'!A0", "+1", "-1", "@x", "\tx", "\rx", "\nx", "'=1", "photo=1.png"]
    made(ids).save(tmp_path)
    with (tmp_path / "scores.csv").open(newline="", encoding="utf-8") as stream:
        cells = [row["id"] for row in csv.DictReader(stream)]
    assert cells == [*(f"'{name}" for name in ids[:-1]), ids[-1]]


def test_pictures_are_named_by_their_content(tmp_path):
    pictures = [
        es.Picture(2, "image", "flagged", image=PNG, heatmap=JPEG),
        es.Picture(4, "image", "correct", image=b"other"),
    ]
    made(pictures=pictures).save(tmp_path)
    names = sorted(path.name for path in (tmp_path / "pictures").iterdir())
    assert names == ["2-heatmap.jpg", "2-image.png", "4-image.bin"]
    assert es.AuditResult.load(tmp_path).pictures == pictures


def test_swaps_are_named_by_their_place_and_those_of_before_go(tmp_path):
    swap = SwapShown("colour", 0, 2, 1, 0, 1, PNG, JPEG, b"other")
    change = ChangedShown("in grey", 0, 1, 1, image=PNG)
    made(swaps=[swap, replace(swap, after=None)], changed=[change] * 2).save(tmp_path)
    names = sorted(path.name for path in (tmp_path / "pictures").iterdir())
    assert names == [
        "change-0.png", "change-1.png", "swap-0-after.bin", "swap-0-before.png", "swap-0-given.jpg",
        "swap-1-before.png", "swap-1-given.jpg",
    ]  # fmt: skip
    made(swaps=[replace(swap, after=None)]).save(tmp_path)
    names = sorted(path.name for path in (tmp_path / "pictures").iterdir())
    assert names == ["swap-0-before.png", "swap-0-given.jpg"]


def test_an_example_in_no_pile_has_an_empty_one(tmp_path):
    result = made()
    result.save(tmp_path)
    piles = es.AuditResult.load(tmp_path).examples["pile"].tolist()
    assert piles == result.examples["pile"].tolist()
    assert piles[0] == ""


def test_infinite_numbers(tmp_path):
    result = made()
    result.layers["loss"] = [math.inf, -math.inf]
    result.config["images.std"] = (math.inf, math.nan)
    result.save(tmp_path)
    loaded = es.AuditResult.load(tmp_path)
    assert loaded.layers["loss"].tolist() == [math.inf, -math.inf]
    assert loaded.config["images.std"] == ["inf", None]


def test_a_configuration_that_is_no_json_leaves_the_folder_as_it_was(tmp_path):
    old = made(["1", "2"])
    old.save(tmp_path)
    for odd in (object(), {("a", "b"): 1}, {1, 2}):
        result = made()
        result.config["odd"] = odd
        with pytest.raises(InputError, match="^Expected an audit's configuration to hold text"):
            result.save(tmp_path)
    assert check_same(es.AuditResult.load(tmp_path), old)


@pytest.mark.parametrize("version", [1, 2])
def test_an_audit_of_an_older_format(tmp_path, version):
    saved = Path(__file__).parent / f"saved_in_format_{version}"
    shutil.copytree(saved, tmp_path, dirs_exist_ok=True)
    old = es.AuditResult.load(tmp_path)
    ids = ["007", "'quoted", "=1+1", "-1", "a,b", "two\nlines", "", "x\r", "u\u0308.png", "@a"]
    assert old.examples["id"].tolist() == ids
    assert check_same(old, without_what_is_new(replace(made(ids), pictures=old.pictures)))
    assert (old.summary.leans_on, old.summary.piles, old.summary.leanings) == (None, {}, [])
    assert math.isnan(old.summary.strength)
    assert old.pictures[0].image.startswith(b"\x89PNG")
    assert old.pictures[0].heatmap.startswith(b"\xff\xd8")
    assert "What the model relies on" not in render(old)
    old.save(tmp_path)
    assert check_same(es.AuditResult.load(tmp_path), old)
    names = sorted(path.name for path in (tmp_path / "pictures").iterdir())
    assert names == ["2-heatmap.jpg", "2-image.png"]


def test_an_audit_that_was_saved_before_changes_were_shown(tmp_path):
    old = replace(made(), summary=told())
    old.save(tmp_path)
    path = tmp_path / "audit.json"
    document = json.loads(path.read_text())
    for name in ("swap_texts", "changed_pictures"):
        assert document.pop(name) == []
    for name in ("survives", "not_taken"):
        assert document["summary"].pop(name)
    path.write_text(json.dumps(document))
    loaded = es.AuditResult.load(tmp_path)
    assert check_same(loaded, replace(old, summary=replace(told(), survives=(), not_taken={})))
    assert "What the decision survives" not in render(loaded)


def test_real_results(tmp_path):
    for name, data, model, options in (
        ("groups", Planted(80), Net(), {"group_shares": {0: 0.9, 1: 0.1}}),
        ("pictures", Pictures(), None, {"layers": ["2", "4"]}),
    ):
        if model is None:
            from ..model.architectures import cnn

            model = cnn()
        result = es.audit(model, data, folds=2, pictures=2, heatmaps=1, **options)
        result.save(tmp_path / name)
        assert check_same(es.AuditResult.load(tmp_path / name), result)


def test_saving_again_replaces(tmp_path):
    made(pictures=[es.Picture(2, "image", "flagged", image=b"old")]).save(tmp_path)
    new = made(["1", "2"], pictures=[es.Picture(2, "image", "flagged", image=b"new")])
    new.save(tmp_path)
    assert check_same(es.AuditResult.load(tmp_path), new)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["audit.json", "pictures", "scores.csv"]


def test_the_document_is_plain_json(tmp_path):
    made().save(tmp_path)
    text = (tmp_path / "audit.json").read_text(encoding="utf-8")
    assert "NaN" not in text
    assert json.loads(text)["format_version"] == 3


@pytest.mark.parametrize("version", [4, None, "1", True])
def test_another_format_version(tmp_path, version):
    made().save(tmp_path)
    path = tmp_path / "audit.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format_version": version}))
    with pytest.raises(DataError) as caught:
        es.AuditResult.load(tmp_path)
    assert str(caught.value) == (
        f"Expected an audit of format version 3 in '{path}', but got {version}; run the audit "
        "again with this version of earlysieve"
    )


@pytest.mark.parametrize(
    "name", ["audit.json", "scores.csv", "pictures/2-image.png", "pictures/swap-0-given.png"]
)
def test_a_missing_file(tmp_path, name):
    picture = es.Picture(2, "image", "flagged", image=PNG)
    swap = SwapShown("colour", 0, 2, 1, 0, 1, PNG, PNG)
    made(pictures=[picture], swaps=[swap]).save(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(DataError) as caught:
        es.AuditResult.load(tmp_path)
    assert str(caught.value) == (
        f"Expected a saved audit at '{tmp_path / name}', but it cannot be read ([Errno 2] No such "
        f"file or directory: '{tmp_path / name}'); pass the folder that AuditResult.save or "
        "'earlysieve audit' wrote"
    )


def test_audits_in_folders_below_are_named_as_after_a_fix(tmp_path):
    for name in ("audit-before", "audit-after"):
        made().save(tmp_path / name)
    with pytest.raises(DataError) as caught:
        es.AuditResult.load(tmp_path)
    assert str(caught.value) == (
        f"Expected a saved audit in '{tmp_path}', but it lies in a folder below; pass "
        f"'{tmp_path / 'audit-after'}' or '{tmp_path / 'audit-before'}'"
    )
    made().save(tmp_path)
    (tmp_path / "scores.csv").unlink()
    with pytest.raises(DataError, match="cannot be read"):
        es.AuditResult.load(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_a_broken_document(tmp_path, text):
    made().save(tmp_path)
    (tmp_path / "audit.json").write_text(text)
    with pytest.raises(DataError, match=r"^Expected (a saved audit at|an audit of format)"):
        es.AuditResult.load(tmp_path)


def test_a_folder_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match=r"^Expected a folder that can be written at"):
        made().save(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "x"


def test_nothing_half_written_where_saving_fails(tmp_path, monkeypatch):
    old = made(["1", "2"])
    old.save(tmp_path)
    monkeypatch.setattr(
        Path, "write_bytes", lambda *_a, **_o: (_ for _ in ()).throw(OSError(28, "No space"))
    )
    with pytest.raises(OutputError, match="No space"):
        made().save(tmp_path)
    monkeypatch.undo()
    assert check_same(es.AuditResult.load(tmp_path), old)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["audit.json", "scores.csv"]


def test_pseudo_groups():
    result = made(["a", "b", "c", "d", "e"])
    piles = {"label doubtful": None, "shortcut fails": True}
    pile = [piles.get(name, False) for name in result.examples["pile"]]
    wanted = [-1 if p is None else 2 * (i % 2) + p for i, p in enumerate(pile)]
    assert set(pile) == {None, True, False}
    assert result.pseudo_groups().tolist() == wanted
    assert result.pseudo_groups().dtype is torch.int64
    assert result.pseudo_group_names() == (
        "cat, not misled", "cat, misled", "dog, not misled", "dog, misled",
    )  # fmt: skip


def test_pseudo_groups_survive_saving(tmp_path):
    result = made()
    result.save(tmp_path)
    assert torch.equal(es.AuditResult.load(tmp_path).pseudo_groups(), result.pseudo_groups())


def test_results_are_compared_by_identity():
    result = made()
    assert result == result
    assert result != made()
    assert result.groups != made().groups
    assert isinstance(hash(result), int)
