"""CSV manifests and HuggingFace data sets, images and texts."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from earlysieve.datasets import Texts, hub_dataset, load_source, manifest
from earlysieve.errors import DataError, InputError


def tokenizer(text: str, *, max_length: int, **_: Any) -> dict[str, torch.Tensor]:
    """One token per character."""
    ids = [min(ord(c), 99) for c in text][:max_length]
    row = torch.zeros(1, max_length, dtype=torch.int64)
    row[0, : len(ids)] = torch.tensor(ids)
    return {"input_ids": row, "attention_mask": (row > 0).long()}


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def images(folder: Path, *names: str) -> None:
    for name in names:
        Image.new("RGB", (10, 10), (50, 60, 70)).save(folder / name)


def test_labels_by_name_groups_with_blanks_and_splits(tmp_path: Path) -> None:
    images(tmp_path, "1.png", "2.png", "3.png")
    source = write(
        tmp_path / "m.csv",
        "path,label,group,split\n1.png,dog,grass,train\n2.png,cat,,train\n3.png,dog,sofa,test\n",
    )
    train = manifest(source, split="train", image_size=4)
    assert train.class_names == ("cat", "dog")
    assert train.labels.tolist() == [1, 0]
    assert train.groups.tolist() == [0, -1]
    assert train.group_names == ("grass", "sofa")
    test = manifest(source, split="test")
    assert (test.labels.tolist(), test.groups.tolist()) == ([1], [1])
    assert test.identify(0) == "3.png"


def test_whole_numbers_keep_their_value(tmp_path: Path) -> None:
    source = write(tmp_path / "m.csv", "text,label\nab,2\ncd,0\n")
    data = manifest(source, text_column="text", tokenizer=tokenizer, max_length=5)
    assert data.labels.tolist() == [2, 0]
    assert data.num_classes == 3
    inputs, label, group = data[0]
    assert isinstance(inputs, dict)
    assert inputs["input_ids"].tolist() == [97, 98, 0, 0, 0]
    assert inputs["attention_mask"].tolist() == [1, 1, 0, 0, 0]
    assert (label, group) == (2, -1)
    assert data.display(1) == "cd"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,label\n1.png,a\n", "Expected the columns path, label in .*, but got file, label; "),
        ("path,label\n1.png,a\n9.png,b\n", "1 do not: '9.png'; paths are relative to the CSV"),
        ("path,label\n1.png,\n", "column 'label' of .*, but row 1 has none"),
        ("path,label\n", "Expected rows in .*, but it has none"),
    ],
)
def test_csv_errors(tmp_path: Path, text: str, message: str) -> None:
    images(tmp_path, "1.png")
    with pytest.raises(DataError, match=message):
        manifest(write(tmp_path / "m.csv", text))


def test_more_csv_errors(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Expected a CSV file at .*, but it cannot be read"):
        manifest(tmp_path / "none.csv")
    source = write(tmp_path / "m.csv", "text,label,split\nab,0,train\n")
    with pytest.raises(InputError, match="Expected a tokenizer for text data, but got none"):
        manifest(source, text_column="text")
    with pytest.raises(DataError, match="rows of split 'dev' in .*, but got only 'train'"):
        manifest(source, text_column="text", tokenizer=tokenizer, split="dev")


def test_texts_need_one_label_each() -> None:
    with pytest.raises(InputError, match=r"one label per text \(2\), but got 1"):
        Texts(["a", "b"], [0], ["x"], tokenizer=tokenizer)


def test_hub_images_and_texts_from_disk(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    pictures = [Image.new("RGB", (6, 6), (i, 0, 0)) for i in (10, 20)]
    table = datasets.Dataset.from_dict(
        {"image": pictures, "label": ["b", "a"], "group": [1, None]},
        features=datasets.Features(
            {
                "image": datasets.Image(),
                "label": datasets.Value("string"),
                "group": datasets.Value("int64"),
            }
        ),
    )
    table.save_to_disk(tmp_path / "images")
    data = hub_dataset(str(tmp_path / "images"), image_size=6)
    assert data.labels.tolist() == [1, 0]
    assert data.groups.tolist() == [1, -1]
    assert np.asarray(data.display(1))[0, 0].tolist() == [20, 0, 0]
    texts = datasets.Dataset.from_dict({"text": ["ab", "cd"], "label": [0, 1]})
    datasets.DatasetDict({"train": texts}).save_to_disk(tmp_path / "texts")
    loaded = load_source(f"hf:{tmp_path / 'texts'}", tokenizer=tokenizer, max_length=4)
    assert loaded.display(0) == "ab"
    with pytest.raises(DataError, match="Expected a split 'test' in .*, but got 'train'"):
        load_source(f"hf:{tmp_path / 'texts'}", split="test", tokenizer=tokenizer)


def test_sources_by_name() -> None:
    data = load_source("digits", split="test", limit=50, shortcut="colour", correlation=0.9)
    assert len(data) == 50
    assert np.bincount(data.labels).tolist() == [5] * 10
    assert (data.groups % 2 == 1).sum() in (0, 10)  # round(0.9 * 5) = 4 hold in each class
    with pytest.raises(InputError, match="Expected a data source of the form digits, .*'nope'"):
        load_source("nope")
    with pytest.raises(InputError, match="Expected shortcut to be colour, patch, dominoes"):
        load_source("digits", shortcut="smell")
    with pytest.raises(DataError, match="Expected a function 'none' in the module 'os.path'"):
        load_source("os.path:none")
