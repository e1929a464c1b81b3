"""Look which alterations of images tell a class, and keep how much each image looks altered."""

from collections.abc import Mapping

import numpy as np
import torch

from earlysieve._arrays import Floats, Ints
from earlysieve.auditing.alterations.alter import ALTERATIONS
from earlysieve.auditing.alterations.telling import SEEN, Altered, joined, telling_alterations
from earlysieve.auditing.second_look import sample_rows
from earlysieve.auditing.swaps.carrier import Carrier, settled
from earlysieve.auditing.swaps.pool import affordable, evenly
from earlysieve.auditing.views import Views, rows_of
from earlysieve.auditing.vignettes import VIGNETTE, tells_a_class
from earlysieve.datasets.opened_data import OpenedData
from earlysieve.model.batch import Inputs
from earlysieve.readouts.feature_store import FeatureStore

_MOST, _FEWEST, _CHUNK = 480, 60, 4096
_ENOUGH_OF_LARGE, _MOST_PIXELS = 160, 6_000_000


def look_for_alterations(
    views: Views, source: OpenedData, index: Ints, labels: Ints, seed: int
) -> tuple[Altered, ...]:
    """The alterations that tell a class; views get how much each image looks altered.

    Nothing of data that are no images, of few of them, or without random access.

    Args:
        views: as collected, N rows each; properties by the names of what is found are added.
        source: the data.
        index, labels: positions in the data and labels, (N,).
        seed: of the images that are drawn.
    """
    seen = {name: views.properties[name] for name in SEEN if name in views.properties}
    carrier = views.carrier
    able = carrier is not None and carrier.kind == "image" and source.has_random_access
    if carrier is None or not able or len(seen) < len(SEEN) - 1 or len(labels) < _FEWEST:
        return ()
    rng = np.random.default_rng(seed)
    most = affordable(source, _how_many(source.few().inputs, carrier))
    chosen = evenly(np.arange(len(labels)), labels, rng)[:most]
    if len(chosen) < _FEWEST:
        return ()
    inputs = source.examples(index[chosen].tolist()).inputs
    images = settled(carrier, inputs).get(inputs).float().cpu()
    classes = int(labels.max()) + 1
    rows = sample_rows(len(labels), classes, seed)
    own = torch.from_numpy(rows)
    ways = dict(ALTERATIONS)
    falloff = rows_of(views.properties[VIGNETTE], own).numpy()
    if tells_a_class(falloff, labels[rows], classes):
        del ways[VIGNETTE]  # it is plain enough to have readers and swaps of its own
    found = telling_alterations(_features(seen, own), labels[rows], images, ways)
    for one in found:
        views.properties[one.name] = _scores(one, seen, len(labels))
    return found


def _how_many(some: Inputs, carrier: Carrier) -> int:
    """Fewer of large images, each of which takes longer to alter and tells more."""
    pixels = carrier.get(some)[0, 0].numel()
    return max(_ENOUGH_OF_LARGE, min(_MOST, _MOST_PIXELS // pixels))


def _features(stores: Mapping[str, FeatureStore], rows: torch.Tensor | slice) -> Floats:
    return joined({name: rows_of(store, rows).numpy() for name, store in stores.items()})


def _scores(one: Altered, stores: Mapping[str, FeatureStore], count: int) -> FeatureStore:
    kept = FeatureStore()
    for start in range(0, count, _CHUNK):
        some = one.direction.of(_features(stores, slice(start, start + _CHUNK)))
        kept.append(torch.from_numpy(some)[:, None])
    return kept
