import pytest
import torch
from torch import nn

import earlysieve as es
from earlysieve.errors import InputError, LayerError

from .architectures import InPlace, TwoInputs, cnn, images, make, mlp


def hooks(model):
    return sum(
        len(module._forward_hooks) + len(module._forward_pre_hooks) for module in model.modules()
    )


class Wrapped(nn.Module):
    """Runs an inner layer in a `try` of its own."""

    def __init__(self, attempt):
        super().__init__()
        self.inner = nn.Linear(4, 4)
        self.head = nn.Linear(4, 2)
        self.attempt = attempt

    def forward(self, x):
        return self.head(self.attempt(self.inner, x))


def patient(layer, x):
    try:
        return layer(x)
    except Exception:  # noqa: BLE001
        return x


def greedy(layer, x):
    try:
        return layer(x)
    except:  # noqa: E722
        return x


def translating(layer, x):
    try:
        return layer(x)
    except:  # noqa: E722
        raise ValueError("the layer failed") from None


@pytest.mark.parametrize("attempt", [patient, greedy, translating])
def test_a_network_that_catches_exceptions_can_be_stopped(attempt):
    model, x = Wrapped(attempt), torch.randn(3, 4)
    stopped = es.capture(model, x, ["inner"], stop=True)
    assert torch.equal(stopped.outputs["inner"], model.inner(x))
    assert stopped.model_output is None
    assert hooks(model) == 0


def test_what_comes_after_the_layer_does_not_run():
    model, ran = Wrapped(patient), []
    model.head.register_forward_hook(lambda *_: ran.append(1))
    es.capture(model, torch.randn(3, 4), ["inner"], stop=True)
    assert ran == []
    es.capture(model, torch.randn(3, 4), ["inner"])
    assert ran == [1]


def test_outputs_are_kept_before_an_in_place_layer_overwrites_them():
    model, x = InPlace().eval(), torch.randn(5, 6)
    raw = nn.functional.linear(x, model.first.weight, model.first.bias)
    assert (raw < 0).any()
    captured = es.capture(model, x, ["first"])
    assert torch.equal(captured.outputs["first"], raw)
    untouched = es.capture(model, x, ["first"], transform=lambda _name, tensor: tensor)
    assert torch.equal(untouched.outputs["first"], raw)
    view = es.capture(model, x, ["first"], transform=lambda _name, tensor: tensor[:, :2])
    assert torch.equal(view.outputs["first"], raw[:, :2])


def test_outputs_keep_the_graph_in_the_callers_mode():
    model, x = mlp(), torch.randn(2, 12)
    es.capture(model, x, ["3"], stop=True).outputs["3"].sum().backward()
    assert model[1].weight.grad is not None
    assert model[5].weight.grad is None
    with torch.no_grad():
        assert not es.capture(model, x, ["3"]).outputs["3"].requires_grad


def test_capture_runs_in_the_training_mode_the_caller_has_set():
    model = cnn().train()
    before = model[1].running_mean.clone()
    es.capture(model, images(8), ["0"])
    assert not torch.equal(model[1].running_mean, before)
    assert model.training


def test_names_come_in_the_order_asked_and_once():
    model, x = mlp(), torch.randn(2, 12)
    captured = es.capture(model, x, ["3", "1", "3"])
    assert list(captured.outputs) == ["3", "1"]
    stopped = es.capture(model, x, ("3", "1"), stop=True)
    assert list(stopped.outputs) == ["3", "1"]


def test_tuple_inputs():
    model, inputs = TwoInputs(), (torch.randn(2, 4), torch.randn(2, 2))
    captured = es.capture(model, inputs, ["right"])
    assert torch.equal(captured.outputs["right"], model.right(inputs[1]))
    assert torch.equal(captured.logits, model(*inputs))


def test_labels_in_mapping_inputs_never_reach_the_model():
    model, inputs = make("BERT")
    plain = es.capture(model, inputs, ["bert.pooler"])
    labelled = es.capture(model, {**inputs, "labels": torch.tensor([0, 1])}, ["bert.pooler"])
    assert labelled.model_output.loss is None
    assert torch.equal(plain.logits, labelled.logits)


def test_logits_of_a_stopped_pass():
    captured = es.capture(mlp(), torch.randn(2, 12), ["1"], stop=True)
    with pytest.raises(InputError) as caught:
        _ = captured.logits
    assert str(caught.value) == (
        "Expected a full pass, but this one was stopped before the model's output; "
        "call capture(..., stop=False) to get logits"
    )


def test_unknown_layer_half_way_through_registration():
    model, _ = make("resnet18")
    with pytest.raises(LayerError) as caught:
        es.capture(model, images(32), ["layer1", "layr2"])
    assert str(caught.value) == (
        "Expected a layer of the model, but got 'layr2', which it does not have; "
        "near names are: 'layer2', 'layer2.1', 'layer2.0', 'layer4', 'layer3'"
    )
    assert hooks(model) == 0


