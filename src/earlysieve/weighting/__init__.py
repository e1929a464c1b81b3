"""Training in which some examples count more than others: by early readouts, errors, or groups.

Reading order: `loss_and_weighting` (what a method is put together from) -> `per_example` (one step
with both) -> `weight_function` (pure functions) -> `example_weights` (one weight per example) ->
`early_reader` (the early readout) -> `readout_weighting` (weights from it) -> `early_reweighting`
(the method) -> `reweight_pass` (the oracle of the weights) -> `error_set` and `jtt`, `group_dro`,
`balanced_sampling`, `progressive_expansion` -> `product_of_experts`, `learning_from_failure`.
"""

from earlysieve.weighting.balanced_sampling import balanced_weights, mixture_weights
from earlysieve.weighting.early_reweighting import EarlyReweighting
from earlysieve.weighting.example_weights import WeightWarning
from earlysieve.weighting.group_dro import GroupDRO
from earlysieve.weighting.indexing import with_index
from earlysieve.weighting.jtt import JTT
from earlysieve.weighting.learning_from_failure import LearningFromFailure
from earlysieve.weighting.product_of_experts import ProductOfExperts
from earlysieve.weighting.progressive_expansion import ProgressiveExpansion
from earlysieve.weighting.reweight_pass import Judgement, published_reweight
from earlysieve.weighting.weight_function import early_weights

__all__ = [
    "JTT",
    "EarlyReweighting",
    "GroupDRO",
    "Judgement",
    "LearningFromFailure",
    "ProductOfExperts",
    "ProgressiveExpansion",
    "WeightWarning",
    "balanced_weights",
    "early_weights",
    "mixture_weights",
    "published_reweight",
    "with_index",
]
