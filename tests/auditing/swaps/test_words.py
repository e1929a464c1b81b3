"""What a model says where a word contradicts the label."""

import numpy as np
import pytest
import torch

from earlysieve.auditing.explanation import words_told
from earlysieve.auditing.swaps.carrier import carrier_of
from earlysieve.auditing.swaps.found import PartFound, Share, Swaps
from earlysieve.auditing.swaps.pool import Pool
from earlysieve.auditing.swaps.repeats import repeats
from earlysieve.auditing.swaps.spans import told
from earlysieve.auditing.swaps.tokens import telling_tokens
from earlysieve.auditing.swaps.words import WordFound, words_found
from earlysieve.datasets.text_cues import WordTokenizer
from earlysieve.report.misleading import misleading_word

from ..made_up import COLOUR

TOKENIZER = WordTokenizer(["seen", "sun", "rain"])  # numbered from 2
SEEN, SUN, RAIN = 2, 3, 4


def found(predictions, drawn=None, names=("dry", "wet"), tokenizer=TOKENIZER):
    """Ten dry texts, two of which hold "seen", and ten wet ones, nine of which do."""
    seen = np.array([1, 1] + [0] * 8 + [1] * 9 + [0], bool)
    labels = np.repeat([0, 1], 10)
    tokens = torch.tensor(
        [[SEEN if s else 0, RAIN if y else SUN] for s, y in zip(seen, labels, strict=True)]
    )
    mask = (tokens > 0).long()
    inputs = {"input_ids": tokens, "attention_mask": mask}
    carrier, _ = carrier_of(inputs)
    assert carrier is not None
    pool = Pool(inputs, carrier, np.arange(20), labels, np.array(predictions), 2, drawn)
    texts = told(tokens, mask, pool.labels, pool.weights)
    telling = telling_tokens(tokens, mask, labels, 2)
    return words_found(pool, texts, telling, tokenizer, names, repeats(texts, 2))


def test_a_word_that_misleads_comes_first_with_its_shares():
    first, *others = found([1, 0] + [0] * 8 + [1] * 10)
    assert first == WordFound("seen", "wet", texts=11, against=2, followed=0.5)
    assert {(one.word, one.speaks_for, one.against) for one in others} == {
        ("sun", "dry", 0),
        ("rain", "wet", 0),
    }
    assert all(np.isnan(one.followed) for one in others)


def test_shares_are_those_of_all_data_where_errors_were_drawn_more_often():
    drawn = np.array([1.0, 3.0] + [3.0] * 18)
    assert found([1, 0] + [0] * 8 + [1] * 10, drawn)[0].followed == pytest.approx(0.25)


def test_classes_without_names_are_numbered_and_without_a_tokenizer_nothing_is_named():
    assert found([0] * 10 + [1] * 10, names=())[0].speaks_for.startswith("class ")
    assert found([0] * 10 + [1] * 10, tokenizer=None) == ()


@pytest.mark.parametrize(
    ("against", "followed", "named"),
    [
        ((9, 12), (0.5, 0.5), "a"),
        ((9, 50), (0.67, 0.44), "b"),  # 6 misled texts, and 22
        ((30, 40), (0.67, 0.44), "a"),  # 20 and 18
        ((4, 40), (1.0, 0.39), None),
        ((4, 40), (1.0, 0.4), "b"),
        ((5, 30), (0.5, 0.25), "b"),  # 2.5 and 7.5
        ((5, 29), (0.5, 0.25), "a"),
        ((5, 90), (0.5, 0.24), "a"),
    ],
)
def test_the_word_that_misleads_most_texts(against, followed, named):
    words = [
        WordFound(word, "wet", 90, count, share)
        for word, count, share in zip("ab", against, followed, strict=True)
    ]
    found = misleading_word(words)
    assert (None if found is None else found.word) == named
    piece = WordFound("##und", "wet", 90, 50, 1.0)
    assert misleading_word([piece, *words]) == found  # nobody knows half a word


def test_the_sentence_names_the_word_that_misleads_and_no_other():
    words = (WordFound("a", "wet", 9, 4, 1.0), WordFound("b", "wet", 90, 30, 0.9))
    assert misleading_word(words) == words[1]
    assert misleading_word(words[:1]) is None

    def told(words):
        share = Share(1, 2)
        part = PartFound(COLOUR.name, "words that tell each class best: b (wet)", *[share] * 5,
                         words=words)  # fmt: skip
        return words_told(COLOUR, Swaps((part,)))

    assert "'b' misleads the model towards 'wet': so it answers on 90% of 30 texts" in told(words)
    assert told(words[:1]) == "Words that tell each class best: b (wet)."
