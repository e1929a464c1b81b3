"""Which words stand at the ends of a text, and which are marks, numbers or capital letters."""

import numpy as np
import pytest
import torch

import earlysieve as es
from earlysieve.auditing.kind_readers import telling_words
from earlysieve.auditing.readers import tells
from earlysieve.auditing.swaps.kind_parts import given
from earlysieve.auditing.text_kinds import (
    CAPITALS,
    ENDS,
    KINDS,
    NUMBERS,
    PLAIN_WORDS,
    SYMBOLS,
    first_of,
    kind_features,
    kinds_for,
    kinds_held,
    of_kinds,
)
from earlysieve.datasets import Texts
from earlysieve.datasets.text_cues import WordTokenizer

WORDS = ["one", "two", "Three", "4", "5x", "!", "...", "six", "seven", "🙂"]
TOKENIZER = WordTokenizer(WORDS)


def read(*texts, length=16):
    found = [TOKENIZER(text, max_length=length) for text in texts]
    both = [torch.cat([one[name] for one in found]) for name in ("input_ids", "attention_mask")]
    return both[0], both[1].bool()


def words(tokens, mine):
    return [TOKENIZER.decode([int(token)]) for token in tokens[0][mine[0]]]


def test_each_kind_holds_its_own_words():
    tokens, mask = read("one two Three 4 5x ! ... six seven 🙂 one two")
    found = of_kinds(tokens, mask, kinds_for(TOKENIZER))
    assert words(tokens, found[ENDS]) == ["one", "two", "one", "two"]
    assert words(tokens, found[SYMBOLS]) == ["!", "...", "🙂"]
    assert words(tokens, found[NUMBERS]) == ["4", "5x"]
    assert words(tokens, found[CAPITALS]) == ["Three"]
    assert words(tokens, found[PLAIN_WORDS]) == ["six", "seven"]


def test_short_texts_have_short_ends_and_tokens_that_say_nothing_have_no_place():
    tokens, mask = read("one two Three 4 5x", "one two Three 4 5x six")
    found = of_kinds(tokens, mask, kinds_for(TOKENIZER))[ENDS]
    assert found.sum(1).tolist() == [0, 2]
    tokens = torch.cat([torch.zeros(2, 1, dtype=torch.int64), tokens], 1)  # opens every text
    mask = torch.cat([torch.ones(2, 1, dtype=torch.bool), mask], 1)
    assert words(tokens[1:], of_kinds(tokens, mask, kinds_for(TOKENIZER))[ENDS][1:]) == [
        "one",
        "six",
    ]


def test_without_a_tokenizer_only_the_ends_are_told_apart():
    tokens, mask = read("one two Three 4 5x ! ... six seven one")
    assert set(kinds_held(tokens, mask, None)) == {ENDS, PLAIN_WORDS}
    assert kinds_for(None) is None


def test_features_are_the_words_of_a_kind_in_their_order_and_how_many_there_are():
    tokens, mask = read("! ... ! one two six seven one two six seven one")
    mark, dots, one, two, seven = (
        WORDS.index(word) + 2 for word in ("!", "...", "one", "two", "seven")
    )
    mine = of_kinds(tokens, mask, kinds_for(TOKENIZER))[SYMBOLS]
    found = kind_features(tokens, mine, SYMBOLS)[0]
    assert found.tolist() == [mark, dots, mark, -1, -1, -1, -1, -1, 2]  # log2(1 + 3)
    ends = kind_features(tokens, of_kinds(tokens, mask, None)[ENDS], ENDS)[0]
    assert ends.tolist() == [mark, dots, -1, seven, one, -1]
    plain = kind_features(tokens, mask, PLAIN_WORDS)[0]
    assert plain[one] == 2  # log2(1 + 3)
    assert plain[two] == plain[seven] == pytest.approx(np.log2(3))


def test_of_many_words_a_reader_goes_by_those_that_surely_tell():
    labels = np.array([0] * 50 + [1] * 50)
    features = np.full((100, 6), -1.0)
    features[:12, 0] = 7  # of class 0 alone: 0.24 of it, against none
    features[20:70, 1] = 8  # in both
    features[:4, 2] = 9  # in too few
    features[60:80, 5] = 7  # at the end it tells the other class
    found = telling_words(features, labels, 2, ENDS)
    assert [words.tolist() for words in found.words] == [[7], [7]]
    assert found(features).sum(0).tolist() == [12, 20]
    counted = telling_words(np.concatenate([features, features, features[:, :1]], 1)[:, :9],
                            labels, 2, SYMBOLS)  # fmt: skip
    assert counted.counted


def test_the_beginning_is_the_first_half_of_the_ends():
    ends = torch.tensor([[0, 1, 1, 0, 0, 1, 1, 0]]).bool()
    assert first_of(ends)[0].tolist() == [False, True, True, *[False] * 5]


