"""INLP: directions by which groups can be read are taken out, until they cannot."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from earlysieve.repairing.erasing import Erasable
from earlysieve.repairing.linear_map import LinearMap, Problem
from earlysieve.repairing.multinomial import fit_multinomial
from earlysieve.repairing.settings import INLPSettings
from earlysieve.repairing.weighted_loss import WeightedLoss
from earlysieve.training.sampling import derive_seed

_LEAST = 1e-8
_MOST = 1000
_SURE = 1.645  # the normal quantile of 0.95


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
    counting equally, on a half of the examples (of each group at most 1,000); classes take turns,
    so that what two of them share is taken out once. A class leaves once the mean over its groups
    of the accuracy on the other half is at most 1 / groups + margin, or above chance by no more
    than the choice of these examples explains (one-sided, 95%).

    Args:
        found: features and groups.
        rounds: readers of each class, at most.
        margin: see above.
        strength: of the readers' penalty.
        seed: of the halves.
    """
    width = found.problem.features.shape[1]
    projection = torch.eye(width, dtype=torch.float64)
    basis = torch.empty(width, 0, dtype=torch.float64)
    sizes = torch.bincount(found.cells.label)
    left = [_OneClass.of(found, label, seed) for label in (sizes > 1).nonzero().squeeze(1).tolist()]
    for _ in range(rounds):
        for one in list(left):
            reader = one.reader(projection, strength)
            if one.excess(reader, projection) <= margin:
                left.remove(one)
                continue
            basis = _basis(torch.cat([basis.T, _basis(reader.weight - reader.weight.mean(0)).T]))
            projection = torch.eye(width, dtype=torch.float64) - basis @ basis.T
    return projection


@dataclass(frozen=True, eq=False)
class _OneClass:
    """Examples of one class whose groups are read: those to fit to, and those to judge by."""

    features: tuple[Tensor, Tensor]
    groups: tuple[Tensor, Tensor]

    @classmethod
    def of(cls, found: Erasable, label: int, seed: int) -> "_OneClass":
        cells = (found.cells.label == label).nonzero().squeeze(1).tolist()
        parts = [rows_of_halves(found.cells.of, cell, seed) for cell in cells]
        rows = [torch.cat(half) for half in zip(*parts, strict=True)]
        groups = [
            torch.cat([torch.full((len(part[half]),), k) for k, part in enumerate(parts)])
            for half in (0, 1)
        ]
        fit, judge = (found.features(some).float() for some in rows)
        return cls((fit, judge), (groups[0], groups[1]))

    def reader(self, projection: Tensor, strength: float) -> LinearMap:
        """A reader of the groups from the projected features; weight (K, D)."""
        groups = self.groups[0]
        sizes = torch.bincount(groups).double()
        features = self.features[0] @ projection.float()
        loss = WeightedLoss(features, groups, (1 / sizes)[groups], len(sizes))
        return fit_multinomial(loss, strength)

    def excess(self, reader: LinearMap, projection: Tensor) -> float:
        """By how much the reader's accuracy on the other half is surely above chance; below 0: not.

        The mean over groups of their accuracies, minus 1 / K; 0 where it is no more than 1.645
        deviations of a reader that guesses.
        """
        groups = self.groups[1]
        # P is symmetric: reading P z costs K products of an example instead of D.
        through = LinearMap(reader.weight @ projection, reader.bias)
        said = through(self.features[1].double()).argmax(1)
        sizes = torch.bincount(groups, minlength=len(reader.weight)).double()
        right = torch.bincount(groups[said == groups], minlength=len(sizes)).double()
        seen = sizes > 0
        count, chance = int(seen.sum()), 1 / len(sizes)
        above = float((right[seen] / sizes[seen]).mean()) - chance
        variance = float((chance * (1 - chance) / sizes[seen]).sum()) / count**2
        return above if above > _SURE * math.sqrt(variance) else min(above, 0.0)


def rows_of_halves(cells: Tensor, cell: int, seed: int) -> tuple[Tensor, Tensor]:
    """Positions of the examples of a cell in two random halves, of each at most 1,000.

    Args:
        cells: of each example, shape (M,).
        cell: which.
        seed: of the draw.
    """
    rows = (cells == cell).nonzero().squeeze(1)
    generator = torch.Generator().manual_seed(derive_seed(seed, cell))
    rows = rows[torch.randperm(len(rows), generator=generator)]
    middle = -(-len(rows) // 2)
    return rows[:middle][:_MOST], rows[middle:][:_MOST]


def _basis(rows: Tensor) -> Tensor:
    """An orthonormal basis (D, R) of the rows (K, D)."""
    _, size, vectors = torch.linalg.svd(rows, full_matrices=False)
    kept: Tensor = vectors[size > _LEAST * size.max().clamp(min=1e-300)]
    return kept.T
