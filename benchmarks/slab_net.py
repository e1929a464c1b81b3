"""The network of the grids for tables: benchmarks.slab_net:slab_net in the root of a checkout."""

from torch import nn

from earlysieve.networks.small_mlp import SmallMLP


def slab_net(num_classes: int = 2) -> nn.Module:
    """Three hidden layers on the 50 columns of slabs; weights come from the global random state."""
    return SmallMLP(num_classes, input_shape=(50,), widths=(64, 64, 64))
