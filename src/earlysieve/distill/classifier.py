"""The last linear layer of a network, and what it is given."""

from typing import Any

from torch import Tensor, nn

from earlysieve.errors import LayerError
from earlysieve.model.batch import Inputs, call_model, logits_of
from earlysieve.model.capture import run_hooked
from earlysieve.model.one_logit import two_columns
from earlysieve.model.unwrap import named_layers


def find_classifier(model: nn.Module) -> str:
    """The name of the last `nn.Linear` in the order of registration, usually the classifier.

    Raises:
        LayerError: there is none.
    """
    found = [name for name, part in named_layers(model).items() if isinstance(part, nn.Linear)]
    if not found:
        raise LayerError(
            f"Expected a model whose logits come from a linear layer, but {type(model).__name__} "
            "has none; SimKD and DeTT cannot reuse its classifier"
        )
    return found[-1]


def linear_named(model: nn.Module, name: str) -> nn.Linear:
    """The linear layer of that name.

    Raises:
        LayerError: there is none of that name, or it is of another kind.
    """
    layer = named_layers(model).get(name)
    if not isinstance(layer, nn.Linear):
        raise LayerError(
            f"Expected a linear layer named '{name}', but got "
            f"{'none' if layer is None else type(layer).__name__}; pass the name of the classifier"
        )
    return layer


class ClassifierInput:
    """Runs a network and keeps what its classifier was given.

    Args:
        model: any classifier.
        name: name of its classifier.
    """

    def __init__(self, model: nn.Module, name: str) -> None:
        self.model, self.name = model, name

    def run(self, inputs: Inputs) -> tuple[Tensor, Tensor]:
        """Features that the classifier took, (B, D), and the model's logits, (B, C), with graph.

        Raises:
            LayerError: the layer did not run, or its output is not the logits.
        """
        taken: list[Tensor] = []
        given: list[Tensor] = []

        def before(_name: str, _module: nn.Module, args: Any) -> None:
            taken.append(args[0])

        def after(_name: str, _module: nn.Module, output: Any) -> None:
            given.append(output)

        def forward(network: nn.Module) -> Tensor:
            return logits_of(call_model(network, inputs))

        logits = run_hooked(self.model, [self.name], after, forward, before=before)
        if len(given) != 1 or not _same(given[0], logits):
            raise LayerError(
                f"Expected the output of layer '{self.name}' to be the model's logits, but it is "
                "not; pass the name of the linear layer that gives them"
            )
        return taken[0], logits


def _same(output: Tensor, logits: Tensor) -> bool:
    if output is logits:
        return True
    output = two_columns(output)
    return output.shape == logits.shape and output.allclose(logits, equal_nan=True)
