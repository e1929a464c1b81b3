"""A reader with all that it takes to read other rows of its view."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch

from earlysieve._arrays import Floats, Ints
from earlysieve.auditing import class_signs
from earlysieve.auditing.doubt import L2 as MENDING_L2
from earlysieve.auditing.edges import band_shape, telling_bands
from earlysieve.auditing.kind_readers import telling_words
from earlysieve.auditing.knots import column_knots
from earlysieve.auditing.marks import EDGE, MARK, ONE_WORD, PHRASE, SPOT, shape, telling_marks
from earlysieve.auditing.patches import PATCH, telling_patch
from earlysieve.auditing.properties import (
    OTHER_COLUMNS,
    OTHER_DIRECTIONS,
    OTHER_THAN_PAIR,
    OTHER_TOKENS,
    TOKEN,
    curved,
    knots_of,
    pairs_of,
    telling_columns,
)
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
from earlysieve.auditing.spots import spot_shape, telling_spots
from earlysieve.auditing.swaps.columns import (
    product_of,
    telling_pair,
    variable_of,
    variable_strength,
)
from earlysieve.auditing.swaps.directions import Direction, leading_direction
from earlysieve.auditing.swaps.table_parts import DIRECTION, MOST_COLUMNS, pair_name, part_name
from earlysieve.auditing.telling_values import TellingValues
from earlysieve.auditing.text_kinds import KINDS, PLAIN_WORDS
from earlysieve.auditing.together import with_companions
from earlysieve.auditing.views import Views, rows_of
from earlysieve.datasets.variables import Variable, variables_of
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

    def of(self, store: FeatureStore) -> Floats:
        """Their features, shape (n, D)."""
        return np.asarray(rows_of(store, torch.from_numpy(self.rows)).numpy())


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
    """

    store: FeatureStore
    shape: Shape
    scale: Scale
    fit: Fit | ShareFit
    reader: Reader
    speaks_for: Ints | None = None

    def columns(self, rows: Ints | slice) -> Floats:
        """Standardised rows."""
        some = rows if isinstance(rows, slice) else torch.from_numpy(rows)
        return self.scale.of(self.shape(rows_of(self.store, some).numpy()))

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


def property_eyes(
    views: Views,
    sample: Sample,
    variables: Sequence[Variable] | None,
    telling: Sequence[TellingValues] = (),
    irrelevant: Sequence[str] = (),
) -> dict[str, Eye]:
    """A reader of each property: of tables, one of each variable that tells most by itself.

    And one of the telling values of a variable, and of each that must not matter.
    """
    found: dict[str, Eye] = {}
    for name, store in views.properties.items():
        found |= _property_eyes(name, store, sample, views)
    if views.columns is not None:
        found |= _column_eyes(views.columns, sample, variables, irrelevant)
        found |= {one.name: _value_eye(views.columns, sample, one) for one in telling}
    return found


def _property_eyes(name: str, store: FeatureStore, sample: Sample, views: Views) -> dict[str, Eye]:
    if name == TOKEN:
        return _token_eyes(store, sample)
    if name == PHRASE:
        return _phrase_eye(store, sample, views.properties.get(TOKEN))
    if name == MARK:
        return _mark_eyes(store, sample)
    if name == PATCH:
        return _patch_eye(store, sample)
    if name in (*KINDS, PLAIN_WORDS):
        return _kind_eye(name, store, sample)
    values = sample.of(store)
    return {name: open_eye(store, sample, partial(curved, knots=knots_of(values)), values)}


def eye_of(name: str, views: Views, sample: Sample, variables: Sequence[Variable]) -> Eye | None:
    """A reader of one property, or of one variable of a table; None where there is none.

    Args:
        name: of the property, or of the variable's part.
        views: as collected.
        sample: what it is fitted on.
        variables: of a table.
    """
    if views.columns is not None:
        one = next((one for one in variables if part_name(one) == name), None)
        if one is None:
            return None
        values = sample.of(views.columns)
        return open_eye(views.columns, sample, _variable_shape(one, values, sample), values)
    looked_at = MARK if name in (EDGE, SPOT) else name
    return _property_eyes(looked_at, views.properties[looked_at], sample, views).get(name)


