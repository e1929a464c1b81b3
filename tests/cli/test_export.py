import json
from pathlib import Path

import pandas as pd
import pytest
import torch

from earlysieve import AuditResult
from earlysieve.networks.small import small_cnn
from tests.cli.helpers import SMALL, ok, photos, problem, run

FAST = ("--model", SMALL, "--swaps", "0", "--layers", "stage1")


@pytest.fixture(scope="module")
def audited(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("export")
    photos(folder / "photos")
    torch.save(small_cnn(2, seed=0).state_dict(), folder / "w.pt")
    ok("audit", *FAST, "--data", folder / "photos", "--image-size", 16, "--limit", 12,
       "--checkpoint", folder / "w.pt", "--out", folder / "out")  # fmt: skip
    return folder


def test_paths_for_fiftyone(audited):
    told = ok("report", audited / "out", "--export", "fiftyone", "--json").stdout
    file = audited / "out" / "fiftyone.csv"
    assert json.loads(told)["export"] == str(file)
    table = pd.read_csv(file)
    assert len(table) == 12
    assert all(Path(path).is_file() for path in table["filepath"])
    for path, label in zip(table["filepath"], table["label"], strict=True):
        assert Path(path).parent.name == label


def test_a_model_card_is_written_and_the_page_stays(audited):
    page = (audited / "out" / "report.html").read_bytes()
    ok("report", audited / "out", "--export", "model-card", "--out", audited / "card.md")
    assert (audited / "card.md").read_text() == AuditResult.load(audited / "out").model_card()
    assert (audited / "out" / "report.html").read_bytes() == page


def test_files_that_moved_need_their_folder(audited, tmp_path):
    words = ("report", audited / "out", "--export", "fiftyone", "--out", tmp_path / "a.csv")
    told = problem(*words, "--root", tmp_path)
    assert "12 of 12 are missing" in told
    assert not (tmp_path / "a.csv").exists()
    assert run("report", audited / "out", "--root", tmp_path).exit_code == 2


def test_the_audited_data_set_of_huggingface(audited, tmp_path):
    datasets = pytest.importorskip("datasets")
    images = datasets.Features({"image": datasets.Image(), "label": datasets.Value("string")})
    rows = [
        {"image": str(path), "label": path.parent.name}
        for path in sorted((audited / "photos").rglob("*.png"))
    ]
    table = datasets.Dataset.from_list(rows, features=images)
    table.save_to_disk(str(tmp_path / "hub"))
    ok("audit", *FAST, "--data", f"hf:{tmp_path / 'hub'}", "--image-size", 16, "--limit", 10,
       "--checkpoint", audited / "w.pt", "--out", tmp_path / "out")  # fmt: skip
    ok("report", tmp_path / "out", "--export", "huggingface")
    found = datasets.load_from_disk(str(tmp_path / "out" / "huggingface"))
    assert len(found) == len(rows)
    examples = AuditResult.load(tmp_path / "out").examples
    expected = dict(zip(examples["id"].astype(int), examples["margin"], strict=True))
    assert len(expected) == 10
    for row, margin in enumerate(found["audit_margin"]):
        assert margin == pytest.approx(expected[row]) if row in expected else margin is None


def test_other_data_are_refused(audited):
    told = problem("report", audited / "out", "--export", "huggingface")
    assert told.startswith("Expected an audit of --data hf:FOLDER, but this one is of '")


def test_rows_have_no_files(tmp_path):
    rows = [f"{k % 2}.{k % 7},{k % 5},{k % 2}" for k in range(60)]
    (tmp_path / "a.csv").write_text("\n".join(["x,y,label", *rows]) + "\n")
    net = ("--model", "earlysieve.networks:SmallMLP", "--data", f"table:{tmp_path / 'a.csv'}")
    ok("train", *net, "--epochs", 1, "--out", tmp_path / "run")
    ok("audit", *net, "--checkpoint", tmp_path / "run/model.pt", "--swaps", 0,
       "--out", tmp_path / "out")  # fmt: skip
    told = problem("report", tmp_path / "out", "--export", "fiftyone")
    assert "the examples of this one are rows, such as '" in told
    assert "--root" not in told
