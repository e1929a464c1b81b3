"""Checkpoints, weights and configurations on disk."""

import json
import platform
from collections import OrderedDict

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from earlysieve.errors import CheckpointError, InputError, OutputError
from earlysieve.training import (
    TrainConfig,
    build_optimizer,
    build_scheduler,
    load_checkpoint,
    load_weights,
    optimizer_steps,
    read_config,
    save_checkpoint,
    write_config,
)

from .helpers import difference, network

EMPTY = {
    "model": {},
    "algorithm": {},
    "random": {},
    "position": {"epoch": 0, "batch": 0, "step": 0},
    "configuration": {},
    "history": [],
    "best": {"score": None, "epoch": None, "stale": 0, "model": None},
    "epoch": {"totals": {}, "row": None},
}


class Evil:
    """Runs code when it is unpickled."""

    def __reduce__(self):
        return (print, ("never",))


def same(a, b):
    return difference(dict(a.state_dict()), dict(b.state_dict())) is None


def prefixed(state, prefix):
    return OrderedDict((prefix + key, value) for key, value in state.items())


@pytest.mark.parametrize(
    "wrap",
    [
        lambda s: s,
        lambda s: {"state_dict": s, "epoch": 3},
        lambda s: {"model": s},
        lambda s: prefixed(s, "module."),
        lambda s: prefixed(s, "_orig_mod."),
        lambda s: {"state_dict": prefixed(s, "module._orig_mod.")},
        lambda s: {"state_dict": prefixed(s, "model.")},
    ],
)
def test_weights_in_all_usual_forms(tmp_path, wrap):
    torch.save(wrap(network(1).state_dict()), tmp_path / "w.pt")
    model = network(2)
    load_weights(model, tmp_path / "w.pt")
    assert same(model, network(1))


def test_weights_into_a_wrapped_model(tmp_path):
    torch.save(network(1).state_dict(), tmp_path / "w.pt")
    model = nn.DataParallel(network(2))
    load_weights(model, tmp_path / "w.pt")
    assert same(model.module, network(1))


def test_weights_from_safetensors(tmp_path):
    save_file(network(1).state_dict(), tmp_path / "w.safetensors")
    model = network(2)
    load_weights(model, tmp_path / "w.safetensors")
    assert same(model, network(1))
    (tmp_path / "w.safetensors").write_bytes(b"12")
    with pytest.raises(CheckpointError, match="it cannot be read as one"):
        load_weights(model, tmp_path / "w.safetensors")


def changed(**changes):
    state = network(1).state_dict()
    for key, value in changes.items():
        name = key.replace("__", ".")
        if value is None:
            del state[name]
        else:
            state[name] = value
    return state


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (
            changed(**{"1__bias": None, "4__bias": None}),
            "Expected the key '1.bias' in the weights, but 'FILE' does not have it; choose the "
            "checkpoint of this model, or the model of this checkpoint",
        ),
        (
            changed(**{"4__weight": torch.ones(3, 6)}),
            "Expected '4.weight' to have shape (2, 6) in the weights, but 'FILE' has (3, 6); "
            "choose the checkpoint of this model, or the model of this checkpoint",
        ),
        (
            changed(**{"9__weight": torch.ones(1)}),
            "Expected only keys of the model in the weights, but 'FILE' also has '9.weight'; "
            "choose the checkpoint of this model, or the model of this checkpoint",
        ),
        (
            changed(**{"1__bias": None, "1__biases": torch.ones(6)}),
            "Expected the key '1.bias' in the weights, but 'FILE' does not have it (it has "
            "'1.biases'); choose the checkpoint of this model, or the model of this checkpoint",
        ),
    ],
)
def test_weights_of_another_model_are_refused_by_key(tmp_path, state, message):
    path = tmp_path / "w.pt"
    torch.save(state, path)
    model = network(2)
    with pytest.raises(CheckpointError) as error:
        load_weights(model, path)
    assert str(error.value) == message.replace("FILE", str(path))
    assert same(model, network(2))


