"""The tweets in their original layout, on a small file and on the real one where it is there."""

import pytest

from earlysieve.datasets import davidson, load_source
from earlysieve.datasets.davidson_tweets import IDENTITY_TERMS, mentions_identity, split_of
from earlysieve.errors import DataError, InputError

HEADER = ",count,hate_speech,offensive_language,neither,class,tweet\n"
ROWS = (
    "0,3,0,0,3,2,\"@a: As a Woman, you shouldn't &amp; won't\"\n"
    '1,3,0,3,0,1,"two\nlines"\n'
    "7,3,3,0,0,0,all muslims ...\n"
    "8,3,0,0,3,2,a bird\n"
)


def tokenizer(text, **options):
    import torch

    length = options["max_length"]
    ids = [ord(c) % 50 + 1 for c in text][:length]
    padded = ids + [0] * (length - len(ids))
    return {
        "input_ids": torch.tensor([padded]),
        "attention_mask": (torch.tensor([padded]) > 0).long(),
    }


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "labeled_data.csv"
    path.write_text(HEADER + ROWS, encoding="utf-8")
    return path


def test_classes_groups_and_texts(file):
    data = davidson(file, tokenizer=tokenizer, split="all")
    assert data.labels.tolist() == [0, 1, 1, 0]
    assert data.groups.tolist() == [1, 2, 3, 0]
    assert [data.group_names[g] for g in data.groups[:2]] == [
        "neither, identity",
        "offensive, no identity",
    ]
    assert data.display(0) == "@a: As a Woman, you shouldn't & won't"
    assert data[0][0]["input_ids"].shape == (64,)


def test_the_folder_and_the_name_of_the_source_will_do(file):
    by_name = load_source(f"davidson:{file.parent}", split="all", tokenizer=tokenizer)
    assert by_name.labels.tolist() == [0, 1, 1, 0]
    with pytest.raises(InputError, match="tokenizer"):
        load_source(f"davidson:{file.parent}")


def test_splits_divide_the_rows_by_number(tmp_path):
    file = tmp_path / "labeled_data.csv"
    rows = "".join(f"{i},3,0,0,3,{i % 3},row {i}\n" for i in range(0, 2000, 2))
    file.write_text(HEADER + rows)
    parts = {
        split: {
            data.display(i)
            for data in [davidson(file, tokenizer=tokenizer, split=split)]
            for i in range(len(data))
        }
        for split in ("train", "validation", "test")
    }
    assert sum(map(len, parts.values())) == len(set.union(*parts.values())) == 1000
    assert [round(len(part), -2) for part in parts.values()] == [600, 100, 300]
    assert parts["test"] == {f"row {i}" for i in range(0, 2000, 2) if split_of(i) == "test"}
    assert davidson(file, tokenizer=tokenizer).display(0) in parts["train"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a BLACK cat", True),
        ("gay.", True),
        ("@gay", False),
        ("#women", False),
        ("blackboard", False),
        ("nongay", False),
        ("(women)", True),
        ("", False),
    ],
)
def test_terms_are_whole_words(text, expected):
    assert mentions_identity(text) is expected


def test_no_term_twice():
    assert len(set(IDENTITY_TERMS)) == len(IDENTITY_TERMS)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (",class,text\n0,1,a\n", "tweet"),
        (",class,tweet\n0,5,a\n", "got 5"),
        ("", "CSV"),
    ],
)
def test_another_file(tmp_path, content, told):
    path = tmp_path / "labeled_data.csv"
    path.write_text(content)
    with pytest.raises(DataError, match=told):
        davidson(path, tokenizer=tokenizer)


def test_no_file_and_no_such_split(tmp_path, file):
    with pytest.raises(DataError, match=r"labeled_data\.csv"):
        davidson(tmp_path / "nowhere", tokenizer=tokenizer)
    with pytest.raises(InputError, match="dev"):
        davidson(file, tokenizer=tokenizer, split="dev")


def test_the_real_tweets(shared_data):
    data = davidson(shared_data / "davidson", tokenizer=tokenizer, split="all")
    assert len(data) == 24_783
    assert (data.labels == 0).sum() == 4163
    assert (data.groups == 1).sum() == 227
