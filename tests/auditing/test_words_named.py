"""Texts mark the phrase that a verdict is about, however a tokenizer cuts it."""

from dataclasses import replace

import pytest

from earlysieve.auditing.swaps.found import PartFound, Share, Swaps
from earlysieve.auditing.swaps.words import WordFound
from earlysieve.auditing.words_named import _held, named_words

NOTHING = Share(0, 0)
PART = PartFound("phrase", "", *[NOTHING] * 5)
WORDS = (WordFound("ref id", "a", 9, 3, 1.0), WordFound("id ref", "b", 9, 3, 1.0))


class Pieces:
    """A tokenizer that names its tokens as WordPiece does."""

    names = ("ref", "id", "##s", "a", "re", "##f", "")

    def decode(self, tokens, skip_special_tokens=False):
        return " ".join(self.names[token] for token in tokens)


@pytest.mark.parametrize(
    ("tokens", "marked"),
    [
        ([0, 1, 3], [1, 1, 0]),
        ([1, 0, 3], [1, 1, 0]),
        ([0, 3, 1], [0, 0, 0]),
        ([4, 5, 1, 3], [1, 1, 1, 0]),  # the word in two pieces
        ([0, 1, 0], [1, 1, 1]),
        ([6, 0, 1], [0, 1, 1]),  # a token that says nothing begins no phrase
    ],
)
def test_a_phrase_is_marked_wherever_it_stands(tokens, marked):
    assert _held(tokens, [one.word for one in WORDS], Pieces()) == [bool(one) for one in marked]


def test_only_words_and_phrases_of_classes_have_names():
    token = replace(PART, part="token", words=WORDS, telling=("ref", "id"))
    swaps = Swaps((replace(PART, words=WORDS), token, replace(PART, part="ends", words=WORDS)))
    assert named_words("phrase", swaps) == ("ref id", "id ref")
    assert named_words("token", swaps) == ("ref", "id")  # all, not those that mislead most
    assert named_words("ends", swaps) == ()
    assert named_words("one word", swaps) == ()
    assert named_words(None, swaps) == ()
