"""INLP: directions by which groups can be read are taken out, until they cannot."""

import torch
from torch import Tensor

from earlysieve.repairing.erasing import Erasable
from earlysieve.repairing.linear_map import LinearMap, Problem
from earlysieve.repairing.multinomial import fit_multinomial
from earlysieve.repairing.settings import INLPSettings
from earlysieve.repairing.weighted_loss import WeightedLoss

_LEAST = 1e-8


def fit_inlp(problem: Problem, settings: INLPSettings) -> LinearMap:
    """Take out of the features what linear readers of the groups look at, and read the rest.

    Source: Ravfogel, Elazar, Gonen, Twiton and Goldberg, "Null It Out: Guarding Protected
    Attributes by Iterative Nullspace Projection", ACL 2020, arXiv 2004.07667, algorithm 1, with the
    readers of each class on its own, as in its section on debiasing classifiers; see
    `inlp_projection`. The source stops after a number of rounds; here a class is done once its
    groups are read on the other half of its examples no better than by chance.

    Raises:
        InputError: see `leace.fit_leace`.
    """
    found = Erasable.of(problem, "inlp", settings.min_group)
    projection = inlp_projection(
        found,
        rounds=settings.rounds,
        margin=settings.margin,
        strength=settings.strength,
        seed=problem.seed,
    )
    return found.layer(projection, settings.strength, refit=settings.refit)


def inlp_projection(
    found: Erasable, *, rounds: int, margin: float, strength: float, seed: int = 0
) -> Tensor:
    """P = I - B B^T, B an orthonormal basis of the rows of all readers W_t; shape (D, D).

    W_t is fitted to tell the groups of one class from P z, P that of the readers before, all groups
    counting equally, on a half of the examples; classes take turns, so that what two of them share
    is taken out once. A class leaves once the mean over its groups of the accuracy on the other
    half is at most 1 / groups + margin.

    Args:
        found: features and groups.
        rounds: readers of each class, at most.
        margin: see above.
        strength: of the readers' penalty.
        seed: of the halves.
    """
    width = found.features.shape[1]
    projection = torch.eye(width, dtype=torch.float64)
    basis = torch.empty(width, 0, dtype=torch.float64)
    halves = _halves(found.cells.of, seed)
    sizes = torch.bincount(found.cells.label)
    open_classes = (sizes > 1).nonzero().squeeze(1).tolist()
    for _ in range(rounds):
        for label in list(open_classes):
            mine = found.labels == label
            left = found.features[mine] @ projection
            reader, accuracy = _reader(left, found.cells.of[mine], halves[mine], strength)
            if accuracy <= 1 / len(reader) + margin:
                open_classes.remove(label)
                continue
            basis = _basis(torch.cat([basis.T, _basis(reader - reader.mean(0)).T]))
            projection = torch.eye(width, dtype=torch.float64) - basis @ basis.T
    return projection


def _halves(cells: Tensor, seed: int) -> Tensor:
    """Half of the examples of each cell, bool, shape (M,)."""
    order = torch.randperm(len(cells), generator=torch.Generator().manual_seed(seed))
    chosen = torch.zeros(len(cells), dtype=torch.bool)
    for cell in range(int(cells.max()) + 1):
        rows = order[cells[order] == cell]
        chosen[rows[: -(-len(rows) // 2)]] = True
    return chosen


def _reader(features: Tensor, cells: Tensor, half: Tensor, strength: float) -> tuple[Tensor, float]:
    """A reader of one class's groups, (K, D), and its accuracy on the other half, by group."""
    numbers, place = torch.unique(cells, return_inverse=True)
    count = len(numbers)
    sizes = torch.bincount(place[half], minlength=count).double()
    loss = WeightedLoss(features[half], place[half], (1 / sizes)[place[half]], count)
    found = fit_multinomial(loss, strength)
    right = (found(features[~half]).argmax(1) == place[~half]).double()
    others = place[~half]
    shares = [float(right[others == k].mean()) for k in range(count) if bool((others == k).any())]
    return found.weight, sum(shares) / max(len(shares), 1)


def _basis(rows: Tensor) -> Tensor:
    """An orthonormal basis (D, R) of the rows (K, D)."""
    _, size, vectors = torch.linalg.svd(rows, full_matrices=False)
    kept: Tensor = vectors[size > _LEAST * size.max().clamp(min=1e-300)]
    return kept.T
