"""Find the layer whose activation Grad-CAM should weigh, and the image grid inside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from earlysieve._names import no_such_layer
from earlysieve.attribution.grids import Grid, map_grid, token_grid
from earlysieve.errors import InputError, LayerError
from earlysieve.model.batch import Inputs, call_model, first_tensor, take
from earlysieve.model.capture import run_hooked
from earlysieve.model.state import looking_at, preserved_rng
from earlysieve.model.unwrap import named_layers

_PROBE_EXAMPLES = 2


@dataclass(frozen=True)
class TargetLayer:
    """A layer by name, and how its output maps onto the image plane."""

    name: str
    grid: Grid


@dataclass
class _Step:
    name: str
    module: nn.Module
    shape: tuple[int, ...]
    bare: bool
    calls: int = 1
    grid: Grid | None = None

    @property
    def is_norm(self) -> bool:
        kind = type(self.module).__name__
        return "Norm" in kind and not kind.startswith("BatchNorm")

    @property
    def is_pooling(self) -> bool:
        has_parts = next(self.module.children(), None) is not None
        return "Pool" in type(self.module).__name__ and not has_parts


def find_target_layer(model: nn.Module, inputs: Inputs, *, layer: str | None = None) -> TargetLayer:
    """The layer for Grad-CAM, chosen by running `model` once, or `layer` with its grid.

    Convolutional and windowed networks: the last feature map larger than 1 x 1. Vision
    transformers: the first normalisation of the last block, since after it the patch tokens no
    longer reach a class token.

    Args:
        model: any image classifier; it is left as it was.
        inputs: one batch that holds images, float, shape (B, C, H, W).
        layer: a layer by name, to use instead of the automatic choice.

    Raises:
        InputError: the inputs are no images, or no layer keeps an image grid.
        LayerError: `layer` does not exist, or did not run exactly once.
    """
    images = image_of(inputs)
    steps = _trace(model, take(inputs, slice(0, _PROBE_EXAMPLES)))
    _read_grids(steps, tuple(images.shape[1:]))
    step = _choose([s for s in steps if s.bare]) if layer is None else _named(layer, steps, model)
    if step.grid is None:
        raise InputError(
            f"Expected layer '{step.name}' to keep the image grid, but it gave shape "
            f"{step.shape}; choose a layer with a map or a row of patch tokens"
        )
    return TargetLayer(step.name, step.grid)


def image_of(inputs: Inputs) -> Tensor:
    """The image tensor of a model's inputs, float, shape (B, C, H, W).

    Raises:
        InputError: there is none.
    """
    if isinstance(inputs, Mapping):
        found = [inputs.get("pixel_values"), *inputs.values()]
    else:
        found = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    for value in found:
        if isinstance(value, Tensor) and value.ndim == 4 and value.is_floating_point():
            return value
    shapes = [tuple(value.shape) for value in found if isinstance(value, Tensor)]
    raise InputError(
        "Expected images of shape (batch, channels, height, width) for Grad-CAM, but got "
        f"{shapes}; leave the heat maps out for other kinds of data"
    )


def _trace(model: nn.Module, inputs: Inputs) -> list[_Step]:
    found: dict[str, _Step] = {}

    def record(name: str, module: nn.Module, output: Any) -> None:
        if name in found:
            found[name].calls += 1
            return
        try:
            shape = tuple(first_tensor(output).shape)
        except InputError:
            return
        found[name] = _Step(name, module, shape, isinstance(output, Tensor))

    def forward(network: nn.Module) -> None:
        call_model(network, inputs)

    names = list(named_layers(model))
    with preserved_rng():
        looking_at(lambda: run_hooked(model, names, record, forward), model)
    batch = image_of(inputs).shape[0]
    return [step for step in found.values() if step.shape and step.shape[0] == batch]


def _read_grids(steps: list[_Step], image: tuple[int, ...]) -> None:
    channels, height, width = image
    rows = {step.shape[1] for step in steps if len(step.shape) == 3}
    for step in steps:
        # Attention weights (B, heads, tokens, tokens) look like maps; so does the input itself.
        fake = step.shape[1:] == (channels, height, width) or step.shape[-2] in rows
        if len(step.shape) == 4 and not fake:
            step.grid = map_grid(step.module, step.shape, (height, width))
    maps = [step.grid for step in steps if step.grid is not None]
    for step in steps:
        if len(step.shape) == 3:
            step.grid = token_grid(step.shape[1], (height, width), maps)


def _choose(steps: list[_Step]) -> _Step:
    usable = [s for s in steps if s.grid is not None and s.calls == 1 and not s.is_pooling]
    maps = [i for i, step in enumerate(usable) if len(step.shape) == 4]
    norms = [i for i, step in enumerate(usable) if len(step.shape) == 3 and step.is_norm]
    if norms and (not maps or norms[-1] > maps[-1]):
        return _first_of_last_block([usable[i] for i in norms])
    if maps:
        return usable[maps[-1]]
    if usable:
        return usable[-1]
    raise InputError(
        "Expected a layer that keeps the image grid, larger than 1 x 1, but this model has none; "
        "Grad-CAM needs convolutions or patch tokens: leave the heat maps out"
    )


def _first_of_last_block(norms: list[_Step]) -> _Step:
    blocks = [_block(step.name) for step in norms]
    last = next((block for block in reversed(blocks) if block), None)
    return norms[-1] if last is None else norms[blocks.index(last)]


def _block(name: str) -> str:
    """'blocks.11' of 'blocks.11.attn.norm'; empty where no part above the layer is numbered."""
    parts = name.split(".")[:-1]
    while parts and not parts[-1][-1:].isdigit():
        parts.pop()
    return ".".join(parts)


def _named(name: str, steps: list[_Step], model: nn.Module) -> _Step:
    known = named_layers(model)
    if name not in known:
        raise no_such_layer(name, known)
    step = next((step for step in steps if step.name == name), None)
    if step is None or step.calls != 1:
        raise LayerError(
            f"Expected layer '{name}' to run once and to give one output per example, but it ran "
            f"{0 if step is None else step.calls} times in this way; choose a block around it"
        )
    return step