def _token_eyes(store: FeatureStore, sample: Sample) -> dict[str, Eye]:
    values = sample.of(store)
    telling = telling_columns(values, sample.labels, sample.classes)
    top = with_companions(values, sample.labels, sample.classes, telling)
    rest = np.setdiff1d(np.arange(values.shape[1]), top)
    if not len(top):
        return {}
    return {
        TOKEN: open_eye(store, sample, partial(np.take, indices=top, axis=1), values),
        OTHER_TOKENS: open_eye(store, sample, partial(np.take, indices=rest, axis=1), values),
        **_sign_eye(
            ONE_WORD, store, sample, class_signs.word_signs(values, sample.labels, sample.classes)
        ),
    }


def _phrase_eye(store: FeatureStore, sample: Sample, words: FeatureStore | None) -> dict[str, Eye]:
    known = None if words is None else sample.of(words)
    found = class_signs.phrase_signs(sample.of(store), known, sample.labels, sample.classes)
    return _sign_eye(PHRASE, store, sample, found)


def _patch_eye(store: FeatureStore, sample: Sample) -> dict[str, Eye]:
    """A reader of one small part of images, where that tells and nothing far away does."""
    values = sample.of(store)
    patch = telling_patch(values, sample.labels, sample.classes)
    if patch is None:
        return {}
    return {PATCH: open_eye(store, sample, partial(np.take, indices=patch, axis=1), values)}


def _kind_eye(name: str, store: FeatureStore, sample: Sample) -> dict[str, Eye]:
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
    return {name: replace(eye, speaks_for=_own([one.kind for one in signs], sample))}


def _mark_eyes(store: FeatureStore, sample: Sample) -> dict[str, Eye]:
    values, found = sample.of(store), {}
    marks = telling_marks(values, sample.labels, sample.classes)
    if marks:
        eye = open_eye(store, sample, partial(shape, marks=marks), values)
        found[MARK] = replace(eye, speaks_for=_own([one.kind for one in marks], sample))
    bands = telling_bands(values, sample.labels, sample.classes)
    if bands:
        eye = open_eye(store, sample, partial(band_shape, bands=bands), values)
        found[EDGE] = replace(eye, speaks_for=_own([one.kind for one in bands], sample))
    spots = telling_spots(values, sample.labels, sample.classes)
    if spots:
        eye = open_eye(store, sample, partial(spot_shape, spots=spots), values)
        found[SPOT] = replace(eye, speaks_for=_own([one.kind for one in spots], sample))
    return found


def _own(kinds: Sequence[int], sample: Sample) -> Ints | None:
    """The classes that a reader speaks for; None: both, as the one is told by what the other lacks.

    Of more classes it tells none surely by what they lack, though one may be frequent.
    """
    return None if sample.classes == 2 else np.unique(kinds)


def _column_eyes(
    store: FeatureStore,
    sample: Sample,
    known: Sequence[Variable] | None,
    irrelevant: Sequence[str],
) -> dict[str, Eye]:
    values = sample.of(store)
    variables = known or variables_of(values)
    strength = variable_strength(values, sample.labels, sample.classes, variables)
    order = np.argsort(-strength, kind="stable").tolist()
    asked = [k for k, one in enumerate(variables) if part_name(one) in irrelevant]
    found = {}
    for one in (variables[k] for k in dict.fromkeys([*order[:MOST_COLUMNS], *asked])):
        shape = _variable_shape(one, values, sample)
        found[part_name(one)] = open_eye(store, sample, shape, values)
    if len(order) > 1:
        found[OTHER_COLUMNS] = _rest_eye(store, sample, values, variables[order[0]].columns)
        found |= _pair_eyes(store, sample, values, variables)
        found |= _direction_eyes(store, sample, values)
    return found


