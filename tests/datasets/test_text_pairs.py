"""Pairs of texts from two columns: the tokenizer gets both, and the model what it takes of it."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from earlysieve.datasets import Texts, hub_dataset, load_source, manifest
from earlysieve.datasets.checks import DataWarning
from earlysieve.datasets.text_cues import word_tokenizer
from earlysieve.datasets.text_pairs import TextPairs, joined
from earlysieve.errors import DataError, InputError
from earlysieve.model.batch import call_model
from earlysieve.reliance.redraw import redraw
from earlysieve.repairing.repaired_classifier import RepairedClassifier
from tests.cli.helpers import ok, problem

WORDS = ["a", "man", "dog", "runs", "sits", "outside", "nobody", "doubts", "that"]
PREMISES = ["a man runs", "a dog sits", "a man sits", "a dog runs"]
TWO = ["premise", "hypothesis"]


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """That of BERT, of a few words, which tells the two texts of a pair by types."""
    return _bert(tmp_path_factory.mktemp("bert"))


def _bert(folder: Path) -> Any:
    transformers = pytest.importorskip("transformers")
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    (folder / "vocab.txt").write_text("\n".join(vocabulary))
    made = transformers.BertTokenizerFast(str(folder / "vocab.txt"))
    made.save_pretrained(folder)
    sizes = {"num_attention_heads": 2, "intermediate_size": 16, "max_position_embeddings": 24}
    config = transformers.BertConfig(
        vocab_size=len(vocabulary), hidden_size=16, num_hidden_layers=2, **sizes
    )
    torch.manual_seed(0)
    transformers.BertForSequenceClassification(config).save_pretrained(folder)
    return made


def rows(path: Path, count: int = 48) -> Path:
    lines = ["premise,hypothesis,label"]
    for k in range(count):
        before, after = PREMISES[k % 4], PREMISES[(k + k // 4) % 4]
        lines.append(f"{before},{'nobody doubts that ' * (k % 3 == 0)}{after} {k},{'yn'[k % 2]}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_two_columns_are_the_pair_that_the_tokenizer_gets(tmp_path: Path, tokenizer: Any) -> None:
    source = rows(tmp_path / "pairs.csv")
    data = manifest(source, text_column=TWO, tokenizer=tokenizer, max_length=16)
    assert isinstance(data, TextPairs)
    assert data.display(0) == "a man runs\nnobody doubts that a man runs 0"
    inputs = data[0][0]
    expected = tokenizer(
        "a man runs", "nobody doubts that a man runs 0", padding="max_length", max_length=16
    )
    for key in ("input_ids", "token_type_ids", "attention_mask"):
        assert inputs[key].tolist() == expected[key]
    assert 0 < inputs["token_type_ids"].sum() < inputs["attention_mask"].sum()
    turned = manifest(source, text_column=TWO[::-1], tokenizer=tokenizer)
    assert turned.display(0).startswith("nobody doubts")
    single = load_source(f"csv:{source}", text_column=["hypothesis"], tokenizer=tokenizer)
    assert type(single) is Texts
    assert single.display(0) == "nobody doubts that a man runs 0"


def test_two_columns_of_a_data_set_of_huggingface(tmp_path: Path, tokenizer: Any) -> None:
    pytest.importorskip("datasets")
    source = rows(tmp_path / "pairs.csv")
    data = hub_dataset(str(source), text_column=TWO, tokenizer=tokenizer)
    assert isinstance(data, TextPairs)
    assert data.texts == manifest(source, text_column=TWO, tokenizer=tokenizer).texts
    with pytest.raises(DataError, match="name one of these with --text-column"):
        hub_dataset(str(source), text_column=["premise", "other"], tokenizer=tokenizer)


@pytest.mark.parametrize("named", [[*TWO, "label"], ["premise", "premise"]])
def test_other_columns_are_refused(tmp_path: Path, tokenizer: Any, named: list[str]) -> None:
    source = rows(tmp_path / "pairs.csv")
    for read in (manifest, hub_dataset):
        with pytest.raises(InputError, match="two different ones that hold pairs, but got premise"):
            read(str(source), text_column=named, tokenizer=tokenizer)
    with pytest.raises(DataError, match="add or rename 'other'"):
        manifest(source, text_column=["premise", "other"], tokenizer=tokenizer)


def test_a_pair_is_empty_where_one_of_its_texts_is(tmp_path: Path, tokenizer: Any) -> None:
    source = rows(tmp_path / "pairs.csv")
    source.write_text(source.read_text() + ",a man runs,y\na dog sits, ,n\n")
    with pytest.warns(DataWarning, match="2 texts are empty"):
        manifest(source, text_column=TWO, tokenizer=tokenizer)
    source = rows(tmp_path / "long.csv")
    manifest(source, text_column=TWO, tokenizer=tokenizer, max_length=13)
    with pytest.warns(DataWarning, match="of the texts of .* are longer than 12"):
        manifest(source, text_column=TWO, tokenizer=tokenizer, max_length=12)


def test_line_breaks_within_a_text_stay_within_it() -> None:
    assert joined(["a\nb"], ["c\nd"]) == ["a b\nc d"]


class NoTypes(nn.Module):
    """Takes tokens and their mask only."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(20, 4)
        self.last = nn.Linear(4, 2)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.last(self.embed(input_ids).mean(1))
        return found


