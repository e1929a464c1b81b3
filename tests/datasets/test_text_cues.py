"""Sentences tell their topic, cues their value, and a tokenizer knows all words."""

import numpy as np
import pytest
import torch

from earlysieve.datasets.text import Texts
from earlysieve.datasets.text_cues import (
    ENDINGS,
    FILLERS,
    NEGATIONS,
    TEXT_CUES,
    cue_words,
    plant_in_texts,
    topic_sentences,
    topic_words,
    word_tokenizer,
)
from earlysieve.errors import InputError

LABELS = np.arange(60) % 3


def counts(words: list[str], classes: int = 3, vocabulary: int = 20) -> list[int]:
    return [sum(w in set(topic_words(c, vocabulary)) for w in words) for c in range(classes)]


def test_topics_share_no_word_with_each_other_fillers_or_cues():
    sets = [set(topic_words(topic, 300)) for topic in range(10)]
    assert all(len(words) == 300 for words in sets)
    assert len(set.union(*sets)) == 3000
    assert not set.union(*sets) & {*FILLERS, *NEGATIONS, *cue_words(10), *ENDINGS}
    assert len(set(cue_words(10))) == 10


def test_a_sentence_has_as_many_telling_words_as_asked():
    sentences = topic_sentences(LABELS, 3, vocabulary=20, own=3, foreign=2, fillers=(1, 4), seed=1)
    for label, words in zip(LABELS, sentences, strict=True):
        found = counts(words)
        assert found[label] == 3
        assert sorted(found) == [0, 2, 3]
        assert 6 <= len(words) <= 9
    assert sentences == topic_sentences(
        LABELS, 3, vocabulary=20, own=3, foreign=2, fillers=(1, 4), seed=1
    )


def test_purity_makes_topics_alike():
    labels = np.zeros(3000, int)
    sentences = topic_sentences(labels, 2, vocabulary=20, purity=0.75, seed=2)
    found = np.array([counts(words, 2) for words in sentences])
    assert (found.sum(1) == 5).all()
    assert abs(found[:, 0].mean() / 5 - 0.75) < 0.02


@pytest.mark.parametrize("cue", list(TEXT_CUES))
def test_cues_tell_their_value_and_nothing_else_depends_on_it(cue):
    sentences = topic_sentences(LABELS, 3, seed=3)
    values = np.arange(60) % 2
    texts = [t.split() for t in plant_in_texts(sentences, values, 2, cue, seed=4)]
    redrawn = [t.split() for t in plant_in_texts(sentences, 1 - values, 2, cue, seed=4)]
    for words, other, value, before in zip(texts, redrawn, values, sentences, strict=True):
        assert told(cue, words, len(before)) == value
        assert told(cue, other, len(before)) == 1 - value
        assert all(words.count(w) >= before.count(w) for w in before)
        if cue != "length":
            assert len(words) == len(other) == len(before) + 1
            assert sum(a != b for a, b in zip(words, other, strict=True)) == 1


def told(cue: str, words: list[str], length: int) -> int:
    if cue == "token":
        return next(v for v in (0, 1) if cue_words(2)[v] in words)
    if cue == "punctuation":
        return ENDINGS.index(words[-1])
    if cue == "negation":
        return int(any(word in NEGATIONS for word in words))
    return (len(words) - length) // 4


def test_unusable_cues_are_refused():
    sentences = topic_sentences(LABELS, 3)
    with pytest.raises(InputError, match="among token"):
        plant_in_texts(sentences, LABELS, 3, "colour")
    with pytest.raises(InputError, match="at most 2"):
        plant_in_texts(sentences, LABELS, 3, "negation")
    with pytest.raises(InputError, match="more own words"):
        topic_sentences(LABELS, 3, own=2, foreign=2)


def test_the_tokenizer_knows_every_word_and_pads():
    tokenizer = word_tokenizer(3, 20)
    sentences = topic_sentences(LABELS, 3, vocabulary=20)
    texts = plant_in_texts(sentences, LABELS, 3, "token")
    found = tokenizer(texts[0], max_length=30, truncation=True, padding="max_length")
    count = len(texts[0].split())
    assert found["input_ids"].shape == (1, 30)
    assert int(found["attention_mask"].sum()) == count
    assert (found["input_ids"][0, count:] == 0).all()
    assert not (found["input_ids"][0, :count] <= 1).any()
    assert tokenizer.decode(found["input_ids"][0]) == texts[0]
    assert tokenizer("unknown-word")["input_ids"][0, 0] == tokenizer.unk_token_id
    assert len(tokenizer) == len(set(tokenizer.vocabulary))


def test_the_tokenizer_serves_texts():
    data = Texts(["the a", "of"], [0, 1], ("x", "y"), tokenizer=word_tokenizer(2, 5), max_length=3)
    inputs, label, _ = data[1]
    assert torch.equal(inputs["attention_mask"], torch.tensor([1, 0, 0]))
    assert label == 1
