"""Folders of transformers that bring code of their own, or files that are not what they should."""

import io
import json
import pickle
import sys
from pathlib import Path

import pytest
import torch

from earlysieve.errors import CheckpointError, InputError
from earlysieve.networks.hf_folder import load_tokenizer
from earlysieve.networks.spec import build_model
from tests.networks.test_spec import bert

CODE = """
from pathlib import Path
from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

Path({proof!r}).touch()

class Config(BertConfig):
    model_type = "of-my-own"

class Model(BertForSequenceClassification):
    config_class = Config

class Tokenizer(BertTokenizer):
    pass
"""


class Touch:
    """Unpickled, it makes a file."""

    def __init__(self, proof: Path) -> None:
        self.proof = proof

    def __reduce__(self):
        return (Path.touch, (self.proof,))


@pytest.fixture
def proof(tmp_path, monkeypatch) -> Path:
    """A file that exists once code of the folder ran; a terminal would say yes to running it."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n" * 9))
    return tmp_path / "proof"


def with_code(folder: Path, proof: Path) -> Path:
    """A classifier and a tokenizer whose classes stand in a file of the folder."""
    config = json.loads((bert(folder) / "config.json").read_text())
    auto = {"AutoConfig": "own.Config", "AutoModelForSequenceClassification": "own.Model"}
    config |= {"model_type": "of-my-own", "auto_map": auto}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "own.py").write_text(CODE.format(proof=str(proof)))
    tokenizer = {
        "tokenizer_class": "Tokenizer",
        "auto_map": {"AutoTokenizer": ["own.Tokenizer", None]},
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer))
    (folder / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n")
    return folder


def test_code_in_a_folder_is_neither_run_nor_asked_about(tmp_path, proof, monkeypatch):
    monkeypatch.setenv("HF_MODULES_CACHE", str(tmp_path / "cache"))
    folder = with_code(tmp_path / "own", proof)
    with pytest.raises(CheckpointError, match="--model-option trust_remote_code=true") as caught:
        build_model(f"hf:{folder}")
    assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="--model-option trust_remote_code=true"):
        load_tokenizer(folder)
    assert not proof.exists()
    assert sys.stdin.read(1) == "y"


def test_trust_reaches_model_and_tokenizer(tmp_path, proof):
    folder = with_code(tmp_path / "own", proof)
    built = build_model(f"hf:{folder}", options={"trust_remote_code": True})
    assert type(built.model).__name__ == "Model"
    assert proof.exists()
    assert type(load_tokenizer(folder, trust_remote_code=True)).__name__ == "Tokenizer"


def test_trust_is_a_yes_or_a_no(tmp_path):
    with pytest.raises(InputError, match="trust_remote_code to be true or false, but got 'yes'"):
        build_model(f"hf:{bert(tmp_path)}", options={"trust_remote_code": "yes"})


@pytest.mark.parametrize(
    "change",
    [
        [],
        None,
        "text",
        5,
        {"architectures": 5},
        {"architectures": [5]},
        {"hidden_size": "x"},
        {"hidden_size": 0},
        {"num_attention_heads": 0},
        {"model_type": []},
        {"id2label": 5},
        {"auto_map": 5},
    ],
)
def test_configurations_that_are_none(tmp_path, change):
    file = bert(tmp_path) / "config.json"
    content = json.loads(file.read_text()) | change if isinstance(change, dict) else change
    file.write_text(json.dumps(content))
    with pytest.raises(CheckpointError, match="that transformers can load from") as caught:
        build_model(f"hf:{tmp_path}")
    assert "\n" not in str(caught.value)


def test_a_folder_names_no_kernel_in_a_repository(tmp_path):
    file = bert(tmp_path) / "config.json"
    content = json.loads(file.read_text())
    file.write_text(json.dumps({**content, "_attn_implementation": "someone/kernel"}))
    with pytest.raises(CheckpointError, match="attn_implementation is 'someone/kernel'"):
        build_model(f"hf:{tmp_path}")


@pytest.mark.parametrize("kind", ["pickle", "zip", "empty"])
def test_pickled_weights_with_code(tmp_path, proof, kind):
    (bert(tmp_path) / "model.safetensors").unlink()
    file = tmp_path / "pytorch_model.bin"
    if kind == "zip":
        torch.save({"a": Touch(proof)}, file)
    else:
        file.write_bytes(b"" if kind == "empty" else pickle.dumps({"a": Touch(proof)}))
    with pytest.raises(CheckpointError, match="that transformers can load from") as caught:
        build_model(f"hf:{tmp_path}")
    assert "\n" not in str(caught.value)
    assert "weights_only" not in str(caught.value)
    assert not proof.exists()