class Types(NoTypes):
    """Takes types, too."""

    def forward(  # type: ignore[override]
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor
    ) -> torch.Tensor:
        return super().forward(input_ids + token_type_ids, attention_mask)


def test_a_network_gets_types_only_where_it_takes_them() -> None:
    tokens = torch.tensor([[2, 5, 3, 6, 3]])
    inputs = {"input_ids": tokens, "attention_mask": torch.ones_like(tokens)}
    typed = {**inputs, "token_type_ids": torch.tensor([[0, 0, 0, 1, 1]])}
    plain, types = NoTypes(), Types()
    assert torch.equal(call_model(plain, typed), call_model(plain, inputs))
    repaired = RepairedClassifier(plain, "last", torch.ones(2, 4))
    assert torch.equal(call_model(repaired, typed), call_model(repaired, inputs))
    one_type = Types()
    one_type.config = SimpleNamespace(type_vocab_size=1)
    with pytest.raises(TypeError, match="token_type_ids"):
        call_model(one_type, typed)
    moved = {**typed, "token_type_ids": torch.zeros_like(tokens)}
    assert not torch.equal(call_model(types, typed), call_model(types, moved))


def test_a_cue_is_planted_in_the_second_text() -> None:
    texts = joined(["one two"] * 20, ["three four"] * 20)
    base = TextPairs(texts, [0, 1] * 10, ["a", "b"], tokenizer=word_tokenizer(2, 60))
    data, _ = redraw(base, ["token"])
    assert isinstance(data, TextPairs)
    for text in data.texts:
        first, second = text.split("\n")
        assert first == "one two"
        assert len(second.split()) == 3


def test_commands_take_pairs(tmp_path: Path) -> None:
    source = rows(tmp_path / "pairs.csv")
    folder = tmp_path / "model"
    folder.mkdir()
    _bert(folder)
    words = ("--model", f"hf:{folder}", "--data", source, "--max-length", 16)
    pair = ("--text-column", "premise", "--text-column", "hypothesis")
    out = tmp_path / "run"
    ok("train", *words, *pair, "--epochs", 1, "--validation", "0.5", "--out", out, "-q")
    kept = json.loads((out / "config.json").read_text())["data_options"]
    ok("audit", *words, *pair, "--checkpoint", out / "model.pt", "--out", tmp_path / "audit", "-q")
    found = json.loads((tmp_path / "audit" / "audit.json").read_text())["config"]["data_options"]
    assert kept["text_column"] == found["text_column"] == TWO
    told = problem("audit", *words, *pair, "--text-column", "label", "--out", tmp_path / "b", "-q")
    assert "one column of texts, or two different ones" in told
