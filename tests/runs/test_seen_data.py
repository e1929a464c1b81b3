"""Which part of a source is audited, and whether the model has seen it."""

import json
from pathlib import Path

import pytest

from earlysieve.runs.seen_data import audited_part, part_of, seen_in_training, split_record

from ..cli.helpers import photos


@pytest.fixture
def divided(tmp_path: Path) -> Path:
    for split in ("train", "val"):
        photos(tmp_path / "divided" / split, per_class=1)
    return tmp_path / "divided"


def run_folder(folder: Path, **config: object) -> Path:
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    return folder / "model.pt"


def csv(path: Path, splits: str) -> Path:
    rows = "".join(f"{i}.png,{i % 2},{s}\n" for i, s in enumerate(splits.split()))
    path.write_text(f"path,label,split\n{rows}")
    return path


def test_test_data_come_first_then_validation_then_training(divided, tmp_path):
    assert audited_part("digits", None).split == "test"
    assert audited_part("digits", "train").split == "train"
    assert audited_part(str(divided), None).split == "val"
    assert audited_part(str(csv(tmp_path / "a.csv", "train dev")), None).split == "dev"
    assert audited_part(str(csv(tmp_path / "b.csv", "train train")), None).split == "train"
    whole = audited_part(str(photos(tmp_path / "whole", per_class=1)), None)
    assert (whole.split, whole.splits) == (None, ())
    assert audited_part("some.module:data", "test").split == "test"
    assert audited_part("no/such/folder", None).split is None


def test_the_split_is_an_option_only_where_there_is_one(tmp_path):
    assert split_record(audited_part("digits", None), {"limit": 9}) == {"split": "test", "limit": 9}
    whole = audited_part(str(photos(tmp_path / "whole", per_class=1)), None)
    assert split_record(whole, {"limit": 9}) == {"limit": 9}
    asked = {"split": "all"}
    assert split_record(audited_part("digits", "all"), asked) == asked


@pytest.mark.parametrize(
    ("trained", "audited", "seen"),
    [
        (("digits", None), ("digits", "train"), True),
        (("digits", "train"), ("digits", "test"), False),
        (("digits", "all"), ("digits", "test"), True),
        (("digits", "test"), ("digits", "all"), True),
        (("digits", "train"), ("fashion-mnist", "train"), None),
        (("my.module:data", None), ("my.module:data", None), True),
        (("my.module:data", None), ("my.module:data", "test"), None),
        (("my.module:data", None), ("my.module:other", None), None),
    ],
)
def test_the_run_beside_the_checkpoint_tells(tmp_path, trained, audited, seen):
    options = {"split": trained[1]} if trained[1] else {}
    file = run_folder(tmp_path / "run", data=trained[0], data_options=options)
    assert seen_in_training(file, part_of(*audited)) is seen


def test_folders_are_compared_by_place(tmp_path, divided, monkeypatch):
    file = run_folder(tmp_path / "run", data="divided", data_options={})
    monkeypatch.chdir(tmp_path)
    assert seen_in_training(file, part_of(f"folder:{divided}", "train")) is True
    assert seen_in_training(file, part_of(str(divided / "train"), None)) is True
    assert seen_in_training(file, part_of("divided", "val")) is False
    assert seen_in_training(file, part_of("divided/val", None)) is False
    photos(divided / "autumn", per_class=1)  # a split of a name of one's own
    assert seen_in_training(file, part_of("divided", "autumn")) is False
    assert seen_in_training(file, part_of("divided/autumn", None)) is False


def test_without_a_run_training_splits_count_as_seen(tmp_path, divided):
    assert seen_in_training(None, part_of("digits", "train")) is True
    assert seen_in_training(None, part_of("digits", "test")) is None
    assert seen_in_training(tmp_path / "model.pt", part_of(str(divided / "train"), None)) is True
    assert seen_in_training(None, part_of(str(divided), "val")) is None
    assert seen_in_training(None, part_of("my.module:data", None)) is None


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"data": 3}', '{"data": "digits", "data_op', "null"]
)
def test_configurations_of_others_tell_nothing(tmp_path, text):
    (tmp_path / "config.json").write_text(text)
    assert seen_in_training(tmp_path / "model.pt", part_of("digits", "test")) is None
