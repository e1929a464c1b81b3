"""Readers of marks in images, of one small part of them, of their ground, and of vignettes."""

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from earlysieve.auditing.edges import Bands, band_shape, telling_bands
from earlysieve.auditing.eye import Eye, Sample, open_eye, own_classes
from earlysieve.auditing.marks import EDGE, MARK, SPOT, Marks, shape, telling_marks
from earlysieve.auditing.one_class import one_class_eye
from earlysieve.auditing.patches import PATCH, telling_patch
from earlysieve.auditing.properties import curved, knots_of
from earlysieve.auditing.readers import tells_much
from earlysieve.auditing.spots import Spots, spot_shape, telling_spots
from earlysieve.auditing.surroundings import BACKGROUND
from earlysieve.auditing.vignettes import VIGNETTE, tells_a_class
from earlysieve.readouts.feature_store import FeatureStore


def mark_eyes(store: FeatureStore, sample: Sample) -> dict[str, Eye]:
    """Readers of marks, of frames and bars, and of spots, where there are any."""
    values, found = sample.of(store, whole=True), {}
    marks = telling_marks(values, sample.labels, sample.classes)
    if marks:
        eye = open_eye(store, sample, partial(shape, marks=marks), values)
        found[MARK] = replace(eye, **_of_marks(marks, sample))
    bands = telling_bands(values, sample.labels, sample.classes)
    if bands:
        eye = open_eye(store, sample, partial(band_shape, bands=bands), values)
        found[EDGE] = replace(eye, **_of_marks(bands, sample))
    spots = telling_spots(values, sample.labels, sample.classes)
    if spots:
        eye = open_eye(store, sample, partial(spot_shape, spots=spots), values)
        found[SPOT] = replace(eye, **_of_marks(spots, sample))
    return found


def _of_marks(found: Marks | Bands | Spots, sample: Sample) -> dict[str, Any]:
    return {"speaks_for": own_classes([one.kind for one in found], sample), "whole": True}


def patch_eye(store: FeatureStore, sample: Sample) -> dict[str, Eye]:
    """A reader of one small part of images, where that tells and nothing far away does."""
    values = sample.of(store)
    patch = telling_patch(values, sample.labels, sample.classes)
    if patch is None:
        return {}
    return {PATCH: open_eye(store, sample, partial(np.take, indices=patch, axis=1), values)}


def ground_eye(store: FeatureStore, sample: Sample) -> dict[str, Eye]:
    """A reader of what the corners of images look like, where these tell the class."""
    values = sample.of(store)
    if not tells_much(values, sample.labels, sample.classes):
        return {}
    return {BACKGROUND: open_eye(store, sample, partial(curved, knots=knots_of(values)), values)}


def vignette_eye(store: FeatureStore, sample: Sample) -> dict[str, Eye]:
    """Readers of how the light falls off outwards, where that tells some class."""
    values = sample.of(store)
    if not tells_a_class(values, sample.labels, sample.classes):
        return {}
    eye = open_eye(store, sample, partial(curved, knots=knots_of(values)), values)
    return {VIGNETTE: eye, **one_class_eye(VIGNETTE, eye, sample)}
