"""Find the linear layer that makes a classifier's logits, and read what goes into it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from earlysieve.errors import InputError
from earlysieve.model.batch import (
    Inputs,
    call_model,
    check_rows,
    few,
    first_tensor,
    returned_logits,
)
from earlysieve.model.capture import run_hooked
from earlysieve.model.one_logit import one_row, two_columns, two_rows
from earlysieve.model.state import looking_at, preserved_rng
from earlysieve.model.unwrap import named_layers, unwrap
from earlysieve.repairing.linear_map import LinearMap

_WRAPPER = (
    "name the layer whose input a new one shall read, as with repair(..., layer='{name}'), which "
    "gives a RepairedClassifier"
)


class NoLastLayerError(InputError):
    """There is no linear layer whose weights could be replaced."""


@dataclass(frozen=True)
class LastLayer:
    """Where logits are made, or what a new layer reads instead.

    Attributes:
        name: of the module in the unwrapped network.
        linear: whether it is a linear layer whose output are the logits.
        width: D, numbers per example that go into it.
        has_bias: whether a layer in its place has a bias.
    """

    name: str
    linear: bool
    width: int
    has_bias: bool

    def read(
        self, model: nn.Module, inputs: Inputs, run: Callable[[], Any] | None = None
    ) -> tuple[Tensor, Tensor]:
        """Features (B, D) and logits (B, C) of a batch, in the modes that the caller has set.

        Args:
            model: that was looked at.
            inputs: of the batch.
            run: runs the model on these and returns its output; None: it is simply called.

        Raises:
            InputError: the layer did not run, or got something else than a row per example.
        """
        seen = _pass(model, inputs, [self.name], run)
        if self.name not in seen.given:
            raise InputError(
                f"Expected '{self.name}' to run in every pass, but it did not in this one; its "
                "input cannot be read"
            )
        given = seen.given[self.name]
        if self.linear:
            given = _told_rows(given, seen.gave[self.name], seen.logits)
        features = flat_features(given, self.name)
        check_rows(features, len(seen.logits))
        return features, two_columns(seen.logits)

    def map_of(self, model: nn.Module) -> LinearMap | None:
        """Weight and bias of the layer in `model`, copied; None where it is not linear.

        A layer with one output z is given as one with outputs (0, z).
        """
        if not self.linear:
            return None
        layer = _linear(named_layers(model)[self.name])
        bias = None if layer.bias is None else layer.bias.detach().clone()
        weight = layer.weight.detach().clone()
        return LinearMap(*(two_rows(weight, bias) if len(weight) == 1 else (weight, bias)))

    @torch.no_grad()
    def put(self, model: nn.Module, new: LinearMap) -> None:
        """Write a layer into `model`, in its own place, precision and memory.

        One with two outputs goes into one with a single output as the difference of the two.
        """
        layer = _linear(named_layers(model)[self.name])
        if len(layer.weight) == 1 and len(new.weight) == 2:
            new = LinearMap(*one_row(*new))
        layer.weight.copy_(new.weight)
        if layer.bias is not None and new.bias is not None:
            layer.bias.copy_(new.bias)


def last_layer(model: nn.Module, inputs: Inputs, *, layer: str | None = None) -> LastLayer:
    """Find the last linear layer of a classifier by running two examples.

    It is the nn.Linear whose output, of an example or of one of its tokens, is the logits to the
    last bit, that runs once, and whose weights are used nowhere else. The model is left as it was.

    Args:
        model: any classifier; wrappers are looked through.
        inputs: a batch as the model takes it, of which two examples are used.
        layer: the module whose input is read instead, linear or not.

    Raises:
        NoLastLayerError: there is no such layer; the message says what makes the logits.
        InputError: the logits are not finite.
        LayerError: there is no module of the name `layer`.
    """
    some, _ = few(inputs)
    names = list(named_layers(model)) if layer is None else [layer]
    with preserved_rng():
        seen = looking_at(lambda: _pass(model, some, names), model)
    if not bool(torch.isfinite(seen.logits).all()):
        raise InputError(
            "Expected finite logits, but got NaN or infinity for the first examples; check the "
            "inputs for NaN, and that training did not diverge"
        )
    if layer is not None:
        return _read_instead(layer, seen)
    modules = named_layers(model)
    for name in reversed(seen.order):
        if isinstance(modules[name], nn.Linear) and _makes_logits(seen, name):
            found = _linear(modules[name])
            _check_usable(model, name, found, seen)
            return LastLayer(name, True, found.in_features, found.bias is not None)
    raise _no_linear(model, modules, seen)


def flat_features(given: Tensor, name: str) -> Tensor:
    """One row per example: of maps (B, C, H, W) the mean over positions.

    Raises:
        InputError: it has another form.
    """
    if given.ndim == 4:
        given = given.mean((2, 3))
    if given.ndim != 2 or not given.is_floating_point():
        raise InputError(
            f"Expected '{name}' to take features (batch, width) or maps (batch, channels, height, "
            f"width), but it takes {given.dtype} of shape {tuple(given.shape)}; choose a layer "
            "behind the pooling"
        )
    return given


@dataclass
class _Seen:
    """What went into layers and came out, where they ran, and the logits, (B, C) or (B, 1)."""

    given: dict[str, Tensor] = field(default_factory=dict)
    gave: dict[str, Tensor] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    logits: Tensor = field(default_factory=lambda: torch.empty(0))


def _pass(
    model: nn.Module, inputs: Inputs, names: list[str], call: Callable[[], Any] | None = None
) -> _Seen:
    seen = _Seen()

    def before(name: str, _module: nn.Module, args: Any) -> None:
        found = _tensor(args)
        if found is not None:
            seen.given[name] = found.clone()  # what runs next may work in place

    def after(name: str, _module: nn.Module, output: Any) -> None:
        found = _tensor(output)
        if found is not None:
            seen.gave[name] = found
        seen.order.append(name)

    def run(network: nn.Module) -> None:
        logits = returned_logits(call_model(network, inputs) if call is None else call())
        seen.logits = logits[:, None] if logits.ndim == 1 else logits

    run_hooked(model, names, after, run, before=before)
    check_rows(seen.logits, int(first_tensor(inputs).shape[0]))
    return seen


def _tensor(value: Any) -> Tensor | None:
    if isinstance(value, tuple | list) and value:
        value = value[0]
    if not isinstance(value, Tensor | Mapping):
        return None
    try:
        return first_tensor(value).detach()
    except InputError:
        return None


def _makes_logits(seen: _Seen, name: str) -> bool:
    gave, given = seen.gave.get(name), seen.given.get(name)
    if gave is None or given is None or given.shape[:-1] != gave.shape[:-1]:
        return False
    return _places(gave, seen.logits) is not None


def _places(gave: Tensor, logits: Tensor) -> Tensor | None:
    """Where in an output (B, C) or (B, T, C) each example's logits are, int64 (B,); None: nowhere.

    Heads for sequences may give logits of every token, of which the model takes one.
    """
    if gave.ndim not in (2, 3) or gave.shape[0] != len(logits) or gave.shape[-1] != logits.shape[1]:
        return None
    rows = gave.reshape(len(logits), -1, logits.shape[1]).to(logits.dtype)
    told = logits[:, None]
    same = ((rows == told) | (rows.isnan() & told.isnan())).all(2)
    return same.int().argmax(1) if bool(same.any(1).all()) else None


def _told_rows(given: Tensor, gave: Tensor, logits: Tensor) -> Tensor:
    """What went into the layer where it made the logits, shape (B, D)."""
    if gave.ndim == 2:
        return given
    places = _places(gave, logits)
    if places is None:
        raise InputError(
            "Expected the last layer to make the logits of every batch as of the first, but its "
            "output differs in this one; repair needs a model that computes the same in every pass"
        )
    rows = given.reshape(len(logits), -1, given.shape[-1])
    return rows[torch.arange(len(rows), device=rows.device), places.to(rows.device)]


def _linear(module: nn.Module) -> nn.Linear:
    if not isinstance(module, nn.Linear):
        raise InputError(
            f"Expected a linear layer, but got {type(module).__name__}; give the model that was "
            "looked at"
        )
    return module


def _check_usable(model: nn.Module, name: str, layer: nn.Linear, seen: _Seen) -> None:
    """Check that new weights in this layer change the logits, as far as they say, and nothing else.

    Raises:
        NoLastLayerError: they do not.
    """
    given, gave = seen.given[name], seen.gave[name]
    why = None
    if seen.order.count(name) > 1:
        why = f"it runs {seen.order.count(name)} times in a pass"
    elif layer._parameters.get("weight") is None:
        why = "its weight is computed from something else"
    elif _shared(model, layer):
        why = "its parameters are used elsewhere in the network, too"
    elif not _agree(F.linear(given.to(layer.weight), layer.weight, layer.bias), gave):
        why = "it does not compute input times weight plus bias"
    if why is not None:
        raise NoLastLayerError(
            f"Expected a last layer that can be given other weights, but '{name}' "
            f"({type(layer).__name__}) cannot: {why}; {_WRAPPER.format(name=name)}"
        )


def _agree(computed: Tensor, gave: Tensor) -> bool:
    tolerance = 1e-4 if computed.dtype in (torch.float32, torch.float64) else 5e-2
    scale = float(gave.double().abs().max()) or 1.0
    return bool((computed.double() - gave.double()).abs().max() <= tolerance * scale)


def _shared(model: nn.Module, layer: nn.Linear) -> bool:
    own = {id(value) for value in layer._parameters.values() if value is not None}
    uses = [p for m in unwrap(model).modules() for p in m._parameters.values() if id(p) in own]
    return len(uses) > len(own)


def _read_instead(layer: str, seen: _Seen) -> LastLayer:
    if layer not in seen.given:
        raise InputError(
            f"Expected a layer that runs with a tensor as its first argument, but '{layer}' did "
            "not; choose another one, as trace_layers lists them"
        )
    if seen.order.count(layer) > 1:
        raise InputError(
            f"Expected a layer that runs once in a pass, but '{layer}' runs "
            f"{seen.order.count(layer)} times; choose another one, as trace_layers lists them"
        )
    return LastLayer(layer, False, flat_features(seen.given[layer], layer).shape[1], True)


def _no_linear(model: nn.Module, modules: Mapping[str, nn.Module], seen: _Seen) -> NoLastLayerError:
    makers = [name for name in seen.order if _same_numbers(seen.gave.get(name), seen.logits)]
    leaves = [name for name in makers if not list(modules[name].children())]
    heads = [n for n in seen.order if _weighty(modules[n])]
    name = (leaves or makers or [""])[0]
    found = (
        f"they come from '{name}' ({type(modules[name]).__name__})"
        if name
        else (f"they are computed in {type(unwrap(model)).__name__} itself")
    )
    before = f", behind '{heads[-1]}' ({type(modules[heads[-1]]).__name__})" if heads else ""
    choice = heads[-1] if heads else name or "NAME"
    return NoLastLayerError(
        f"Expected a last layer torch.nn.Linear whose output are the logits, but {found}{before}; "
        + _WRAPPER.format(name=choice)
    )


def _same_numbers(gave: Tensor | None, logits: Tensor) -> bool:
    if gave is None or gave.numel() != logits.numel():
        return False
    return torch.equal(gave.reshape(-1).to(logits.dtype), logits.reshape(-1))


def _weighty(module: nn.Module) -> bool:
    return any(True for _ in module.parameters(recurse=False)) and not list(module.children())
