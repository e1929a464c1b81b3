"""The data of a fix, as its options name them."""

import csv
import json
from dataclasses import asdict

import pytest

from earlysieve.fixing.fix_data import open_fix_data
from earlysieve.training.config import TrainConfig

WORDS = ("fine", "dull")


def test_training_texts_are_cut_by_the_tokenizer_of_the_model(tmp_path):
    transformers = pytest.importorskip("transformers")
    known = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS, *"01234567")
    (tmp_path / "vocab.txt").write_text("\n".join(known))
    tokenizer = transformers.BertTokenizerFast(str(tmp_path / "vocab.txt"))
    tokenizer.save_pretrained(tmp_path / "bert")
    with (tmp_path / "films.csv").open("w", newline="") as stream:
        rows = [(f"{WORDS[k % 2]} {k}", k % 2, ("train", "test")[k // 4]) for k in range(8)]
        csv.writer(stream).writerows([("text", "label", "split"), *rows])
    given = {
        "data": str(tmp_path / "films.csv"),
        "model": f"hf:{tmp_path / 'bert'}",
        "model_option": (),
        "checkpoint": None,
        "seed": 0,
        "train_data": None,
        "train_split": None,
    }
    asked = {"split": "test", "max_length": 5}
    train = open_fix_data(None, given, asked, retrain=True, progress=False).train
    assert len(train) == 4
    assert train[1][0]["input_ids"].tolist() == [2, 5, 7, 3, 0]


@pytest.mark.parametrize("validation", ["0.25", None])
def test_it_is_known_which_splits_there_are(tmp_path, validation):
    source = f"table:{tmp_path / 'rows.csv'}"
    rows = "".join(f"{k},{k % 2}\n" for k in range(8))
    (tmp_path / "rows.csv").write_text(f"x,label\n{rows}")
    config = TrainConfig(data=source, model="nets:net", validation=validation)
    (tmp_path / "config.json").write_text(json.dumps(asdict(config)))
    given = {
        "data": source,
        "model": "nets:net",
        "model_option": (),
        "checkpoint": tmp_path / "model.pt",
        "seed": 0,
        "train_data": None,
        "train_split": None,
    }
    found = open_fix_data([], given, {}, retrain=True, progress=False)
    assert found.splits == ()  # no command may name one
    assert (found.held_out is None) == (validation is None)


@pytest.mark.parametrize(("limit", "held", "train"), [(None, 4, 12), (3, 3, 3), (9, 4, 9)])
def test_a_limit_is_one_of_each_part_of_a_run(tmp_path, limit, held, train):
    source = f"table:{tmp_path / 'rows.csv'}"
    rows = "".join(f"{k},{k % 2}\n" for k in range(16))
    (tmp_path / "rows.csv").write_text(f"x,label\n{rows}")
    config = TrainConfig(data=source, model="nets:net", validation="0.25")
    (tmp_path / "config.json").write_text(json.dumps(asdict(config)))
    given = {"data": source, "checkpoint": tmp_path / "model.pt", "seed": 0}
    asked = {} if limit is None else {"limit": limit}
    found = open_fix_data([], given, asked, retrain=True, progress=False)
    assert (len(found.held_out), len(found.train)) == (held, train)
    seen = {float(found.train[k][0]) for k in range(len(found.train))}
    assert not seen & {float(found.held_out[k][0]) for k in range(len(found.held_out))}
