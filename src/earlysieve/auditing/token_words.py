"""Token numbers as words that a person can read, with what is to be seen of them marked."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import Any

MOST_TOKENS = 80
_PIECE = "##"
_CUT = "…"


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
            return str(tokenizer.decode(numbers, skip_special_tokens=True)).strip()
        except (TypeError, ValueError, LookupError, AttributeError, RuntimeError):
            pass
    return " ".join(f"#{number}" for number in numbers)


def pieces(tokens: Sequence[int], marked: Sequence[bool], tokenizer: Any) -> list[Piece]:
    """A text as pieces; of a long one, 80 tokens about the first that is marked."""
    first = next((place for place, mark in enumerate(marked) if mark), 0)
    start = max(0, min(first - MOST_TOKENS // 2, len(tokens) - MOST_TOKENS))
    stop = min(len(tokens), start + MOST_TOKENS)
    found = [Piece(_CUT, marked=False)] if start else []
    for mark, places in groupby(range(start, stop), key=lambda place: bool(marked[place])):
        text = words_of([tokens[place] for place in places], tokenizer)
        if text:
            found.append(Piece(text, mark))
    return [*found, Piece(_CUT, marked=False)] if stop < len(tokens) else found


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
