"""A part of the examples that stands for all: for first, cheap fits."""

from dataclasses import dataclass

import torch
from torch import Tensor

from earlysieve.readouts.feature_store import Budget, FeatureStore

_READ = 1 << 13
_LEAST = 1 << 13
_MOST_ELEMENTS = 1 << 24
_SHARE = 8


@dataclass(frozen=True)
class Sample:
    """Rows drawn evenly over the whole store, whatever they hold.

    Attributes:
        store: their features.
        places: int64, ascending, which rows they are.
        stands_for_all: whether they are few beside all, and many beside what is fitted to them.
    """

    store: FeatureStore
    places: Tensor
    stands_for_all: bool


def draw(store: FeatureStore, unknowns: int) -> Sample:
    """One row at random from each of as many equal stretches as the sample has rows.

    Rows sorted by class are so drawn in proportion, and no period of the data is met.

    Args:
        store: features, N rows of D numbers.
        unknowns: of one fit.
    """
    count = len(store)
    size = min(max(_LEAST, min(count // _SHARE, _MOST_ELEMENTS // store.shape[0])), count)
    generator = torch.Generator().manual_seed(0)
    chance = torch.rand(size, dtype=torch.float64, generator=generator)
    places = ((torch.arange(size) + chance) * (count / size)).long().clamp(max=count - 1)
    rows = FeatureStore(Budget(size * store.shape[0] * 4))
    for place, features in store.chunks(_READ):
        chosen = places[(places >= place.start) & (places < place.stop)] - place.start
        rows.append(features[chosen])
    stands = count >= 4 * size and 2 * size >= unknowns
    return Sample(rows, places, stands)
