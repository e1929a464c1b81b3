"""How wide a transformer is: the wider, the smaller the steps that it bears."""

import re

from torch import nn

# Classes of torch, transformers, timm, torchvision and ours; not the gates of some CNNs.
_LAYER = re.compile(r"((Self|Multi_?[Hh]ead|Window|Sdpa)Attention|^Attention$|^TransformerBlock$)")
_NAMED = re.compile(r"(^|[_/.-])(x?vit|swin|deit|beit|eva|cait|pvt|maxvit|mvit|clip|bert)", re.I)
_USUAL = 768  # of the base size of BERT, ViT and their kin


def attention_width(model: nn.Module) -> int | None:
    """The widest layer of attention between tokens; None where a network has none.

    Args:
        model: any network.
    """
    found = (module for module in model.modules() if _LAYER.search(type(module).__name__))
    return max(filter(None, map(_width, found)), default=None)


def _width(layer: nn.Module) -> int | None:
    own = getattr(layer, "embed_dim", None)
    if isinstance(own, int):
        return own
    projections = (one for one in layer.modules() if isinstance(one, nn.Linear))
    return next((one.in_features for one in projections), None)


def usual_width(spec: str) -> int | None:
    """What a network is taken for that cannot be asked; those of `hf:` count as transformers.

    Args:
        spec: as for `build_model`.
    """
    family, _, name = spec.partition(":")
    images = family in ("timm", "torchvision", "hf-hub") and _NAMED.search(name)
    return _USUAL if family == "hf" or images else None