def test_files_with_code_are_refused(tmp_path):
    path = tmp_path / "w.pt"
    extra = {"state_dict": network().state_dict(), "extra": Evil()}
    parts = "torch.nn.modules.activation.ReLU, torch.nn.modules.batchnorm.BatchNorm1d"
    named = (("builtins.print", Evil()), ("builtins.print", extra), (parts, network()))
    for names, content in named:
        torch.save(content, path)
        with pytest.raises(CheckpointError) as error:
            load_weights(network(), path)
        assert str(error.value).startswith(
            f"Expected '{path}' to hold tensors and plain values only, but it holds pickled "
            f"objects ({names}"
        )
        assert "), which can run any code; save " in str(error.value)
        told = "model.state_dict() instead of the model" in str(error.value)
        assert told == (names == parts)  # other files hold no model
    with pytest.raises(CheckpointError, match="can run any code"):
        load_checkpoint(path)


def test_damaged_missing_and_other_files_are_told_apart(tmp_path):
    path = tmp_path / "w.pt"
    with pytest.raises(CheckpointError, match="but there is no such file; check the path"):
        load_weights(network(), path)
    torch.save(network().state_dict(), path)
    whole = path.read_bytes()
    for content in (whole[: len(whole) // 2], b"", b"hello"):
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match="it cannot be read as one; copy it again"):
            load_weights(network(), path)
    torch.save({"epoch": 3}, path)
    with pytest.raises(CheckpointError, match=r"but got the keys epoch; save model.state_dict"):
        load_weights(network(), path)
    torch.save([1], path)
    with pytest.raises(CheckpointError, match="but got list; save"):
        load_weights(network(), path)


def test_checkpoints_say_what_is_wrong_with_them(tmp_path):
    path = tmp_path / "last.pt"
    save_checkpoint(path, EMPTY)
    assert load_checkpoint(path) == {"format": 1, **EMPTY}
    torch.save({"format": 2}, path)
    with pytest.raises(
        CheckpointError, match=r"format 1 at '.*', but got format 2; go on with the"
    ):
        load_checkpoint(path)
    torch.save({"format": 1, "model": {}}, path)
    with pytest.raises(CheckpointError, match="Expected the key 'algorithm' in"):
        load_checkpoint(path)
    torch.save(network().state_dict(), path)
    with pytest.raises(CheckpointError, match="use load_weights"):
        load_checkpoint(path)


def test_a_checkpoint_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / "last.pt"
    save_checkpoint(path, EMPTY)
    with pytest.raises(AttributeError):
        save_checkpoint(path, {"model": lambda: 0})  # cannot be pickled
    assert load_checkpoint(path)["model"] == {}
    assert [file.name for file in tmp_path.iterdir()] == ["last.pt"]
    with pytest.raises(OutputError, match="choose another output folder"):
        save_checkpoint(path / "inside", {})


def test_a_configuration_comes_back_as_it_was(tmp_path):
    config = TrainConfig(data="digits", lr=1, method_options={"layer": "layer1"}, seed=3)
    write_config(tmp_path / "config.json", config)
    assert read_config(tmp_path / "config.json") == config
    written = json.loads((tmp_path / "config.json").read_text())
    assert written["seed"] == 3
    assert written["versions"]["python"] == platform.python_version()
    assert written["versions"]["torch"] == torch.__version__
    assert set(written["versions"]) == {"python", "torch", "numpy", "earlysieve"}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"learning_rat": 1},
            "Expected fields of the training configuration, but got 'learning_rat'; known fields",
        ),
        (
            {"epoch": 1},
            r"Expected fields of the training configuration, but got 'epoch'; did you mean 'epochs",
        ),
        ({"lr": "0.1"}, "Expected lr to be of type float or int, but got '0.1'; correct the conf"),
        ({"epochs": 2.5}, "Expected epochs to be of type int, but got 2.5; correct the conf"),
        ({"epochs": True}, "Expected epochs to be of type int, but got True; correct the conf"),
        ({"patience": "a"}, "Expected patience to be of type int or null, but got 'a'; correct"),
        ({"method_options": []}, r"Expected method_options to be of type dict, but got \[\]; corr"),
        ({"optimizer": "sdg"}, "Expected optimizer to be one of sgd, adam, adamw, but got 'sdg'"),
        ({"epochs": 0}, "Expected epochs to be at least 1, but got 0; correct the configuration"),
        ({"momentum": 2.0}, "Expected momentum to be at least 0.0 and at most 1.0, but got 2.0"),
        ({"lr": float("nan")}, "Expected lr to be at least 0.0, but got nan"),
        ({"lr": float("inf")}, "Expected lr to be finite, but got inf; correct the configuration"),
        ({"seed": 2**70}, "Expected seed to be at least 0 and at most 9223372036854775807, but"),
        ({"batch_size": 10**23}, "Expected batch_size to be at least 1 and at most 2147483647"),
    ],
)
def test_wrong_fields_are_named(tmp_path, values, message):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(values))
    with pytest.raises(InputError, match="^" + message):
        read_config(path)


