"""What methods that erase a concept from features have in common: the concept, and the refit."""

from dataclasses import dataclass

import torch
from torch import Tensor

from earlysieve.errors import InputError
from earlysieve.repairing.cells import Cells, class_weights
from earlysieve.repairing.linear_map import LinearMap, Problem
from earlysieve.repairing.multinomial import fit_multinomial
from earlysieve.repairing.standardised import Scale
from earlysieve.repairing.weighted_loss import WeightedLoss


@dataclass(frozen=True)
class Erasable:
    """Features of which groups are to be erased, as far as they do not go with the class.

    Attributes:
        problem: that a layer is fitted to.
        scale: of the examples of known group.
        known: positions of these in the problem, shape (M,).
        labels: int64, shape (M,).
        cells: their pairs (label, group).
    """

    problem: Problem
    scale: Scale
    known: Tensor
    labels: Tensor
    cells: Cells

    @classmethod
    def of(cls, problem: Problem, method: str, min_group: int) -> "Erasable":
        """The problem's examples of known group.

        Raises:
            InputError: there are no groups, no class has two, or one within a class is too small.
        """
        if problem.groups is None:
            raise InputError(
                f"Expected groups for the method '{method}', but got none; pass groups=, for "
                "instance of an audit, or use a method without: 'afr'"
            )
        known = (problem.groups >= 0).nonzero().squeeze(1)
        labels = problem.labels[known]
        cells = Cells.found(labels, problem.groups[known])
        cells.check(min_group, problem.group_names)
        every = len(known) == len(problem.features)
        features = problem.features if every else problem.features[known]
        return cls(problem, Scale.of(features, centred=problem.bias), known, labels, cells)

    def features(self, rows: Tensor | None = None) -> Tensor:
        """Standardised features of examples of known group, float64, shape (M, D).

        Args:
            rows: positions among these; None: all.
        """
        chosen = self.known if rows is None else self.known[rows]
        found = self.problem.features[chosen].double()
        return found.sub_(self.scale.mean).div_(self.scale.deviation)

    @property
    def concept(self) -> Tensor:
        """One column per cell: 1 in it and 0 elsewhere, minus its share of the class; (M, K).

        The columns are not correlated with the class, so that erasing them leaves the class alone
        as far as groups do not tell it.
        """
        member = torch.nn.functional.one_hot(self.cells.of, len(self.cells.size)).double()
        same_class = (self.cells.label[:, None] == self.cells.label[None]).double()
        shares = self.cells.size.double() / (same_class @ self.cells.size.double())
        return member - (member @ same_class) * shares

    def layer(self, projection: Tensor, strength: float, *, refit: bool) -> LinearMap:
        """The last layer that reads P z where there was z, float64.

        Args:
            projection: P, shape (D, D).
            strength: of the penalty on a new layer.
            refit: fit a new class-balanced layer to all examples' P z; else the old one reads it.

        Raises:
            InputError: nothing is left, a class is absent, or there is no old layer to keep.
        """
        if int(torch.linalg.matrix_rank(projection)) == 0:
            raise InputError(
                "Expected features that do not tell groups apart, but all "
                f"{len(projection)} do; keep more features, or use the method 'dfr'"
            )
        new = self._refitted(projection, strength) if refit else self._old()
        return self.scale.outward(LinearMap(new.weight @ projection, new.bias))

    def _refitted(self, projection: Tensor, strength: float) -> LinearMap:
        problem = self.problem
        problem.check_classes()
        z = self.scale.apply(problem.features)
        loss = WeightedLoss(
            z @ projection.to(z).T,
            problem.labels,
            class_weights(problem.labels),
            problem.num_classes,
        )
        return fit_multinomial(loss, strength, bias=problem.bias)

    def _old(self) -> LinearMap:
        if self.problem.old is None:
            raise InputError(
                "Expected a linear last layer to keep without refit, but the model has none; leave "
                "refit as it is"
            )
        return self.scale.inward(self.problem.old)
