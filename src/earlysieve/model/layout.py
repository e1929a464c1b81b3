"""Where the channels of an activation are: networks disagree, and pooling has to know."""

from enum import Enum

from torch import Tensor, nn

from earlysieve.errors import LayerError


class Layout(Enum):
    """How the dimensions of an activation are arranged."""

    FLAT = "batch, channels"
    FIRST = "batch, channels, positions..."
    LAST = "batch, positions..., channels"
    SEQUENCE_FIRST = "tokens, batch, channels"


def layout_of(module: nn.Module, shape: tuple[int, ...], batch_size: int) -> Layout:
    """The layout of what `module` gave, judged by its parts and by the shape.

    A three-dimensional output is (batch, tokens, channels) unless the module holds a 1-D
    convolution of that width or says `batch_first=False`. For four and five dimensions the widths
    of convolutions and batch norms speak for channels first, those of linear layers and layer
    norms for channels last. A tie is broken by the last part that permutes dimensions, then by
    which two neighbours are equal, as in square maps.

    Raises:
        LayerError: the output has one dimension only, or no dimension holds the batch.
    """
    if len(shape) == 3 and shape[1] == batch_size and _says_sequence_first(module):
        return Layout.SEQUENCE_FIRST
    if len(shape) < 2 or len(shape) > 5 or shape[0] != batch_size:
        raise LayerError(
            f"Expected a layer output of 2 to 5 dimensions whose first is the batch of "
            f"{batch_size}, but {type(module).__name__} gave shape {shape}; "
            "choose another layer from trace_layers"
        )
    if len(shape) == 2:
        return Layout.FLAT
    first = shape[1] in _convolution_widths(module, len(shape) - 2)
    last = shape[-1] in _linear_widths(module)
    if first != last:
        return Layout.FIRST if first else Layout.LAST
    if len(shape) == 3:
        return Layout.LAST
    permuted = _last_permutation(module)
    if permuted is not None:
        return permuted
    return Layout.LAST if shape[-1] != shape[-2] and shape[-2] == shape[-3] else Layout.FIRST


def as_positions(activation: Tensor, layout: Layout) -> Tensor:
    """The activation as (B, positions, channels), whatever its layout; a view where possible."""
    if layout is Layout.FLAT:
        return activation.unsqueeze(1)
    if layout is Layout.FIRST:
        return activation.flatten(2).transpose(1, 2)
    if layout is Layout.SEQUENCE_FIRST:
        return activation.transpose(0, 1)
    return activation.flatten(1, -2)


def as_map(activation: Tensor, layout: Layout) -> Tensor:
    """The activation with channels in dimension 1 and its positions after them."""
    if layout is Layout.SEQUENCE_FIRST:
        return activation.permute(1, 2, 0)
    return activation.movedim(-1, 1) if layout is Layout.LAST else activation


def _says_sequence_first(module: nn.Module) -> bool:
    return any(getattr(part, "batch_first", None) is False for part in module.modules())


def holds_permutation(module: nn.Module) -> bool:
    """Whether a part of the module moves channels and says so."""
    return _last_permutation(module) is not None


def _last_permutation(module: nn.Module) -> Layout | None:
    """Where the last part that permutes (as torchvision's Permute) leaves the channels."""
    found = None
    for part in module.modules():
        dims = getattr(part, "dims", None)
        if type(part).__name__ == "Permute" and isinstance(dims, list | tuple) and len(dims) > 2:
            found = Layout.FIRST if dims[1] == len(dims) - 1 else Layout.LAST
    return found


def _convolution_widths(module: nn.Module, dimensions: int) -> set[int]:
    """Widths of what gives channels first; for sequences no 2-D convolution does."""
    widths: set[int] = set()
    for part in module.modules():
        kernel = getattr(part, "kernel_size", None)
        if dimensions == 1 and isinstance(kernel, tuple) and len(kernel) > 1:
            continue
        for attribute in ("out_channels", "num_features", "num_channels"):
            value = getattr(part, attribute, None)
            if isinstance(value, int):
                widths.add(value)
    return widths


def _linear_widths(module: nn.Module) -> set[int]:
    widths: set[int] = set()
    for part in module.modules():
        value = getattr(part, "out_features", None)
        if isinstance(value, int):
            widths.add(value)
        if isinstance(part, nn.LayerNorm):
            widths.add(part.normalized_shape[-1])
    return widths