def _rest_eye(store: FeatureStore, sample: Sample, values: Floats, without: Sequence[int]) -> Eye:
    """A reader of all columns but these, and of the products of any two."""
    rest = np.setdiff1d(np.arange(values.shape[1]), without)
    besides = partial(pairs_of, columns=rest, centre=values[:, rest].mean(0))
    return open_eye(store, sample, besides, values)


def _value_eye(store: FeatureStore, sample: Sample, telling: TellingValues) -> Eye:
    """A reader of single values, which holds all classes alike where a row has none of them."""
    shape = partial(_held, telling=telling)
    held = shape(sample.of(store))
    plain = Scale(np.zeros(held.shape[1]), np.ones(held.shape[1]))
    mine = np.eye(sample.classes)[sample.labels]
    base = mine.mean(0)
    shares = np.empty((sample.num_folds, held.shape[1], sample.classes))
    for fold in range(sample.num_folds):
        seen = (sample.folds != fold) | (sample.num_folds == 1)
        sums = held[seen].T @ mine[seen]
        shares[fold] = (sums + base) / (sums.sum(1, keepdims=True) + 1)
    fit = ShareFit(shares)
    return Eye(store, shape, plain, fit, opinion(fit.chances(held, sample.folds), sample.labels))


def _held(features: Floats, telling: TellingValues) -> Floats:
    """The class of which a row speaks, one column of 0 and 1 for each that is spoken of."""
    kinds = np.unique(telling.kinds)
    return np.asarray((telling.said_by(features)[:, None] == kinds).astype(np.float64))


def _variable_shape(one: Variable, values: Floats, sample: Sample) -> Shape:
    """A curve of a column; a category's columns as they are, which a straight line reads."""
    if one.is_category:
        return partial(np.take, indices=np.array(one.columns), axis=1)
    column = one.columns[0]
    knots = column_knots(values[:, column], sample.labels, sample.classes)
    return partial(_one, column=column, knots=knots)


def _pair_eyes(
    store: FeatureStore, sample: Sample, values: Floats, variables: Sequence[Variable]
) -> dict[str, Eye]:
    """A reader of the product of two columns, where one tells more than either, and of the rest."""
    pair = telling_pair(values, sample.labels, sample.classes, variables)
    if pair is None:
        return {}
    product = partial(
        product_of, first=np.array([pair[0]]), second=np.array([pair[1]]), centre=values.mean(0)
    )
    knots = column_knots(product(values)[:, 0], sample.labels, sample.classes)
    of = variable_of(variables, values.shape[1])
    both = [column for place in pair for column in variables[of[place]].columns]
    along = open_eye(store, sample, partial(_product, product, knots), values)
    found = {pair_name(variables, pair): along}
    if len(both) < values.shape[1]:
        found[OTHER_THAN_PAIR] = _rest_eye(store, sample, values, both)
    return found


def _product(product: Shape, knots: Floats, features: Floats) -> Floats:
    return curved(product(features), knots)


def _direction_eyes(store: FeatureStore, sample: Sample, values: Floats) -> dict[str, Eye]:
    """A reader of what the columns share, and one of all else in them."""
    found = leading_direction(values, sample.labels, sample.classes)
    along = partial(_along, direction=found, knots=knots_of(found.values(values)))
    besides = partial(_besides, direction=found, centre=found.rest(values).mean(0))
    return {
        DIRECTION: open_eye(store, sample, along, values),
        OTHER_DIRECTIONS: open_eye(store, sample, besides, values),
    }


def _along(features: Floats, direction: Direction, knots: Floats) -> Floats:
    return curved(direction.values(features), knots)


def _besides(features: Floats, direction: Direction, centre: Floats) -> Floats:
    return pairs_of(direction.rest(features), np.arange(features.shape[1]), centre)


def _one(features: Floats, column: int, knots: Floats) -> Floats:
    return curved(features[:, [column]], knots)


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
