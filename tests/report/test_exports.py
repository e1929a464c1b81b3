import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from earlysieve.errors import DataError, InputError
from earlysieve.groups.group_report import GroupReport
from earlysieve.report.exports import fiftyone_csv, with_columns
from earlysieve.report.model_card import model_card
from earlysieve.report.named_examples import named_table

from .audits import CLASSES, HOSTILE, hostile_audit, image_audit, piled_audit, png


def with_ids(audit, ids):
    return replace(audit, examples=audit.examples.head(len(ids)).assign(id=list(ids)), pictures=())


def test_numbers_become_names():
    audit = piled_audit()
    table = named_table(audit)
    assert table["label"].tolist() == [CLASSES[i] for i in audit.examples["label"]]
    assert table["correct"].tolist() == (
        (audit.examples["label"] == audit.examples["prediction"]).tolist()
    )
    assert table["pile"].tolist() == audit.examples["pile"].tolist()
    assert all(re.fullmatch(r"\w+", name) for name in table.columns)


def test_groups_without_a_number_are_empty():
    audit = image_audit()
    groups = pd.array([None, 1, 0] * len(audit.examples), "Int64")[: len(audit.examples)]
    table = named_table(replace(audit, examples=audit.examples.assign(group=groups)))
    assert table["group"].tolist()[:3] == ["", "rare", "usual"]
    unknown = audit.examples.assign(group=pd.array([None] * len(audit.examples), "Int64"))
    assert "group" not in named_table(replace(audit, examples=unknown)).columns