def test_unknown_layer_unlike_any_other():
    with pytest.raises(LayerError, match=r"near names are: '0', '1', '2', '3', '4'$"):
        es.capture(mlp(), torch.randn(2, 12), ["nothing like it"])


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("stop", [False, True])
def test_no_hook_is_left_when_the_forward_pass_fails(error, stop):
    def failing(_layer, _x):
        raise error("no")

    model = Wrapped(failing)
    with pytest.raises(error, match="no"):
        es.capture(model, torch.randn(2, 4), ["inner"], stop=stop)
    assert hooks(model) == 0


def test_hooks_of_the_user_stay():
    model, seen = mlp(), []
    model[1].register_forward_hook(lambda *_: seen.append(1))
    es.capture(model, torch.randn(2, 12), ["1"], stop=True)
    assert (hooks(model), seen) == (1, [1])


def test_nested_captures_stop_their_own_pass_only():
    inner = mlp()

    class Outer(nn.Module):
        def __init__(self):
            super().__init__()
            self.before = nn.Linear(12, 12)
            self.after = nn.Linear(8, 2)

        def forward(self, x):
            return self.after(es.capture(inner, self.before(x), ["1"], stop=True).outputs["1"])

    outer, x = Outer(), torch.randn(2, 12)
    captured = es.capture(outer, x, ["after"])
    assert torch.equal(captured.outputs["after"], outer.after(inner[1](outer.before(x))))
    assert captured.model_output is not None
    stopped = es.capture(outer, x, ["before"], stop=True)
    assert stopped.model_output is None
    assert hooks(outer) + hooks(inner) == 0


def test_an_outer_stop_passes_through_an_inner_capture():
    shared = mlp()

    class Outer(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = shared

        def forward(self, x):
            return es.capture(self.net, x, ["3"]).logits

    stopped = es.capture(Outer(), torch.randn(2, 12), ["net.1"], stop=True)
    assert list(stopped.outputs) == ["net.1"]
    assert hooks(shared) == 0


class Repeated(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = nn.Linear(4, 4)
        self.unused = nn.Linear(4, 4)
        self.parts = nn.ModuleList([nn.Linear(4, 4)])
        self.head = nn.Linear(4, 2)
        self.words = nn.Module()

    def forward(self, x):
        for _ in range(3):
            x = self.block(x)
        return self.head(self.parts[0](x))


def test_repeated_layer():
    with pytest.raises(LayerError) as caught:
        es.capture(Repeated(), torch.randn(2, 4), ["block"])
    assert str(caught.value) == (
        "Expected layer 'block' to run exactly once in a forward pass, but it ran 3 times; it is "
        "shared or repeated: choose a layer that trace_layers lists with 1 call, such as the "
        "block around it"
    )


@pytest.mark.parametrize("name", ["unused", "parts"])
def test_layer_that_does_not_run(name):
    with pytest.raises(LayerError) as caught:
        es.capture(Repeated(), torch.randn(2, 4), [name], stop=True)
    assert str(caught.value) == (
        f"Expected layer '{name}' to run once in a forward pass, but it did not run; it may be a "
        "container whose parts are called one by one, or a branch not taken: choose a layer that "
        "trace_layers lists"
    )


def test_layer_without_a_tensor():
    class Words(nn.Module):
        def forward(self, _x):
            return "words"

    model = nn.Sequential(nn.Linear(4, 2), Words())
    with pytest.raises(LayerError) as caught:
        es.capture(model, torch.randn(2, 4), ["1"])
    assert str(caught.value) == (
        "Expected layer '1' (Words) to give a tensor, but it gave str; choose another layer from "
        "trace_layers"
    )
    assert hooks(model) == 0


@pytest.mark.parametrize(("layers", "kind"), [("layer1", "str"), ({"layer1": 1}, "dict")])
def test_layers_must_be_a_list(layers, kind):
    with pytest.raises(InputError) as caught:
        es.capture(mlp(), torch.randn(2, 12), layers)
    assert str(caught.value) == (
        f'Expected layers to be a list of names, but got {kind}; write layers=["layer1"]'
    )


def test_no_layers():
    with pytest.raises(InputError, match=r"^Expected at least one layer name, but got none; "):
        es.capture(mlp(), torch.randn(2, 12), [])


def test_frozen_and_half_precision_models():
    model = cnn().eval().requires_grad_(False).to(torch.bfloat16)
    captured = es.capture(model, images(8).bfloat16(), ["0"])
    assert captured.outputs["0"].dtype is torch.bfloat16
    assert not captured.outputs["0"].requires_grad


@pytest.mark.parametrize("attribute", ["_hf_hook", "_fsdp_state"])
def test_passes_that_must_end_are_not_broken_off(attribute):
    model, x = mlp(), torch.randn(2, 12)
    setattr(model[3], attribute, object())
    captured = es.capture(model, x, ["1"], stop=True)
    assert torch.equal(captured.logits, model(x))