def test_files_that_are_no_configuration(tmp_path):
    path = tmp_path / "config.json"
    with pytest.raises(InputError, match=r"Expected a configuration in JSON at .* No such file"):
        read_config(path)
    path.write_text("{")
    with pytest.raises(InputError, match="Expected a configuration in JSON at "):
        read_config(path)
    for text in ('{"seed": ' + "1" * 5000 + "}", '{"a": ' + "[" * 200_000 + "}"):
        path.write_text(text)
        with pytest.raises(
            InputError, match=r"^Expected a configuration in JSON at .*; check the "
        ):
            read_config(path)
    path.write_text("[]")
    with pytest.raises(InputError, match=r"Expected a JSON object at .*, but got list"):
        read_config(path)


def test_optimizers_as_configured():
    model = network()
    model[0].weight.requires_grad_(False)
    sgd = build_optimizer(model.parameters(), TrainConfig(lr=0.5, momentum=0.8, weight_decay=0.1))
    assert type(sgd) is torch.optim.SGD
    assert {key: sgd.defaults[key] for key in ("lr", "momentum", "weight_decay")} == {
        "lr": 0.5,
        "momentum": 0.8,
        "weight_decay": 0.1,
    }
    assert all(p is not model[0].weight for p in sgd.param_groups[0]["params"])
    assert len(sgd.param_groups[0]["params"]) == len(list(model.parameters())) - 1
    for name, kind in (("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW)):
        found = build_optimizer(model.parameters(), TrainConfig(optimizer=name, weight_decay=0.2))
        assert type(found) is kind
        assert found.defaults["weight_decay"] == 0.2
    with pytest.raises(InputError, match="Expected at least one parameter that requires a grad"):
        build_optimizer([], TrainConfig())


def rates(config, steps):
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=config.lr)
    scheduler = build_scheduler(optimizer, config, steps)
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return found


def test_schedules_by_hand():
    assert rates(TrainConfig(lr=1.0, scheduler="cosine"), 4) == pytest.approx(
        [1.0, 0.8535534, 0.5, 0.1464466]
    )
    warm = TrainConfig(lr=1.0, scheduler="linear-warmup", warmup=0.5)
    assert rates(warm, 4) == pytest.approx([1 / 3, 2 / 3, 1.0, 0.5])
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    assert build_scheduler(optimizer, TrainConfig(), 4) is None
    assert optimizer_steps(5, TrainConfig(epochs=3, accumulate=2)) == 9


def test_two_values_of_one_parameter_are_refused(tmp_path):
    model = torch.nn.Linear(2, 1)
    state = {**model.state_dict(), "_orig_mod.weight": torch.zeros(1, 2)}
    torch.save(state, tmp_path / "w.pt")
    before = model.weight.clone()
    with pytest.raises(
        CheckpointError, match="Expected one value of 'weight' in .*, but got sever"
    ):
        load_weights(model, tmp_path / "w.pt")
    assert torch.equal(model.weight, before)


def test_whole_numbers_in_place_of_others_are_taken_as_those():
    config = TrainConfig(weight_decay=10**30, lr=1, clip_norm=2)
    assert repr((config.weight_decay, config.lr, config.clip_norm)) == "(1e+30, 1.0, 2.0)"
    assert TrainConfig(clip_norm=None).clip_norm is None
    assert isinstance(TrainConfig(epochs=3).epochs, int)
