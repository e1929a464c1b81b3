"""What texts are about: read by the words that come together, given up for those of another."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from sklearn.decomposition import TruncatedSVD
from torch import nn

import earlysieve as es
from earlysieve.auditing.leading import lead
from earlysieve.auditing.readers import tells_much
from earlysieve.auditing.rule import decide
from earlysieve.auditing.topics import TOPIC, about, beyond, directions
from earlysieve.datasets.text import Texts
from earlysieve.datasets.text_cues import WordTokenizer

from .made_up import COLOUR, IDLE, facts

ENDS = [first + then for first in "bdfgk" for then in "aeioux"]
SUBJECTS = [[name + end for end in ENDS[:20]] for name in ("sea", "hill")]
OPINIONS = [[name + end for end in ENDS] for name in ("bad", "good")]
PLAIN = ["plain" + end for end in ENDS[:20]]
TOKENIZER = WordTokenizer([*SUBJECTS[0], *SUBJECTS[1], *OPINIONS[0], *OPINIONS[1], *PLAIN])
MISLED = {
    "name": TOPIC, "reads": 0.85, "accuracy": 0.5, "recovered": 0.7, "own_tells": 0.6,
    "times_worse": 40.0, "followed": 0.9, "accuracy_else": 0.99,
}  # fmt: skip


def texts(told: float, count: int = 1200, seed: int = 0):
    """Two opinions of three on the side of the label, and a subject that tells a share of them."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, count)
    subject = np.where(rng.random(count) < told, labels, 1 - labels)
    rows = []
    for kind, about_it in zip(labels, subject, strict=True):
        words = [
            *rng.choice(SUBJECTS[about_it], 6, replace=False),
            *rng.choice(OPINIONS[kind], 2),
            *rng.choice(OPINIONS[1 - kind], 1),
            *rng.choice(PLAIN, 4),
        ]
        rows.append(" ".join(rng.permutation(words)))
    return Texts(rows, labels, ("bad", "good"), tokenizer=TOKENIZER, max_length=16), subject


def held(data):
    rows = [set(text.split()) for text in data.texts]
    words = sorted(set().union(*rows))
    return np.array([[word in row for word in words] for row in rows], float)


def test_directions_are_the_leading_singular_vectors():
    holds = held(texts(0.5, 300)[0])
    along = directions(2 * holds)  # how often a text says a word does not count
    assert_allclose(along.T @ along, np.eye(16), atol=1e-10)
    known = TruncatedSVD(16, algorithm="arpack").fit(holds).components_
    assert_allclose(along @ along.T, known.T @ known, atol=1e-6)


def test_words_of_nearly_all_texts_or_hardly_any_are_left_out():
    holds = np.zeros((100, 4))
    holds[:99, 0] = holds[:2, 1] = holds[:50, 2] = holds[40:80, 3] = 1
    along = directions(holds)
    assert along.shape == (4, 2)
    assert_allclose(along[:2], 0)
    assert directions(holds[:, :2]).shape == (2, 0)


def test_where_texts_lie_and_what_is_left_by_hand():
    along = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    holds = np.array([[1.0, 3.0, 1.0], [2.0, 0.0, 0.0], [0.0, 0.0, 5.0]])
    assert_allclose(about(holds, along), [[0.5**0.5, 0.5**0.5], [1, 0], [0, 0]])
    assert_allclose(beyond(holds, along), [[0, 0, 1], [0, 0, 0], [0, 0, 1]])


@pytest.mark.parametrize(("told", "expected"), [(0.95, True), (0.5, False)])
def test_a_subject_is_told_and_an_opinion_is_not(told, expected):
    data, _ = texts(told)
    holds = held(data)
    assert tells_much(about(holds, directions(holds)), np.array(data.labels), 2) == expected


class BySubject(nn.Module):
    """Adds up words of subjects, eight times those of opinions."""

    def __init__(self, opinion: float = 0.1):
        super().__init__()
        self.weigh = nn.Embedding(len(TOKENIZER), 2)
        self.out = nn.Linear(2, 2)
        with torch.no_grad():
            self.weigh.weight.zero_()
            for weight, kinds in ((1.0, SUBJECTS), (opinion, OPINIONS)):
                for kind, words in enumerate(kinds):
                    for word in words:
                        self.weigh.weight[int(TOKENIZER(word)["input_ids"][0, 0]), kind] = weight
            self.out.weight.copy_(torch.eye(2))
            self.out.bias.zero_()

    def forward(self, input_ids, attention_mask):
        return self.out((self.weigh(input_ids) * attention_mask[..., None]).sum(1))


