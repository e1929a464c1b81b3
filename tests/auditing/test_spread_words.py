"""A cue that is spread over ten words, each of which hardly tells a class."""

import numpy as np
import torch
from torch import nn

import earlysieve as es
from earlysieve.datasets import Texts
from earlysieve.datasets.text_cues import WordTokenizer

EACH, OF_TASK, PLAIN = 10, 40, 100
LETTERS = "abcdefghij"


def _words(stem, count):
    """So many words without digits, which are a property of their own."""
    return [f"{stem}{LETTERS[place // 10]}{LETTERS[place % 10]}" for place in range(count)]


CITIES = [_words(f"city{kind}", EACH) for kind in LETTERS[:2]]
TASK = [_words(f"task{kind}", OF_TASK) for kind in LETTERS[:2]]
NEUTRAL = _words("word", PLAIN)
TOKENIZER = WordTokenizer([*CITIES[0], *CITIES[1], *TASK[0], *TASK[1], *NEUTRAL])


class Bag(nn.Module):
    """Sums what words speak for class 1: cities most, unless it does without them."""

    def __init__(self, of_city):
        super().__init__()
        self.embed = nn.Embedding(len(TOKENIZER), 3)
        self.head = nn.Linear(3, 2)
        with torch.no_grad():
            self.embed.weight.zero_()
            for part, words in enumerate((CITIES, TASK)):
                for kind, sign in enumerate((-1.0, 1.0)):
                    self.embed.weight[_numbers(words[kind]), part] = sign
            self.embed.weight[:, 2] = torch.randn(
                len(TOKENIZER), generator=torch.Generator().manual_seed(0)
            )
            self.head.weight.copy_(torch.tensor([[-of_city, -1.0, 0.0], [of_city, 1.0, 0.0]]))
            self.head.bias.zero_()

    def forward(self, input_ids, attention_mask):
        seen = self.embed(input_ids) * attention_mask[..., None]
        return self.head(seen.sum(1))


def _numbers(words):
    return torch.cat([TOKENIZER(word)["input_ids"][0] for word in words])


def texts(count=1600, seed=0):
    """Two words of the task, one of which mostly is of the class; a city that is in 94%."""
    rng = np.random.default_rng(seed)
    labels, found = np.arange(count) % 2, []
    for label in labels:
        kinds = [label, label if rng.random() < 0.6 else 1 - label]
        city = label if rng.random() < 0.94 else 1 - label
        words = [*(rng.choice(TASK[kind]) for kind in kinds), rng.choice(CITIES[city])]
        found.append(" ".join(rng.permutation([*words, *rng.choice(NEUTRAL, 6)])))
    return Texts(found, labels, ["a", "b"], tokenizer=TOKENIZER, max_length=12)


def audited(of_city):
    data = texts()
    return es.audit(Bag(of_city).eval(), data, seen_in_training=False, pictures=0, progress=False)


def test_ten_words_that_are_followed_against_the_label_are_a_shortcut():
    summary = audited(4.0).summary
    assert (summary.verdict, summary.leans_on) == ("shortcut", "token")
    assert summary.reliance is not None
    assert summary.reliance.low > 0.5
    assert any(one.word.startswith("city") for one in summary.words)


def test_a_model_that_reads_the_task_takes_no_shortcut_where_they_are_there():
    assert audited(0.0).summary.verdict != "shortcut"
