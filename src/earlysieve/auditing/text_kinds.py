"""What texts hold besides plain words: how they begin and end, marks, numbers, capital letters.

Many words may tell a class together though each of them is rare, as the names of those who sign.
They have their place in common, or how they are written; a reader that sees nothing else reads
them all, and one of the plain words in between tells what is left of the text.
"""

from typing import Any

import torch
from torch import Tensor

from earlysieve.auditing.token_words import words_of

ENDS, SYMBOLS, NUMBERS, CAPITALS = "ends", "symbols", "numbers", "capitals"
PLAIN_WORDS = "plain words"
KINDS = (ENDS, SYMBOLS, NUMBERS, CAPITALS)
_NOTHING, _WORD, _SYMBOL, _NUMBER, _CAPITAL = range(5)
_OF_KIND = {SYMBOLS: _SYMBOL, NUMBERS: _NUMBER, CAPITALS: _CAPITAL}
MOST_AT_AN_END, SLOTS = 3, 8
_PART_OF_TEXT, _BUCKETS, _MOST_TIMES = 6, 512, 7


class TokenKinds:
    """Of which kind each token is, as a tokenizer writes it.

    Args:
        tokenizer: anything with `decode`; what it cannot write is nothing.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        special = getattr(tokenizer, "all_special_ids", ())
        self._known: dict[int, int] = {int(token): _NOTHING for token in special}

    def of(self, tokens: Tensor) -> Tensor:
        """The kind of each token, int64 of the shape of `tokens`."""
        seen, places = torch.unique(tokens.cpu(), return_inverse=True)
        kinds = torch.tensor([self._kind(int(token)) for token in seen], dtype=torch.int64)
        return kinds[places].to(tokens.device)

    def _kind(self, token: int) -> int:
        if token not in self._known:
            self._known[token] = _kind_of(words_of([token], self._tokenizer))
        return self._known[token]


def kinds_for(tokenizer: Any) -> TokenKinds | None:
    """The kinds of a tokenizer's tokens; None where none can write them."""
    return TokenKinds(tokenizer) if hasattr(tokenizer, "decode") else None


def _kind_of(written: str) -> int:
    text = written.strip()
    if any(sign.isdigit() for sign in text):
        return _NUMBER
    if any(sign.isalpha() for sign in text):
        return _CAPITAL if any(sign.isupper() for sign in text) else _WORD
    return _SYMBOL if text else _NOTHING


def kinds_held(tokens: Tensor, mask: Tensor, kinds: TokenKinds | None) -> dict[str, Tensor]:
    """What texts hold of each kind, and which plain words lie between.

    Args:
        tokens, mask: token numbers and which are no padding, shape (B, T).
        kinds: None: only what stands at the ends is told apart.

    Returns:
        By kind, each of shape (B, numbers): see `kind_features`.
    """
    mine = of_kinds(tokens, mask, kinds)
    return {name: kind_features(tokens, held, name) for name, held in mine.items()}


def kind_features(tokens: Tensor, mine: Tensor, name: str) -> Tensor:
    """What is kept of the words of one kind: a few of them as they are, and how many there are.

    Args:
        tokens: shape (B, T).
        mine: which are of that kind, shape (B, T).
        name: of the kind.

    Returns:
        Of the ends the numbers of the first three and of the last three tokens, -1 where there are
        fewer, (B, 6); of plain words how often which stand there, in buckets, log2(1 + times),
        (B, 512); else the numbers of the first eight and log2(1 + how many there are), (B, 9).
    """
    if name == PLAIN_WORDS:
        return times_held(tokens, mine)
    if name == ENDS:
        ends = (first_of(mine), mine & ~first_of(mine))
        return torch.cat([_in_slots(tokens, end, MOST_AT_AN_END) for end in ends], 1)
    number = mine.sum(1, keepdim=True).float().add(1).log2()
    return torch.cat([_in_slots(tokens, mine, SLOTS), number], 1)


def _in_slots(tokens: Tensor, mine: Tensor, slots: int) -> Tensor:
    """The numbers of the first tokens among `mine`, -1 behind the last one, (B, slots)."""
    found = torch.full((len(tokens), slots), -1.0, device=tokens.device)
    place = mine.cumsum(1) - 1
    rows, columns = (mine & (place < slots)).nonzero(as_tuple=True)
    found[rows, place[rows, columns]] = tokens[rows, columns].float()
    return found


def of_kinds(tokens: Tensor, mask: Tensor, kinds: TokenKinds | None) -> dict[str, Tensor]:
    """Which tokens of texts (B, T) are of which kind, by its name, bool (B, T).

    Args:
        tokens, mask: token numbers and which are no padding.
        kinds: None: only what stands at the ends is told apart.
    """
    kind_of = torch.full_like(tokens, _WORD) if kinds is None else kinds.of(tokens)
    there = mask.bool() & (kind_of != _NOTHING)
    first, last = _ends(there)
    ends = first | last
    found = {ENDS: ends, PLAIN_WORDS: there & (kind_of == _WORD) & ~ends}
    if kinds is None:
        return found
    return found | {name: there & (kind_of == kind) for name, kind in _OF_KIND.items()}


def times_held(tokens: Tensor, mask: Tensor) -> Tensor:
    """How often texts (B, T) hold tokens, in buckets: log2(1 + times), (B, 512).

    Once more says the less the more there are.
    """
    times = torch.zeros(len(tokens), _BUCKETS, device=tokens.device)
    times.scatter_add_(1, tokens % _BUCKETS, mask.to(times.dtype))
    return times.clamp_max(_MOST_TIMES).add(1).log2()


def first_of(ends: Tensor) -> Tensor:
    """Of the tokens at both ends, (B, T), those at the beginning: as many as at the end."""
    place = ends.cumsum(1)
    return ends & (2 * place <= place[:, -1:])


def _ends(there: Tensor) -> tuple[Tensor, Tensor]:
    """Which tokens are among the first and the last three; fewer of short texts."""
    place = there.cumsum(1)
    count = place[:, -1:]
    most = (count // _PART_OF_TEXT).clamp_max(MOST_AT_AN_END)
    return there & (place <= most), there & (place > count - most)
