"""HuggingFace data sets number labels and groups over all their splits."""

from pathlib import Path
from typing import Any

import pytest

from earlysieve.datasets import hub_dataset, image_folder
from earlysieve.errors import DataError
from tests.datasets.test_manifest import tokenizer

datasets = pytest.importorskip("datasets")


def table(labels: list[Any], classes: list[str] | None = None, **columns: list[Any]) -> Any:
    found = datasets.Dataset.from_dict(
        {"text": [f"text {i}" for i in range(len(labels))], "label": labels, **columns}
    )
    return found.cast_column("label", datasets.ClassLabel(names=classes)) if classes else found


def saved(folder: Path, **splits: Any) -> str:
    datasets.DatasetDict(splits).save_to_disk(folder)
    return str(folder)


def opened(path: str, split: str | None = None) -> Any:
    return hub_dataset(path, split=split, tokenizer=tokenizer)


def seen(data: Any) -> list[str]:
    return [data.class_names[label] for label in data.labels]


def test_names_are_numbered_alike_whichever_split_is_opened(tmp_path: Path) -> None:
    path = saved(
        tmp_path / "all",
        train=table(["owl", "cat", "dog"], group=["wet", "dry", None]),
        test=table(["owl", "cat"], group=["wet", None]),
        unseen=table(["yak"], group=["hot"]),
    )
    for data in (opened(path, "train"), opened(path, "test"), opened(path)):
        assert data.class_names == ("cat", "dog", "owl", "yak")
        assert data.group_names == ("dry", "hot", "wet")
    assert opened(path, "test").labels.tolist() == [2, 0]
    assert opened(path, "test").groups.tolist() == [2, -1]
    assert opened(str(tmp_path / "all" / "test")).labels.tolist() == [2, 0]
    assert opened(str(tmp_path / "all" / "test")).class_names == ("cat", "dog", "owl", "yak")


def test_groups_of_several_columns_are_crossed_alike_in_all_splits(tmp_path: Path) -> None:
    path = saved(
        tmp_path / "g",
        train=table(
            ["a", "b", "a"], site=["south", "north", None], device=[1, 0, 1], group=[7] * 3
        ),
        test=table(["b", "a"], site=["north", "north"], device=[1, 0]),
        bare=table(["a"], site=["east"]),
    )
    crossed = hub_dataset(path, group_column=["site", "device"], tokenizer=tokenizer)
    names = ("north x 0", "north x 1", "south x 1")
    assert crossed.group_names == names
    assert crossed.groups.tolist() == [2, 0, -1]
    test = hub_dataset(path, split="test", group_column=["site", "device"], tokenizer=tokenizer)
    assert test.group_names == names
    assert test.groups.tolist() == [1, 0]
    sites = hub_dataset(path, split="test", group_column="site", tokenizer=tokenizer)
    assert (sites.group_names, sites.groups.tolist()) == (("east", "north", "south"), [1, 1])


def test_other_columns_hold_labels_and_groups(tmp_path: Path) -> None:
    path = saved(tmp_path / "o", train=table([0, 1], stars=["two", "one"], group=[1, 0]))
    data = hub_dataset(path, label_column="stars", group_column="label", tokenizer=tokenizer)
    assert (data.class_names, data.labels.tolist()) == (("one", "two"), [1, 0])
    assert data.groups.tolist() == [0, 1]
    with pytest.raises(DataError, match="group among site, but got .*--group-column"):
        hub_dataset(path, group_column="site", tokenizer=tokenizer)


def test_whole_numbers_keep_their_value_and_splits_agree_how_many_there_are(
    tmp_path: Path,
) -> None:
    path = saved(tmp_path / "n", train=table([0, 2]), test=table([1]), hidden=table([-1, None]))
    assert [opened(path, name).num_classes for name in ("train", "test")] == [3, 3]
    assert opened(path, "test").labels.tolist() == [1]
    with pytest.raises(DataError, match="row 2 has none"):
        opened(path, "hidden")


@pytest.mark.parametrize(
    ("train", "test", "names"),
    [
        (["dog", "cat"], ["dog", "cat"], ("dog", "cat")),
        (["dog", "cat"], ["dog"], ("dog", "cat")),
        (["dog", "cat", "owl"], ["owl", "dog"], ("cat", "dog", "owl")),
    ],
)
def test_classes_are_told_apart_by_name_where_splits_list_them_differently(
    tmp_path: Path, train: list[str], test: list[str], names: tuple[str, ...]
) -> None:
    path = saved(
        tmp_path / "c",
        train=table(list(range(len(train))), train),
        test=table(list(range(len(test))), test),
    )
    for name, classes in (("train", train), ("test", test)):
        data = opened(path, name)
        assert data.class_names == names
        assert seen(data) == classes


def test_classes_in_one_split_and_names_in_another(tmp_path: Path) -> None:
    path = saved(tmp_path / "m", train=table([0, 1], ["dog", "cat"]), test=table(["cat"]))
    assert opened(path, "train").class_names == opened(path, "test").class_names == ("cat", "dog")
    assert seen(opened(path, "train")) == ["dog", "cat"]
    assert seen(opened(path, "test")) == ["cat"]


def test_a_split_without_labels_is_left_out(tmp_path: Path) -> None:
    bare = datasets.Dataset.from_dict({"text": ["a"]})
    path = saved(tmp_path / "b", train=table(["b", "a"]), test=bare)
    assert opened(path, "train").class_names == ("a", "b")


def test_validation_from_another_split_has_the_classes_of_training(tmp_path: Path) -> None:
    from earlysieve.runs.train_data import open_train_data
    from earlysieve.training import TrainConfig
    from tests.networks.test_spec import bert

    folder = bert(tmp_path / "bert")
    (folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "text"]))
    path = saved(tmp_path / "v", train=table(["c", "a", "b"]), test=table(["c", "b"]))
    config = TrainConfig(data=f"hf:{path}", model=f"hf:{folder}", validation="split:test")
    train, validation = open_train_data(config)
    assert train.class_names == validation.class_names == ("a", "b", "c")
    assert validation.labels.tolist() == [2, 1]


def test_what_cannot_be_loaded_is_told_on_one_line(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "dataset_info.json").write_text("[]")
    (tmp_path / "x" / "state.json").write_text("{}")
    with pytest.raises(DataError) as caught:
        opened(str(tmp_path / "x"))
    assert str(caught.value).startswith(
        f"Expected a HuggingFace data set at '{tmp_path / 'x'}', but it cannot be loaded ("
    )
    assert "\n" not in str(caught.value)


def test_reading_a_file_says_nothing_where_nobody_watches(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "t.csv").write_text("text,label\na,0\nb,1\n")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    assert len(opened(str(tmp_path / "t.csv"))) == 2
    assert capfd.readouterr().err == ""
    assert datasets.is_progress_bar_enabled()


def test_a_saved_data_set_that_is_named_as_a_folder_of_images_is_told(tmp_path: Path) -> None:
    path = saved(tmp_path / "all", train=table(["owl", "cat"]))
    for folder in (path, f"{path}/train"):
        with pytest.raises(DataError, match=f"a data set of HuggingFace, .*; pass hf:{folder}"):
            image_folder(folder)
