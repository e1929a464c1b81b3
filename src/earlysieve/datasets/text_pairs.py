"""Pairs of texts, such as a premise and a hypothesis."""

from collections.abc import Sequence

import torch
from torch import Tensor

from earlysieve.datasets.text import Texts
from earlysieve.errors import InputError

# Between the two texts of a pair, where they stand as one.
BETWEEN = "\n"


class TextPairs(Texts):
    """Pairs held in memory; a text is both, one below the other."""

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
        first, _, second = self._texts[row].partition(BETWEEN)
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
