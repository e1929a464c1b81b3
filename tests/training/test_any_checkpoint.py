"""Weights are found in the files that people have, and what was found is said."""

import argparse
import datetime
import json
import pathlib
import sys
import types
import warnings
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

import earlysieve as es
from earlysieve.errors import CheckpointError
from earlysieve.training import load_weights
from earlysieve.training.archive import read_weights
from earlysieve.training.weight_files import weights_hash

from .helpers import difference, network

State = dict[str, Tensor]


def trained() -> State:
    return network(1).state_dict()


def under(prefix: str, state: State | None = None) -> State:
    return {prefix + key: value for key, value in (state or trained()).items()}


def loaded(tmp_path: Path, content: Any, **options: Any) -> es.LoadedWeights:
    """Load into another network, which must then be the trained one."""
    torch.save(content, tmp_path / "w.ckpt")
    model = network(2)
    found = load_weights(model, tmp_path / "w.ckpt", **options)
    assert difference(dict(model.state_dict()), dict(trained())) is None
    return found


def refusal(tmp_path: Path, content: Any, **options: Any) -> str:
    """Why content is refused; the model is as it was."""
    torch.save(content, tmp_path / "w.ckpt")
    model = network(2)
    with pytest.raises(CheckpointError) as error:
        load_weights(model, tmp_path / "w.ckpt", **options)
    assert difference(dict(model.state_dict()), dict(network(2).state_dict())) is None
    return str(error.value).replace(str(tmp_path), "DIR")


@pytest.mark.parametrize(
    "prefix",
    [
        "module.",
        "model.",
        "_orig_mod.",
        "model.module.",
        "model._orig_mod.",
        "_orig_mod.module.model.",
        "net.backbone.",
    ],
)
def test_a_prefix_of_any_nesting_is_found_and_said(tmp_path: Path, prefix: str) -> None:
    found = loaded(tmp_path, {"state_dict": under(prefix), "epoch": 3})
    assert found.key == "state_dict"
    assert found.prefix == prefix.replace("_orig_mod.", "")
    said = [f"'{part}'" for part in (found.prefix, "_orig_mod.") if part and part in prefix]
    assert found.notes == (
        f"The weights of '{tmp_path / 'w.ckpt'}' were taken under the key 'state_dict' without the "
        f"prefix {', '.join(said)}.",
    )


def test_wrappers_inside_a_name_are_ignored(tmp_path: Path) -> None:
    state = {key.replace("1.", "1._orig_mod."): value for key, value in trained().items()}
    assert loaded(tmp_path, state).prefix == ""


def test_plain_weights_need_no_word(tmp_path: Path) -> None:
    assert loaded(tmp_path, trained()) == es.LoadedWeights("", "", (), ())


def test_weights_of_a_loss_are_left_out_and_named(tmp_path: Path) -> None:
    state = under("model.") | {"loss_fn.weight": torch.ones(2), "acc.total": torch.ones(())}
    found = loaded(tmp_path, {"state_dict": state})
    assert found.ignored == ("loss_fn.weight", "acc.total")
    assert found.notes[-1].endswith(
        "since the model has no such weights: 'loss_fn.weight', 'acc.total'."
    )


def test_more_weights_within_the_prefix_are_those_of_another_model(tmp_path: Path) -> None:
    state = under("model.") | {"model.9.weight": torch.ones(1)}
    for prefix in (None, "model", "model."):
        assert refusal(tmp_path, {"state_dict": state}, prefix=prefix).startswith(
            "Expected only keys of the model in the weights, but 'DIR/w.ckpt' under 'model.' also "
            "has '9.weight'; "
        )


def test_a_missing_key_names_one_near_to_it(tmp_path: Path) -> None:
    state = under("model.")
    state["model.1.biases"] = state.pop("model.1.bias")
    state["loss.weight"] = torch.ones(2)
    assert refusal(tmp_path, state).startswith(
        "Expected the key '1.bias' in the weights, but 'DIR/w.ckpt' under 'model.' does not have "
        "it (it has '1.biases'); "
    )


def test_other_shapes_are_told_within_the_prefix(tmp_path: Path) -> None:
    state = under("model.") | {"model.4.weight": torch.ones(5, 6)}
    assert refusal(tmp_path, state).startswith(
        "Expected '4.weight' to have shape (2, 6) in the weights, but 'DIR/w.ckpt' under 'model.' "
        "has (5, 6); "
    )


