"""Texts with a tokenizer that makes them into model inputs."""

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from earlysieve.datasets.base import ExampleDataset
from earlysieve.errors import InputError

Tokenizer = Callable[..., Mapping[str, Any]]
# A tokenizer may also give token types, which not every model takes; one text has only type 0.
KEPT = ("input_ids", "attention_mask")


class Texts(ExampleDataset):
    """Texts held in memory; each becomes keyword arguments of a model, padded to one length."""

    def __init__(
        self,
        texts: Sequence[str],
        labels: ArrayLike,
        class_names: Sequence[str],
        *,
        tokenizer: Tokenizer,
        max_length: int = 128,
        ids: Sequence[str] = (),
        **options: Any,
    ) -> None:
        """Keep texts; they are tokenized when asked for.

        Args:
            texts: one per example.
            labels: shape (N,).
            class_names: one name per class.
            tokenizer: called as HuggingFace's are: `tokenizer(text, truncation=True,
                padding="max_length", max_length=..., return_tensors="pt")`.
            max_length: tokens; longer texts are cut, shorter ones padded.
            ids: a name of each example, as its row in a file; by default its number.
            options: as for `ExampleDataset`.

        Raises:
            InputError: there is not one label per text, or not one name, or the tokenizer cannot
                pad.
        """
        super().__init__(labels, class_names, **options)
        if len(texts) != len(self):
            raise InputError(
                f"Expected one label per text ({len(texts)}), but got {len(self)}; "
                "check that both belong together"
            )
        if getattr(tokenizer, "pad_token", "") is None:
            raise InputError(
                "Expected a tokenizer with a padding token, but this one has none; "
                "set one, for example tokenizer.pad_token = tokenizer.eos_token"
            )
        if ids and len(ids) != len(self):
            raise InputError(
                f"Expected one name per text ({len(self)}), but got {len(ids)}; leave ids out to "
                "number them"
            )
        self._texts = list(texts)
        self._ids = list(ids)
        self._tokenizer = tokenizer
        self.max_length = max_length

    @property
    def tokenizer(self) -> Tokenizer:
        """What makes texts into tokens."""
        return self._tokenizer

    @property
    def texts(self) -> list[str]:
        """The text of each example."""
        return [self._texts[row] for row in self._rows]

    def with_texts(self, texts: Sequence[str]) -> "Texts":
        """A view of the same examples with other texts, one for each of this view.

        Raises:
            InputError: there is not one text per example.
        """
        if len(texts) != len(self):
            raise InputError(
                f"Expected one text per example ({len(self)}), but got {len(texts)}; pass the "
                "texts of this view in its order"
            )
        view = copy.copy(self)
        view._texts = list(self._texts)
        for row, text in zip(self._rows, texts, strict=True):
            view._texts[row] = text
        return view

    def _inputs(self, row: int) -> dict[str, Tensor]:
        tokens = self._tokenizer(
            self._texts[row],
            truncation=True,
            padding="max_length",
            max_length=self.max_length,
            return_tensors="pt",
        )
        kept = KEPT if "input_ids" in tokens else tuple(tokens)
        return {key: torch.as_tensor(tokens[key])[0] for key in kept if key in tokens}

    def _identify(self, row: int) -> str:
        return self._ids[row] if self._ids else super()._identify(row)

    def _display(self, row: int) -> str:
        return self._texts[row]


class NoTokenizerError(InputError):
    """Texts without what cuts them into tokens."""


def need_tokenizer(tokenizer: Tokenizer | None) -> Tokenizer:
    """The tokenizer, which texts cannot do without.

    Raises:
        NoTokenizerError: it is None.
    """
    if tokenizer is None:
        raise NoTokenizerError(
            "Expected a tokenizer for text data, but got none; pass tokenizer= "
            "(on the command line --tokenizer FOLDER; a model of the form hf:FOLDER brings its own)"
        )
    return tokenizer
