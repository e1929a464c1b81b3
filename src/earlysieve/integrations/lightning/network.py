"""Where the classifier is in a LightningModule."""

from torch import nn

from earlysieve._imports import need
from earlysieve.errors import InputError

_lightning = need("lightning.pytorch", extra="train")
_WITHOUT = (nn.Module.forward, _lightning.LightningModule.forward)


def find_network(pl_module: nn.Module, name: str | None) -> nn.Module:
    """The classifier: a part of the LightningModule, or the module itself.

    Raises:
        InputError: there is no such part, or none is named and the module has no `forward`.
    """
    children = ", ".join(child for child, _ in pl_module.named_children())
    if name is None and type(pl_module).forward in _WITHOUT:
        raise InputError(
            "Expected a LightningModule that classifies in its forward, but it has none; name its "
            f"part that does (network=), of {children}"
        )
    if name is None:
        return pl_module
    try:
        return pl_module.get_submodule(name)
    except AttributeError as error:
        raise InputError(
            f"Expected network to name a part of the LightningModule, but it has no '{name}'; "
            f"its parts are {children}"
        ) from error