@pytest.mark.parametrize("key", ["state_dict_ema", "model_ema", "ema"])
def test_averaged_weights_are_named_and_taken_if_asked_for(tmp_path: Path, key: str) -> None:
    other = network(3).state_dict()
    averaged = {"n_averaged": torch.tensor(5), **under("module.")}
    plain = loaded(tmp_path, {"model": trained(), key: under("module.", other)})
    assert f"(EMA): name the checkpoint key '{key}'" in plain.notes[-1]
    assert loaded(tmp_path, {"model": other, key: averaged}, key=key).ignored == ("n_averaged",)
    alone = loaded(tmp_path, {key: averaged, "epoch": 1})
    assert f"under the key '{key}' without the prefix 'module.'" in alone.notes[0]


def test_averaged_weights_beside_the_others_are_told_apart(tmp_path: Path) -> None:
    other = network(3).state_dict()
    state = under("model.") | under("ema_model.module.", other)
    found = loaded(tmp_path, {"state_dict": state})
    assert found.prefix == "model."
    assert "under 'ema_model.module.': name one as the checkpoint prefix" in found.notes[-1]
    swapped = under("model.", other) | under("ema_model.module.")
    assert loaded(tmp_path, swapped, prefix="ema_model.module").prefix == "ema_model.module."


@pytest.mark.parametrize(
    ("raw", "name"), [("net", "net_ema"), ("model", "ema_weights"), ("model", "swa")]
)
def test_averaged_weights_of_any_name_are_told(tmp_path: Path, raw: str, name: str) -> None:
    other = network(3).state_dict()
    told = loaded(tmp_path, {raw: trained(), name: other, "step": 3}).notes
    assert any(f"(EMA): name the checkpoint key '{name}'" in one for one in told)


def test_averaged_weights_within_settings_of_the_average_are_told(tmp_path: Path) -> None:
    other = network(3).state_dict()
    ema = {"decay": 0.99, "shadow": trained()}
    told = loaded(tmp_path, {"model": trained(), "ema": {"shadow": other}}).notes
    assert "(EMA): name the checkpoint key 'ema.shadow'" in told[-1]
    assert loaded(tmp_path, {"model": other, "ema": ema}, key="ema.shadow").key == "ema.shadow"
    assert loaded(tmp_path, {"ema": ema, "epoch": 1}).key == "ema.shadow"
    # Weights under a name that is not usual are those that are no average.
    found = loaded(tmp_path, {"params": trained(), "params_ema": other})
    assert (found.key, "'params_ema'" in found.notes[-1]) == ("params", True)


def test_an_average_of_parameters_alone_keeps_the_buffers_beside_it(tmp_path: Path) -> None:
    other = network(3).state_dict()
    parameters = {name for name, _ in network(1).named_parameters()}
    buffers = trained().keys() - parameters
    assert any("running_mean" in name for name in buffers)
    shadow = {name: value for name, value in trained().items() if name in parameters}
    raw = {name: (trained() if name in buffers else other)[name] for name in trained()}
    content = {"model": raw, "ema": {"shadow": shadow}}
    told = loaded(tmp_path, content, key="ema.shadow").notes[-1]
    assert told.startswith("What 'ema.shadow' lacks was taken from 'model' beside it: '")
    # No other weights are there to take them from; nor are parameters ever taken.
    assert "Expected the key" in refusal(tmp_path, {"ema": {"shadow": shadow}}, key="ema.shadow")
    shadow.pop(min(shadow))
    assert "Expected the key" in refusal(tmp_path, content, key="ema.shadow")


class Config:
    """A setting of the user's own."""


def test_settings_that_run_code_are_told_from_a_whole_model(tmp_path: Path) -> None:
    told = refusal(tmp_path, {"state_dict": trained(), "config": Config()})
    assert "Config), which can run any code; save the state_dict without them, or with" in told
    assert refusal(tmp_path, network(1)).endswith("save model.state_dict() instead of the model")


def test_files_of_other_kinds_say_what_they_are(tmp_path: Path) -> None:
    arrays = {name: value.numpy() for name, value in trained().items()}
    told = refusal(tmp_path, arrays)
    assert "but got arrays of NumPy under the keys " in told
    assert told.endswith("save them as tensors (torch.from_numpy)")
    np.savez(tmp_path / "w.npz", **arrays)
    with pytest.raises(CheckpointError, match="holds arrays of NumPy; save them as tensors"):
        load_weights(network(2), tmp_path / "w.npz")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch advises another format
        torch.jit.script(nn.Linear(3, 2)).save(tmp_path / "w.pt")
    with pytest.raises(CheckpointError, match=r"TorchScript program; save torch.jit.load"):
        load_weights(network(2), tmp_path / "w.pt")


