"""A second look at the collected features: many readers, and what they say together.

Readers are fitted on a sample of the examples where there are many; every example is scored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch

from earlysieve._arrays import Bools, Floats, Ints
from earlysieve.auditing.doubt import SURE, label_doubt
from earlysieve.auditing.eye import Eye, Fit, Sample, open_eye
from earlysieve.auditing.eyes import property_eyes
from earlysieve.auditing.marks import EDGE, MARK, SPOT, denied, is_reserved, reads_like, reserved
from earlysieve.auditing.readers import (
    Combined,
    Reader,
    combine,
    contradiction,
    opinion,
    softmax,
)
from earlysieve.auditing.recover import own_temperature, suspect_weights, suspicious
from earlysieve.auditing.telling_ranges import Telling
from earlysieve.auditing.told_besides import told_besides
from earlysieve.auditing.views import Views, logits_of, places
from earlysieve.datasets.variables import Variable
from earlysieve.groups.accuracy import wilson_bounds

MOST_FITTED = 10_000
MOST_MENDED = 4
NO = np.float32(0.6)  # surely, also for those who compare repairs
_FEWEST_FITTED, _FEWEST_COMPARED, _HARDLY_LESS = 1000, 10, 0.1
_MOST_SURE, _AS_SURE, _FEWEST_SUREST, _UNSURE = 0.95, 0.9, 20, SURE - 0.01
_MOST_NUMBERS = 4_000_000


@dataclass(frozen=True)
class SecondLook:
    """What readers say of every example, in the order of the data.

    Attributes:
        score: of all readers together, shape (N,), in [-1, 1]; above 0 where they contradict the
            label.
        by_reader: the same for each reader, by view or property.
        says: the class that each reader says, shape (N,).
        sides: where each reader holds the label more probable than the class that the model says,
            shape (N,); False where these are one.
        reads: share of examples that each reader reads correctly; of a mark's see `reads_like`.
        properties: names of the readers that see one property of the inputs and no network.
        weights: of each reader in `score`.
        doubt: how much model and readers agree that the label is wrong, shape (N,), in [-1, 1].
        preference: how much readers contradict the label once suspects weigh more, shape (N,).
        besides: by readers of values, see `told_besides`.
    """

    score: Floats
    by_reader: dict[str, Floats]
    says: dict[str, Ints]
    sides: dict[str, Bools]
    reads: dict[str, float]
    properties: tuple[str, ...]
    weights: dict[str, float]
    doubt: Floats
    preference: Floats
    besides: Mapping[str, float] = field(default_factory=dict)


def look_again(
    views: Views,
    labels: Ints,
    fold_of: Ints,
    *,
    seed: int = 0,
    variables: Sequence[Variable] | None = None,
    telling: Sequence[Telling] = (),
    named: Sequence[str] = (),
) -> SecondLook:
    """Fit readers on every view and let each example be judged by those that have not seen it.

    Args:
        views: as collected, N rows each.
        labels: shape (N,), values in [0, C).
        fold_of: shape (N,), values in [0, K); with K = 1 in-sample.
        seed: of the sample.
        variables: of a table, see `variables_of`; None: as the rows tell, without names.
        telling: values of its columns, each of which gets a reader.
        named: names of parts that the user named; such a column gets a reader.
    """
    classes = views.logits.shape[0]
    rows = sample_rows(len(labels), classes, seed)
    sample = Sample(rows, labels[rows], fold_of[rows], classes, int(fold_of.max()) + 1)
    chances = softmax(_logits(views, rows))
    prediction = chances.argmax(1)
    seeing = property_eyes(views, sample, variables, telling, named)
    eyes = {name: open_eye(store, sample) for name, store in views.stores().items()} | seeing
    readers = {name: eye.reader for name, eye in eyes.items()}
    combined = combine(readers, prediction != sample.labels)
    suspects = suspicious(prediction, chances.max(1), combined.probabilities, sample.labels)
    weights = suspect_weights(suspects, sample.labels)
    everyone = _Everyone(
        views,
        eyes,
        {name: eyes[name].mender(sample, weights) for name in _menders(readers, views, sample)},
        len(rows) == len(labels),
        combined,
        labels,
        fold_of,
        own_temperature(chances, sample.labels),
        tuple(seeing),
    )
    reads = {name: float((r.prediction == sample.labels).mean()) for name, r in readers.items()}
    for name in filter(is_reserved, readers):
        reads[name] = reads_like(readers[name], sample.labels, prediction, eyes[name].speaks_for)
    found = everyone.look(reads)
    if views.columns is None or not telling:
        return found
    model = float((prediction == sample.labels).mean())
    return replace(found, besides=told_besides(views.columns, sample, telling, model))


def surely_said(again: SecondLook, name: str, labels: Ints) -> SecondLook:
    """The same, with what a reserved reader says surely: for its class and, without it, against it.

    Where every class has a mark of its own an image in which none is seen may hold one all the
    same: those that hold another's are enough.

    Args:
        again: what readers say.
        name: of the reader.
        labels: shape (N,).
    """
    if name not in (MARK, EDGE, SPOT):
        return speaking_against(again, name, labels)
    surely = surely_held(again, name, labels)
    sure = surely.by_reader[name] >= SURE
    misled = int((sure & (surely.says[name] != labels)).sum())
    every = len(np.unique(surely.says[name][sure])) == len(np.unique(labels))
    enough = every and misled >= _FEWEST_SUREST
    return surely if enough else speaking_against(surely, name, labels)


def speaking_against(again: SecondLook, name: str, labels: Ints) -> SecondLook:
    """The same, a reserved reader saying no where its property is absent from its own class.

    Which other class it says there is the next one: it speaks for none.

    Args:
        again: what readers say.
        name: of the reserved reader.
        labels: shape (N,).
    """
    score, says = again.by_reader[name], again.says[name]
    no = denied(score, says, labels)
    classes = int(max(labels.max(), says.max())) + 1
    return replace(
        again,
        by_reader={**again.by_reader, name: np.where(no, NO, score)},
        says={**again.says, name: np.where(no, (labels + 1) % classes, says)},
    )


def without_idle_denials(again: SecondLook, name: str, labels: Ints, said: Ints) -> SecondLook:
    """The same, a reader saying nothing of a class that the model knows as well without its sign.

    Beside a cue of one class a sign of another may be idle, as the shape of most of its examples.
    So it is where hardly an example of other classes holds it, and where the model is right on
    those that lack it far more often than on those that hold a sign of another class (95% intervals
    apart, of ten each or more), and less often than on all others by at most a tenth.

    Args:
        again: what readers say, after `surely_said`.
        name: of the reader.
        labels, said: label and the model's class, shape (N,).
    """
    score, right = again.by_reader[name], said == labels
    denials = score == NO
    holding = (again.says[name] != labels) & (score >= SURE) & ~denials
    if holding.sum() < _FEWEST_COMPARED:
        return again
    highest = wilson_bounds(float(right[holding].mean()), int(holding.sum()))[1]
    idle, others = np.zeros(len(labels), bool), right[~(holding | denials)]
    usual = float(others.mean()) if len(others) else 1.0
    for kind in np.unique(labels[denials]):
        mine, held = denials & (labels == kind), holding & (again.says[name] == kind)
        if mine.sum() >= _FEWEST_COMPARED > held.sum():
            share = float(right[mine].mean())
            lowest = wilson_bounds(share, int(mine.sum()))[0]
            idle |= mine & (lowest > highest and share >= usual - _HARDLY_LESS)
    silent = np.where(idle, np.float32(0), score)
    return replace(again, by_reader={**again.by_reader, name: silent})


def surely_held(again: SecondLook, name: str, labels: Ints) -> SecondLook:
    """The same, the reader of a mark being sure of those images alone that surely hold it.

    What looks like a mark is none in some images, as a bright collar where a stamp would be. Its
    reader contradicts their labels less than those of images that hold it, which all look alike.

    Args:
        again: what readers say.
        name: of the reader.
        labels: shape (N,).
    """
    score = again.by_reader[name]
    misled = (again.says[name] != labels) & (score >= SURE)
    if not misled.any():
        return again
    surest = score >= _AS_SURE * np.quantile(score[misled], _MOST_SURE)
    if (misled & surest).sum() < _FEWEST_SUREST:
        return again
    unsure = np.where(misled & ~surest, np.float32(_UNSURE), score)
    return replace(again, by_reader={**again.by_reader, name: unsure})


def _menders(readers: dict[str, Reader], views: Views, sample: Sample) -> list[str]:
    """The views of layers that read most: what is refitted with suspects weighing more."""
    able = {name: (readers[name].prediction == sample.labels).mean() for name in views.stores()}
    return sorted(able, key=lambda name: -able[name])[:MOST_MENDED]


def sample_rows(count: int, classes: int, seed: int) -> Ints:
    """The examples that readers are fitted on: all, or as many as are enough, in order."""
    most = max(_FEWEST_FITTED, min(MOST_FITTED, _MOST_NUMBERS // classes))
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).permutation(count)[:most])


def _logits(views: Views, rows: Ints | slice) -> Floats:
    """The model's logits of some examples, float64, shape (n, C)."""
    some = rows if isinstance(rows, slice) else torch.from_numpy(rows)
    return np.asarray(logits_of(views.logits, some).numpy().astype(np.float64))


