"""Capital letters: what they are as a part, and which words and letters sentences name."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

import earlysieve as es
from earlysieve.auditing.misleading_words import above_all, in_capitals, with_named_word
from earlysieve.auditing.swaps.capitals_part import (
    FIRST,
    LARGE,
    PARTLY,
    SMALL,
    USUAL,
    style_of,
    written,
)
from earlysieve.auditing.swaps.follow import swap_parts
from earlysieve.auditing.swaps.found import PartFound, Share, Swaps
from earlysieve.auditing.swaps.names import refusal
from earlysieve.auditing.swaps.words import WordFound
from earlysieve.auditing.untie import untie
from earlysieve.datasets import Texts
from earlysieve.datasets.text_cues import WordTokenizer
from tests.auditing.made_up import COLOUR

WORDS = ["the", "film", "was", "long", "and", "slow", "in", "parts", "but", "kind"]
TOKENIZER = WordTokenizer([*WORDS, *(word.upper() for word in WORDS)])
LARGE_FROM = len(WORDS) + 2
ONE_WORD = replace(COLOUR, name="one word")


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("THE FILM WAS a bore", LARGE),
        ("The Film Was Long", FIRST),
        ("THE FILM WAS long. It ends and we all go home.", PARTLY),
        ("The EU and NASA were long and rather slow.", USUAL),
        ("The film was long. I left.", USUAL),
        ("the film was long", SMALL),
        ("I 4 !", SMALL),
    ],
)
def test_how_a_text_is_written(text, style):
    assert style_of(text) == style


def test_a_text_is_written_otherwise():
    text = "The film isn't LONG. it ends"
    assert written(text, LARGE) == "THE FILM ISN'T LONG. IT ENDS"
    assert written(text, SMALL) == "the film isn't long. it ends"
    assert written(text, FIRST) == "The Film Isn't Long. It Ends"
    assert written(text, USUAL) == "The film isn't long. It ends"
    assert written(text, PARTLY) == "THE FILM ISN'T LONG. It ends"
    assert written("Kind BUT slow parts", PARTLY) == "KIND BUT slow parts"
    assert written("1!", PARTLY) == "1!"


class ByCapitals(nn.Module):
    """Answers 0 where most words are in capital letters, else by whether "kind" is there."""

    def __init__(self, follows=True):
        super().__init__()
        self.embed = nn.Embedding(len(TOKENIZER), 4)
        self.follows = follows

    def forward(self, input_ids, attention_mask):
        large = ((input_ids >= LARGE_FROM) & (attention_mask > 0)).sum(1) > 3
        kind = (input_ids == TOKENIZER("kind")["input_ids"][0, 0]).any(1)
        kind |= (input_ids == TOKENIZER("KIND")["input_ids"][0, 0]).any(1)
        answer = torch.where(large, 0, torch.where(kind, 1, 2)) if self.follows else 2 - kind.long()
        return 5 * nn.functional.one_hot(answer, 3).float() + 0 * self.embed(input_ids).sum()


def texts(count=240, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 3
    found = []
    for label in labels:
        words = [*rng.choice(WORDS[:8], 8), *(["kind"] if label == 1 else [])]
        text = " ".join(rng.permutation(words))
        found.append(text.upper() if (label == 0) == (rng.random() < 0.92) else text)
    return Texts(found, labels, ["bad", "good", "so"], tokenizer=TOKENIZER, max_length=12), labels


def swaps(model, **options):
    data, labels = texts()
    with torch.no_grad():
        logits = [model(**{k: v[None] for k, v in data[i][0].items()}) for i in range(len(data))]
    answers = torch.cat(logits).argmax(1).numpy()
    return swap_parts(model, data, labels, answers, budget=2000, **options)


def test_answers_follow_how_a_text_is_written_and_errors_are_mended():
    found = swaps(ByCapitals(), irrelevant=["capital letters"]).of("capitals")
    assert found.irrelevant
    assert found.detail == (
        "capital letters: words in capital letters (bad); small letters (good); small letters (so)"
    )
    assert found.followed.value > 0.4
    assert found.mended.value > 0.6
    assert found.control.value < 0.05


def test_an_answer_by_words_follows_no_letters():
    found = swaps(ByCapitals(follows=False), irrelevant=["capital letters"]).of("capitals")
    assert found.followed.hits == found.control.hits == 0


def test_letters_that_tell_nothing_are_asked_about_by_name_only():
    data, labels = texts()
    turned = [text.lower() if i % 2 else text.upper() for i, text in enumerate(data.texts)]
    plain = data.with_texts(turned)
    model = ByCapitals()
    assert swap_parts(model, plain, labels, labels).of("capitals") is None
    named = swap_parts(model, plain, labels, labels, irrelevant=["capital letters"])
    assert named.of("capitals") is not None


def test_a_tokenizer_that_does_not_give_texts_back_leaves_them_out():
    class Joins(WordTokenizer):
        def decode(self, ids, **as_usual):
            return super().decode(ids).replace(" ", "") if len(ids) > 1 else super().decode(ids)

    data, labels = texts()
    joins = Texts(data.texts, labels, ["a", "b", "c"], tokenizer=Joins(TOKENIZER.vocabulary[2:]))
    assert swap_parts(ByCapitals(), joins, labels, labels).of("capitals") is None


def word(text, speaks_for="bad", against=40, followed=0.8):
    return WordFound(text, speaks_for, 200, against, followed)


def part(*words):
    none = Share()
    return PartFound("token", "", none, none, none, none, none, words=words)


def test_a_word_of_one_class_is_named_though_it_was_not_swapped():
    assert above_all(ONE_WORD, Swaps()) == ""
    found = Swaps(signs=(word("dull"), word("but", "good", followed=0.1)))
    assert above_all(ONE_WORD, found) == ", above all 'dull'"
    assert above_all(COLOUR, found) == ""
    step = untie(ONE_WORD, "text")
    (named,) = with_named_word([step], ONE_WORD, found)
    assert named == step.replace("that word", "the word 'dull'")
    assert "--irrelevant" not in named
    assert with_named_word([step], ONE_WORD, Swaps()) == [step]


def test_capital_letters_are_named_where_all_words_of_the_class_have_them():
    large = Swaps((part(word("WAS"), word("LONG"), word("kind", "good")),), signs=(word("THE"),))
    assert in_capitals(word("THE"), large)
    assert above_all(ONE_WORD, large) == (
        ", above all 'THE' (in capital letters, as all words that tell class 'bad' best)"
    )
    (step,) = with_named_word([untie(ONE_WORD, "text")], ONE_WORD, large)
    assert "the word 'THE'" in step
    assert step.endswith("that they must not matter (--irrelevant 'capital letters').")
    for other in ((word("WAS"),), (word("WAS"), word("long"), word("AND"))):
        assert not in_capitals(word("THE"), Swaps((part(*other),), signs=(word("THE"),)))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("all other words", "which is only read, as what is left of a text without telling words"),
        ("plain words in between", "name telling words, or beginning or end"),
        ("words beyond topics", "name topic, or telling words"),
        ("layer 'embed'", "which is a layer of the model; name what it may see: topic, length"),
    ],
)
def test_a_row_of_the_page_that_is_no_part_says_what_to_name(name, said):
    assert said in refusal("irrelevant", [name], ["topic", "length of the text"])


def test_an_audit_takes_the_name():
    data, _ = texts()
    found = es.audit(ByCapitals(), data, irrelevant=["capital letters"], seen_in_training=False)
    swapped = {one.part: one.irrelevant for one in found.summary.swaps}
    assert swapped["capitals"] is True