def test_paths_come_first_and_exist(tmp_path):
    names = ["a/1.png", "b/ü, 2.png"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(png())
    audit = with_ids(image_audit(), names)
    text = fiftyone_csv(audit, tmp_path)
    table = pd.read_csv(io.StringIO(text))
    assert table.columns[0] == "filepath"
    assert table["filepath"].tolist() == [str(tmp_path / name) for name in names]
    recorded = replace(audit, config={"root": str(tmp_path)})
    assert fiftyone_csv(recorded, None) == text


def test_whole_paths_need_no_folder(tmp_path):
    names = [str(tmp_path / name) for name in ("1.png", "2.png")]
    for name in names:
        Path(name).write_bytes(png())
    audit = replace(with_ids(image_audit(), names), config={})
    assert pd.read_csv(io.StringIO(fiftyone_csv(audit, None)))["filepath"].tolist() == names
    with pytest.raises(InputError, match=r"let its identify\(i\) return the path"):
        fiftyone_csv(replace(with_ids(image_audit(), ["0", "1"]), config={}), None)


def test_what_is_missing_is_said(tmp_path):
    audit = with_ids(image_audit(), ["a.png", "b.png"])
    (tmp_path / "a.png").write_bytes(png())
    with pytest.raises(DataError, match=r"1 of 2 are missing, '.*b.png' for one"):
        fiftyone_csv(audit, tmp_path)
    with pytest.raises(InputError, match="does not say where"):
        fiftyone_csv(audit, None)


def test_a_data_set_gets_columns_by_row():
    datasets = pytest.importorskip("datasets")
    audit = with_ids(piled_audit(), ["3", "0"])
    given = datasets.Dataset.from_dict({"text": ["a", "b", "c", "d"]})
    made = with_columns(given, audit)
    assert given.column_names == ["text"]
    assert made["text"] == given["text"]
    first, second = audit.examples["prediction"].tolist()
    assert made["audit_prediction"][:] == [CLASSES[second], None, None, CLASSES[first]]
    scores = made["audit_shortcut_score"][:]
    assert scores[3] == pytest.approx(audit.examples["shortcut_score"].iloc[0])
    assert made["audit_flagged"][:][1] is None
    with pytest.raises(InputError, match="without a column 'audit_prediction'"):
        with_columns(made, audit)
    with pytest.raises(InputError, match="at least 4 rows, but got 3"):
        with_columns(given.select([0, 1, 2]), audit)
    with pytest.raises(InputError, match="but got list"):
        with_columns([1, 2], audit)


def test_data_that_are_labelled_otherwise_are_not_those_that_were_audited():
    datasets = pytest.importorskip("datasets")
    audit = with_ids(piled_audit(), ["3", "0"])
    first, second = audit.examples["label"].tolist()
    right = [second, 0, 0, first]
    numbers = {"label": right}
    of_class = datasets.Features({"kind": datasets.ClassLabel(names=list(CLASSES))})
    for given in (
        datasets.Dataset.from_dict(numbers),
        datasets.Dataset.from_dict({"label": [CLASSES[k] for k in right]}),
        datasets.Dataset.from_dict({"kind": right}, features=of_class),
    ):
        assert "audit_margin" in with_columns(given, audit).column_names
    other = [second, 0, 0, 1 - first]
    for given in (
        datasets.Dataset.from_dict({"label": other}),
        datasets.Dataset.from_dict({"labels": [CLASSES[k] for k in other]}),
        datasets.Dataset.from_dict({"kind": other}, features=of_class),
    ):
        with pytest.raises(InputError, match="but in row 3 its column '.*' holds"):
            with_columns(given, audit)


def test_rows_are_those_of_the_index_where_names_are_no_numbers():
    datasets = pytest.importorskip("datasets")
    audit = with_ids(image_audit(), ["a", "b"])
    audit.examples["index"] = [1, 0]
    made = with_columns(datasets.Dataset.from_dict({"x": [0, 1]}), audit)
    assert made["audit_margin"][:] == pytest.approx(audit.examples["margin"].tolist()[::-1])


def test_a_model_card_has_verdict_figures_and_command():
    command = "earlysieve audit --out 'a`b'"
    audit = piled_audit()
    audit = replace(audit, config={"command": command, "model": "m", "seed": 3})
    card = model_card(audit)
    assert card.startswith("## Shortcut audit\n\n**Shortcut found.** ")
    assert f"| all | {len(audit.examples)} | 80.0% |  |" in card
    assert "| misled by colour (estimate) |  | 27.0% | 19.0% to 35.0% |" in card
    assert f"```bash\n{command}\n```" in card
    assert "model: m; seed: 3." in card


def test_names_of_users_stay_text_in_a_model_card():
    table = pd.DataFrame(
        {"group": [0], "name": ["a|b\n<i>"], "n": [3], "accuracy": [0.5], "low": [0.1],
         "high": [0.9]}
    )  # fmt: skip
    audit = hostile_audit()
    groups = GroupReport(table, 0.5, 0.5, "equal groups", 0, HOSTILE, 0.5, 0.0, 0)
    card = model_card(replace(audit, groups=groups, config={"model": HOSTILE}))
    assert "| group a\\|b \\<i\\> | 3 |" in card
    assert re.search(r"(?<!\\)<", card) is None


def test_many_groups_are_cut():
    count = 12
    table = pd.DataFrame(
        {"group": range(count), "name": [f"g{i}" for i in range(count)], "n": 5,
         "accuracy": np.linspace(1, 0, count), "low": 0.0, "high": 1.0}
    )  # fmt: skip
    groups = GroupReport(table, 0.5, 0.5, "equal groups", 11, "g11", 0.0, 1.0, 0)
    card = model_card(replace(image_audit(), groups=groups))
    assert card.index("group g11 |") < card.index("group g2 |")
    assert "group g1 |" not in card
    assert "The 10 worst of 12 groups are listed." in card


def test_the_snippet_of_the_documentation_runs(tmp_path, monkeypatch, capsys):
    pytest.importorskip("datasets")
    page = Path(__file__).parents[2] / "docs" / "exports.md"
    if not page.exists():
        pytest.skip("the documentation is not part of this copy")
    (code,) = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    said = capsys.readouterr().out
    assert "'audit_prediction'" in said
    assert "## Shortcut audit" in said
