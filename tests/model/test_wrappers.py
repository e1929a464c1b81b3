import pytest
import torch
from torch import nn

import earlysieve as es
from earlysieve.model.unwrap import clean_name, named_layers, unwrap

from .architectures import cnn, images, mlp


@pytest.fixture
def process_group(tmp_path):
    distributed = torch.distributed
    store = distributed.FileStore(str(tmp_path / "store"), 1)
    distributed.init_process_group("gloo", store=store, rank=0, world_size=1)
    yield
    distributed.destroy_process_group()


def check(wrapped, plain, x):
    names = es.choose_layers(plain, x)
    assert es.choose_layers(wrapped, x) == names
    for stop in (False, True):
        expected = es.capture(plain, x, names, stop=stop)
        captured = es.capture(wrapped, x, names, stop=stop)
        for name in names:
            assert torch.equal(captured.outputs[name], expected.outputs[name])
    assert torch.equal(es.capture(wrapped, x, names[:1]).logits, plain(x))
    assert not any(module._forward_hooks for module in wrapped.modules())


def test_data_parallel():
    plain = cnn().eval()
    check(nn.DataParallel(plain), plain, images(8))


@pytest.mark.usefixtures("process_group")
def test_distributed_data_parallel():
    plain = cnn().eval()
    wrapped = nn.parallel.DistributedDataParallel(plain)
    check(wrapped, plain, images(8))
    assert unwrap(wrapped) is plain


def test_compiled_wrapper_that_has_run_compiled():
    plain = cnn().eval()
    compiled = torch.compile(plain, backend="eager")
    with torch.no_grad():
        compiled(images(8))
        check(compiled, plain, images(8))


def test_wrapper_in_wrapper():
    plain = cnn().eval()
    check(torch.compile(nn.DataParallel(plain), backend="eager"), plain, images(8))


def test_model_compiled_in_place():
    plain, x = mlp().eval(), torch.randn(2, 12)
    with torch.no_grad():
        expected = es.capture(plain, x, ["1", "3"])
        plain.compile(backend="eager")
        plain(x)
        captured = es.capture(plain, x, ["1", "3"])
        stopped = es.capture(plain, x, ["1"], stop=True)
    assert torch.equal(captured.outputs["3"], expected.outputs["3"])
    assert torch.equal(stopped.outputs["1"], expected.outputs["1"])


def test_compiled_inner_module():
    class Outer(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = nn.Linear(12, 12)
            self.body = torch.compile(mlp(), backend="eager")

        def forward(self, x):
            return self.body(self.stem(x))

    model, x = Outer().eval(), torch.randn(2, 12)
    with torch.no_grad():
        model(x)
        assert "body.1" in named_layers(model)
        assert not any("_orig_mod" in name for name in named_layers(model))
        captured = es.capture(model, x, ["stem", "body.1", "body"])
        assert torch.equal(captured.outputs["body"], model(x))
        inner = model.body._orig_mod[1]
        assert torch.equal(captured.outputs["body.1"], inner(model.stem(x)))
        trace = es.trace_layers(model, x)
        assert {layer.calls for layer in trace} == {1}
        assert [layer.name for layer in trace][:3] == ["stem", "body.0", "body.1"]


def test_clean_names():
    assert clean_name("a._orig_mod.b") == "a.b"
    assert clean_name("_orig_mod") == ""


def test_a_layer_called_module_or_without_wrapper_is_left_alone():
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.module = nn.Linear(2, 2)

        def forward(self, x):
            return self.module(x)

    model = Own()
    assert unwrap(model) is model
    assert list(named_layers(model)) == ["module"]
