"""How texts are written, given by one to another: in capital letters, in small ones, as usual."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from earlysieve._arrays import Ints
from earlysieve.auditing.swaps.ask import Asker
from earlysieve.auditing.swaps.part import Part
from earlysieve.auditing.swaps.pool import Pool
from earlysieve.auditing.swaps.tokens import refitted
from earlysieve.auditing.text_kinds import CAPITALS
from earlysieve.auditing.token_words import words_of
from earlysieve.model.batch import Inputs, take

Style = Literal[
    "words in capital letters",
    "a sentence in capital letters",
    "capital first letters",
    "usual",
    "small letters",
]
LARGE: Style = "words in capital letters"
PARTLY: Style = "a sentence in capital letters"
FIRST: Style = "capital first letters"
USUAL: Style = "usual"
SMALL: Style = "small letters"
CAPITALS_DETAIL = "capital letters"
_WORD = re.compile(r"[^\W\d_]{2,}")
_OF_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")
_BEGINS = re.compile(r"(^\s*|[.!?]\s+)([^\W\d_])")
_SENTENCE = re.compile(r".*?(?:[.!?]+|$)", re.DOTALL)
_MOST, _ABLE, _IN_A_ROW = 0.5, 0.5, 3


def style_of(text: str) -> Style:
    """How a text is written; words of one letter, as "I" and "A", say nothing."""
    words = _WORD.findall(text)
    if not words or text == text.lower():
        return SMALL
    large = [word.isupper() for word in words]
    if np.mean(large) >= _MOST:
        return LARGE
    if any(all(large[place : place + _IN_A_ROW]) for place in range(len(words) - _IN_A_ROW + 1)):
        return PARTLY  # more than a name that is written so
    return FIRST if np.mean([word[0].isupper() for word in words]) >= _MOST else USUAL


def written(text: str, style: Style) -> str:
    """The text in another style; the usual one has a capital letter where a sentence begins."""
    if style == LARGE:
        return text.upper()
    if style == PARTLY:
        return _shouted(written(text, USUAL))
    if style == FIRST:
        return _OF_WORD.sub(lambda found: found[0][:1].upper() + found[0][1:].lower(), text)
    small = text.lower()
    return small if style == SMALL else _BEGINS.sub(lambda f: f[1] + f[2].upper(), small)


def _shouted(text: str) -> str:
    """The first sentence in capital letters, or the first half of a text of one sentence."""
    sentence = _SENTENCE.match(text)
    end = sentence.end() if sentence is not None else 0
    if len(_WORD.findall(text[:end])) == len(_WORD.findall(text)):
        words = list(_OF_WORD.finditer(text))
        end = words[len(words) // 2].start() if words else 0
    return text[:end].upper() + text[end:]


def capitals_part(
    pool: Pool, asker: Asker, tokenizer: Any, class_names: Sequence[str]
) -> Part | None:
    """The part "capitals"; None where a tokenizer does not give back most texts that it has read.

    Args:
        pool: the texts.
        asker: the model.
        tokenizer: writes tokens as texts, and reads texts, see `earlysieve.datasets.Texts`.
        class_names: empty where unknown.
    """
    tokens, mask = pool.values.long(), pool.carrier.mask_of(pool.inputs)
    own = [row[kept] for row, kept in zip(tokens, mask, strict=True)]
    texts = [words_of(row.tolist(), tokenizer) for row in own]
    read = _reader(tokenizer, tokens.shape[1])
    if read is None:
        return None
    able = np.array([torch.equal(read(text), row) for text, row in zip(texts, own, strict=True)])
    if able.mean() < _ABLE:
        return None
    styles = [style_of(text) for text in texts]

    def swap(receivers: Ints, donors: Ints) -> tuple[Tensor, Inputs]:
        mine = torch.as_tensor(receivers)
        swapped, masks = tokens[mine].clone(), mask[mine].clone()
        for place, (row, donor) in enumerate(zip(receivers, donors, strict=True)):
            if styles[row] != styles[donor]:
                words = read(written(texts[row], styles[donor]))
                swapped[place], masks[place] = refitted(tokens[row], mask[row], words)
        inputs = pool.carrier.put_text(take(pool.inputs, mine), swapped, masks)
        return asker.answers(inputs), inputs

    return Part(CAPITALS, swap, able, detail=_detail(styles, pool, class_names))


def _reader(tokenizer: Any, length: int) -> Callable[[str], Tensor] | None:
    """The tokens of a text, shape (T,), as data sets ask for them; None: it reads no texts."""
    if not callable(tokenizer):
        return None

    def read(text: str) -> Tensor:
        found = tokenizer(
            text, truncation=True, padding="max_length", max_length=length, return_tensors="pt"
        )
        ids = torch.as_tensor(found["input_ids"]).flatten().long()
        kept = found["attention_mask"] if "attention_mask" in found else torch.ones_like(ids)
        return ids[torch.as_tensor(kept).flatten().bool()]

    try:
        read("a")
    except (TypeError, ValueError, LookupError, AttributeError, RuntimeError):
        return None
    return read


def _detail(styles: Sequence[Style], pool: Pool, class_names: Sequence[str]) -> str:
    """How most texts of each class are written."""
    told = []
    for kind in np.unique(pool.labels).tolist():
        mine = [style for style, label in zip(styles, pool.labels, strict=True) if label == kind]
        most = Counter(mine).most_common(1)[0][0]
        name = class_names[kind] if kind < len(class_names) else f"class {kind}"
        told.append(f"{'usual ones' if most == USUAL else most} ({name})")
    return f"{CAPITALS_DETAIL}: {'; '.join(told)}"
