from collections import OrderedDict
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

import earlysieve as es
from earlysieve.errors import InputError
from earlysieve.model.batch import call_model, first_tensor, inputs_to, logits_of, take, tensors_of
from earlysieve.model.precision import match_precision


@pytest.mark.parametrize(
    "labels",
    [
        torch.tensor([0, 1], dtype=torch.uint8),
        torch.tensor([0, 1], dtype=torch.int32),
        torch.tensor([False, True]),
        np.array([0, 1], dtype=np.uint16),
        [0, 1],
        torch.tensor([0.0, 1.0]),
        np.array([0.0, 1.0]),
    ],
)
def test_whole_numbers_of_any_type_as_labels_become_int64(labels):
    batch = es.Batch(torch.zeros(2, 3), labels)
    assert batch.labels.dtype is torch.int64
    assert batch.labels.tolist() == [0, 1]
    assert len(batch) == 2


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("labels", torch.tensor([0.5, 1.0]), "torch.float32 of shape (2,)"),
        ("labels", torch.tensor([torch.nan, 1.0]), "torch.float32 of shape (2,)"),
        ("labels", torch.zeros(2, 3, dtype=torch.int64), "torch.int64 of shape (2, 3)"),
        ("labels", torch.tensor([1]), "torch.int64 of shape (1,)"),
        ("index", torch.tensor([0.5, 1]), "torch.float32 of shape (2,)"),
        ("groups", torch.tensor([0, 1, 2]), "torch.int64 of shape (3,)"),
    ],
)
def test_what_is_not_one_integer_per_example(name, value, told):
    values = {"labels": torch.tensor([0, 1]), name: value}
    with pytest.raises(InputError) as caught:
        es.Batch(torch.zeros(2, 3), **values)
    assert str(caught.value) == (
        f"Expected {name} to be 2 integers, one per example of the batch, but got {told}; "
        "pass class numbers, not one-hot rows"
    )


def test_inputs_without_a_batch_dimension():
    with pytest.raises(InputError) as caught:
        es.Batch(torch.tensor(1.0), torch.tensor([0]))
    assert str(caught.value) == (
        "Expected inputs with the batch in the first dimension, but got a single number; stack "
        "the examples of a batch"
    )


def test_moving_keeps_everything_and_what_is_no_tensor():
    inputs = {"x": torch.zeros(2, 3), "flag": True}
    batch = es.Batch(inputs, [0, 1], [5, 6], [-1, 2]).to("meta")
    assert batch.inputs["x"].is_meta
    assert batch.inputs["flag"] is True
    assert batch.labels.is_meta
    assert batch.index.is_meta
    assert batch.groups.is_meta
    assert all(v.is_meta for v in inputs_to((torch.zeros(1), torch.zeros(2)), "meta"))


def test_attention_mask():
    mask = torch.ones(2, 4, dtype=torch.int64)
    assert es.Batch({"input_ids": mask, "attention_mask": mask}, [0, 1]).mask is mask
    assert es.Batch({"input_ids": mask}, [0, 1]).mask is None
    assert es.Batch(torch.zeros(2, 4), [0, 1]).mask is None
    assert es.Batch({"x": mask, "attention_mask": torch.ones(2, 1, 4, 4)}, [0, 1]).mask is None


def test_first_tensor_looks_into_nests():
    x = torch.zeros(2)
    assert first_tensor((None, (), {"a": "text", "b": [x]})) is x
    assert first_tensor(OrderedDict(a=None, b=(x, None))) is x
    with pytest.raises(InputError, match=r"^Expected a tensor, or a tuple or mapping that holds"):
        first_tensor([(), {}])


def test_logits_are_found_in_every_form():
    x, loss = torch.zeros(2, 3), torch.tensor(1.0)
    for output in (
        x,
        (x, loss),
        [x],
        {"loss": loss, "logits": x},
        SimpleNamespace(loss=loss, logits=x),
        {"scores": x},
    ):
        assert logits_of(output) is x


@pytest.mark.parametrize(
    ("output", "told"),
    [
        (torch.tensor(2.0), "torch.float32 of shape ()"),
        (torch.zeros(2, dtype=torch.int64), "torch.int64 of shape (2,)"),
        (torch.zeros(2, 3, 4, 4), "torch.float32 of shape (2, 3, 4, 4)"),
        (torch.zeros(2, 3, dtype=torch.int64), "torch.int64 of shape (2, 3)"),
    ],
)
def test_what_is_no_logits(output, told):
    with pytest.raises(InputError) as caught:
        logits_of(output)
    assert str(caught.value) == (
        "Expected the model to return floating-point logits of shape (batch, classes), or "
        f"(batch,) where one logit tells two classes, but got {told}; wrap the model so that it "
        "returns one row of class scores per example"
    )


def test_take_leaves_what_has_no_batch_whole():
    inputs = {"x": torch.arange(6).reshape(3, 2), "scale": torch.tensor(2.0), "w": torch.ones(5)}
    taken = take(inputs, slice(0, 2))
    assert taken["x"].tolist() == [[0, 1], [2, 3]]
    assert taken["scale"] is inputs["scale"]
    assert taken["w"] is inputs["w"]
    assert [v.tolist() for v in take((torch.arange(3), torch.arange(3)), torch.tensor([2]))] == [
        [2],
        [2],
    ]
    assert take(torch.arange(3), slice(1, 3)).tolist() == [1, 2]
    assert len(tensors_of(inputs)) == 3
    assert len(tensors_of((inputs["x"],))) == 1


@pytest.mark.parametrize("key", ["labels", "label", "target", "targets", "y"])
def test_labels_are_dropped_whatever_they_are_called(key):
    assert call_model(lambda **names: sorted(names), {"x": 1, key: 2}) == ["x"]


def test_inputs_take_the_models_precision():
    model = nn.Linear(2, 2).half()
    x, ids = torch.zeros(2, 2, dtype=torch.float64), torch.zeros(2, dtype=torch.int64)
    assert match_precision(model, x).dtype is torch.float16
    assert [v.dtype for v in match_precision(model, (x, ids))] == [torch.float16, torch.int64]
    matched = match_precision(model, {"x": x, "ids": ids, "flag": True})
    assert (matched["x"].dtype, matched["ids"].dtype) == (torch.float16, torch.int64)
    assert matched["flag"] is True
    assert match_precision(nn.ReLU(), x) is x


def test_a_module_without_forward_names_the_part_to_pass() -> None:
    class Holder(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.loss = torch.nn.CrossEntropyLoss()
            self.net = torch.nn.Linear(4, 2)

    message = r"^Expected a model that can be called, but Holder has no forward; pass .*`\.net`$"
    with pytest.raises(InputError, match=message):
        call_model(Holder(), torch.randn(2, 4))
    inner = torch.nn.Sequential(Holder())
    with pytest.raises(NotImplementedError):
        call_model(inner, torch.randn(2, 4))
