"""Keep a part of a network as it is while the rest learns."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

from torch import nn

from earlysieve.errors import InputError
from earlysieve.model.batch import Inputs, few
from earlysieve.model.capture import capture
from earlysieve.model.first_look import first_look
from earlysieve.model.graph import reached, tracking
from earlysieve.model.layers import trace_layers
from earlysieve.model.unwrap import named_layers, unwrap

BACKBONE = "backbone"


def classifier_of(model: nn.Module, inputs: Inputs) -> str:
    """The name of the last layer: of those with parameters of their own the last one to run.

    Args:
        model: any classifier; it is left as it was.
        inputs: a batch as the model takes it, of which two examples are run.

    Raises:
        InputError: no layer has parameters.
    """
    layers = named_layers(model)
    for layer in reversed(trace_layers(model, few(inputs)[0])):
        if layer.name and layers[layer.name]._parameters:
            return layer.name
    raise InputError("Expected a network with a last layer that learns, but no layer of it has one")


def frozen_parameters(
    model: nn.Module, inputs: Inputs, upto: str, *, new: Collection[str] = ()
) -> list[str]:
    """The names of the parameters to freeze.

    Args:
        model: any classifier; it is left as it was.
        inputs: a batch as the model takes it, of which two examples are run.
        upto: "backbone" for all but the last layer; or a layer: what its output depends on.
        new: parameters with random weights, which learn in any case.

    Raises:
        LayerError: there is no such layer, or it does not run once.
        InputError: nothing would be frozen, or nothing would learn.
    """
    named = dict(unwrap(model).named_parameters())
    if upto == BACKBONE and BACKBONE not in named_layers(model):
        last = f"{classifier_of(model, inputs)}."
        chosen = {name for name in named if not name.startswith(last)}
    else:
        before = _before(model, inputs, upto, list(named.values()))
        chosen = {name for name, value in named.items() if id(value) in before}
    frozen = [name for name in named if name in chosen - set(new)]
    learning = [name for name in named if name not in frozen and named[name].requires_grad]
    if not frozen or not learning:
        what = "freeze" if not frozen else "train"
        raise InputError(
            f"Expected a part of the network to freeze and another to train, but '{upto}' leaves "
            f"nothing to {what}; name another layer, as trace_layers lists them"
        )
    return frozen


def _before(
    model: nn.Module, inputs: Inputs, layer: str, parameters: Sequence[nn.Parameter]
) -> set[int]:
    """Identities of the parameters that a layer's output depends on."""
    with first_look(model, inputs) as some, tracking(parameters):
        captured = capture(model, some, [layer])
        return reached(captured.outputs[layer])


@contextmanager
def without_gradients(model: nn.Module, names: Collection[str]) -> Iterator[None]:
    """Parameters that take no gradients within this; afterwards they do as before."""
    chosen = set(names)
    named = unwrap(model).named_parameters()
    held = [(value, value.requires_grad) for name, value in named if name in chosen]
    try:
        for value, _ in held:
            value.requires_grad = False
        yield
    finally:
        for value, before in held:
            value.requires_grad = before


@contextmanager
def frozen(model: nn.Module, names: Collection[str]) -> Iterator[None]:
    """A network in training mode of which a part stays as it is; all is undone afterwards.

    Modules whose parameters are all frozen are in evaluation mode, with all that is in them, so
    that BatchNorm uses its statistics and does not change them, and dropout is off.

    Args:
        model: any network.
        names: of the frozen parameters; none: nothing is done.
    """
    if not names:
        yield
        return
    modes = [(module, module.training) for module in model.modules()]
    try:
        if not model.training:
            model.train()
        for module in _still(model, set(names)):
            module.eval()
        with without_gradients(model, names):
            yield
    finally:
        for module, mode in modes:
            module.training = mode


def _still(model: nn.Module, names: Collection[str]) -> list[nn.Module]:
    """Modules whose parameters, of which there is at least one, are all frozen."""
    inner = unwrap(model)
    ids = {id(value) for name, value in inner.named_parameters() if name in names}
    found = []
    for module in inner.modules():
        own = [id(value) for value in module.parameters()]
        if own and ids.issuperset(own):
            found.append(module)
    return found
