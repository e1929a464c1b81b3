"""What is said of data sources, and what is found in a folder."""

import json

import pytest

from earlysieve.datasets.registry import OWN, source_named
from tests.cli.helpers import ok, photos, problem, run, weights
from tests.conftest import ROOT
from tests.datasets import layouts


def test_without_a_name_all_sources_are_listed():
    text = ok("datasets").stdout
    for name in OWN:
        assert name in text
    assert "module:function" in text
    told = json.loads(ok("datasets", "--json").stdout)
    assert told["waterbirds"]["options"] == list(source_named("waterbirds").options)
    assert told["waterbirds"]["licence"] == source_named("waterbirds").licence
    assert ok("datasets", "-q").stdout == ""


@pytest.mark.parametrize("words", [("civilcomments",), ("show", "civilcomments")])
def test_what_is_known_of_a_source(words):
    text = " ".join(ok("datasets", *words).stdout.split())
    assert "train 269,038, val 45,180, test 133,782" in text
    for part in ("coarse, overlapping", "CC0", "https://wilds.stanford.edu", "worst-group"):
        assert part in text
    told = json.loads(ok("datasets", *words, "--json").stdout)["civilcomments"]
    assert told["splits"] == {"train": 269038, "val": 45180, "test": 133782}


def test_of_data_of_ones_own_form_and_options_are_known():
    text = " ".join(ok("datasets", "table").stdout.split())
    assert "named as │ table:" in text
    assert "--split, --label-column, --group-column, --drop-column, --categories, --columns" in text


def test_names_that_are_none():
    for words in (("waterbird",), ("show", "waterbird"), ("verify", "waterbird", "x")):
        text = problem("datasets", *words)
        assert "Expected the name of a data source, but got 'waterbird'" in text
        assert "waterbirds" in text.partition("near names")[2]
    assert "folder of 'bar' after its name" in problem("datasets", "verify", "bar")
    assert "Expected nothing after 'digits'" in problem("datasets", "verify", "digits", "x")
    assert run("datasets", "waterbirds", "more").exit_code == 2


def test_a_folder_is_counted_and_differences_are_noted(tmp_path):
    folder = layouts.waterbirds(tmp_path)
    text = " ".join(ok("datasets", "verify", "waterbirds", folder).stdout.split())
    assert "landbird on water" in text
    assert "Note: the split 'train' has 8 examples, officially 4795" in text
    told = json.loads(ok("datasets", "verify", "waterbirds", folder, "--json").stdout)
    assert told["as_published"] is False
    assert len(told["counts"]) == 15
    assert told["counts"][1] == {
        "split": "train",
        "group": "landbird on land",
        "size": 2,
        "official": 3498,
    }


def test_unreadable_images_are_noted(tmp_path):
    folder = layouts.waterbirds(tmp_path)
    (folder / "000.Bird" / "Bird_0000.jpg").write_bytes(b"nothing")
    notes = json.loads(ok("datasets", "verify", "waterbirds", folder, "--json").stdout)["notes"]
    assert "1 image of the split 'train' cannot be read: '000.Bird/Bird_0000.jpg'" in notes


def test_official_numbers_end_without_a_note():
    text = ok("datasets", "verify", "digits").stdout
    assert "All is there, in the official numbers." in text
    assert "Note" not in text


def test_where_no_official_numbers_are_known_none_are_claimed(tmp_path):
    text = ok("datasets", "verify", "celeba-hair", layouts.celeba(tmp_path)).stdout
    assert "All is there; official numbers are not known here." in text


def test_what_cannot_be_used_ends_in_one_sentence(tmp_path):
    text = problem("datasets", "verify", "waterbirds", tmp_path)
    assert "'metadata.csv' is missing; get waterbird_complete95_forest2water2.tar.gz" in text
    folder = layouts.multinli(tmp_path / "nli")
    (folder / "metadata_random.csv").unlink()
    assert "metadata_random.csv' is missing" in problem("datasets", "verify", "multinli", folder)


def test_images_that_are_missing_are_told_of_every_split(tmp_path):
    folder = layouts.waterbirds(tmp_path)
    for number in (0, 1):
        (folder / "000.Bird" / f"Bird_{number:04}.jpg").unlink()
    text = problem("datasets", "verify", "waterbirds", folder)
    for split, name in (("train", "Bird_0000"), ("val", "Bird_0001")):
        told = text.partition(f"'{split}': ")[2].partition("; unpack")[0]
        assert f"1 are missing: '000.Bird/{name}.jpg'" in told, text
    assert "'test'" not in text


def test_texts_are_counted_without_a_tokenizer(tmp_path):
    folder = layouts.civilcomments(tmp_path)
    for variant, groups in (("coarse", 4), ("overlapping", 16)):
        words = ("datasets", "verify", "civilcomments", folder, "--variant", variant, "--json")
        told = json.loads(ok(*words).stdout)
        assert len(told["counts"]) == 3 * (1 + groups)
        assert told["as_published"] is (variant == "overlapping")


def test_any_source_can_be_looked_at(tmp_path):
    told = json.loads(ok("datasets", "verify", "folder", photos(tmp_path / "p"), "--json").stdout)
    assert [row["size"] for row in told["counts"]] == [24]


def test_the_real_bar_is_as_published(shared_data):
    text = ok("datasets", "verify", "bar", shared_data / "bar").stdout
    assert "All is there, in the official numbers." in text
    assert "1,941" in text


def test_official_groups_add_up_to_their_splits():
    for name in OWN:
        source = source_named(name)
        for split, sizes in source.group_sizes.items():
            assert sum(sizes) == source.sizes[split], (name, split)


def test_the_documentation_has_every_source():
    text = (ROOT / "docs" / "datasets.md").read_text()
    for name in OWN:
        source = source_named(name)
        assert f"`{name}`" in text, name
        assert source.homepage in text, name
        for told in (source.licence, source.metric, source.groups):
            assert told in text, (name, told)


def test_images_are_kept_by_option(tmp_path):
    model = "earlysieve.networks:small_cnn"
    words = ("audit", "--model", model, "--data", photos(tmp_path / "p"), "--image-size", 16)
    own = ("--checkpoint", weights(tmp_path / "w.pt", 2), "--out", tmp_path / "a")
    ok(*words, *own, "--cache", tmp_path / "kept")
    assert len(list((tmp_path / "kept").iterdir())) == 1


def test_a_folder_where_the_name_of_its_source_belongs(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    text = problem("datasets", "verify", folder)
    assert f"a folder follows the name of its source, such as: folder {folder}" in text
