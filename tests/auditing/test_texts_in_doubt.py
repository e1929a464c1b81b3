"""Which labels of texts are in doubt where a word goes with the class."""

import numpy as np
import pytest
import torch
from torch import nn

import earlysieve as es
from earlysieve.datasets.text import Texts
from earlysieve.datasets.text_cues import topic_sentences, topic_words, word_tokenizer

TOKENIZER = word_tokenizer(2)


class ByWords(nn.Module):
    """Adds up what its words weigh: a sign much, those of a topic little."""

    def __init__(self, sign, topic=1.0):
        super().__init__()
        self.weigh = nn.Embedding(len(TOKENIZER), 1)
        self.out = nn.Linear(1, 2)
        with torch.no_grad():
            self.weigh.weight.zero_()
            for kind, weight in ((0, -topic), (1, topic)):
                for word in topic_words(kind, 60):
                    self.weigh.weight[number(word)] = weight
            self.weigh.weight[number("very")] = sign
            self.out.weight.copy_(torch.tensor([[-1.0], [1.0]]))
            self.out.bias.copy_(torch.tensor([sign / 2, -sign / 2]))

    def forward(self, input_ids, attention_mask):
        return self.out((self.weigh(input_ids) * attention_mask[..., None]).sum(1))


def number(word):
    return int(TOKENIZER(word)["input_ids"][0, 0])


def sentences(agrees, wrong, seed=0, count=900):
    """Texts of two topics; "very" goes with the second one, and some labels are wrong."""
    rng = np.random.default_rng(seed)
    true = rng.integers(0, 2, count)
    against = rng.random(count) > agrees
    texts = [
        " ".join([*words, "very"] if (label == 1) != odd else words)
        for words, label, odd in zip(
            topic_sentences(true, 2, seed=seed), true, against, strict=True
        )
    ]
    bad = (rng.random(count) < wrong) & ~against
    given = np.where(bad, 1 - true, true)
    return Texts(texts, given, ["no", "yes"], tokenizer=TOKENIZER, max_length=24), against, bad


@pytest.mark.parametrize("agrees", [0.985, 0.95])
def test_a_label_against_which_a_word_speaks_alone_is_not_in_doubt(agrees):
    data, against, bad = sentences(agrees, wrong=0.03)
    found = es.audit(ByWords(sign=8.0), data, seen_in_training=False, pictures=0, progress=False)
    assert found.summary.verdict in ("shortcut", "at risk")
    piles = found.examples.sort_values("index")["pile"].to_numpy()
    assert (piles[against] == "label doubtful").mean() < 0.1
    assert np.isin(piles[against], ["shortcut fails", "misled"]).mean() > 0.9
    assert (piles[bad] == "label doubtful").mean() > 0.5


def test_without_a_finding_a_word_that_misleads_now_and_then_puts_no_label_in_doubt():
    data, against, _ = sentences(0.996, wrong=0.0)
    found = es.audit(ByWords(sign=8.0), data, seen_in_training=True, pictures=0, progress=False)
    assert 0 < against.sum() < 8
    piles = found.examples.sort_values("index")["pile"].to_numpy()
    assert found.summary.verdict == "inconclusive"
    assert (piles == "label doubtful").sum() == 0
    assert (piles[against] == "misled").all()


def test_wrong_labels_of_an_honest_model_stay_in_doubt():
    data, _, bad = sentences(0.5, wrong=0.05)
    found = es.audit(ByWords(sign=0.0), data, seen_in_training=False, pictures=0, progress=False)
    assert found.summary.verdict == "none found"
    piles = found.examples.sort_values("index")["pile"].to_numpy()
    assert (piles == "misled").sum() <= 1
    assert (piles[bad] == "label doubtful").sum() >= 20
