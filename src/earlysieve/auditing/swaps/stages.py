"""A part inside the network: the channel statistics of a stage's map."""

from torch import Tensor

from earlysieve.model.layout import Layout

_TINY = 1e-6


def with_channel_statistics(own: Tensor, given: Tensor, layout: Layout) -> Tensor:
    """A stage's output with the mean and standard deviation of each channel of another one's."""
    first = layout is Layout.FIRST
    over = tuple(range(2, own.ndim)) if first else tuple(range(1, own.ndim - 1))
    means = [maps.mean(over, keepdim=True) for maps in (own, given)]
    stds = [maps.std(over, correction=0, keepdim=True) for maps in (own, given)]
    return (own - means[0]) / (stds[0] + _TINY) * stds[1] + means[1]
