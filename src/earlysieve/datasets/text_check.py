"""Texts that say nothing, or of which a model sees the beginning only."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from earlysieve.datasets.checks import DataWarning

_LOOKED_AT = 200
_MANY = 0.1


def note_texts(
    source: str, texts: Sequence[str], tokenizer: Any, max_length: int, *, pairs: bool = False
) -> None:
    """Say how many texts are empty, and whether many are cut.

    Args:
        source: of the texts, for messages.
        texts: one per example.
        tokenizer: see `Texts`; it is asked about at most 200 texts, which are spread evenly.
        max_length: tokens; longer texts are cut.
        pairs: each text is two, one below the other; a pair is empty where one of them is.

    Warns:
        DataWarning: a text is empty, or a tenth of those that were looked at are cut.
    """
    sides = [text.split("\n", 1) if pairs else [text] for text in texts]
    empty = [row for row, parts in enumerate(sides) if not all(part.strip() for part in parts)]
    if empty:
        are = "1 text is" if len(empty) == 1 else f"{len(empty):,} texts are"
        warnings.warn(
            f"{are} empty in '{source}' (the first is example {empty[0]}): whatever a model says "
            "of these it goes by nothing that is there. Leave them out, or find out why they are "
            "empty; where one class has more of them, being empty is a shortcut",
            DataWarning,
            stacklevel=3,
        )
    some = np.unique(np.linspace(0, len(texts) - 1, min(_LOOKED_AT, len(texts))).astype(int))
    cut = sum(is_cut(tokenizer, max_length, *sides[row]) for row in some.tolist())
    if len(some) and cut >= _MANY * len(some):
        warnings.warn(
            f"About {cut / len(some):.0%} of the texts of '{source}' are longer than {max_length} "
            "tokens and are cut there: neither a model nor an audit sees what stands behind. "
            "Take more tokens (--max-length, max_length=), in training as in audits, if that "
            "matters",
            DataWarning,
            stacklevel=3,
        )


def is_cut(tokenizer: Any, max_length: int, *texts: str) -> bool:
    """Whether a text, or those of a pair, have more tokens; False where it cannot be told."""
    try:
        found = tokenizer(
            *texts,
            truncation=True,
            padding="max_length",
            max_length=max_length + 1,
            return_tensors="pt",
        )
        mask = found["attention_mask"]
    except (KeyError, TypeError, ValueError, RuntimeError):
        return False
    return int(mask.sum()) > max_length
