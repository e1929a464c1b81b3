"""Which readers look at what is known of the inputs."""

from collections.abc import Sequence
from functools import partial

import torch

from earlysieve._arrays import Floats
from earlysieve.auditing.alterations.alter import ALTERATIONS
from earlysieve.auditing.alterations.traces import TRACES
from earlysieve.auditing.eye import Eye, Sample, Shape, as_it_is, open_eye
from earlysieve.auditing.image_eyes import ground_eye, mark_eyes, patch_eye, vignette_eye
from earlysieve.auditing.marks import EDGE, MARK, ONE_WORD, PHRASE, SPOT
from earlysieve.auditing.one_class import one_class_eye
from earlysieve.auditing.pair_texts import (
    FIRST,
    OF_PAIRS,
    SECOND,
    SHARED,
    both_vary,
    rarity_of,
    shared_by_rarity,
)
from earlysieve.auditing.patches import PATCH
from earlysieve.auditing.properties import TOKEN, curved, knots_of
from earlysieve.auditing.surroundings import BACKGROUND
from earlysieve.auditing.swaps.table_parts import part_name
from earlysieve.auditing.table_eyes import column_eyes, value_eye, variable_shape
from earlysieve.auditing.telling_ranges import Telling
from earlysieve.auditing.text_eyes import kind_eye, phrase_eye, token_eyes
from earlysieve.auditing.text_kinds import KINDS, PLAIN_WORDS
from earlysieve.auditing.topics import TOPIC
from earlysieve.auditing.views import Views
from earlysieve.auditing.vignettes import VIGNETTE
from earlysieve.datasets.variables import Variable
from earlysieve.readouts.feature_store import FeatureStore


def property_eyes(
    views: Views,
    sample: Sample,
    variables: Sequence[Variable] | None,
    telling: Sequence[Telling] = (),
    named: Sequence[str] = (),
) -> dict[str, Eye]:
    """A reader of each property: of tables, one of each variable that tells most by itself.

    And one of the telling values of a variable, and of each that the user named.
    """
    found: dict[str, Eye] = {}
    for name, store in views.properties.items():
        found |= _property_eyes(name, store, sample, views)
    if views.columns is not None:
        found |= column_eyes(views.columns, sample, variables, named)
        found |= {one.name: value_eye(views.columns, sample, one) for one in telling}
    return found


def _property_eyes(name: str, store: FeatureStore, sample: Sample, views: Views) -> dict[str, Eye]:
    if name == TOKEN:
        return token_eyes(store, sample)
    if name == PHRASE:
        return phrase_eye(store, sample, views.properties.get(TOKEN))
    if name == MARK:
        return mark_eyes(store, sample)
    if name == PATCH:
        return patch_eye(store, sample)
    if name == BACKGROUND:
        return ground_eye(store, sample)
    if name == TRACES:
        return {}  # seen by directions alone
    if name == VIGNETTE:
        return vignette_eye(store, sample)
    if name in (*KINDS, PLAIN_WORDS):
        return kind_eye(name, store, sample)
    if name in OF_PAIRS and not _both_vary(views, sample):
        return {}
    values = sample.of(store)
    eye = open_eye(store, sample, _shape(name, values), values)
    of_one = one_class_eye(name, eye, sample)
    if of_one and name in ALTERATIONS:
        return of_one  # of the others it says nothing
    return {name: eye, **of_one}


def _shape(name: str, values: Floats) -> Shape:
    if name in (FIRST, SECOND):
        return as_it_is
    if name == SHARED:
        rarity = rarity_of(values)
        knots = knots_of(shared_by_rarity(values, rarity))
        return partial(_curved_shares, rarity=rarity, knots=knots)
    return partial(curved, knots=knots_of(values))


def _curved_shares(values: Floats, rarity: Floats, knots: Floats) -> Floats:
    return curved(shared_by_rarity(values, rarity), knots)


def _both_vary(views: Views, sample: Sample) -> bool:
    first, second = (torch.from_numpy(sample.of(views.properties[one])) for one in (FIRST, SECOND))
    return both_vary(first, second)


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
        return open_eye(views.columns, sample, variable_shape(one, values, sample), values)
    looked_at = {EDGE: MARK, SPOT: MARK, ONE_WORD: TOKEN, TOPIC: TOKEN}.get(name, name)
    return _property_eyes(looked_at, views.properties[looked_at], sample, views).get(name)
