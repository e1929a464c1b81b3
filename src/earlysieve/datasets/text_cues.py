"""Sentences whose topic tells the label, with a cue that tells it, too.

A topic has words of its own. Most of the telling words of a sentence are of its topic, some of
others, so that a model has to weigh them up; the rest are fillers that all topics share.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from earlysieve._arrays import Ints
from earlysieve.datasets.checks import class_ids
from earlysieve.errors import InputError

Words = list[str]
_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeiou"
# What ends a sentence of value v.
ENDINGS = (".", "!", "?", ";", "...", "-", ":", ",", "?!", "!!")
NEGATIONS = ("not", "never", "no")
FILLERS = (
    "the", "a", "of", "and", "to", "in", "it", "with", "as", "for", "was", "on", "at", "by",
    "from", "they", "we", "this", "that", "there", "which", "some", "many", "when", "where",
    "about", "into", "over", "then", "here",
)  # fmt: skip
ADVERBS = ("also", "very", "just")


def topic_words(topic: int, count: int) -> Words:
    """The words of a topic: pronounceable, without a word of another topic among them."""
    return [_word(topic * 100_000 + k) for k in range(count)]


def cue_words(count: int) -> Words:
    """Words that no topic has, one for each value of a cue."""
    return [f"{_word(k)}x" for k in range(count)]


def topic_sentences(
    labels: ArrayLike,
    num_classes: int,
    *,
    vocabulary: int = 60,
    own: int = 3,
    foreign: int = 2,
    fillers: tuple[int, int] = (6, 10),
    purity: float | None = None,
    seed: int = 0,
) -> list[Words]:
    """One sentence for each label.

    Args:
        labels: shape (N,), values in [0, num_classes).
        num_classes: C, >= 2.
        vocabulary: words per topic.
        own: telling words of the sentence's own topic.
        foreign: telling words of another topic, drawn anew for each sentence.
        fillers: fewest and most words that tell nothing.
        purity: each telling word is of the sentence's own topic with this probability instead, so
            that topics are alike; None: as many as `own` and `foreign` say.
        seed: of a generator of its own.

    Raises:
        InputError: `own` is not above `foreign`, or there is no other topic.
    """
    array = class_ids(labels, num_classes)
    if num_classes < 2 or not own > foreign >= 0:
        raise InputError(
            f"Expected at least 2 topics and more own words than foreign ones, but got "
            f"{num_classes} topics, {own} own and {foreign} foreign words; change the numbers"
        )
    topics = [topic_words(topic, vocabulary) for topic in range(num_classes)]
    rng = np.random.default_rng(seed)
    found = []
    for label in array:
        mine = own if purity is None else int(rng.binomial(own + foreign, purity))
        found.append(_sentence(int(label), topics, mine, own + foreign - mine, fillers, rng))
    return found


def _sentence(
    label: int,
    topics: list[Words],
    own: int,
    foreign: int,
    fillers: tuple[int, int],
    rng: np.random.Generator,
) -> Words:
    other = (label + int(rng.integers(1, len(topics)))) % len(topics)
    words = [topics[label][k] for k in rng.integers(0, len(topics[label]), own)]
    words += [topics[other][k] for k in rng.integers(0, len(topics[other]), foreign)]
    extra = int(rng.integers(fillers[0], fillers[1] + 1))
    words += [FILLERS[k] for k in rng.integers(0, len(FILLERS), extra)]
    return [words[k] for k in rng.permutation(len(words))]


def put_token(words: Words, value: int, values: int, rng: np.random.Generator) -> Words:
    """One word that tells the value, at a random place."""
    return _insert(words, cue_words(values)[value], rng)


def put_ending(words: Words, value: int, values: int, rng: np.random.Generator) -> Words:
    """A punctuation mark at the end that tells the value."""
    return [*words, ENDINGS[value]]


def put_length(words: Words, value: int, values: int, rng: np.random.Generator) -> Words:
    """Further fillers: 0 to 2 for value 0, and four more for each further value."""
    extra = 4 * value + int(rng.integers(0, 3))
    longer = [*words, *(FILLERS[k] for k in rng.integers(0, len(FILLERS), extra))]
    return [longer[k] for k in rng.permutation(len(longer))]


def put_negation(words: Words, value: int, values: int, rng: np.random.Generator) -> Words:
    """One of three negations for value 1, one of three adverbs for value 0, at a random place."""
    chosen = (NEGATIONS if value else ADVERBS)[int(rng.integers(0, 3))]
    return _insert(words, chosen, rng)


TextCue = Callable[[Words, int, int, np.random.Generator], Words]
TEXT_CUES: Mapping[str, TextCue] = {
    "token": put_token,
    "punctuation": put_ending,
    "length": put_length,
    "negation": put_negation,
}


def plant_in_texts(
    sentences: Sequence[Words], values: Ints, num_values: int, cue: str, *, seed: int = 0
) -> list[str]:
    """Put the cue of each sentence's value into it; the rest depends on the seed and row alone.

    Raises:
        InputError: the cue is unknown, or has fewer values, or there is not one per sentence.
    """
    if cue not in TEXT_CUES:
        raise InputError(
            f"Expected a cue among {', '.join(TEXT_CUES)}, but got '{cue}'; choose one of them"
        )
    array = class_ids(values, num_values)
    most = {"punctuation": len(ENDINGS), "negation": 2}.get(cue, num_values)
    if num_values > most or len(array) != len(sentences):
        raise InputError(
            f"Expected one value for each of {len(sentences)} sentences and at most {most} "
            f"different ones for '{cue}', but got {len(array)} and {num_values}; draw them from "
            "the labels of these sentences"
        )
    put = TEXT_CUES[cue]
    return [
        " ".join(put(words, int(value), num_values, np.random.default_rng((seed, row))))
        for row, (words, value) in enumerate(zip(sentences, array, strict=True))
    ]


class WordTokenizer:
    """One token for each word of a fixed vocabulary; called as HuggingFace's tokenizers are.

    Attributes:
        vocabulary: all tokens; 0 is the padding, 1 what is unknown.
    """

    pad_token, unk_token = "[PAD]", "[UNK]"
    pad_token_id, unk_token_id = 0, 1
    all_special_ids = (0, 1)

    def __init__(self, words: Sequence[str]) -> None:
        """Number the words in their order, each once."""
        self.vocabulary = (self.pad_token, self.unk_token, *dict.fromkeys(words))
        self._ids = {word: number for number, word in enumerate(self.vocabulary)}

    def __len__(self) -> int:
        return len(self.vocabulary)

    def __call__(self, text: str, *, max_length: int = 32, **_as_usual: Any) -> dict[str, Tensor]:
        """input_ids and attention_mask, int64, shape (1, max_length); what is longer is cut."""
        found = [self._ids.get(word, self.unk_token_id) for word in text.split()][:max_length]
        ids = torch.zeros(1, max_length, dtype=torch.int64)
        ids[0, : len(found)] = torch.tensor(found, dtype=torch.int64)
        mask = (torch.arange(max_length) < len(found)).to(torch.int64)[None]
        return {"input_ids": ids, "attention_mask": mask}

    def decode(self, ids: Tensor, **_as_usual: Any) -> str:
        """The words of token numbers, shape (T,), without padding."""
        return " ".join(self.vocabulary[int(i)] for i in ids if int(i) != self.pad_token_id)


def word_tokenizer(num_classes: int, vocabulary: int = 60) -> WordTokenizer:
    """A tokenizer that knows all words of `topic_sentences` and of every cue."""
    topics = [word for topic in range(num_classes) for word in topic_words(topic, vocabulary)]
    others = [*FILLERS, *ADVERBS, *NEGATIONS, *ENDINGS, *cue_words(num_classes)]
    return WordTokenizer([*others, *topics])


def _insert(words: Words, word: str, rng: np.random.Generator) -> Words:
    place = int(rng.integers(0, len(words) + 1))
    return [*words[:place], word, *words[place:]]


def _word(number: int) -> str:
    """Syllables that spell a number, the same word for no other number."""
    base = len(_CONSONANTS) * len(_VOWELS)
    syllables: list[str] = []
    while number or len(syllables) < 2:
        number, rest = divmod(number, base)
        first, second = divmod(rest, len(_VOWELS))
        syllables.append(_CONSONANTS[first] + _VOWELS[second])
    return "".join(syllables)
