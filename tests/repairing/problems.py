"""Small problems for the tests of last-layer repair."""

import torch
from torch import Tensor

from earlysieve.repairing.features import LastFeatures
from earlysieve.repairing.linear_map import LinearMap, Problem


def draw(n: int = 120, d: int = 4, c: int = 3, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Features float32 (n, d) that tell their labels int64 (n,) in part."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(n) % c
    centres = torch.randn(c, d, generator=generator)
    return centres[labels] + 1.5 * torch.randn(n, d, generator=generator) + 3, labels


def layer(d: int = 4, c: int = 3, seed: int = 7) -> LinearMap:
    generator = torch.Generator().manual_seed(seed)
    return LinearMap(torch.randn(c, d, generator=generator), torch.randn(c, generator=generator))


def problem(n: int = 120, d: int = 4, c: int = 3, seed: int = 0, **more) -> Problem:
    """A problem with groups that are spread evenly over the classes, most examples in group 0."""
    features, labels = draw(n, d, c, seed)
    old = layer(d, c)
    groups = ((torch.arange(n) // c) % 4 == 0).long()
    return Problem(features, labels, old(features), **{"old": old, "groups": groups, **more})


def last_features(n: int = 120, d: int = 4, c: int = 3, seed: int = 0) -> LastFeatures:
    found = problem(n, d, c, seed)
    return LastFeatures(
        found.features, found.logits, found.labels, torch.arange(n), found.groups, None, "head"
    )
