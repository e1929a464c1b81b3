"""Which tensor of the inputs is a text, and what of it is padding."""

import pytest
import torch
from torch import nn

import earlysieve as es
from earlysieve.auditing.swaps.carrier import Carrier, carrier_of, unpadded


@pytest.mark.parametrize(
    ("tokens", "kept"),
    [
        ([5, 6, 7, 0, 0], [1, 1, 1, 0, 0]),
        ([5, 6, 7, 8, 0], [1, 1, 1, 1, 0]),
        ([5, 6, 1, 1, 1], [1, 1, 0, 0, 0]),
        ([9, 9, 5, 6, 7], [0, 0, 1, 1, 1]),
        ([5, 6, 6, 7, 8], [1, 1, 1, 1, 1]),
        ([5, 0, 6, 7, 8], [1, 1, 1, 1, 1]),
        ([0, 0, 0, 0, 0], [0, 0, 0, 0, 0]),
    ],
)
def test_padding_is_one_number_again_and_again_at_an_end(tokens, kept):
    assert unpadded(torch.tensor([tokens])).long().tolist() == [kept]


def words(count=40, length=12, vocabulary=50, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(1, vocabulary, (count, length), generator=generator)


def test_a_bare_tensor_of_tokens_is_a_text():
    assert carrier_of(words()) == (Carrier("text"), "")
    assert carrier_of({"ids": words().int()}) == (Carrier("text", "ids"), "")
    lengths = torch.full((40,), 12)
    assert carrier_of((words(), lengths)) == (Carrier("text", 0), "")
    assert carrier_of({"input_ids": words()}) == (Carrier("text", "input_ids"), "")


def test_one_token_that_opens_every_text_changes_nothing():
    tokens = words()
    tokens[:, 0] = 101
    tokens[:, 9:] = 0
    assert carrier_of(tokens)[0] == Carrier("text")


def test_categories_of_columns_are_no_tokens():
    sizes = torch.tensor([2, 3, 2, 50, 4, 2])
    table = torch.stack([words(vocabulary=int(size) + 1, length=1)[:, 0] for size in sizes], 1)
    assert carrier_of(table) == (Carrier("table"), "")


@pytest.mark.parametrize("values", [words() - 9, words()[:, :3], words() > 9, words().byte()])
def test_other_whole_numbers_are_a_table(values):
    assert carrier_of(values) == (Carrier("table"), "")
    assert carrier_of({"x": values}) == (Carrier("table", "x"), "")


def test_a_mask_says_what_is_padding_and_is_changed_along():
    mask = torch.ones(40, 12, dtype=torch.int64)
    mask[:, 8:] = 0
    inputs = {"input_ids": words(), "attention_mask": mask}
    carrier = Carrier("text", "input_ids")
    assert torch.equal(carrier.mask_of(inputs), mask.bool())
    placed = carrier.put_text(inputs, words(seed=1), ~mask.bool())
    assert torch.equal(placed["input_ids"], words(seed=1))
    assert torch.equal(placed["attention_mask"], 1 - mask)
    assert torch.equal(Carrier("text").put_text(words(), words(seed=1), mask), words(seed=1))


class Bag(nn.Module):
    """Mean embedding, then two layers."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(60, 16, padding_idx=0)
        self.hidden = nn.Linear(16, 32)
        self.last = nn.Linear(32, 2)

    def forward(self, tokens):
        return self.last(torch.relu(self.hidden(self.embedding(tokens).sum(1))))


class Codes(nn.Module):
    """One embedding per column, of no more codes than that column has."""

    def __init__(self, sizes):
        super().__init__()
        self.columns = nn.ModuleList([nn.Embedding(size, 8) for size in sizes])
        self.hidden = nn.Linear(8 * len(sizes), 32)
        self.last = nn.Linear(32, 2)

    def forward(self, codes):
        found = [embed(codes[:, k]) for k, embed in enumerate(self.columns)]
        return self.last(torch.relu(self.hidden(torch.cat(found, 1))))


def audited(make, inputs, labels):
    """Audit of a network trained on the first examples, on the others."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = make()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for step in range(40):
        rows = torch.arange(step % 4 * 150, step % 4 * 150 + 150)
        loss = nn.functional.cross_entropy(model(inputs[rows]), labels[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    data = torch.utils.data.TensorDataset(inputs[600:], labels[600:])
    return es.audit(model.eval(), data, seen_in_training=False, progress=False).summary


def test_a_column_of_categories_is_named_and_codes_stay_in_their_column():
    sizes, labels = (30, 2, 3, 2, 4, 9), torch.arange(2600) % 2
    rng = torch.Generator().manual_seed(0)
    codes = torch.stack([torch.randint(size, (2600,), generator=rng) for size in sizes], 1)
    told = torch.rand(2600, generator=rng) < 0.8
    codes[:, 0] = torch.where(told, codes[:, 0] // 2 * 2 + labels, codes[:, 0])
    fails = torch.rand(2600, generator=rng) < 0.1
    codes[:, 3] = torch.where(fails, 1 - labels, labels)
    summary = audited(lambda: Codes(sizes), codes, labels)
    assert (summary.verdict, summary.leans_on) == ("shortcut", "column 3")
    assert "direction" not in {part.part for part in summary.swaps}


def test_a_planted_word_is_named_where_texts_are_bare_tensors():
    labels = torch.arange(2600) % 2
    tokens = words(2600, 12)
    # A weak word of the class, and one at the start that tells it but for one in ten.
    rng = torch.Generator().manual_seed(1)
    tokens[:, 5] = torch.where(torch.rand(2600, generator=rng) < 0.8, 51 + labels, tokens[:, 5])
    fails = torch.rand(2600, generator=rng) < 0.1
    tokens[:, 0] = 55 + torch.where(fails, 1 - labels, labels)
    tokens[::3, 10:] = 0
    summary = audited(Bag, tokens, labels)
    assert "token" in {one.name for one in summary.leanings}
    assert {part.part for part in summary.swaps} >= {"token"}
    assert (summary.verdict, summary.leans_on) == ("shortcut", "token")


def test_a_field_that_says_one_number_of_every_token_fits_texts_of_any_length():
    kinds = torch.zeros(40, 12, dtype=torch.int64)
    inputs = {"input_ids": words(), "token_type_ids": kinds}
    carrier = Carrier("text", "input_ids")
    assert carrier.others(inputs) == []
    placed = carrier.put_text(inputs, words()[:, :5], torch.ones(40, 5))
    assert torch.equal(placed["token_type_ids"], kinds[:, :5])
    two = kinds.clone()
    two[:, 6:] = 1
    assert carrier.others({**inputs, "token_type_ids": two}) == ["token_type_ids"]
    assert carrier.others({**inputs, "weight": torch.zeros(40, 12)}) == ["weight"]


PAIR = [2, 5, 6, 3, 7, 8, 9, 3, 0, 0]
PAIR_TYPES = [0, 0, 0, 0, 1, 1, 1, 1, 0, 0]


def pairs(types=PAIR_TYPES):
    tokens = torch.tensor([PAIR, PAIR[:1] + PAIR[2:] + [0]])
    kinds = torch.tensor([types, [*types[1:], 0]])
    return {
        "input_ids": tokens,
        "attention_mask": (tokens > 0).long(),
        "token_type_ids": kinds,
    }


def test_types_of_pairs_follow_the_separator_where_texts_change():
    carrier, inputs = Carrier("text", "input_ids"), pairs()
    assert carrier.others(inputs) == []
    tokens = torch.tensor([[2, 5, 3, 7, 3, 0, 0, 0, 0, 0], [2, 5, 6, 8, 4, 3, 3, 9, 3, 0]])
    placed = carrier.put_text(inputs, tokens, tokens > 0)
    assert placed["token_type_ids"].tolist() == [
        [0, 0, 0, 1, 1, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 1, 1, 1, 0],
    ]


@pytest.mark.parametrize(
    "types",
    [[0, 0, 1, 1, 0, 0, 1, 1, 0, 0], [1, 0, 0, 0, 1, 1, 1, 1, 0, 0], PAIR_TYPES[2:] + [0] * 2],
)
def test_types_that_no_separator_tells_would_not_fit_another_length(types):
    assert Carrier("text", "input_ids").others(pairs(types)) == ["token_type_ids"]
