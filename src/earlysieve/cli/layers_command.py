"""`earlysieve layers`: the layers of a network in the order in which they run."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from earlysieve.cli.console import Console, speaking
from earlysieve.cli.each_once import EachOnce
from earlysieve.cli.libraries import load_libraries
from earlysieve.cli.model_options import model_options

if TYPE_CHECKING:
    from torch import Tensor
    from torch.utils.data import TensorDataset

    from earlysieve.model.batch import Inputs
    from earlysieve.model.layers import LayerInfo
    from earlysieve.networks.built import BuiltModel
    from earlysieve.training.check_weights import ShapeError

_DEEPEST = 2
_IMAGE = (3, 224, 224)
_TOKENS = 16
_DIGITS = 10  # of a size that fits in 32 bits


@click.command("layers", cls=EachOnce)
@model_options(required=True)
@click.option(
    "--input-shape",
    metavar="SHAPE",
    help="Try the network on examples of this shape, such as 3,224,224 or 20; by default that of "
    "the network's family.",
)
@click.option("--all", "show_all", is_flag=True, help="Show layers at any depth of nesting.")
@speaking
def command(
    model: str,
    checkpoint: Path | None,
    checkpoint_key: str | None,
    checkpoint_prefix: str | None,
    pretrained: str | None,
    num_classes: int | None,
    model_option: tuple[str, ...],
    input_shape: str | None,
    show_all: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """List the layers of a network, and which of them an audit chooses by itself.

    \b
    Example:
      earlysieve layers --model torchvision:resnet18
      earlysieve layers --model earlysieve.networks:small_cnn --input-shape 3,28,28
      earlysieve layers --model earlysieve.networks:SmallMLP --input-shape 20
    """
    load_libraries()
    from earlysieve.errors import CheckpointError
    from earlysieve.networks.spec import build_model, load_checkpoint, parse_options
    from earlysieve.runs.run_beside import shape_in_run
    from earlysieve.training.check_weights import ShapeError

    console = Console(quiet, as_json)
    shape = None if input_shape is None else parse_shape(input_shape)
    options = {**shape_in_run(model, checkpoint), **parse_options(model_option)}

    def build(outputs: int | None) -> "BuiltModel":
        built = build_model(
            model,
            num_classes=outputs,
            options=options,
            pretrained=pretrained,
            like=None if shape is None else _data_of(shape),
        )
        if (checkpoint, checkpoint_key, checkpoint_prefix) != (None, None, None):
            for note in load_checkpoint(
                built, checkpoint, spec=model, key=checkpoint_key, prefix=checkpoint_prefix
            ):
                console.say(note)
        return built

    try:
        built = build(num_classes)
    except ShapeError as error:
        outputs = _other_classes(error)
        if num_classes is not None or outputs is None:
            raise
        try:
            built = build(outputs)
        except CheckpointError:
            raise error from None  # it is not the number of classes
        console.say(f"The weights have {outputs} outputs, as with --num-classes {outputs}.")
    inputs = example_inputs(built, shape or _built_for(options))
    layers, chosen = _trace(built, inputs)
    _print(console, layers, chosen, show_all)
    console.result({"model": model, "auto": chosen, "layers": [_row(x, chosen) for x in layers]})


def _other_classes(error: "ShapeError") -> int | None:
    """How many outputs weights have that differ from the network's in these alone, perhaps."""
    own, given = error.own, error.given
    return given[0] if given and own[1:] == given[1:] and len(own) == len(given) else None


def example_inputs(built: "BuiltModel", shape: Sequence[int] | None) -> "Inputs":
    """Two made-up examples: of the shape asked for, of the family's, or tokens for text.

    Raises:
        InputError: `shape` is too large.
    """
    import torch

    config = getattr(built.model, "config", None)
    if shape is None and built.input_shape is None and hasattr(config, "vocab_size"):
        longest = min(_TOKENS, getattr(config, "max_position_embeddings", _TOKENS))
        return {"input_ids": torch.ones(2, longest, dtype=torch.int64)}
    return _zeros(2, built.input_shape or _IMAGE if shape is None else shape)


def _built_for(options: Mapping[str, Any]) -> Sequence[int] | None:
    """The shape that the network was told in an option, where it is one."""
    found = options.get("input_shape")
    sizes = isinstance(found, list | tuple) and all(type(size) is int for size in found)
    return found if sizes and found else None


def _data_of(shape: tuple[int, ...]) -> "TensorDataset":
    """One example, by which a builder that has to know the shape of inputs finds it."""
    import torch
    from torch.utils.data import TensorDataset

    return TensorDataset(_zeros(1, shape), torch.zeros(1, dtype=torch.int64))


def _zeros(count: int, shape: Sequence[int]) -> "Tensor":
    import torch

    from earlysieve.errors import InputError

    try:
        return torch.zeros(count, *shape)
    except RuntimeError as error:
        raise InputError(
            f"Expected --input-shape of an example that fits into memory, but got {tuple(shape)}; "
            "give a smaller one"
        ) from error


def parse_shape(text: str) -> tuple[int, ...]:
    """The shape written "3,224,224".

    Raises:
        InputError: it is not a list of positive integers.
    """
    from earlysieve.errors import InputError

    parts = text.replace("x", ",").split(",")
    if not all(_is_size(part.strip()) for part in parts):
        raise InputError(
            f"Expected --input-shape as positive integers, but got '{text}'; "
            "write for instance 3,224,224"
        )
    return tuple(int(part) for part in parts)


def _is_size(text: str) -> bool:
    return text.isdecimal() and len(text) < _DIGITS and int(text) > 0


def _trace(built: "BuiltModel", inputs: "Inputs") -> tuple[list["LayerInfo"], list[str]]:
    from earlysieve._user_code import refusal
    from earlysieve.errors import EarlysieveError
    from earlysieve.model.layers import trace_layers
    from earlysieve.model.row_width import cause_of
    from earlysieve.model.stages import stages_of
    from earlysieve.networks.fit_check import describe

    try:
        layers = trace_layers(built.model, inputs)
    except Exception as error:
        failed = cause_of(error)
        if isinstance(failed, EarlysieveError):
            raise
        expected = f"Expected the network to take inputs of shape {describe(inputs)}"
        raise refusal(failed, expected, "set --input-shape") from failed
    layers = [layer for layer in layers if layer.name]
    return layers, stages_of(built.model, layers, 2)


def _row(layer: "LayerInfo", chosen: list[str]) -> dict[str, Any]:
    return {
        "layer": layer.name,
        "kind": layer.kind,
        "shape": None if layer.shape is None else list(layer.shape[1:]),
        "parameters": layer.parameters,
        "calls": layer.calls,
        "auto": layer.name in chosen,
    }


def _print(console: Console, layers: list["LayerInfo"], chosen: list[str], show_all: bool) -> None:
    shown = [x for x in layers if show_all or x.name.count(".") < _DEEPEST or x.name in chosen]
    rows = [
        (
            "*" if x.name in chosen else "",
            x.name,
            x.kind,
            "-" if x.shape is None else "x".join(map(str, x.shape[1:])),
            x.parameters,
            x.calls,
        )
        for x in shown
    ]
    console.table(("auto", "layer", "kind", "output", "parameters", "calls"), rows)
    console.say(f"* chosen by --layers auto: {', '.join(chosen)}")
    if len(shown) < len(layers):
        console.say(f"{len(layers) - len(shown)} layers inside these are hidden; --all shows them.")
