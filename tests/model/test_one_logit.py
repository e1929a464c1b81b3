import pytest
import torch
import torch.nn.functional as F

import earlysieve as es
from earlysieve.errors import InputError
from earlysieve.model.batch import logits_of
from earlysieve.model.one_logit import look_like_probabilities, one_row, two_rows
from earlysieve.training.erm import ERM

from .one_logit import FORMS, Binary

Z = torch.tensor([-1.5, 0.25, 3.0])


@pytest.mark.parametrize("output", [Z, Z[:, None], {"logits": Z}, (Z[:, None], None)])
def test_one_logit_is_the_second_of_two(output):
    assert logits_of(output).tolist() == [[0.0, -1.5], [0.0, 0.25], [0.0, 3.0]]


def test_cross_entropy_of_the_two_is_binary_cross_entropy_of_the_one():
    z, y = torch.randn(50).double(), torch.arange(50) % 2
    ours = F.cross_entropy(logits_of(z), y)
    assert torch.allclose(ours, F.binary_cross_entropy_with_logits(z, y.double()))


def test_capture_gives_two_columns():
    x = torch.randn(3, 6)
    found = [es.capture(Binary(form), x, ["first"]).logits for form in FORMS]
    assert torch.equal(found[0], found[2])
    assert torch.equal(found[1], found[2])


def test_a_layer_goes_there_and_back():
    weight, bias = torch.randn(1, 4), torch.randn(1)
    x = torch.randn(5, 4)
    two = two_rows(weight, bias)
    assert torch.equal(F.linear(x, *two)[:, 0], torch.zeros(5))
    assert all(torch.equal(a, b) for a, b in zip(one_row(*two), (weight, bias), strict=True))
    assert one_row(*two_rows(weight, None))[1] is None


def test_what_a_sigmoid_gives_looks_like_it():
    assert look_like_probabilities(logits_of(Z.sigmoid()))
    assert not look_like_probabilities(logits_of(Z))
    assert not look_like_probabilities(torch.full((3, 2), 0.6))


def test_what_a_softmax_gives_looks_like_probabilities():
    logits = torch.tensor([[1.0, -2.0, 0.5], [0.0, 3.0, 0.1]])
    assert look_like_probabilities(logits.softmax(1))
    assert look_like_probabilities(logits.softmax(1).half())
    assert not look_like_probabilities(logits)
    assert not look_like_probabilities(logits.log_softmax(1))
    assert not look_like_probabilities(torch.eye(3))


def test_more_than_two_classes_are_refused():
    model = Binary()
    erm = ERM(model, torch.optim.SGD(model.parameters(), 0.1))
    with pytest.raises(InputError, match="returns 2 logits or a single one, but got 2; check"):
        erm.step(es.Batch(torch.zeros(3, 6), torch.tensor([0, 1, 2])))
