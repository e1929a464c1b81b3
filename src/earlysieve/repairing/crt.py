"""Classifier retraining: a new last layer for which all classes count equally."""

from torch import Tensor

from earlysieve.repairing.cells import class_weights
from earlysieve.repairing.linear_map import LinearMap, Problem
from earlysieve.repairing.multinomial import fit_multinomial
from earlysieve.repairing.settings import CRTSettings
from earlysieve.repairing.standardised import Scale
from earlysieve.repairing.weighted_loss import WeightedLoss


def fit_crt(problem: Problem, settings: CRTSettings) -> LinearMap:
    """Refit the last layer to standardised features: sum_i CE_i / (C n_c) + strength / 2 ||W||^2.

    Source: Kang et al., "Decoupling Representation and Classifier for Long-Tailed Recognition",
    ICLR 2020, arXiv 1910.09217 (cRT), which draws classes equally often where this weights them.

    Raises:
        InputError: there is no example of a class.
    """
    return class_balanced(problem, problem.features, settings.strength)


def class_balanced(problem: Problem, features: Tensor, strength: float) -> LinearMap:
    """The class-balanced layer of some features (N, D) of the problem's examples; float64.

    Raises:
        InputError: there is no example of a class.
    """
    problem.check_classes()
    scale = Scale.of(features, centred=problem.bias)
    weights = class_weights(problem.labels)
    loss = WeightedLoss(scale.apply(features), problem.labels, weights, problem.num_classes)
    return scale.outward(fit_multinomial(loss, strength, bias=problem.bias))
