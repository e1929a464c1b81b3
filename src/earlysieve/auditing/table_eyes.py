"""Readers of the columns of tables: one, its values, two together, what all of them share."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from earlysieve._arrays import Floats
from earlysieve.auditing.eye import Eye, Sample, Shape, ShareFit, open_eye
from earlysieve.auditing.knots import column_knots
from earlysieve.auditing.properties import (
    OTHER_COLUMNS,
    OTHER_DIRECTIONS,
    OTHER_THAN_PAIR,
    curved,
    knots_of,
    pairs_of,
)
from earlysieve.auditing.readers import Scale, opinion
from earlysieve.auditing.swaps.columns import variable_strength
from earlysieve.auditing.swaps.contrast import Contrast, contrast_of
from earlysieve.auditing.swaps.directions import Direction, leading_direction
from earlysieve.auditing.swaps.table_parts import DIRECTION, MOST_COLUMNS, pair_name, part_name
from earlysieve.auditing.swaps.two_columns import (
    Pair,
    asked_pair,
    levels_of,
    product_of,
    telling_pair,
)
from earlysieve.auditing.telling_ranges import Telling
from earlysieve.datasets.variables import Variable, variables_of
from earlysieve.readouts.feature_store import FeatureStore


def column_eyes(
    store: FeatureStore,
    sample: Sample,
    known: Sequence[Variable] | None,
    named: Sequence[str],
) -> dict[str, Eye]:
    """A reader of each variable that tells most, and of what several tell together.

    Args:
        store: of the columns.
        sample: what readers are fitted on.
        known: the variables; None: as the rows tell.
        named: names of parts that get a reader whatever they tell.
    """
    values = sample.of(store)
    variables = known or variables_of(values)
    strength = variable_strength(values, sample.labels, sample.classes, variables)
    order = np.argsort(-strength, kind="stable").tolist()
    asked = [k for k, one in enumerate(variables) if part_name(one) in named]
    found = {}
    for one in (variables[k] for k in dict.fromkeys([*order[:MOST_COLUMNS], *asked])):
        shape = variable_shape(one, values, sample)
        found[part_name(one)] = open_eye(store, sample, shape, values)
    if len(order) > 1:
        found[OTHER_COLUMNS] = _rest_eye(store, sample, values, variables[order[0]].columns)
        found |= _pair_eyes(store, sample, values, variables, named)
        found |= _direction_eyes(store, sample, values)
    return found


def _rest_eye(store: FeatureStore, sample: Sample, values: Floats, without: Sequence[int]) -> Eye:
    """A reader of all columns but these, and of the products of any two."""
    rest = np.setdiff1d(np.arange(values.shape[1]), without)
    besides = partial(pairs_of, columns=rest, centre=values[:, rest].mean(0))
    return open_eye(store, sample, besides, values)


def value_eye(store: FeatureStore, sample: Sample, telling: Telling) -> Eye:
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


def _held(features: Floats, telling: Telling) -> Floats:
    """The class of which a row speaks, one column of 0 and 1 for each that is spoken of."""
    kinds = np.unique(telling.kinds)
    return np.asarray((telling.said_by(features)[:, None] == kinds).astype(np.float64))


def variable_shape(one: Variable, values: Floats, sample: Sample) -> Shape:
    """A curve of a column; a category's columns as they are, which a straight line reads."""
    if one.is_category:
        return partial(np.take, indices=np.array(one.columns), axis=1)
    column = one.columns[0]
    knots = column_knots(values[:, column], sample.labels, sample.classes)
    return partial(_one, column=column, knots=knots)


