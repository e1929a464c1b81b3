"""Files of transformers have other names than its models; both are read, by any way they come."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import earlysieve as es
from earlysieve.errors import CheckpointError

from ..training.helpers import difference
from .snapshots import vit_folder

LABELS = {0: "cat", 1: "dog"}


def test_weights_of_transformers_are_read_by_the_names_of_files_and_of_models(
    tmp_path: Path,
) -> None:
    pytest.importorskip("transformers", reason="needs transformers")
    model = vit_folder(tmp_path / "vit", LABELS)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1)
    model.save_pretrained(tmp_path / "more", max_shard_size="4KB")
    assert (tmp_path / "more" / "model.safetensors.index.json").is_file()
    model.save_pretrained(tmp_path / "one")
    written = load_file(tmp_path / "one" / "model.safetensors")
    assert list(written) != list(model.state_dict())
    torch.save(
        {
            "state_dict": {f"net.{k}": v for k, v in written.items()}
            | {"loss.weight": torch.ones(1)}
        },
        tmp_path / "lit.ckpt",
    )
    torch.save(model.state_dict(), tmp_path / "names_of_models.pt")
    before = torch.get_rng_state()
    for place in ("more", "one", "one/model.safetensors", "lit.ckpt", "names_of_models.pt"):
        other = vit_folder(tmp_path / "other", LABELS)
        es.load_weights(other, tmp_path / place)
        assert difference(dict(other.state_dict()), dict(model.state_dict())) is None, place
    assert torch.equal(before, torch.get_rng_state())


def test_those_of_another_model_are_refused(tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="needs transformers")
    model = vit_folder(tmp_path / "vit", LABELS)
    vit_folder(tmp_path / "three", {**LABELS, 2: "cow"})
    state = {key: value.clone() for key, value in model.state_dict().items()}
    with pytest.raises(CheckpointError, match="^Expected "):
        es.load_weights(model, tmp_path / "three")
    assert difference(dict(model.state_dict()), state) is None
