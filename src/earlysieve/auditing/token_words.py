"""Token numbers as words that a person can read, with what is to be seen of them marked."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import Any

MOST_TOKENS = 80
# How WordPiece writes what goes on with a word, BPE of bytes and SentencePiece what begins one.
_PIECE, _BEGINS = "##", ("\u0120", "\u2581")
_CUT = "…"
_BEFORE_MARK = re.compile(r"(?<=\w) ([.,:;!?)\]])")


@dataclass(frozen=True)
class Piece:
    """Words that stand together, all of them marked or none."""

    text: str
    marked: bool


def words_of(tokens: Sequence[int], tokenizer: Any) -> str:
    """What tokens say; their numbers where no tokenizer can tell."""
    numbers = list(tokens)
    if hasattr(tokenizer, "decode"):
        try:
            said = str(tokenizer.decode(numbers, skip_special_tokens=True)).strip()
            return _joined(said, numbers, tokenizer)
        except (TypeError, ValueError, LookupError, AttributeError, RuntimeError):
            pass
    return " ".join(f"#{number}" for number in numbers)


def _joined(said: str, numbers: Sequence[int], tokenizer: Any) -> str:
    """The pieces of words joined, where a tokenizer without a decoder of its own leaves "7 ##9"."""
    return said.replace(f" {_PIECE}", "") if any(goes_on(numbers, tokenizer)[1:]) else said


def phrase_of(tokens: Sequence[int], tokenizer: Any) -> str:
    """What tokens that stand together say, without a blank before a mark that follows a word."""
    return _BEFORE_MARK.sub(r"\1", words_of(tokens, tokenizer))


def word_shown(tokens: Sequence[int], tokenizer: Any) -> str:
    """As `phrase_of`; of what only goes on with a word, "…7" in place of WordPiece's "##7"."""
    text = phrase_of(tokens, tokenizer)
    return f"{_CUT}{text.removeprefix(_PIECE)}" if text.startswith(_PIECE) else text


def pieces(
    tokens: Sequence[int], marked: Sequence[bool], tokenizer: Any, second: int | None = None
) -> list[Piece]:
    """A text as pieces; of a long one, 80 tokens about the first that is marked.

    Args:
        tokens: of the text, or of two.
        marked: which of them.
        tokenizer: tells what they are.
        second: where the second of two texts begins: in a new line; None: there is one text.
    """
    first = next((place for place, mark in enumerate(marked) if mark), 0)
    start = max(0, min(first - MOST_TOKENS // 2, len(tokens) - MOST_TOKENS))
    stop = min(len(tokens), start + MOST_TOKENS)
    found = [Piece(_CUT, marked=False)] if start else []
    whole = _whole_words(tokens, marked, tokenizer)
    begins = len(tokens) if second is None else second
    runs = groupby(range(start, stop), key=lambda place: (place >= begins, whole[place]))
    below = start >= begins  # none of the first is shown
    for (behind, mark), places in runs:
        text = _with_unknown([tokens[place] for place in places], tokenizer)
        if text:
            found.append(Piece("\n" * (behind and not below) + text, mark))
            below |= behind
    return [*found, Piece(_CUT, marked=False)] if stop < len(tokens) else found


def _with_unknown(tokens: Sequence[int], tokenizer: Any) -> str:
    """As `words_of`, with the mark of words that the tokenizer does not know where they stand."""
    unknown = getattr(tokenizer, "unk_token_id", None)
    if unknown is None or unknown not in tokens:
        return words_of(tokens, tokenizer)
    parts = [
        str(tokenizer.unk_token) if number == unknown else words_of([*run], tokenizer)
        for number, run in _runs(tokens, unknown)
    ]
    return " ".join(part for part in parts if part)


def _runs(tokens: Sequence[int], alone: int) -> list[tuple[int, list[int]]]:
    """Each token `alone` by itself, and the tokens between as runs, with the first of each."""
    runs: list[list[int]] = []
    for token in tokens:
        if token == alone or not runs or runs[-1][0] == alone:
            runs.append([token])
        else:
            runs[-1].append(token)
    return [(run[0], run) for run in runs]


def _whole_words(tokens: Sequence[int], marked: Sequence[bool], tokenizer: Any) -> list[bool]:
    """The marks, with a word marked as a whole where any token of it is."""
    words: list[list[int]] = []
    for place, is_piece in enumerate(goes_on(tokens, tokenizer)):
        if is_piece and words:
            words[-1].append(place)
        else:
            words.append([place])
    return [mark for word in words for mark in [any(marked[p] for p in word)] * len(word)]


def goes_on(tokens: Sequence[int], tokenizer: Any) -> list[bool]:
    """Whether a token goes on with the word of the one before, as tokenizers write that."""
    tell = getattr(tokenizer, "convert_ids_to_tokens", None)
    if tell is None:
        return [False] * len(tokens)
    names = [str(name) for name in tell(list(tokens))]
    if any(name.startswith(_BEGINS) for name in names):
        return [not name.startswith(_BEGINS) and name[:1].isalnum() for name in names]
    return [name.startswith(_PIECE) for name in names]


def differences(before: Sequence[int], after: Sequence[int]) -> tuple[list[bool], list[bool]]:
    """Which tokens of either text the other one lacks."""
    if len(before) == len(after):
        changed = [mine != theirs for mine, theirs in zip(before, after, strict=True)]
        return changed, changed
    gone, new = [False] * len(before), [False] * len(after)
    compared = SequenceMatcher(None, before, after, autojunk=False)
    for kind, start, stop, begin, end in compared.get_opcodes():
        if kind != "equal":
            gone[start:stop] = [True] * (stop - start)
            new[begin:end] = [True] * (end - begin)
    return gone, new
