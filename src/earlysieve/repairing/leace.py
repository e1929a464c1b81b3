"""LEACE: the least change of features after which no linear reader tells a concept."""

import torch
from torch import Tensor

from earlysieve.repairing.erasing import Erasable
from earlysieve.repairing.linear_map import LinearMap, Problem
from earlysieve.repairing.settings import LEACESettings

_LEAST = 1e-9


def fit_leace(problem: Problem, settings: LEACESettings) -> LinearMap:
    """Erase from the features what tells groups apart within a class, and read the rest.

    The concept is the group within the class: of an audit's groups, whom its early readout
    misleads. Afterwards the groups of a class have the same mean features, and so the same mean
    logits.

    Source: Belrose et al., "LEACE: Perfect Linear Concept Erasure in Closed Form", NeurIPS 2023,
    arXiv 2306.03819, written from its formula; see `leace_projection`.

    Raises:
        InputError: there are no groups, no class has two, one within a class is too small, nothing
            is left of the features, or there is no example of a class.
    """
    found = Erasable.of(problem, "leace", settings.min_group)
    projection = leace_projection(found.features(), found.concept)
    return found.layer(projection, settings.strength, refit=settings.refit)


def leace_projection(features: Tensor, concept: Tensor) -> Tensor:
    """P = I - W^+ U U^T W with W = (S_xx^1/2)^+ and U an orthonormal basis of W S_xz; (D, D).

    Of all affine maps r(x) = P (x - mean) + mean with covariance 0 between r(x) and z, it has the
    least mean squared change of x, in any norm.

    Args:
        features: x, float64, shape (N, D).
        concept: z, float64, shape (N, K).
    """
    x, z = features - features.mean(0), concept - concept.mean(0)
    values, vectors = torch.linalg.eigh(x.T @ x / len(x))
    used = values > values[-1].clamp(min=0) * len(values) * torch.finfo(values.dtype).eps
    root = torch.where(used, values.clamp(min=0), 0.0).sqrt()
    inverse = torch.where(used, 1 / root.clamp(min=1e-300), 0.0)
    whiten, back = (vectors * inverse) @ vectors.T, (vectors * root) @ vectors.T
    basis, size, _ = torch.linalg.svd(whiten @ (x.T @ z / len(x)), full_matrices=False)
    basis = basis[:, size > _LEAST * z.square().mean(0).sum().sqrt()]
    taken: Tensor = back @ basis @ basis.T @ whiten
    return torch.eye(len(values), dtype=features.dtype) - taken