@pytest.mark.parametrize(
    ("name", "mine", "theirs", "found"),
    [
        (SYMBOLS, "one ! two ! six", "seven ... seven", "one ... two six"),
        (SYMBOLS, "one ! two six", "... one ... 🙂", "one ... ... 🙂 two six"),
        (SYMBOLS, "one two six", "! one", "one two ! six"),
        (NUMBERS, "one 4 two", "six seven", "one two"),
        (ENDS, "one two six two one two", "4 two six six six 5x", "4 two six two one 5x"),
    ],
)
def test_a_text_gets_the_words_of_a_kind_that_another_has(name, mine, theirs, found):
    (own, there), (others, those) = read(mine), read(theirs)
    kinds = kinds_for(TOKENIZER)
    got = given(
        name,
        own[0],
        there[0],
        of_kinds(own, there, kinds)[name][0],
        others[0],
        of_kinds(others, those, kinds)[name][0],
    )
    assert TOKENIZER.decode(got.tolist()) == found


def test_a_text_that_would_be_too_long_loses_words_in_the_middle():
    own, there = read("one two six seven", length=4)
    others, those = read("! ! !", length=4)
    kinds = kinds_for(TOKENIZER)
    mine, theirs = (of_kinds(*both, kinds)[SYMBOLS][0] for both in ((own, there), (others, those)))
    got = given(SYMBOLS, own[0], there[0], mine, others[0], theirs)
    assert len(got) == 4
    assert TOKENIZER.decode(got.tolist()).startswith("one two")


def test_how_well_a_kind_tells_is_measured_on_texts_that_it_has_not_seen():
    labels = np.arange(400) % 2
    random = np.random.default_rng(0).normal(size=(400, 3))
    assert tells(random, labels[np.random.default_rng(1).permutation(400)], 2, 2) < 0.2
    assert tells(np.concatenate([random, labels[:, None]], 1), labels, 2, 2) > 0.9


class Mean(torch.nn.Module):
    """Mean of word vectors, and a layer."""

    def __init__(self, size):
        super().__init__()
        self.embed = torch.nn.Embedding(size, 16)
        self.hidden = torch.nn.Linear(16, 16)
        self.head = torch.nn.Linear(16, 2)

    def forward(self, input_ids, attention_mask):
        mask = attention_mask[..., None].float()
        mean = (self.embed(input_ids) * mask).sum(1) / mask.sum(1).clamp(min=1)
        return self.head(self.hidden(mean).relu())


def signed(count, seed, kept):
    """Who signs tells the class of a text, 12 names each; the words beside are right in 85%."""
    rng = np.random.default_rng(seed)
    names = [f"Signer{chr(97 + i)}" for i in range(24)]
    inside = [f"word{chr(97 + i)}" for i in range(20)]
    labels = rng.integers(0, 2, count)
    texts = []
    for label in labels:
        told = label if rng.random() < kept else 1 - label
        own = [label if rng.random() < 0.85 else 1 - label for _ in range(3)]
        middle = [inside[10 * kind + rng.integers(10)] for kind in own]
        filler = rng.choice(["and", "then", "so", "it"], 8).tolist()
        texts.append(
            " ".join([*filler[:4], *middle, *filler[4:], names[12 * told + rng.integers(12)]])
        )
    return texts, labels, WordTokenizer([*names, *inside, "and", "then", "so", "it"])


def trained(texts, labels, tokenizer):
    torch.manual_seed(0)
    model = Mean(len(tokenizer))
    rows = [tokenizer(text, max_length=13) for text in texts]
    found = {name: torch.cat([one[name] for one in rows]) for name in rows[0]}
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(60):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(**found), torch.as_tensor(labels))
        loss.backward()
        optimizer.step()
    return model.eval()


@pytest.mark.parametrize(("kept", "verdict"), [(0.95, "shortcut"), (0.5, "none found")])
def test_many_signers_together_are_a_shortcut_only_where_they_tell_the_class(kept, verdict):
    with torch.random.fork_rng():
        model = trained(*signed(3000, 0, kept))
    texts, labels, tokenizer = signed(1500, 1, kept)
    data = Texts(texts, labels, ("no", "yes"), tokenizer=tokenizer, max_length=13)
    found = es.audit(model, data, seen_in_training=False, progress=False, pictures=8)
    assert found.summary.verdict == verdict
    if verdict == "shortcut":
        assert found.summary.leans_on in (ENDS, CAPITALS)
        marked = [piece for one in found.pictures for piece in one.pieces if piece.marked]
        assert any("signer" in piece.text.lower() for piece in marked)
    assert {one.name for one in found.summary.leanings} & set(KINDS)
