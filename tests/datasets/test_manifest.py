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
    with pytest.raises(InputError, match="'nope' is neither a source nor"):
        load_source("nope")
    with pytest.raises(InputError, match="Expected shortcut to be colour, patch, dominoes"):
        load_source("digits", shortcut="smell")
    with pytest.raises(DataError, match="Expected a function or class 'none' in the module"):
        load_source("os.path:none")


def test_without_a_split_the_training_rows_are_taken(tmp_path: Path) -> None:
    source = write(tmp_path / "m.csv", "text,label,split\nab,0,train\ncd,1,test\n")
    options: dict[str, Any] = {"tokenizer": tokenizer, "max_length": 4}
    assert manifest(source, **options).labels.tolist() == [0]
    assert manifest(source, split="all", **options).labels.tolist() == [0, 1]
    assert manifest(source, split="test", **options).num_classes == 2


def test_undivided_rows_have_no_test_split(tmp_path: Path) -> None:
    source = write(tmp_path / "m.csv", "text,label\nab,0\n")
    with pytest.raises(DataError) as caught:
        manifest(source, split="test", tokenizer=tokenizer)
    assert str(caught.value) == (
        f"Expected a column 'split' in '{source}' to take the split 'test', but got text, label; "
        "add one, or leave the split out"
    )


def test_missing_files_are_named_and_counted(tmp_path: Path) -> None:
    rows = "".join(f"{i}.png,a\n" for i in range(5))
    source = write(tmp_path / "m.csv", "path,label\n" + rows)
    images(tmp_path, "0.png")
    with pytest.raises(DataError) as caught:
        manifest(source)
    assert str(caught.value) == (
        f"Expected every file that '{source}' lists to exist, but 4 do not: "
        "'1.png', '2.png', '3.png' and 1 more; paths are relative to the CSV file"
    )


def test_rows_of_unreadable_images_are_skipped_with_their_label_and_group(tmp_path: Path) -> None:
    images(tmp_path, "1.png", "3.png")
    (tmp_path / "2.png").write_bytes(b"nothing")
    source = write(tmp_path / "m.csv", "path,label,group\n1.png,0,0\n2.png,1,1\n3.png,2,2\n")
    data = manifest(source)
    assert (data.labels.tolist(), data.groups.tolist()) == ([0, 2], [0, 2])
    assert (data.skipped, data.num_classes) == (("2.png",), 3)
    with pytest.raises(DataError, match="but 1 are not: '2.png'; repair or remove them"):
        manifest(source, strict=True)


def test_a_byte_order_mark_and_texts_of_several_lines(tmp_path: Path) -> None:
    source = tmp_path / "m.csv"
    source.write_bytes('\ufefftext,label,group\n"a\nb, c",NA,1.0\né,x,\n'.encode())
    data = manifest(source, tokenizer=tokenizer)
    assert [data.display(i) for i in range(2)] == ["a\nb, c", "é"]
    assert data.class_names == ("NA", "x")
    assert data.groups.tolist() == [1, -1]


def test_only_what_every_model_takes_is_kept_of_the_tokens() -> None:
    def with_types(text: str, **options: Any) -> dict[str, torch.Tensor]:
        tokens = tokenizer(text, **options)
        return {**tokens, "token_type_ids": tokens["input_ids"]}

    inputs = Texts(["a"], [0], ["x"], tokenizer=with_types, max_length=3)[0][0]
    assert isinstance(inputs, dict)
    assert sorted(inputs) == ["attention_mask", "input_ids"]
    assert inputs["input_ids"].shape == (3,)


def saved(folder: Path, columns: dict[str, Any]) -> str:
    datasets = pytest.importorskip("datasets")
    datasets.Dataset.from_dict(columns).save_to_disk(folder)
    return str(folder)


def test_hub_groups_by_name(tmp_path: Path) -> None:
    columns = {"text": ["a", "b", "c"], "label": [0, 2, 0], "group": ["wet", None, "dry"]}
    data = hub_dataset(saved(tmp_path, columns), tokenizer=tokenizer)
    assert (data.groups.tolist(), data.group_names) == ([1, -1, 0], ("dry", "wet"))
    assert (data.labels.tolist(), data.num_classes) == ([0, 2, 0], 3)


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        ({"text": ["a"], "label": [0]}, {"split": "test"}, "a split 'test' in .*, but got 'train'"),
        (
            {"text": ["a"], "y": [0]},
            {},
            "a column for the label among .*, but got text, y; .*--label-column",
        ),
        (
            {"text": ["a"], "label": [0]},
            {"text_column": "body"},
            "a column for the image or text among body, but got text, label; name .*--text-column",
        ),
        ({"text": ["a"], "label": [None]}, {}, "every row of column 'label' .* row 1 has none"),
        ({"text": ["a", None], "label": [0, 1]}, {}, "a text in every row of column 'text' .*some"),
    ],
)
def test_hub_errors(
    tmp_path: Path, columns: dict[str, Any], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        hub_dataset(saved(tmp_path, columns), tokenizer=tokenizer, **options)


def test_a_tokenizer_must_be_able_to_pad() -> None:
    class NoPadding:
        pad_token = None

        def __call__(self, text: str, **options: Any) -> dict[str, torch.Tensor]:
            return tokenizer(text, **options)

    with pytest.raises(InputError) as caught:
        Texts(["a"], [0], ["x"], tokenizer=NoPadding())
    assert str(caught.value) == (
        "Expected a tokenizer with a padding token, but this one has none; "
        "set one, for example tokenizer.pad_token = tokenizer.eos_token"
    )


def test_texts_are_named_by_the_row_of_the_file_or_its_id(tmp_path: Path) -> None:
    rows = "ab,0,{}train\ncd,1,{}test\nef,0,{}test\n"
    plain = write(tmp_path / "m.csv", "text,label,split\n" + rows.format("", "", ""))
    data = manifest(plain, split="test", tokenizer=tokenizer, max_length=5)
    assert [data.identify(place) for place in range(2)] == ["1", "2"]
    assert data.subset([1]).identify(0) == "2"
    named = write(tmp_path / "n.csv", "text,label,id,split\n" + rows.format("x,", "y,", "z,"))
    data = manifest(named, split="test", tokenizer=tokenizer, max_length=5)
    assert [data.identify(place) for place in range(2)] == ["y", "z"]
    with pytest.raises(InputError, match=r"one name per text \(2\), but got 1"):
        Texts(["a", "b"], [0, 1], ["p", "q"], tokenizer=tokenizer, ids=["one"])