@pytest.mark.parametrize("name", ["w.pt", "w.safetensors"])
def test_a_pointer_of_git_lfs_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    with pytest.raises(CheckpointError, match="a pointer of Git LFS, .*; run git lfs pull$"):
        es.load_weights(network(), tmp_path / name)


def test_two_models_in_one_file_have_to_be_named(tmp_path: Path) -> None:
    state = under("teacher.", network(3).state_dict()) | under("student.")
    assert refusal(tmp_path, state).endswith(
        "are there under 'teacher.', 'student.'; name the checkpoint prefix of this model, as "
        "'teacher.' (checkpoint_prefix=, --checkpoint-prefix)"
    )
    assert loaded(tmp_path, state, prefix="student").prefix == "student."
    larger = under("teacher.", nn.Sequential(nn.Linear(4, 9), *network()[1:]).state_dict())
    assert loaded(tmp_path, larger | under("student.")).prefix == "student."
    parts = {"generator": network(3).state_dict(), "critic": trained()}
    assert refusal(tmp_path, parts) == (
        "Expected 'DIR/w.ckpt' to hold the weights of one model, but its keys 'generator', "
        "'critic' all hold some; name the checkpoint key of this model"
    )
    assert loaded(tmp_path, parts, key="critic").key == "critic"


def test_any_single_key_is_found_and_a_wrong_one_is_told(tmp_path: Path) -> None:
    content = {"classifier": {"weights": trained()}, "optimizer": {"state": {0: torch.ones(1)}}}
    assert loaded(tmp_path, {"my_net": trained(), "optimizer": {"state": {}}}).key == "my_net"
    assert loaded(tmp_path, content, key="classifier.weights").key == "classifier.weights"
    assert loaded(tmp_path, content, key="classifier").key == "classifier.weights"
    assert refusal(tmp_path, content, key="clasifier") == (
        "Expected weights under the checkpoint key 'clasifier' in 'DIR/w.ckpt', but it has weights "
        "under 'classifier'; name one of them, or leave the key out"
    )
    assert (
        "checkpoint prefix 'modle.' in 'DIR/w.ckpt', but got none; near ones are: model"
        in refusal(tmp_path, under("model."), prefix="modle")
    )


def test_a_content_that_holds_itself_ends(tmp_path: Path) -> None:
    content: dict[str, Any] = {}
    content["model"] = content
    assert "but got the keys model; save" in refusal(tmp_path, content)


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(3, 3), nn.Linear(3, 3)
        self.b.weight = self.a.weight


def test_a_tensor_with_two_names_is_needed_once(tmp_path: Path) -> None:
    state = {k: torch.ones_like(v) for k, v in Tied().state_dict().items() if k != "a.weight"}
    torch.save({f"model.{key}": value for key, value in state.items()}, tmp_path / "w.pt")
    model = Tied()
    load_weights(model, tmp_path / "w.pt")
    assert bool((model.a.weight == 1).all())
    del state["b.weight"]
    torch.save(state, tmp_path / "w.pt")
    with pytest.raises(CheckpointError, match=r"^Expected the key 'a\.weight'"):
        load_weights(model, tmp_path / "w.pt")


def test_counters_that_old_files_lack_are_kept(tmp_path: Path) -> None:
    old = {k: v for k, v in trained().items() if not k.endswith("num_batches_tracked")}
    loaded(tmp_path, old)


SETTINGS = {
    "args": argparse.Namespace(lr=0.1, out=pathlib.Path("runs/a"), more=[argparse.Namespace()]),
    "hyper_parameters": {"root": pathlib.PurePosixPath("/data")},
    "config": types.SimpleNamespace(depth=3),
    "best_acc": np.float64(0.9),
    "history": [np.arange(3), np.zeros((2, 2), dtype=np.float32)],
    "began": datetime.datetime(2026, 1, 2, 3, 4),
    "took": {"all": datetime.timedelta(hours=1), "day": datetime.date(2026, 1, 2)},
}


def test_settings_beside_the_weights_stay_empty(tmp_path: Path) -> None:
    before = set(torch.serialization.get_safe_globals())
    loaded(tmp_path, {"state_dict": under("module."), **SETTINGS})
    read = read_weights(tmp_path / "w.ckpt")
    assert vars(read["args"]) == {}
    assert not isinstance(read["args"], argparse.Namespace)
    assert not isinstance(read["hyper_parameters"]["root"], pathlib.PurePath)
    assert set(torch.serialization.get_safe_globals()) == before


