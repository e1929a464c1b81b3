"""Classes of data that stand in another order than a network's outputs."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

import earlysieve as es
from earlysieve.errors import DataError
from earlysieve.networks.output_names import check_order, label_names


def called(*names: str) -> nn.Module:
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, len(names)))
    object.__setattr__(model, "config", SimpleNamespace(id2label=dict(enumerate(names))))
    return model


def test_names_that_are_numbers_are_none() -> None:
    assert label_names(called("LABEL_0", "LABEL_1").config) == ()
    assert label_names(SimpleNamespace()) == label_names(None) == ()
    assert label_names(SimpleNamespace(id2label={1: "b", 0: "a"})) == ("a", "b")


@pytest.mark.parametrize("names", [(), ("cat", "dog"), ("Cat", "DOG"), ("cat",), ("x", "y")])
def test_names_in_this_order_or_others_are_taken(names: tuple[str, ...]) -> None:
    check_order(called("cat", "dog", "owl"), names)


def test_an_audit_refuses_names_in_another_order() -> None:
    x, y = torch.randn(40, 3, generator=torch.Generator().manual_seed(0)), ["owl", "cat"] * 20
    with pytest.raises(DataError, match="id2label.*, owl, cat, but the data have cat, owl"):
        es.audit(called("owl", "cat"), (x, y), progress=False)
    audit = es.audit(called("owl", "cat"), (x, y), class_names=["owl", "cat"], progress=False)
    assert audit.class_names == ("owl", "cat")
    datasets = pytest.importorskip("datasets")
    of_class = datasets.Features(
        {"x": datasets.Sequence(datasets.Value("float32")),
         "label": datasets.ClassLabel(names=["cat", "owl"])}
    )  # fmt: skip
    table = datasets.Dataset.from_dict({"x": x.tolist(), "label": [0, 1] * 20}, features=of_class)
    with pytest.raises(DataError, match="id2label"):
        es.audit(called("owl", "cat"), table.with_format("torch"), progress=False)
