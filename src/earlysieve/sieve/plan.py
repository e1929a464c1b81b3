"""Look at the network once, before training: what lies before the layers, and can it be sieved?

Which parameters an output depends on is read off the autograd graph. Its nodes are numbered in the
order in which they ran, which tells what was used before a layer's output from what was used after.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from earlysieve.errors import InputError, LayerError
from earlysieve.model.batch import Batch
from earlysieve.model.capture import capture
from earlysieve.model.first_look import first_look
from earlysieve.model.graph import number_of, reached, tracking
from earlysieve.model.layers import LayerPlan, plans_of
from earlysieve.model.unwrap import unwrap

Learns = Callable[[nn.Parameter], bool]


@dataclass(frozen=True)
class SievePlan:
    """What a sieve needs to know of a network.

    Attributes:
        layers: by name, in the order asked.
        early: parameters that forgetting may change, frozen ones included, in the model's order:
            those that a sieved activation depends on, and those that two examples did not involve
            (experts that were not chosen); without those that are used again after the layers
            (tied weights), since the late part must not change.
    """

    layers: dict[str, LayerPlan]
    early: list[nn.Parameter]


@dataclass(frozen=True)
class _Sides:
    """Parameters, by identity, that a layer's output depends on, and those used after it ran."""

    before: set[int]
    after: set[int]


def plan_layers(
    model: nn.Module, batch: Batch, names: Sequence[str], num_classes: int, learns: Learns
) -> SievePlan:
    """Run two examples through the model, in evaluation mode and without a trace, and look.

    Args:
        model: any classifier.
        batch: at least one example.
        names: of the layers.
        num_classes: C, the logits that the model has to give.
        learns: whether a parameter is trained at present.

    Raises:
        LayerError: a layer is unknown, runs several times, has no parameter that learns before it,
            or has none after it.
        InputError: the model gives another number of logits than `num_classes`.
    """
    parameters = list(unwrap(model).parameters())
    with first_look(model, batch.inputs) as some, tracking(parameters):
        captured = capture(model, some, names)
        _check_classes(captured.logits, num_classes)
        sides = {name: _sides(out, captured.logits) for name, out in captured.outputs.items()}
        used = reached(captured.logits)
        plans = plans_of(model, some, names)
    learning = {id(p) for p in parameters if learns(p)}
    tied = set.intersection(*(side.after for side in sides.values()))
    for name, side in sides.items():
        _check_position(name, side, tied, learning)
    before = set.union(*(side.before for side in sides.values()))
    early = [p for p in parameters if id(p) not in tied and (id(p) in before or id(p) not in used)]
    return SievePlan(plans, early)


def _sides(output: Tensor, logits: Tensor) -> _Sides:
    if output.grad_fn is None:
        return _Sides(set(), reached(logits))
    return _Sides(reached(output), reached(logits, after=number_of(output.grad_fn)))


def _check_classes(logits: Tensor, num_classes: int) -> None:
    if logits.shape[1] != num_classes:
        raise InputError(
            f"Expected a model that gives {num_classes} logits, as num_classes says, but it gives "
            f"{logits.shape[1]}; pass num_classes={logits.shape[1]} or another model"
        )


def _check_position(name: str, side: _Sides, tied: set[int], learning: set[int]) -> None:
    if not (side.before - tied) & learning:
        raise LayerError(
            f"Expected trainable parameters before layer '{name}', but there is none: nothing "
            "could forget; choose a later layer, unfreeze what lies before it, or give it to the "
            "optimizer"
        )
    if not side.after & learning:
        raise LayerError(
            f"Expected trainable parameters after layer '{name}', but there is none: the network "
            "could not learn anything else instead; choose an earlier layer"
        )
