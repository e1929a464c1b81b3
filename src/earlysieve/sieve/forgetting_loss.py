"""The loss that erases."""

from torch import Tensor

from earlysieve.model.precision import at_least_single


def uniform_cross_entropy(logits: Tensor) -> Tensor:
    """Cross-entropy of predictions against the uniform distribution, averaged over the batch.

    -1/(B C) sum_i sum_c log softmax(logits_i)_c, in nats. Its floor is log C, reached where all
    classes are equally likely. SiFer (ICML 2023), section 3, the forgetting loss.

    Args:
        logits: shape (B, C); computed in at least single precision.

    Returns:
        A scalar.
    """
    return -at_least_single(logits).log_softmax(-1).mean()
