"""What answers follow though it tells nothing of the label here: a shortcut that is broken.

Where the audited data no longer hold what a model learnt, as on shifted or balanced test data, no
reader of the labels sees it. A reader of the model's *answers* does: what it says of an example is
what the shortcut says, and where that is not the label the shortcut misleads.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from earlysieve._arrays import Floats, Ints
from earlysieve.auditing.eye import Eye, Sample
from earlysieve.auditing.eyes import eye_of
from earlysieve.auditing.properties import TOKEN, part_of
from earlysieve.auditing.readers import opinion
from earlysieve.auditing.second_look import SecondLook, sample_rows
from earlysieve.auditing.swaps.found import PartFound, Swaps
from earlysieve.auditing.swaps.table_parts import part_name
from earlysieve.auditing.topics import TOPIC
from earlysieve.auditing.views import Views, places
from earlysieve.datasets.variables import Variable

# Answers have to follow the part when it is swapped. Of a table nothing else is changed then, so
# that less is enough, or errors that are mended. Its reader has to tell the answers, and what it
# says must hardly be the label more often than by chance.
_FOLLOWED, _TELLS_ANSWERS = 0.6, 0.5
FOLLOWED_IN_TABLE, _MENDED_IN_TABLE, _TELLS_ANSWERS_IN_TABLE = 0.1, 0.2, 0.2
_TELLS_LABELS, _OF_ANSWERS = 0.3, 1 / 3


@dataclass(frozen=True)
class Answered:
    """A property that answers follow.

    Attributes:
        name: of the property.
        again: what readers say, the property's being one of the answers.
    """

    name: str
    again: SecondLook


def answered(
    views: Views,
    again: SecondLook,
    swaps: Swaps,
    labels: Ints,
    said: Ints,
    fold_of: Ints,
    *,
    seed: int = 0,
    variables: Sequence[Variable] = (),
) -> Answered | None:
    """The property that answers follow most and that tells nothing of the label; None: no such.

    Args:
        views: as collected, N rows each.
        again: what readers of the labels say.
        swaps: of parts.
        labels, said: label and the model's class, shape (N,).
        fold_of: shape (N,).
        seed: of the sample that readers are fitted on.
        variables: of a table.
    """
    classes = views.logits.shape[0]
    rows = sample_rows(len(labels), classes, seed)
    sample = Sample(rows, said[rows], fold_of[rows], classes, int(fold_of.max()) + 1)
    for name in _followed(views, again, swaps, labels, variables):
        eye = eye_of(name, views, sample, variables)
        if eye is None:
            continue
        chances = _chances(eye, views, fold_of)
        reader = opinion(chances, labels)
        of_answers = beyond_chance(reader.prediction, said)
        of_labels = beyond_chance(reader.prediction, labels)
        enough = _TELLS_ANSWERS if views.columns is None else _TELLS_ANSWERS_IN_TABLE
        if of_answers < enough or of_labels > min(_TELLS_LABELS, _OF_ANSWERS * of_answers):
            continue
        of_model = chances[np.arange(len(said)), said]
        return Answered(
            name,
            replace(
                again,
                by_reader={**again.by_reader, name: reader.score.astype(np.float32)},
                says={**again.says, name: reader.prediction.astype(np.int32)},
                sides={**again.sides, name: chances[np.arange(len(said)), labels] > of_model},
                reads={**again.reads, name: float((reader.prediction == labels).mean())},
                properties=tuple(dict.fromkeys([*again.properties, name])),
            ),
        )
    return None


def beyond_chance(says: Ints, truth: Ints) -> float:
    """How much more often two agree than by chance: Cohen's kappa, Psychological Measurement 1960.

    Args:
        says, truth: classes, shape (N,).

    Returns:
        At most 1; 0 where they are independent, or where either is always the same.
    """
    size = int(max(says.max(), truth.max())) + 1
    expected = float(
        (np.bincount(says, minlength=size) * np.bincount(truth, minlength=size)).sum()
    ) / len(truth) ** 2  # fmt: skip
    return 0.0 if expected == 1 else (float((says == truth).mean()) - expected) / (1 - expected)


def _followed(
    views: Views,
    again: SecondLook,
    swaps: Swaps,
    labels: Ints,
    variables: Sequence[Variable],
) -> Iterator[str]:
    """Properties that answers follow and whose readers tell nothing of the label, most first."""
    of_words = [TOPIC] if TOKEN in views.properties else []
    names = [*views.properties, *of_words, *map(part_name, variables)]
    for found in swaps.parts:
        if found.relevant or not _moves(found, table=views.columns is not None):
            continue
        for name in names:
            same = part_of(name) == found.part
            told = again.says.get(name)
            if same and (told is None or beyond_chance(told, labels) <= _TELLS_LABELS):
                yield name


def _moves(found: PartFound, *, table: bool) -> bool:
    if not table:
        return found.effect >= _FOLLOWED
    return found.effect >= FOLLOWED_IN_TABLE or found.mending >= _MENDED_IN_TABLE


def _chances(eye: Eye, views: Views, fold_of: Ints) -> Floats:
    """What a reader holds probable of every example, shape (N, C)."""
    return np.concatenate(
        [
            eye.fit.chances(eye.columns(place), fold_of[place])
            for place in places(views.logits, len(fold_of))
        ]
    )
