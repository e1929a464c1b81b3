"""Alterations that tell the class of images: found without labels, named by how they are made.

Some images are altered (blurred, compressed, made warmer), and a straight line learns to tell them
from what they were: its direction is what the alteration does to simple properties, as in "concept
activation vectors" (Kim et al., "Interpretability beyond feature attribution: quantitative testing
with concept activation vectors", ICML 2018), with concepts that need no examples. How far an image
lies along it tells how much it looks altered; where that tells a class, it may be a shortcut.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from earlysieve._arrays import Bools, Floats, Ints
from earlysieve.auditing.alterations.alter import (
    ALTERATIONS,
    COLOURED,
    Alter,
    Light,
    Strengths,
    light_of,
)
from earlysieve.auditing.alterations.traces import TRACES
from earlysieve.auditing.readers import Scale, ridge, scale_of
from earlysieve.auditing.scores import auroc
from earlysieve.auditing.vignettes import VIGNETTE
from earlysieve.auditing.whole_image import whole_image_properties

SEEN = ("brightness", "colour", "spectrum", "sharpness", VIGNETTE, TRACES)
MOST = 3
_L2, _L2_ONE, _FARTHEST = 100.0, 400.0, 8.0
_MAY_TELL, _TELLS, _FEWEST = 0.72, 0.75, 20
_MAY_BE_UNLIKE, _UNLIKE = 0.6, 0.5
_TRIED, _AT_ONCE, _THRESHOLDS = 240, 64, 99


@dataclass(frozen=True)
class Direction:
    """What an alteration does to simple properties of images.

    Attributes:
        way: how it is made.
        strengths: of it, from weak to strong.
        scale: how features are standardised.
        weights: of these, shape (D + 1,).
        moves: what each strength adds to standardised features on average, shape (S, D).
    """

    way: Alter
    strengths: tuple[float, ...]
    scale: Scale
    weights: Floats
    moves: Floats

    def of(self, features: Floats) -> Floats:
        """How much images look altered, shape (N,): about 0 as they are, about 1 if altered."""
        found: Floats = standardised(self.scale, features) @ self.weights
        return found

    def unlike(self, difference: Floats) -> Floats:
        """How little each strength explains of a difference of standardised features, shape (S,).

        Sum of what is left over sum of the difference, by the weight of each feature: 0 where the
        strength does just that, 1 where it does nothing of it, more where it does other things.
        """
        weights = np.abs(self.weights[:-1])
        left = np.abs(difference - self.moves) @ weights
        return np.asarray(left / max(1e-9, float(np.abs(difference) @ weights)))


@dataclass(frozen=True)
class Altered:
    """An alteration that tells one class.

    Attributes:
        name: of the property.
        kind: the class whose images look altered.
        strength: that makes other images most like them.
        direction: of images altered by it.
        light: the range of their light.
        threshold: images look altered whose score is at least this.
    """

    name: str
    kind: int
    strength: float
    direction: Direction
    light: Light
    threshold: float

    def seen_in(self, features: Floats) -> Bools:
        """Which images look altered, by their features (B, D) as from `features_of`: (B,)."""
        found: Bools = self.direction.of(features) >= self.threshold
        return found

    def alter(self, images: Tensor) -> Tensor:
        """Images altered as those of the class are."""
        return self.light.altered(images, self.direction.way, self.strength)


def standardised(scale: Scale, features: Floats) -> Floats:
    """With a last column of ones; what lies far outside counts as lying eight deviations away."""
    return np.clip(scale.of(features), -_FARTHEST, _FARTHEST)


def features_of(images: Tensor) -> Floats:
    """What directions look at, shape (B, D)."""
    parts = (whole_image_properties(some) for some in torch.split(images, _AT_ONCE))
    return np.concatenate([joined({n: v.numpy() for n, v in found.items()}) for found in parts])


def joined(properties: Mapping[str, Floats]) -> Floats:
    """Properties by name, those that directions look at, side by side: (B, D), float64.

    How many pixels have the very value of another is left out: that tells how numbers were
    computed, and of altered images always something else than of the others.
    """
    parts = {name: properties[name] for name in SEEN if name in properties}
    parts["brightness"] = parts["brightness"][:, :-1]
    return np.concatenate(list(parts.values()), 1).astype(np.float64)


def telling_alterations(
    features: Floats,
    labels: Ints,
    images: Tensor,
    ways: Mapping[str, Mapping[str, Strengths]] = ALTERATIONS,
) -> tuple[Altered, ...]:
    """The alterations that tell a class best, of each kind one, and three at most.

    The class has to lie far along the direction, by an AUROC of 0.75, and images altered must
    become like it: the strength that does so best leaves half of the difference at most.

    Args:
        features: of all examples, as from `features_of`, shape (N, D).
        labels: shape (N,).
        images: some that stand for all, float, shape (P, C, H, W), of at least 8 x 8 pixels.
        ways: by property and name, see `ALTERATIONS`.
    """
    light, few = light_of(images), images[:_TRIED]
    own = features_of(few)
    scale = scale_of(own)
    found = [
        (name, kind, strength, way)
        for name, kinds in ways.items()
        if images.shape[1] == 3 or name not in COLOURED
        for way, strengths in kinds.values()
        for kind, strength in _likely(
            direction_of(way, strengths, few, own, scale, light), features, labels
        )
    ]
    if found and len(images) > len(few):
        own = np.concatenate([own, features_of(images[_TRIED:])])
    best: dict[str, tuple[float, Altered]] = {}
    for name, kind, strength, way in found:
        direction = direction_of(way, (strength,), images, own, scale, light)
        score = direction.of(features)
        own_class = labels == kind
        tells = auroc(score, own_class)
        like = _unlike(direction, features, score, own_class)[0] <= _UNLIKE
        if like and tells >= _TELLS and tells > best.get(name, (0.0, None))[0]:
            at = _threshold(score, own_class)
            best[name] = tells, Altered(name, kind, strength, direction, light, at)
    ordered = sorted(best.values(), key=lambda pair: -pair[0])
    return tuple(one for _, one in ordered[:MOST])


def direction_of(
    way: Alter,
    strengths: tuple[float, ...],
    images: Tensor,
    own: Floats,
    scale: Scale,
    light: Light,
) -> Direction:
    """Images altered, the strengths taking turns, told by ridge regression from what they were.

    Args:
        way, strengths: of the alteration.
        images: shape (P, C, H, W).
        own: their features, shape (P, D).
        scale: of these.
        light: their range.
    """
    turns = np.arange(len(images)) % len(strengths)
    seen = np.empty_like(own)
    for turn, strength in enumerate(strengths):
        rows = torch.from_numpy(np.flatnonzero(turns == turn))
        seen[turns == turn] = features_of(light.altered(images[rows], way, strength))
    before, after = standardised(scale, own), standardised(scale, seen)
    kinds = np.repeat([0, 1], len(images))
    l2 = _L2 if len(strengths) > 1 else _L2_ONE
    (fit,) = ridge(
        np.concatenate([before, after]), kinds, np.zeros_like(kinds), 2, num_folds=1, l2=l2
    )
    moves = np.stack([(after - before)[turns == turn].mean(0) for turn in range(len(strengths))])
    return Direction(way, strengths, scale, fit[:, 1], moves[:, :-1])


def _likely(direction: Direction, features: Floats, labels: Ints) -> Iterator[tuple[int, float]]:
    """The class that lies farthest along a direction, with the strength that makes others like it.

    None where it hardly does, or where no strength explains what it has that others have not.
    """
    score = direction.of(features)
    counts = np.bincount(labels)
    kinds = np.flatnonzero(np.minimum(counts, len(labels) - counts) >= _FEWEST)
    tells = {int(kind): auroc(score, labels == kind) for kind in kinds}
    kind = max(tells, key=lambda one: tells[one], default=-1)
    if tells.get(kind, 0.0) >= _MAY_TELL:
        unlike = _unlike(direction, features, score, labels == kind)
        if unlike.min() <= _MAY_BE_UNLIKE:
            yield kind, direction.strengths[int(unlike.argmin())]


def _unlike(direction: Direction, features: Floats, score: Floats, own: Bools) -> Floats:
    """How little each strength explains of what a class that looks altered has, others have not."""
    says = score >= _threshold(score, own)
    if not (says & own).any() or (says | own).all():
        return np.full(len(direction.strengths), np.inf)
    columns = standardised(direction.scale, features)[:, :-1]
    return direction.unlike(columns[says & own].mean(0) - columns[~(says | own)].mean(0))


def _threshold(score: Floats, own: Bools) -> float:
    """Where most of a class lies above and most of the others below (Youden, Cancer 1950)."""
    at = np.quantile(score, np.linspace(0.01, 0.99, _THRESHOLDS))
    told = [(score[own] >= one).mean() - (score[~own] >= one).mean() for one in at]
    return float(at[int(np.argmax(told))])
