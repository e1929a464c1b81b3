"""Readers of the words of texts: telling ones, signs of classes, and those of one kind."""

from dataclasses import replace
from functools import partial

import numpy as np

from earlysieve._arrays import Floats
from earlysieve.auditing import class_signs
from earlysieve.auditing.eye import Eye, Sample, open_eye, own_classes
from earlysieve.auditing.kind_readers import telling_words
from earlysieve.auditing.marks import ONE_WORD, PHRASE
from earlysieve.auditing.properties import OTHER_TOKENS, TOKEN, telling_columns
from earlysieve.auditing.readers import tells_much
from earlysieve.auditing.text_kinds import PLAIN_WORDS
from earlysieve.auditing.together import with_companions
from earlysieve.auditing.topics import BEYOND_TOPIC, TOPIC, about, beyond, directions
from earlysieve.readouts.feature_store import FeatureStore


def token_eyes(store: FeatureStore, sample: Sample) -> dict[str, Eye]:
    """Readers of the words that tell most, of all others, and of words of single classes."""
    values = sample.of(store)
    telling = telling_columns(values, sample.labels, sample.classes)
    top = with_companions(values, sample.labels, sample.classes, telling)
    rest = np.setdiff1d(np.arange(values.shape[1]), top)
    if not len(top):
        return {}
    return {
        TOKEN: open_eye(store, sample, partial(np.take, indices=top, axis=1), values),
        OTHER_TOKENS: open_eye(store, sample, partial(np.take, indices=rest, axis=1), values),
        **_topic_eyes(store, sample, values),
        **_sign_eye(
            ONE_WORD, store, sample, class_signs.word_signs(values, sample.labels, sample.classes)
        ),
    }


def _topic_eyes(store: FeatureStore, sample: Sample, values: Floats) -> dict[str, Eye]:
    """Readers of what texts are about, where that tells the class, and of all else in them."""
    along = directions(values)
    if not tells_much(about(values, along), sample.labels, sample.classes):
        return {}
    return {
        TOPIC: open_eye(store, sample, partial(about, along=along), values),
        BEYOND_TOPIC: open_eye(store, sample, partial(beyond, along=along), values),
    }


def phrase_eye(store: FeatureStore, sample: Sample, words: FeatureStore | None) -> dict[str, Eye]:
    """A reader of phrases that tell a class better than words do; `words`: of the same texts."""
    known = None if words is None else sample.of(words)
    found = class_signs.phrase_signs(sample.of(store), known, sample.labels, sample.classes)
    return _sign_eye(PHRASE, store, sample, found)


def kind_eye(name: str, store: FeatureStore, sample: Sample) -> dict[str, Eye]:
    """A reader of one kind of words: of those that tell, and of how many there are."""
    values = sample.of(store)
    if name == PLAIN_WORDS:
        return {name: open_eye(store, sample, values=values)} if values.any() else {}
    words = telling_words(values, sample.labels, sample.classes, name)
    return {name: open_eye(store, sample, words, values)} if words(values).any() else {}


def _sign_eye(
    name: str, store: FeatureStore, sample: Sample, signs: class_signs.Signs
) -> dict[str, Eye]:
    """A reader of signs of classes; none where there are none."""
    if not signs:
        return {}
    eye = open_eye(store, sample, partial(class_signs.shape, signs=signs))
    return {name: replace(eye, speaks_for=own_classes([one.kind for one in signs], sample))}
