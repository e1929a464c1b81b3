"""Phrases in texts of token numbers: found, made whole, moved."""

import numpy as np
import pytest
import torch

from earlysieve.auditing.swaps.spans import (
    best_spans,
    fitted,
    found_at,
    lies_in,
    replaced,
    starts,
    told,
    whole,
    whole_word,
    with_span,
)

CLOSE, PHRASE = 2, (11, 12, 13)


def padded(rows, length=12):
    tokens = torch.zeros(len(rows), length, dtype=torch.int64)
    for place, row in enumerate(rows):
        tokens[place, : len(row)] = torch.tensor(row)
    return tokens, tokens > 0


def some(count=200, seed=0):
    """Half of the texts hold 11, 12 and 13 anywhere, half of them as a phrase; 1 and 2 are ends."""
    rng = np.random.default_rng(seed)
    rows, labels = [], rng.integers(0, 2, count)
    for label in labels:
        words = rng.integers(20, 60, 5).tolist()
        if label:
            place = int(rng.integers(0, 6))
            words[place:place] = PHRASE
        else:
            for one in PHRASE[::-1]:
                words.insert(0 if one == 11 else int(rng.integers(0, len(words) + 1)), one)
        rows.append([1, *words, CLOSE])
    tokens, mask = padded(rows)
    return told(tokens, mask, labels, np.ones(count))


def test_where_a_span_begins():
    tokens, mask = padded([[5, 6, 5, 6], [6, 5, 6]], 5)
    assert starts(tokens, mask, (5, 6)).nonzero().tolist() == [[0, 0], [0, 2], [1, 1]]
    assert not starts(tokens, mask, (6, 0)).any()  # padding is no word
    assert not starts(tokens, mask, (5,) * 6).any()


def test_tokens_that_open_or_close_every_text_belong_to_no_phrase():
    texts = some()
    assert texts.special == {1, CLOSE}


@pytest.mark.parametrize("token", PHRASE)
def test_a_phrase_is_made_whole_from_any_two_of_its_words(token):
    texts = some()
    pair = (11, 12) if token < 13 else (12, 13)
    assert whole(texts, pair, 1) == PHRASE


def test_a_word_that_stands_alone_is_its_own_phrase():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 200)
    rows = [[1, *rng.integers(20, 60, 4), *[7] * int(label), 2] for label in labels]
    rows = [[row[0], *rng.permutation(row[1:-1]), row[-1]] for row in rows]
    texts = told(*padded(rows), labels, np.ones(200))
    assert whole(texts, (7,), 1) == (7,)


def test_a_piece_of_a_word_is_told_as_the_word():
    rows = [[1, 30, 50, 51, 52, 2]] * 5 + [[1, 50, 31, 2]] * 2 + [[1, 51, 52, 2]] * 2
    tokens, mask = padded(rows)
    texts = told(tokens, mask, np.arange(9) % 2, np.ones(9))
    pieces = lambda words: [word in (51, 52) for word in words]  # noqa: E731
    assert whole_word(texts, 51, pieces) == (50, 51, 52)
    assert whole_word(texts, 50, pieces) == (50, 51, 52)
    assert whole_word(texts, 31, pieces) == (31,)
    assert whole_word(texts, 99, pieces) == (99,)
    assert whole_word(texts, 51, lambda words: [False] * len(words)) == (51,)


def test_pairs_tell_what_single_words_do_not():
    texts = some()
    spans, more = best_spans(texts, 1, 2)
    assert np.abs(more).max() < 0.3
    pairs, more = best_spans(texts, 2, 2)
    best = [tuple(pairs[k]) for k in np.argsort(-more[1])[:2]]
    assert set(best) == {(11, 12), (12, 13)}
    assert more[1].max() > 0.7
    assert not np.isin(spans, [1, CLOSE]).any()
    assert more[0] == pytest.approx(-more[1])


def test_shares_are_counted_by_hand_and_with_weights():
    tokens, mask = padded([[5, 8], [5, 9], [6, 8], [9, 6]], 3)
    texts = told(tokens, mask, np.array([0, 0, 1, 1]), np.array([1.0, 3.0, 1.0, 1.0]))
    spans, more = best_spans(texts, 1, 2)
    by_token = dict(zip(spans[:, 0].tolist(), more[0].tolist(), strict=True))
    assert by_token == {5: 1.0, 6: -1.0, 8: 0.25 - 0.5, 9: 0.75 - 0.5}


def test_the_phrase_of_a_token_in_a_text():
    (tokens,), (mask,) = padded([[1, 12, 30, 11, 12, 13, 2]])
    spans = dict.fromkeys(PHRASE, PHRASE)
    assert found_at(tokens, mask, 4, spans) == (3, PHRASE)
    assert found_at(tokens, mask, 1, spans) == (1, (12,))  # there it stands alone
    assert found_at(tokens, mask, 2, spans) == (2, (30,))
    left = torch.cat([torch.zeros(2, dtype=torch.int64), tokens[:-2]])
    assert found_at(left, left > 0, 6, spans) == (3, PHRASE)


def test_a_phrase_takes_the_place_of_another_one():
    (tokens,), (mask,) = padded([[1, 30, 31, 2]], 6)
    swapped, masks = with_span(tokens, mask, (1, (30,)), PHRASE)
    assert swapped.tolist() == [1, *PHRASE, 31, 2]
    assert masks.all()
    back, masks = with_span(swapped, masks, (1, PHRASE), (30,))
    assert back[masks].tolist() == [1, 30, 31, 2]
    assert masks.tolist() == [True] * 4 + [False] * 2


def test_where_there_is_no_room_other_words_go():
    words = np.array([1, 30, 31, 32, 2])
    longer = replaced(words, 1, 1, PHRASE)
    assert fitted(longer, 4, 7).tolist() == longer.tolist()
    assert fitted(longer, 4, 6).tolist() == [1, *PHRASE, 31, 2]
    assert fitted(longer, 4, 5).tolist() == [1, *PHRASE, 2]
    behind = replaced(words, 3, 1, PHRASE)
    assert fitted(behind, 6, 5).tolist() == [1, *PHRASE, 2]


def test_a_phrase_that_lies_in_a_longer_one_is_not_listed_beside_it():
    assert lies_in((11, 12), PHRASE)
    assert lies_in((12, 13), PHRASE)
    assert not lies_in((11, 13), PHRASE)
    assert not lies_in(PHRASE, PHRASE)
    assert not lies_in(PHRASE, (11, 12))
