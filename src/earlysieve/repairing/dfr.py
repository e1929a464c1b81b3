"""Deep feature reweighting: a last layer for which all groups count equally."""

import torch

from earlysieve.errors import InputError
from earlysieve.repairing.cells import Cells
from earlysieve.repairing.linear_map import LinearMap, Problem
from earlysieve.repairing.multinomial import fit_multinomial
from earlysieve.repairing.settings import DFRSettings
from earlysieve.repairing.sparse import fit_sparse
from earlysieve.repairing.standardised import Scale
from earlysieve.repairing.weighted_loss import WeightedLoss


def fit_dfr(problem: Problem, settings: DFRSettings) -> LinearMap:
    """Refit the last layer to standardised features with groups balanced within classes.

    Minimises sum_i w_i CE_i + the penalty, w_i as in `Cells.weights`; or, with `subsets`, the mean
    of the layers that are fitted to random balanced subsets. Examples of unknown group are left
    out.

    Source: Kirichenko, Izmailov and Wilson, "Last Layer Re-Training is Sufficient for Robustness to
    Spurious Correlations", ICLR 2023, arXiv 2204.02937, which averages 10 to 20 L1 fits to
    subsets and chooses the strength on groups that are known. There, classes have one layer each
    against the rest, and the bias is penalised; here, there is one layer for all, and it is not.

    Raises:
        InputError: groups are missing or too small, or there is no example of a class.
    """
    if problem.groups is None:
        raise InputError(
            "Expected groups for the method 'dfr', but got none; pass groups=, as from an audit's "
            "pseudo_groups(), or use a method that needs none: 'afr', 'neurontune', 'crt'"
        )
    cells = Cells.found(problem.labels, problem.groups)
    cells.check(settings.min_group, problem.group_names)
    known = cells.of >= 0
    problem.check_classes(problem.labels[known])
    scale = Scale.of(problem.features[known], centred=problem.bias)
    z, labels, weights = scale.apply(problem.features), problem.labels, cells.weights()
    if not settings.subsets:
        loss = WeightedLoss(z, labels, weights, problem.num_classes)
        return scale.outward(_fitted(loss, settings, problem.bias, None))
    generator = torch.Generator().manual_seed(problem.seed)
    found: list[LinearMap] = []
    for _ in range(settings.subsets):
        rows = cells.subset(generator)
        loss = WeightedLoss(z[rows], labels[rows], _anew(cells, rows), problem.num_classes)
        found.append(_fitted(loss, settings, problem.bias, found[-1] if found else None))
    return scale.outward(mean_of(found))


def mean_of(layers: list[LinearMap]) -> LinearMap:
    """The layer whose logits are the mean of those of several."""
    weight = torch.stack([layer.weight for layer in layers]).mean(0)
    biases = [layer.bias for layer in layers if layer.bias is not None]
    return LinearMap(weight, torch.stack(biases).mean(0) if biases else None)


def _anew(cells: Cells, rows: torch.Tensor) -> torch.Tensor:
    """Weights within a subset, in which classes may have different numbers of groups."""
    per_cell = 1.0 / (cells.label.bincount()[cells.label].double())
    return per_cell[cells.of[rows]]


def _fitted(
    loss: WeightedLoss, settings: DFRSettings, bias: bool, start: LinearMap | None
) -> LinearMap:
    if settings.penalty == "l1":
        return fit_sparse(loss, settings.strength, bias=bias, start=start)
    return fit_multinomial(loss, settings.strength, bias=bias)
