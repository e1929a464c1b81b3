"""Folders of transformers and datasets that are incomplete, damaged or hostile."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random

from tests.fuzz.case import Case, audit, layers
from tests.fuzz.catalogue.checkpoints import hostile
from tests.fuzz.catalogue.configurations import EVIL, REMOTE

BERT = {
    "model_type": "bert", "architectures": ["BertForSequenceClassification"], "hidden_size": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 2, "intermediate_size": 8, "vocab_size": 20,
}  # fmt: skip
CONFIGS = {
    "nothing": b"", "a list": b"[]", "null": b"null", "a number": b"5", "text": b'"x"',
    "not JSON": b"{", "empty": b"{}",
    "an unknown kind": b'{"model_type": "nope"}', "no kind": b'{"hidden_size": 3}',
    "binary": b"\xff\xfe",
    "architectures of a number": json.dumps({**BERT, "architectures": 5}).encode(),
    "a size of text": json.dumps({**BERT, "hidden_size": "x"}).encode(),
    "a negative size": json.dumps({**BERT, "hidden_size": -8}).encode(),
    "no size": json.dumps({**BERT, "hidden_size": 0}).encode(),
    "a kind that is a list": json.dumps({**BERT, "model_type": []}).encode(),
    "layers that do not divide": json.dumps({**BERT, "num_attention_heads": 3}).encode(),
    "without weights": json.dumps(BERT).encode(),
}  # fmt: skip


def cases(draw: Random, world: Path) -> Iterator[Case]:
    """Networks, weights, data."""
    for name, content in CONFIGS.items():
        words = layers("--model", "hf:scratch/m", "--input-shape", "4")
        yield Case("hub folders: config.json", name, words, {"m/config.json": content})
    weights = {"nothing": b"", "text": b"hello", **hostile()}
    for name, content in weights.items():
        files = {"m/config.json": json.dumps(BERT).encode(), "m/pytorch_model.bin": content}
        words = layers("--model", "hf:scratch/m", "--input-shape", "4")
        yield Case("hub folders: weights", name, words, files)
    for name in ("nothing", "text"):
        files = {"m/config.json": json.dumps(BERT).encode(), "m/model.safetensors": weights[name]}
        yield Case(
            "hub folders: weights", f"safetensors {name}", layers("--model", "hf:scratch/m"), files
        )
    files = {"m/config.json": REMOTE, "m/evil.py": EVIL}
    yield Case("hub folders: code", "of a network", layers("--model", "hf:scratch/m"), files)
    yield Case(
        "hub folders: code", "of a network in an audit", audit("--model", "hf:scratch/m"), files
    )
    sets: dict[str, dict[str, bytes]] = {
        "a script": {"d/d.py": EVIL},
        "a state alone": {"d/state.json": b"{}"},
        "a broken table": {"d/dataset_info.json": b"{", "d/state.json": b"{"},
        "a file of text": {"d/x.txt": b"hello"},
        "splits of nothing": {"d/dataset_dict.json": b'{"splits": ["train"]}'},
        "a list of splits": {"d/dataset_dict.json": b"[]"},
    }
    for name, found in sets.items():
        yield Case("hub folders: data", name, audit("--data", "hf:scratch/d"), found)