@dataclass(frozen=True)
class _Everyone:
    """All examples, read a slice at a time.

    Attributes:
        menders: fits in which suspects count, and what each holds probable of the sample.
        all_fitted: whether the sample is all examples: then each has been read already.
    """

    views: Views
    eyes: dict[str, Eye]
    menders: dict[str, tuple[Fit, Floats]]
    all_fitted: bool
    combined: Combined
    labels: Ints
    fold_of: Ints
    factor: float
    properties: tuple[str, ...]

    def look(self, reads: dict[str, float]) -> SecondLook:
        parts = [self._part(place) for place in places(self.views.logits, len(self.labels))]

        def joined(name: str) -> Any:
            return np.concatenate([getattr(part, name) for part in parts])

        def by_reader(name: str) -> dict[str, Any]:
            found = {eye: [getattr(part, name)[eye] for part in parts] for eye in self.eyes}
            return {eye: np.concatenate(values) for eye, values in found.items()}

        return SecondLook(
            score=joined("score"),
            by_reader=by_reader("scores"),
            says=by_reader("says"),
            sides=by_reader("sides"),
            reads=reads,
            properties=self.properties,
            weights=self.combined.weights,
            doubt=joined("doubt"),
            preference=joined("preference"),
        )

    def _part(self, place: slice) -> "_Part":
        given = self.labels[place]
        logits = _logits(self.views, place)
        model, rows = logits.argmax(1), np.arange(len(given))
        readers, sides, mended = {}, {}, np.zeros(len(given))
        for name in self.eyes:
            chances, again = self._chances(name, place)
            found = opinion(chances, given)
            if is_reserved(name):
                found = reserved(found, given, self.eyes[name].speaks_for)
            readers[name] = found
            sides[name] = chances[rows, given] > chances[rows, model]
            if again is not None:
                mended += contradiction(again, given) / len(self.menders)
        weights = self.combined.weights
        seeing = {name: r for name, r in readers.items() if name not in self.properties}
        return _Part(
            score=np.asarray(sum(weights[name] * r.score for name, r in readers.items())),
            scores={name: r.score.astype(np.float32) for name, r in readers.items()},
            says={name: r.prediction.astype(np.int32) for name, r in readers.items()},
            sides=sides,
            doubt=label_doubt(softmax(logits * self.factor), seeing, given),
            preference=mended,
        )

    def _chances(self, name: str, place: slice) -> tuple[Floats, Floats | None]:
        """What a reader holds probable, and where it was mended, what it does then."""
        eye, mender = self.eyes[name], self.menders.get(name)
        if self.all_fitted:
            again = None if mender is None else mender[1][place]
            return eye.reader.probabilities[place], again
        columns, folds = eye.columns(place), self.fold_of[place]
        again = None if mender is None else mender[0].chances(columns, folds)
        return eye.fit.chances(columns, folds), again


@dataclass(frozen=True)
class _Part:
    score: Floats
    scores: dict[str, Floats]
    says: dict[str, Ints]
    sides: dict[str, Bools]
    doubt: Floats
    preference: Floats
