"""Phrases: tokens that stand together in the texts of one class, moved as a whole.

A span is a row of token numbers. Told by one of its words alone, a phrase is misread where that
word stands by itself, and a swap of that word alone moves no phrase.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from earlysieve._arrays import Bools, Floats, Ints
from earlysieve.auditing.swaps.tokens import refitted

Span = tuple[int, ...]
LONGEST = 8
# A longer phrase is preferred while it tells the class at least so well.
_KEPT = 0.9
# What tells less is a word of the topic, beside which something else happens to stand.
_TELLS = 0.3
_EVERYWHERE = 0.98
_SEEN = 40


@dataclass(frozen=True)
class Told:
    """Texts whose spans are counted.

    Attributes:
        tokens, mask: shape (N, T).
        labels: shape (N,).
        weights: how many texts each stands for, shape (N,).
        special: tokens that open or close every text, which belong to no phrase.
    """

    tokens: Tensor
    mask: Tensor
    labels: Ints
    weights: Floats
    special: frozenset[int]

    def share(self, holds: Bools, kind: int) -> float:
        """Share of the texts of a class that hold something, minus that of the others."""
        own = self.labels == kind
        inside, outside = self.weights[own].sum(), self.weights[~own].sum()
        return float(
            self.weights[own & holds].sum() / max(inside, 1e-9)
            - self.weights[~own & holds].sum() / max(outside, 1e-9)
        )

    def shares(self, rows: Ints, places: Ints, count: int, classes: int) -> Floats:
        """The same for all classes and many things at once, shape (C, U).

        Args:
            rows, places: a text that holds something, and which of U things, shape (M,) each.
            count: U.
            classes: C.
        """
        mine = np.zeros((classes, count))
        np.add.at(mine, (self.labels[rows], places), self.weights[rows])
        totals = np.bincount(self.labels, weights=self.weights, minlength=classes)[:, None]
        others = (mine.sum(0) - mine) / np.maximum(totals.sum() - totals, 1e-9)
        return np.asarray(mine / np.maximum(totals, 1e-9) - others)


def told(tokens: Tensor, mask: Tensor, labels: Ints, weights: Floats) -> Told:
    """The texts, with the tokens that open or close all of them."""
    there, rows = mask.bool(), torch.arange(len(tokens))
    ends = (there.int().argmax(1), there.shape[1] - 1 - there.int().flip(1).argmax(1))
    special = set()
    for at in ends:
        numbers, counts = torch.unique(tokens[rows, at], return_counts=True)
        special |= set(numbers[counts >= _EVERYWHERE * len(tokens)].tolist())
    return Told(tokens, there, labels, weights, frozenset(special))


def _once(tokens: Tensor, mask: Tensor) -> Tensor:
    """Each token of a text once, -1 in place of all others, shape (N, T)."""
    ordered = tokens.where(mask.bool(), -1).sort(1).values
    again = torch.zeros_like(ordered, dtype=torch.bool)
    again[:, 1:] = ordered[:, 1:] == ordered[:, :-1]
    return ordered.masked_fill(again, -1)


def starts(tokens: Tensor, mask: Tensor, span: Span) -> Tensor:
    """Where a span begins, bool, shape (N, T)."""
    found = torch.zeros(tokens.shape, dtype=torch.bool)
    room = tokens.shape[1] - len(span) + 1
    if room < 1:
        return found
    here = torch.ones(len(tokens), room, dtype=torch.bool)
    for offset, token in enumerate(span):
        part = slice(offset, offset + room)
        here &= (tokens[:, part] == token) & mask[:, part].bool()
    found[:, :room] = here
    return found


def holds(texts: Told, span: Span) -> Bools:
    """Which texts hold it, shape (N,)."""
    found: Bools = starts(texts.tokens, texts.mask, span).any(1).numpy()
    return found


def whole(texts: Told, span: Span, kind: int) -> Span:
    """The longest phrase about a span that tells a class as well as it does, or better.

    Args:
        texts: that are counted.
        span: a token, or some that stand together.
        kind: the class.
    """
    best = texts.share(holds(texts, span), kind)
    while len(span) < LONGEST and best > 0:
        longer = [(texts.share(holds(texts, one), kind), one) for one in _longer(texts, span, kind)]
        share, found = max(longer, default=(0.0, span))
        if share < max(_TELLS, _KEPT * best):
            break
        span, best = found, max(best, share)
    return span


def lies_in(one: Span, other: Span) -> bool:
    """Whether tokens stand together in another, longer span."""
    ends = range(len(one), len(other) + 1)
    return len(one) < len(other) and any(other[end - len(one) : end] == one for end in ends)


def whole_word(texts: Told, token: int, pieces: Callable[[list[int]], list[bool]]) -> Span:
    """The word that a token mostly is a piece of, where tokenizers cut words; or the token alone.

    Args:
        texts: in which it stands.
        token: its number.
        pieces: whether each token of a text goes on with the word before.
    """
    rows, places = starts(texts.tokens, texts.mask, (token,)).nonzero().unbind(1)
    found: Counter[Span] = Counter()
    for row, place in list(zip(rows.tolist(), places.tolist(), strict=True))[:_SEEN]:
        near = slice(max(0, place - LONGEST), place + LONGEST)
        words = texts.tokens[row, near][texts.mask[row, near]].tolist()
        at, goes_on = int(texts.mask[row, near.start : place].sum()), pieces(words)
        start, stop = at, at + 1
        while start > 0 and goes_on[start]:
            start -= 1
        while stop < len(words) and goes_on[stop]:
            stop += 1
        found[tuple(words[start:stop])] += 1
    best, count = next(iter(found.most_common(1)), ((token,), 0))
    return best if 2 * count > found.total() else (token,)


def _longer(texts: Told, span: Span, kind: int) -> list[Span]:
    """The span with the token that most often stands before it, or behind it, in the class."""
    own = torch.as_tensor(texts.labels == kind)[:, None]
    rows, places = (starts(texts.tokens, texts.mask, span) & own).nonzero().unbind(1)
    found = []
    for step in (-1, len(span)):
        at = places + step
        inside = (at >= 0) & (at < texts.tokens.shape[1])
        row, at = rows[inside], at[inside]
        near = texts.tokens[row, at][texts.mask[row, at]]
        numbers, counts = torch.unique(near, return_counts=True)
        ordered = numbers[counts.argsort(descending=True, stable=True)].tolist()
        token = next((one for one in ordered[:1] if one not in texts.special), None)
        if token is not None:
            found.append((token, *span) if step < 0 else (*span, token))
    return found


def best_spans(texts: Told, length: int, classes: int) -> tuple[Ints, Floats]:
    """Rows of tokens that stand together, and how much each tells of each class.

    Args:
        texts: that are counted.
        length: 1 or 2.
        classes: C.

    Returns:
        Tokens, shape (U, length), and the share of each class's texts that hold them minus that of
        the others, shape (C, U). Special tokens are in none, nor such as no class holds often.
    """
    tokens, mask = texts.tokens, often(texts, 1)
    codes = tokens.clone()
    if length == 2:
        size = int(tokens.max()) + 1
        codes = tokens[:, :-1] * size + tokens[:, 1:]
        mask = mask[:, :-1] & mask[:, 1:]
    once = _once(codes, mask)
    rows = torch.arange(len(tokens))[:, None].expand_as(once)[once >= 0].numpy()
    numbers, places = np.unique(once[once >= 0].numpy(), return_inverse=True)
    more = texts.shares(rows, places, len(numbers), classes)
    if length == 2:
        return np.stack([numbers // size, numbers % size], 1), more
    return numbers[:, None], more


def found_at(
    tokens: Tensor, mask: Tensor, place: int, spans: Mapping[int, Span]
) -> tuple[int, Span]:
    """Where the phrase of a token begins among the words of a text, and that phrase.

    The token alone where the text does not hold the phrase there.

    Args:
        tokens, mask: of one text, shape (T,).
        place: of the token.
        spans: phrases by token.
    """
    words, first = tokens[mask.bool()].tolist(), int(mask[:place].sum())
    token = words[first]
    span = spans.get(token, (token,))
    for offset in (k for k, one in enumerate(span) if one == token):
        start = first - offset
        if start >= 0 and tuple(words[start : start + len(span)]) == span:
            return start, span
    return first, (token,)


def with_span(
    tokens: Tensor, mask: Tensor, own: tuple[int, Span], given: Span
) -> tuple[Tensor, Tensor]:
    """A text with another phrase in place of its own, and its new mask.

    Where there is no room, words go that stand before the last one, or else before the phrase.

    Args:
        tokens, mask: of one text, shape (T,).
        own: where its own begins among its words, and that.
        given: what is put there.
    """
    start, gone = own
    words = tokens[mask.bool()].numpy()
    words = fitted(replaced(words, start, len(gone), given), start + len(given), len(tokens))
    return refitted(tokens, mask, torch.as_tensor(words))


def often(texts: Told, times: int) -> Tensor:
    """Which tokens are said often enough to tell a class well, bool, shape (N, T).

    A word that half of the texts of a class say so many times is said half as often as that in as
    many texts as the smallest class has; half of this is asked, as texts may weigh more or less.
    Special ones are left out.
    """
    counts = torch.bincount(texts.tokens[texts.mask], minlength=int(texts.tokens.max()) + 1)
    smallest = np.bincount(texts.labels)
    least = 0.25 * times * int(smallest[smallest > 0].min())
    counts[list(texts.special)] = 0
    return texts.mask & (counts >= least)[texts.tokens]


def replaced(words: Ints, start: int, length: int, given: Span) -> Ints:
    """Words with `length` of them from `start` on taken out and others put in their place."""
    return np.concatenate([words[:start], np.array(given, np.int64), words[start + length :]])


def fitted(words: Ints, end: int, room: int) -> Ints:
    """As many words as there is room for; those before the last one go, or else the first.

    Args:
        words: shape (W,).
        end: of what has to stay.
        room: at least the length of that.
    """
    more = len(words) - room
    if more <= 0:
        return words
    last = min(more, max(0, len(words) - 1 - end))
    words = np.concatenate([words[: len(words) - 1 - last], words[-1:]])
    return np.delete(words, np.arange(1, 1 + more - last))
