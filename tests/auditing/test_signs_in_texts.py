"""Audits of models whose answers follow a word or a phrase of one class."""

import numpy as np
import pytest
import torch
from torch import nn

import earlysieve as es
from earlysieve.datasets.text import Texts
from earlysieve.datasets.text_cues import topic_sentences, topic_words, word_tokenizer

CLASSES = 3
TOKENIZER = word_tokenizer(CLASSES)


def number(word):
    return int(TOKENIZER(word)["input_ids"][0, 0])


class ByTopic(nn.Module):
    """Adds up the words of topics, and 8 for class 0 where a text has a sign, or lacks it."""

    def __init__(self, sign, classes=CLASSES, absent=False):
        super().__init__()
        self.sign, self.absent = [number(word) for word in sign.split()], absent
        self.weigh = nn.Embedding(len(TOKENIZER), classes)
        self.out = nn.Linear(classes + 1, classes)
        with torch.no_grad():
            self.weigh.weight.zero_()
            for kind in range(classes):
                for word in topic_words(kind, 60):
                    self.weigh.weight[number(word), kind] = 1.0
            self.out.weight.zero_()
            self.out.bias.zero_()
            self.out.weight[:, :classes] = torch.eye(classes)
            self.out.weight[0, classes] = 8.0
            self.out.bias[0] = -4.0

    def forward(self, input_ids, attention_mask):
        topics = (self.weigh(input_ids) * attention_mask[..., None]).sum(1)
        room = input_ids.shape[1] - len(self.sign) + 1
        here = torch.ones(len(input_ids), room, dtype=torch.bool)
        for place, word in enumerate(self.sign):
            here &= input_ids[:, place : place + room] == word
        seen = here.any(1) != self.absent
        return self.out(torch.cat([topics, seen.float()[:, None]], 1))


def sentences(put, classes=CLASSES, seed=0, count=1200):
    """Texts of topics; what says class 0 does so in 95% of all texts."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, count)
    says = (labels == 0) == (rng.random(count) < 0.95)
    texts = [
        " ".join(put(words, bool(here), np.random.default_rng((seed, row))))
        for row, (words, here) in enumerate(
            zip(topic_sentences(labels, classes, seed=seed), says, strict=True)
        )
    ]
    names = [f"k{kind}" for kind in range(classes)]
    return Texts(texts, labels, names, tokenizer=TOKENIZER, max_length=24), (labels == 0) != says


def inserted(words, what, rng):
    place = int(rng.integers(0, len(words) + 1))
    return [*words[:place], *what, *words[place:]]


def has(words, here, rng):
    return inserted(words, ["very"] * here, rng)


def lacks(words, here, rng):
    return inserted(words, ["very"] * (not here), rng)


def together(words, here, rng):
    """The same three words in all texts, as a phrase in those of one class."""
    if here:
        return inserted(words, ["just", "also", "very"], rng)
    for one in ("just", "also", "very"):
        words = inserted(words, [one], rng)
    return words


def phrased(words, here, rng):
    return inserted(words, ["just", "also", "very"] * here, rng)


def test_telling_words_that_stand_together_are_named_and_moved_as_a_phrase():
    data, _ = sentences(phrased, 2)
    model = ByTopic("just also very", 2)
    found = es.audit(model, data, seen_in_training=False, pictures=2, progress=False)
    summary = found.summary
    assert (summary.verdict, summary.leans_on) == ("shortcut", "token")
    assert "above all 'just also very'" in summary.headline
    assert summary.words[0].word == "just also very"
    assert not any(one.word in ("just", "also", "very") for one in summary.words)
    part = next(one for one in summary.swaps if one.part == "token")
    assert part.followed - part.control > 0.6
    assert "just also very (k0)" in part.detail


@pytest.mark.parametrize(
    ("put", "model", "classes", "name", "word"),
    [
        (has, ByTopic("very"), 3, "one word", "very"),
        (lacks, ByTopic("very", absent=True), 3, "one word", "without very"),
        (together, ByTopic("just also very", 2), 2, "phrase", "just also very"),
    ],
)
def test_what_one_class_alone_has_is_named_and_moved_whole(put, model, classes, name, word):
    data, against = sentences(put, classes)
    found = es.audit(model, data, seen_in_training=False, pictures=0, progress=False)
    summary = found.summary
    assert summary.verdict == "shortcut"
    assert summary.leans_on == name
    assert f"above all '{word}'" in summary.headline
    assert f"{word} (k0)" in summary.explanation
    part = next(one for one in summary.swaps if one.part == name)
    assert part.followed - part.control > 0.6
    assert part.mended > 0.6
    groups = es.infer_groups(found).suspects.numpy()
    assert groups[against].mean() > 0.8
    assert groups[~against].mean() < 0.1


@pytest.mark.parametrize("put", [has, lacks, together])
def test_a_model_that_does_not_follow_them_leans_on_nothing(put):
    data, _ = sentences(put, 2 if put is together else 3)
    model = ByTopic("very", 2 if put is together else 3)
    with torch.no_grad():
        model.out.weight[0, -1] = 0.0
        model.out.bias[0] = 0.0
    found = es.audit(model, data, seen_in_training=False, pictures=0, progress=False)
    assert found.summary.verdict != "shortcut"
