"""Pairs of texts, such as a premise and a hypothesis."""

from collections.abc import Sequence

import torch
from torch import Tensor

from earlysieve.datasets.text import Texts
from earlysieve.errors import InputError

# Between the two texts of a pair, where they stand as one.
BETWEEN = "\n"
_TEXTS_OF_PAIR = 2


def joined(firsts: Sequence[str], seconds: Sequence[str]) -> list[str]:
    """Pairs as `TextPairs` takes them: each one text, its first above its second."""
    pairs = zip(firsts, seconds, strict=True)
    return [BETWEEN.join(side.replace(BETWEEN, " ") for side in pair) for pair in pairs]


def parted(text: str) -> tuple[str, str]:
    """The first and the second text of a pair that is one text, as `joined` makes it."""
    first, _, second = text.partition(BETWEEN)
    return first, second


def columns_of(given: str | Sequence[str] | None) -> list[str]:
    """The columns that hold the text, or the two texts of a pair; none where none is named.

    Raises:
        InputError: they are more than two, or one twice.
    """
    names = [given] if isinstance(given, str) else list(given or ())
    if len(names) > _TEXTS_OF_PAIR or len(set(names)) < len(names):
        raise InputError(
            "Expected one column of texts, or two different ones that hold pairs, but got "
            f"{', '.join(names)}; name those two texts that the model takes (--text-column twice, "
            "text_column=[...]), or join several columns into one in the file first"
        )
    return names


def texts_of(columns: Sequence[str]) -> "type[Texts]":
    """The kind of data set that holds the texts of one column, or of two."""
    return TextPairs if len(columns) == _TEXTS_OF_PAIR else Texts


class TextPairs(Texts):
    """Pairs held in memory; a text is both, one below the other.

    The tokenizer is called as `tokenizer(first, second, ...)`, and the model gets all that it
    gives: token types, too, where the model takes them.
    """

    def with_texts(self, texts: Sequence[str]) -> "Texts":
        """A view of the same examples with other pairs; see `Texts.with_texts`.

        Raises:
            InputError: there is not one text per example, or one is no pair.
        """
        single = [text for text in texts if BETWEEN not in text]
        if single:
            raise InputError(
                "Expected pairs of texts with a line break between them, but got "
                f"'{single[0][:60]}'; keep the break"
            )
        return super().with_texts(texts)

    def _inputs(self, row: int) -> dict[str, Tensor]:
        first, second = parted(self._texts[row])
        tokens = self._tokenizer(
            first,
            second,
            truncation=True,
            padding="max_length",
            max_length=self.max_length,
            return_tensors="pt",
        )
        # Types tell the two texts apart, for tokenizers whose model takes them.
        return {key: torch.as_tensor(value)[0] for key, value in tokens.items()}
