"""Published data sets of texts, each on a tiny folder in its exact layout."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from earlysieve.datasets import load_source
from earlysieve.datasets.text_pairs import TextPairs
from earlysieve.errors import DataError, InputError
from earlysieve.groups.overlapping import worst_overlapping_group
from tests.datasets import layouts


def tokenizer(*texts: str, **options: Any) -> dict[str, torch.Tensor]:
    """One token per letter; the type says of which text it is."""
    length = options["max_length"]
    ids = [ord(c) % 50 + 1 for text in texts for c in text][:length]
    types = [kind for kind, text in enumerate(texts) for _ in text][:length]
    fill = [0] * (length - len(ids))
    return {
        "input_ids": torch.tensor([ids + fill]),
        "token_type_ids": torch.tensor([types + fill]),
        "attention_mask": torch.tensor([[1] * len(ids) + fill]),
    }


def read(spec: str, **options: Any) -> Any:
    return load_source(spec, tokenizer=tokenizer, **options)


def test_civilcomments_in_coarse_groups(tmp_path: Path) -> None:
    folder = layouts.civilcomments(tmp_path / "civilcomments_v1.0")
    for path in (folder, tmp_path):
        data = read(f"civilcomments:{path}")
        assert data.labels.tolist() == [0, 1, 0, 1]
        assert [data.group_names[g] for g in data.groups] == [
            "not toxic, no identity",
            "toxic, identity",
            "not toxic, identity",
            "toxic, no identity",
        ]
    assert data.display(1) == 'a "quoted",\nlong one'
    assert data[0][0]["input_ids"].shape == (300,)
    assert "token_type_ids" not in data[0][0]
    assert [len(read(f"civilcomments:{folder}", split=s)) for s in ("val", "test")] == [1, 1]


def test_civilcomments_in_overlapping_groups(tmp_path: Path) -> None:
    data = read(f"civilcomments:{layouts.civilcomments(tmp_path)}", variant="overlapping")
    assert data.group_names == ()
    assert data.groups.tolist() == [-1] * 4
    names = data.overlapping_group_names
    assert len(names) == 16
    members = [[names[k] for k in np.flatnonzero(row)] for row in data.overlapping_groups]
    assert members == [[], ["male, toxic", "black, toxic"], ["female, not toxic"], []]
    # Right but for the third: the female, not toxic one.
    worst = worst_overlapping_group(np.array([True, True, False, True]), data.overlapping_groups)
    assert worst is not None
    assert (names[worst[0]], worst[1]) == ("female, not toxic", 0.0)
    part = data.subset([1])
    assert part.overlapping_groups.sum() == 2
    coarse = read(f"civilcomments:{tmp_path}")
    assert np.array_equal(coarse.overlapping_groups, data.overlapping_groups)


def test_civilcomments_otherwise(tmp_path: Path) -> None:
    spec = f"civilcomments:{layouts.civilcomments(tmp_path)}"
    with pytest.raises(InputError, match="tokenizer"):
        load_source(spec)
    with pytest.raises(InputError, match="variant to be one of coarse, overlapping"):
        read(spec, variant="fine")
    with pytest.raises(InputError, match="split to be one of train, val, test"):
        read(spec, split="validation")
    file = tmp_path / "all_data_with_identities.csv"
    text = file.read_text()
    file.write_text(text.replace("0.49", "maybe"))
    with pytest.raises(DataError, match="'toxicity' has 'maybe' where a share can be"):
        read(spec)
    file.write_text(text.replace("muslim", "islam"))
    with pytest.raises(DataError, match="and not 'muslim'"):
        read(spec)
    file.unlink()
    with pytest.raises(DataError, match=r"with_identities\.csv' is missing; get .*wilds\.stanf"):
        read(spec)


@pytest.mark.parametrize("suffix", [".jsonl", ".txt"])
def test_multinli(tmp_path: Path, suffix: str) -> None:
    spec = f"multinli:{layouts.multinli(tmp_path, suffix)}"
    parts = {split: read(spec, split=split) for split in ("train", "val", "test")}
    # Row n is in split n // 2 % 3, the one without a label (6) in none.
    rows = {"train": [0, 1, 7], "val": [2, 3, 8, 9], "test": [4, 5]}
    for split, numbers in rows.items():
        data = parts[split]
        assert [data.display(i).split("\n")[0] for i in range(len(data))] == [
            f"Premise {n}." for n in numbers
        ]
        assert data.labels.tolist() == [n % 3 for n in numbers]
        assert data.groups.tolist() == [2 * (n % 3) + n % 2 for n in numbers]
    assert data.group_names[3] == "entailment, negation"
    assert parts["train"].display(1) == 'Premise 1.\nHe said "nothing 1'


def test_both_texts_of_a_pair_reach_the_tokenizer(tmp_path: Path) -> None:
    data = read(f"multinli:{layouts.multinli(tmp_path)}", max_length=20)
    inputs = data[0][0]
    assert (
        inputs["input_ids"].tolist()
        == tokenizer("Premise 0.", "It is.", max_length=20)["input_ids"][0].tolist()
    )
    assert inputs["token_type_ids"].tolist() == [0] * 10 + [1] * 6 + [0] * 4
    other = data.with_texts([f"a\n{text}" for text in ("b", "c", "d")])
    assert isinstance(other, TextPairs)
    assert other[1][0]["token_type_ids"].tolist()[:3] == [0, 1, 0]
    with pytest.raises(InputError, match="pairs of texts with a line break"):
        data.with_texts(["a b", "a\nb", "a\nb"])


def test_lists_and_texts_of_multinli_that_do_not_agree(tmp_path: Path) -> None:
    spec = f"multinli:{layouts.multinli(tmp_path)}"
    file = tmp_path / "metadata_random.csv"
    text = file.read_text()
    file.write_text(text.replace("\n1,1,1,0\n", "\n1,2,1,0\n"))
    with pytest.raises(DataError, match="label of its row 1 is 'neutral' and that of the text 'en"):
        read(spec)
    file.write_text(text + "12,0,0,0\n")
    with pytest.raises(DataError, match="rows up to 12 and the texts have 10"):
        read(spec)
    file.write_text(text.replace("sentence2_has_negation", "negation"))
    with pytest.raises(DataError, match="not 'sentence2_has_negation'"):
        read(spec)
    file.write_text(text)
    dev = tmp_path / "multinli_1.0" / "multinli_1.0_dev_matched.jsonl"
    lines = dev.read_text()
    dev.write_text(lines[:-20])
    with pytest.raises(DataError, match=r"dev_matched\.jsonl' as MultiNLI has it, but"):
        read(spec)
    dev.write_text(json.dumps({"gold_label": "neutral"}) + "\n")
    with pytest.raises(DataError, match="its line 1 has no 'sentence1'"):
        read(spec)
    dev.unlink()
    with pytest.raises(DataError, match=r"multinli_1\.0_dev_matched\.jsonl' is missing; get multi"):
        read(spec)
    file.unlink()
    with pytest.raises(DataError, match=r"metadata_random\.csv' is missing; .*group_DRO"):
        read(spec)