def test_paths_of_other_systems_and_versions_are_read(tmp_path: Path) -> None:
    for module, name in (("pathlib", "WindowsPath"), ("pathlib._local", "PosixPath")):
        foreign = type(name, (), {"__module__": module, "__reduce__": lambda s: (type(s), ("a",))})
        home = types.ModuleType(module)
        setattr(home, name, foreign)
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(sys.modules, module, home)
            torch.save({"model": trained(), "path": foreign()}, tmp_path / "w.pt")
        model = network(2)
        load_weights(model, tmp_path / "w.pt")
        assert difference(dict(model.state_dict()), dict(trained())) is None


def write_shards(folder: Path, ending: str) -> dict[str, Any]:
    names = list(trained())
    listed = {}
    for number, keys in enumerate((names[:3], names[3:])):
        part = OrderedDict((key, trained()[key]) for key in keys)
        shard = f"model-{number}.{ending}"
        if ending == "safetensors":
            save_file(part, folder / shard)
        else:
            torch.save(part, folder / shard)
        listed |= dict.fromkeys(keys, shard)
    name = {"safetensors": "model.safetensors", "bin": "pytorch_model.bin"}[ending]
    (folder / f"{name}.index.json").write_text(json.dumps({"weight_map": listed}))
    return listed


@pytest.mark.parametrize("ending", ["safetensors", "bin"])
def test_shards_are_put_together(tmp_path: Path, ending: str) -> None:
    listed = write_shards(tmp_path, ending)
    index = next(tmp_path.glob("*.index.json"))
    for path in (tmp_path, index):
        model = network(2)
        load_weights(model, path)
        assert difference(dict(model.state_dict()), dict(trained())) is None
    before = weights_hash(index)
    shard = tmp_path / f"model-1.{ending}"
    save_file({"4.bias": torch.ones(2)}, shard)
    if ending == "bin":
        torch.save({"4.bias": torch.ones(2)}, shard)
    assert weights_hash(index) != before
    with pytest.raises(CheckpointError, match=r"^Expected '.*' in '.*model-1.*', as '.*' says"):
        load_weights(network(2), tmp_path)
    index.write_text(json.dumps({"weight_map": dict.fromkeys(listed, "../w.pt")}))
    with pytest.raises(CheckpointError, match=r"list files beside it, but got '\.\./w\.pt'"):
        load_weights(network(2), tmp_path)
    index.write_text("[]")
    with pytest.raises(CheckpointError, match="^Expected a list of files of weights in "):
        load_weights(network(2), tmp_path)


def test_a_folder_without_weights_is_told(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"got none; pass the file of the weights$"):
        load_weights(network(), tmp_path)
    (tmp_path / "adapter_config.json").write_text("{}")
    with pytest.raises(CheckpointError, match="it holds an adapter: merge it into its model"):
        load_weights(network(), tmp_path)


def test_what_lightning_saves_is_loaded(tmp_path: Path) -> None:
    pl = pytest.importorskip("lightning.pytorch", reason="needs lightning")

    class Lit(pl.LightningModule):  # type: ignore[misc, name-defined]
        def __init__(self, root: Path, args: argparse.Namespace) -> None:
            super().__init__()
            self.save_hyperparameters()
            self.model = network(1)
            self.loss_fn = nn.CrossEntropyLoss(weight=torch.ones(2))

        def configure_optimizers(self) -> Any:
            return torch.optim.Adam(self.parameters())

        def training_step(self, batch: Any, _: int) -> Tensor:
            loss: Tensor = self.loss_fn(self.model(batch[0]), batch[1])
            return loss

    trainer = pl.Trainer(
        max_steps=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        accelerator="cpu",
    )
    lit = Lit(tmp_path, argparse.Namespace(a=1))
    data = torch.utils.data.TensorDataset(torch.randn(4, 4), torch.tensor([0, 1, 0, 1]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer.fit(lit, torch.utils.data.DataLoader(data, batch_size=4))
    trainer.save_checkpoint(tmp_path / "lit.ckpt")
    model = network(2)
    found = es.load_weights(model, tmp_path / "lit.ckpt")
    assert (found.key, found.prefix, found.ignored) == ("state_dict", "model.", ("loss_fn.weight",))
    assert difference(dict(model.state_dict()), dict(lit.model.state_dict())) is None