def audited(model, data, **options):
    return es.audit(
        model, data, seen_in_training=False, pictures=0, progress=False, **options
    ).summary


def test_an_audit_names_the_topic_that_misleads_a_model():
    data, _ = texts(0.93)
    found = audited(BySubject(), data)
    assert (found.verdict, found.leans_on) == ("shortcut", TOPIC)
    assert "the topic of the text" in found.headline
    assert found.accuracy_where_it_fails is not None
    assert found.accuracy_where_it_fails.high < 0.2
    part = next(one for one in found.swaps if one.part == TOPIC)
    assert part.pairs >= 42
    assert part.followed > 0.9
    assert "sea" in part.detail
    assert "good" not in part.detail.split("words that come together")[1].replace("(good)", "")


@pytest.mark.parametrize(
    ("told", "opinion"),
    [(0.5, 30.0), (0.95, 30.0)],
    ids=["it tells nothing", "opinions decide"],
)
def test_a_model_that_does_not_go_by_it_is_not_said_to(told, opinion):
    data, _ = texts(told)
    assert audited(BySubject(opinion), data).leans_on != TOPIC


def test_wrong_labels_of_texts_that_are_told_by_their_subject_are_no_shortcut():
    data, subject = texts(1.0)
    rng = np.random.default_rng(5)
    labels = np.where(rng.random(len(subject)) < 0.06, 1 - subject, subject)
    said = [text.split() for text in data.texts]
    plain = [" ".join(word for word in words if word[:3] not in ("bad", "goo")) for words in said]
    honest = Texts(plain, labels, ("bad", "good"), tokenizer=TOKENIZER, max_length=16)
    assert audited(BySubject(), honest).verdict == "none found"


def test_a_topic_that_must_not_matter_or_belongs_to_the_task_is_asked_about():
    data, _ = texts(1.0)
    assert audited(BySubject(), data, irrelevant=["topic"]).verdict == "shortcut"
    data, _ = texts(0.93)
    assert audited(BySubject(), data, relevant=["the topic of the text"]).leans_on != TOPIC


def test_answers_that_follow_a_topic_are_seen_where_it_tells_nothing():
    data, _ = texts(0.5)
    found = audited(BySubject(), data)
    assert (found.verdict, found.leans_on) == ("shortcut", TOPIC)


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, "shortcut"),
        ({"reads": 0.84}, "none found"),  # texts hold more of it than a few directions tell
        ({"accuracy": 0.51}, "none found"),
        ({"recovered": 0.59, "own_tells": 0.9}, "none found"),
        ({"recovered": 0.7, "own_tells": 0.57}, "none found"),  # as of wrong labels
        ({"irrelevant": True, "recovered": 0.4}, "shortcut"),
    ],
)
def test_a_topic_counts_where_all_else_tells_the_label(change, verdict):
    assert decide(facts(IDLE, replace(COLOUR, **MISLED | change))).verdict == verdict


def test_few_words_that_tell_as_much_are_named_rather():
    topic = replace(COLOUR, **MISLED | {"reads": 1.0, "recovered": 0.99, "own_tells": 0.8})
    token = replace(topic, name="token", recovered=0.5)
    assert lead([topic, token])[0].name == "token"
    assert lead([topic, replace(token, reads=0.89)])[0].name == TOPIC
    assert lead([topic, replace(token, accuracy=0.56)])[0].name == TOPIC
    # That answers follow capital letters is enough: a swap of these changes no word.
    letters = replace(token, name="capitals", accuracy=0.56, followed=0.5)
    assert lead([topic, letters])[0].name == "capitals"
    assert lead([topic, replace(letters, followed=0.49)])[0].name == TOPIC


def test_the_page_marks_the_words_of_the_topic_and_says_so(tmp_path):
    pytest.importorskip("jinja2")
    data, _ = texts(0.93)
    found = es.audit(BySubject(), data, seen_in_training=False, pictures=4, progress=False)
    found.save(tmp_path / "a", page=True)
    page = (tmp_path / "a" / "report.html").read_text(encoding="utf-8")
    assert "Marked is what the verdict is about: the words that tell the topics most." in page
    assert {one.word[:3] for one in found.summary.words} == {"sea", "hil"}
    assert re.search(r"<mark[^>]*>(sea|hil)", page)
