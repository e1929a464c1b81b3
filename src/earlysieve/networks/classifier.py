"""Give a network a new last layer, with as many outputs as the data has classes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from earlysieve.errors import InputError, LayerError

if TYPE_CHECKING:
    from torch import nn

    from earlysieve.model.batch import Inputs

_LIST = "`earlysieve layers` lists them"


@dataclass(frozen=True)
class NewClassifier:
    """A last layer that was made anew, with random weights.

    Attributes:
        layers: names of the modules; several where a network has auxiliary classifiers.
        before: outputs that they had; None: there was none.
        outputs: that they have now.
    """

    layers: tuple[str, ...]
    before: int | None
    outputs: int

    def __str__(self) -> str:
        """What was done, in one sentence."""
        names = " and ".join(f"'{name}'" for name in self.layers)
        instead = "" if self.before is None else f" in place of {self.before}"
        return (
            f"New classifier {names} with {_count(self.outputs, 'output')}{instead}: its weights "
            "are random, the others are the pretrained ones."
        )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def replace_classifier(
    model: "nn.Module", inputs: "Inputs", outputs: int, *, head: str | None = None
) -> NewClassifier:
    """Put a new last layer into a network, whose other weights stay.

    Without `head` it is the linear layer whose output are the logits to the last bit. The new one
    is of the same kind, with PyTorch's usual random weights, drawn from the global random state.

    Args:
        model: any classifier, changed in place.
        inputs: a batch as the model takes it, of which two examples are run.
        outputs: of the new layer, >= 1.
        head: name of the layer to replace: linear or convolutional.

    Raises:
        InputError: no linear layer makes the logits, or `head` is of another kind.
        LayerError: there is no layer `head`.
    """
    name = head or _found(model, inputs, outputs)
    old = _module(model, name)
    new = _like(old, name, outputs)
    put(model, name, new)
    return NewClassifier((name,), _outputs(old), outputs)


def resize_classifier(model: "nn.Module", name: str, outputs: int) -> None:
    """Give a named last layer another number of outputs, as a checkpoint needs it.

    Raises:
        InputError, LayerError: see `replace_classifier`.
    """
    old = _module(model, name)
    if _outputs(old) != outputs:
        put(model, name, _like(old, name, outputs))


def check_head(model: "nn.Module", name: str) -> None:
    """Check that a layer can be made anew.

    Raises:
        InputError, LayerError: see `replace_classifier`.
    """
    module = _module(model, name)
    if not is_resizable(module):
        raise _no_head(name, module)


def put(model: "nn.Module", name: str, new: "nn.Module") -> None:
    """Put a module into a network under a dotted name, in the mode of the network."""
    parent, _, last = name.rpartition(".")
    setattr(model.get_submodule(parent), last, new.train(model.training))


def is_resizable(module: "nn.Module") -> bool:
    """Whether another module like this can have another number of outputs."""
    from torch import nn

    return isinstance(module, nn.Linear | nn.Conv2d)


def _found(model: "nn.Module", inputs: "Inputs", outputs: int) -> str:
    from earlysieve.repairing.last_layer import NoLastLayerError, last_layer

    try:
        return last_layer(model, inputs).name
    except NoLastLayerError as error:
        raise InputError(
            f"Expected a last linear layer to replace by one with {_count(outputs, 'output')}, but "
            f"none was found ({str(error).partition('; ')[0].removeprefix('Expected ')}); name the "
            f"layer with --head LAYER, {_LIST}"
        ) from error


def _module(model: "nn.Module", name: str) -> "nn.Module":
    from earlysieve._names import near_names
    from earlysieve.model.unwrap import named_layers

    layers = named_layers(model)
    if name not in layers:
        near = near_names(name, list(layers)) or list(layers)[-3:]
        raise LayerError(
            f"Expected --head to name a layer of the network, but it has no '{name}'; near names "
            f"are: {', '.join(near)}"
        )
    return layers[name]


def _outputs(module: "nn.Module") -> int | None:
    found = getattr(module, "out_features", getattr(module, "out_channels", None))
    return found if isinstance(found, int) else None


def _like(old: "nn.Module", name: str, outputs: int) -> "nn.Module":
    from torch import nn

    if isinstance(old, nn.Linear):
        weight, bias = old.weight, old.bias is not None
        return nn.Linear(
            old.in_features, outputs, bias=bias, device=weight.device, dtype=weight.dtype
        )
    if isinstance(old, nn.Conv2d):
        new = nn.Conv2d(
            old.in_channels,
            outputs,
            old.kernel_size,  # type: ignore[arg-type]
            old.stride,  # type: ignore[arg-type]
            old.padding,  # type: ignore[arg-type]
            bias=old.bias is not None,
        )
        return new.to(device=old.weight.device, dtype=old.weight.dtype)
    raise _no_head(name, old)


def _no_head(name: str, module: "nn.Module") -> InputError:
    return InputError(
        f"Expected --head to name a linear or a two-dimensional convolutional layer, but '{name}' "
        f"is of type {type(module).__name__}; name the layer that makes the logits, {_LIST}"
    )
