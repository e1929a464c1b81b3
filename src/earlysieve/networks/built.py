"""A network that `--model` named, and what is known about it."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from earlysieve._user_code import refusal
from earlysieve.errors import EarlysieveError, InputError
from earlysieve.networks.classifier import NewClassifier

if TYPE_CHECKING:
    from torch import nn

FORMS = (
    "torchvision:NAME, timm:NAME, hf:FOLDER, hf:ORGANISATION/NAME, hf-hub:ORGANISATION/NAME or "
    "module:function"
)
IMAGE = (3, 224, 224)


@dataclass(frozen=True)
class BuiltModel:
    """A network and what is known about it.

    Attributes:
        model: the network, on the CPU.
        carries_weights: whether the specification itself may have brought trained weights;
            False: they are random until a checkpoint is loaded.
        input_shape: of one example where the family says so, else None: (channels, height, width).
        untrained: parameters that the specification's own weights do not cover.
        new: last layer that was made anew beside pretrained weights.
        class_names: of the outputs, where the weights say them.
        resized: whether the builder gives another last layer than this network has.
    """

    model: "nn.Module"
    carries_weights: bool
    input_shape: tuple[int, ...] | None = None
    untrained: tuple[str, ...] = ()
    new: NewClassifier | None = None
    class_names: tuple[str, ...] = ()
    resized: bool = False

    @property
    def new_parameters(self) -> tuple[str, ...]:
        """The names of parameters with random weights beside pretrained ones."""
        layers = () if self.new is None else self.new.layers
        names = [name for name, _ in self.model.named_parameters()]
        made = [name for name in names if name.rpartition(".")[0] in layers]
        return tuple(dict.fromkeys([*made, *self.untrained]))


def call_builder(
    build: Callable[..., Any], name: str | None, options: dict[str, Any], **fixed: Any
) -> Any:
    """Call a builder; what it does not like about its arguments becomes one sentence.

    Raises:
        InputError: it failed.
        UserCodeError: it failed in the user's own code.
    """
    try:
        with warned_if_it_works():
            return build(*([] if name is None else [name]), **fixed, **options)
    except EarlysieveError:
        raise
    except Exception as error:
        given = ", ".join(f"{key}={value!r}" for key, value in options.items())
        what = f"the model '{name or getattr(build, '__name__', '')}' with ({given})"
        advice = "correct the model or its options"
        raise refusal(error, f"Expected to build {what}", advice) from error


@contextmanager
def warned_if_it_works() -> Iterator[None]:
    """Hold warnings back, and give them once all went well; an error says enough by itself."""
    with warnings.catch_warnings(record=True) as held:
        yield
    for one in held:
        warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)


def check_known(name: str, known: list[str], family: str) -> None:
    """Raise InputError, with near names, unless `name` is known."""
    from earlysieve._names import near_names

    if name not in known:
        near = near_names(name, known) or known[:5]
        raise InputError(
            f"Expected a classifier of {family}, but got '{name}', which it does not have; "
            f"near names are: {', '.join(near)}"
        )
