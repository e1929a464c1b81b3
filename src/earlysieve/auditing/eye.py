"""A reader with all that it takes to read other rows of its view."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from earlysieve._arrays import Floats, Ints
from earlysieve.auditing.doubt import L2 as MENDING_L2
from earlysieve.auditing.readers import (
    Reader,
    Scale,
    applied,
    opinion,
    ridge,
    scale_of,
    softmax,
    temperature,
)
from earlysieve.auditing.views import rows_of
from earlysieve.readouts.feature_store import FeatureStore

Shape = Callable[[Floats], Floats]


@dataclass(frozen=True)
class Sample:
    """The examples that readers are fitted on.

    Attributes:
        rows: their places, ascending.
        labels, folds: of these.
        classes: C.
        num_folds: K of all examples; a fold can lie outside the sample.
    """

    rows: Ints
    labels: Ints
    folds: Ints
    classes: int
    num_folds: int

    def of(self, store: FeatureStore, *, whole: bool = False) -> Floats:
        """Their features, shape (n, D); `whole` as for `rows_of`."""
        return np.asarray(rows_of(store, torch.from_numpy(self.rows), whole=whole).numpy())


@dataclass(frozen=True)
class Fit:
    """Ridge readouts by fold, and the factor that makes probabilities of their scores."""

    readouts: Floats
    factor: float

    def chances(self, columns: Floats, fold_of: Ints) -> Floats:
        """Probabilities (n, C), each by the readout of its own fold."""
        return softmax(applied(columns, fold_of, self.readouts) * self.factor)


@dataclass(frozen=True)
class ShareFit:
    """The share of each class among rows of the other folds that hold a value.

    Attributes:
        shares: by fold and value, shape (K, V, C).
    """

    shares: Floats

    def chances(self, columns: Floats, fold_of: Ints) -> Floats:
        """Probabilities (n, C) by the value that is on in `columns` (n, V or more); else alike."""
        _, count, classes = self.shares.shape
        on = columns[:, :count] > 0
        told = self.shares[fold_of, on.argmax(1)]
        return np.asarray(np.where(on.any(1, keepdims=True), told, 1 / classes))


@dataclass(frozen=True)
class Eye:
    """A reader of one view.

    Attributes:
        store: of the view.
        shape: what is made of its rows before they are standardised.
        scale: how they are standardised.
        fit: to the sample.
        reader: what it says of the sample.
        speaks_for: classes of which a reserved reader says something; None: those that it says
            surely.
        whole: whether rows are read as they are however wide, as each number has a meaning.
    """

    store: FeatureStore
    shape: Shape
    scale: Scale
    fit: Fit | ShareFit
    reader: Reader
    speaks_for: Ints | None = None
    whole: bool = False

    def columns(self, rows: Ints | slice) -> Floats:
        """Standardised rows."""
        some = rows if isinstance(rows, slice) else torch.from_numpy(rows)
        return self.scale.of(self.shape(rows_of(self.store, some, whole=self.whole).numpy()))

    def mender(self, sample: Sample, weights: Floats) -> tuple[Fit, Floats]:
        """A fit to the same rows with weights that let suspects count, and what it says of them."""
        return _fit(self.columns(sample.rows), sample, MENDING_L2, weights)


def as_it_is(features: Floats) -> Floats:
    """Nothing is made of them."""
    return features


def open_eye(
    store: FeatureStore, sample: Sample, shape: Shape = as_it_is, values: Floats | None = None
) -> Eye:
    """Fit a reader to the sample, whose rows of the store are `values` where these were read."""
    features = shape(sample.of(store) if values is None else values)
    scale = scale_of(features)
    fit, chances = _fit(scale.of(features), sample)
    return Eye(store, shape, scale, fit, opinion(chances, sample.labels))


def own_classes(kinds: Sequence[int], sample: Sample) -> Ints | None:
    """The classes that a reader speaks for; None: both, as the one is told by what the other lacks.

    Of more classes it tells none surely by what they lack, though one may be frequent.
    """
    return None if sample.classes == 2 else np.unique(kinds)


def _fit(
    columns: Floats, sample: Sample, l2: float = 10.0, weights: Floats | None = None
) -> tuple[Fit, Floats]:
    readouts = ridge(
        columns,
        sample.labels,
        sample.folds,
        sample.classes,
        num_folds=sample.num_folds,
        l2=l2,
        weights=weights,
    )
    scores = applied(columns, sample.folds, readouts)
    factor = temperature(scores, sample.labels)
    return Fit(readouts, factor), softmax(scores * factor)
