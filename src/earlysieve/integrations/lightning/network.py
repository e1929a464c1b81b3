"""Where the classifier is in a LightningModule."""

from torch import nn

from earlysieve.errors import InputError


def find_network(pl_module: nn.Module, name: str | None) -> nn.Module:
    """The classifier: a part of the LightningModule, or the module itself.

    Raises:
        InputError: there is no such part.
    """
    if name is None:
        return pl_module
    try:
        return pl_module.get_submodule(name)
    except AttributeError as error:
        children = ", ".join(child for child, _ in pl_module.named_children())
        raise InputError(
            f"Expected network to name a part of the LightningModule, but it has no '{name}'; "
            f"its parts are {children}"
        ) from error
