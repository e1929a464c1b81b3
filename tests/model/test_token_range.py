"""Token numbers that a network has no embedding of are said to be another tokenizer's."""

import pytest
import torch
from torch import nn

from earlysieve.datasets import Texts
from earlysieve.model.batch import call_model
from earlysieve.model.token_range import TokenError, known_tokens
from earlysieve.networks.fit_check import check_model_takes

CPU = torch.device("cpu")


class Reader(nn.Module):
    """Means of embedded tokens; places have fewer rows than tokens."""

    def __init__(self, tokens=20, places=8):
        super().__init__()
        self.places = nn.Embedding(places, 4)
        self.tokens = nn.Embedding(tokens, 4)
        self.head = nn.Linear(4, 2)

    def forward(self, input_ids):
        place = torch.arange(input_ids.shape[1], device=input_ids.device)
        return self.head((self.tokens(input_ids) + self.places(place)).mean(1))


class Tokenizer:
    """Texts are numbers; it knows `size` tokens."""

    pad_token = "0"

    def __init__(self, size):
        self.size = size

    def __len__(self):
        return self.size

    def __call__(self, text, *, max_length, **_):
        ids = [int(word) for word in text.split()][:max_length]
        return {"input_ids": torch.tensor([ids + [0] * (max_length - len(ids))])}


def texts(*more, size, length=4):
    given = ["1 2", "3 4", *more]
    labels = [k % 2 for k in range(len(given))]
    return Texts(given, labels, ("a", "b"), tokenizer=Tokenizer(size), max_length=length)


def test_a_pass_says_whose_tokens_these_are():
    with pytest.raises(TokenError) as caught:
        call_model(Reader(), {"input_ids": torch.tensor([[1, 25]])})
    assert str(caught.value) == (
        "Expected tokens of numbers below 20, as many as the model's embedding knows, but got 25: "
        "the texts were cut by the tokenizer of another model; pass the one that this model was "
        "trained with (on the command line --tokenizer FOLDER)"
    )


def test_texts_behind_the_first_ones_are_looked_at():
    with pytest.raises(TokenError, match="numbers below 20, .* but got 25: "):
        check_model_takes(Reader(), texts("5", "25 1", size=30), CPU)


@pytest.mark.parametrize("size", [10, 30])
def test_a_tokenizer_of_another_size_may_do(size):
    assert check_model_takes(Reader(), texts("5", "19 1", size=size), CPU) == 2


def test_texts_that_are_too_long_are_no_matter_of_tokens():
    with pytest.raises(Exception, match="--tokenizer, or set --max-length") as caught:
        check_model_takes(Reader(), texts(size=20, length=9), CPU)
    assert not isinstance(caught.value, TokenError)
    assert "--image-size" not in str(caught.value)


def test_what_a_network_calls_its_embedding_counts():
    class Named(Reader):
        def get_input_embeddings(self):
            return self.tokens

    assert known_tokens(Named(tokens=5, places=9)) == 5
    assert known_tokens(Reader(tokens=5, places=9)) == 9  # the largest, where nothing says
    assert known_tokens(nn.Linear(2, 2)) is None
    assert known_tokens(abs) is None
