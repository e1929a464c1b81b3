"""A classifier whose last layer cannot hold what was fitted, with one that can."""

from typing import Any

from torch import Tensor, nn

from earlysieve.errors import InputError
from earlysieve.model.batch import first_tensor
from earlysieve.model.capture import run_hooked
from earlysieve.model.token_types import without_types
from earlysieve.model.unwrap import named_layers, unwrap
from earlysieve.repairing.last_layer import flat_features


class RepairedClassifier(nn.Module):
    """A network, and a linear layer on the input of one of its modules, which makes the logits.

    For networks whose own last layer is no nn.Linear, such as convolutions of size 1. Maps
    (B, D, H, W) are averaged over positions first. What the module and those behind it make of the
    input runs as before and is not used.

    `state_dict` holds the whole network under "model." and the layer as "linear.weight" and
    "linear.bias"; build a `RepairedClassifier` of the same network and layer to load it.

    Args:
        model: any network.
        layer: name of the module whose input the new layer reads, as `trace_layers` lists it.
        weight: shape (C, D).
        bias: shape (C,), or None.

    Raises:
        LayerError: there is no such module.
    """

    def __init__(
        self, model: nn.Module, layer: str, weight: Tensor, bias: Tensor | None = None
    ) -> None:
        super().__init__()
        self.model = unwrap(model)
        self.layer = layer
        if layer not in named_layers(self.model):
            from earlysieve._names import no_such_layer

            raise no_such_layer(layer, named_layers(self.model))
        self.linear = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None)
        self.linear.to(weight.device, weight.dtype)
        own = {"weight": weight.detach()} | ({} if bias is None else {"bias": bias.detach()})
        self.linear.load_state_dict(own)

    def forward(self, *args: Any, **kwargs: Any) -> Tensor:
        """The logits, shape (B, C), of inputs as the network takes them.

        Raises:
            InputError: the module did not run, or took no features of this width.
        """
        given: list[Tensor] = []
        named = without_types(self.model, kwargs)

        def before(_name: str, _module: nn.Module, inputs: Any) -> None:
            given.append(first_tensor(inputs))

        def after(_name: str, _module: nn.Module, _output: Any) -> None:
            return None

        run_hooked(
            self.model, [self.layer], after, lambda model: model(*args, **named), before=before
        )
        if not given:
            raise InputError(
                f"Expected '{self.layer}' to run in every pass, but it did not in this one; its "
                "input cannot be read"
            )
        logits: Tensor = self.linear(flat_features(given[0], self.layer))
        return logits

    def extra_repr(self) -> str:
        """The layer whose input is read."""
        return f"layer={self.layer!r}"