def _pair_eyes(
    store: FeatureStore,
    sample: Sample,
    values: Floats,
    variables: Sequence[Variable],
    named: Sequence[str],
) -> dict[str, Eye]:
    """A reader of two variables that tell more together or were named, and one of the rest."""
    shapes = {
        "product": _product_shape,
        "contrast": _contrast_shape,
        "crossed": _crossed_shape,
        "asked": _asked_shape,
    }
    found = {}
    # A pair that was asked for and tells more than one by one is read in the way that it tells.
    for pair in (
        asked_pair(named, variables),
        telling_pair(values, sample.labels, sample.classes, variables),
    ):
        if pair is not None:
            shape = shapes[pair.form](pair, values, sample)
            found[pair_name(pair)] = open_eye(store, sample, shape, values)
            if pair.form != "asked" and len(pair.columns) < values.shape[1]:
                found[OTHER_THAN_PAIR] = _rest_eye(store, sample, values, pair.columns)
    return found


def _asked_shape(pair: Pair, values: Floats, sample: Sample) -> Shape:
    """What reads each, and a curve of the one number for the other."""
    shapes = [variable_shape(one, values, sample) for one in pair.variables]
    if not any(one.is_category for one in pair.variables):
        first, second = pair.columns
        contrast = contrast_of(values, first, np.array([second]))
        shapes.append(_curve_of(contrast, values, sample))
    return partial(_beside, shapes)


def _beside(shapes: Sequence[Shape], features: Floats) -> Floats:
    return np.concatenate([shape(features) for shape in shapes], 1)


def _product_shape(pair: Pair, values: Floats, sample: Sample) -> Shape:
    """A curve of the product of two columns."""
    first, second = (np.array([column]) for column in pair.columns)
    product = partial(product_of, first=first, second=second, centre=values.mean(0))
    knots = column_knots(product(values)[:, 0], sample.labels, sample.classes)
    return partial(_product, product, knots)


def _contrast_shape(pair: Pair, values: Floats, sample: Sample) -> Shape:
    """A curve of a column for what another one is."""
    contrast = pair.contrast
    if contrast is None:
        raise ValueError("Expected the contrast of a pair of that form, but it has none")
    return _curve_of(contrast, values, sample)


def _curve_of(contrast: Contrast, values: Floats, sample: Sample) -> Shape:
    knots = column_knots(contrast(values)[:, 0], sample.labels, sample.classes)
    return partial(_contrasted, contrast, knots)


def _contrasted(contrast: Contrast, knots: Floats, features: Floats) -> Floats:
    return curved(contrast(features), knots)


def _product(product: Shape, knots: Floats, features: Floats) -> Floats:
    return curved(product(features), knots)


def _crossed_shape(pair: Pair, values: Floats, sample: Sample) -> Shape:
    """What reads each, times each other: a curve for each category."""
    first, second = pair.variables
    shapes = [_level_shape(one, values) for one in pair.variables]
    if shapes[0] is None or shapes[1] is None:
        number, levels = (first, shapes[1]) if shapes[0] is None else (second, shapes[0])
        knots = [
            column_knots(values[rows, number.columns[0]], sample.labels[rows], sample.classes)
            for rows in (levels(values).T > 0 if levels is not None else ())
            if rows.any()
        ]
        curve = partial(
            _one, column=number.columns[0], knots=np.unique(np.concatenate(knots))[:, None]
        )
        return partial(_crossed, levels or curve, curve)
    return partial(_crossed, shapes[0], shapes[1])


def _level_shape(one: Variable, values: Floats) -> Shape | None:
    """Which value or category is on; None where there are too many values."""
    if one.is_category:
        return partial(np.take, indices=np.array(one.columns), axis=1)
    levels = levels_of(values, one)
    return None if levels is None else partial(_on, column=one.columns[0], levels=levels)


def _on(features: Floats, column: int, levels: Floats) -> Floats:
    return np.asarray((features[:, [column]] == levels).astype(np.float64))


def _crossed(first: Shape, second: Shape, features: Floats) -> Floats:
    one, other = first(features), second(features)
    return np.asarray((one[:, :, None] * other[:, None, :]).reshape(len(features), -1))


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
