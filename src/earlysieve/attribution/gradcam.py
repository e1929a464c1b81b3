"""Grad-CAM through Captum, for convolutional networks and vision transformers alike."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from earlysieve._imports import need
from earlysieve.attribution.target_layer import find_target_layer, image_of
from earlysieve.errors import InputError
from earlysieve.model.batch import Inputs, call_model, first_tensor, logits_of, returned_logits
from earlysieve.model.capture import run_hooked
from earlysieve.model.one_logit import is_one_logit
from earlysieve.model.state import looking_at, preserved_rng
from earlysieve.model.unwrap import unwrap


def gradcam(
    model: nn.Module, inputs: Inputs, targets: Tensor, *, layer: str | None = None
) -> Tensor:
    """Which parts of each image speak for its target class, in evaluation mode.

    With activation maps A_k of the layer and the logit y_c of the target class, the map is
    ReLU(sum_k a_k A_k) with a_k the mean of dy_c / dA_k over all positions (Selvaraju et al.,
    "Grad-CAM", ICCV 2017, equations 1 and 2), enlarged bilinearly and divided by its maximum.

    Frozen models, in-place layers and calls inside `torch.no_grad()` work. The model is left as it
    was: parameters, gradients, requires_grad, modes, hooks and random states, also after an error.

    Args:
        model: an image classifier.
        inputs: one batch as the model takes it; its images are float, shape (B, C, H, W).
        targets: the class to explain for each image, int64, shape (B,), values in [0, C).
        layer: the layer to weigh; found automatically where None.

    Returns:
        Heat maps, float32, shape (B, H, W), values in [0, 1]; all zero where nothing in the image
        speaks for the class.

    Raises:
        InputError: no images, no layer with an image grid, wrong targets, or NaN on the way.
        LayerError: `layer` does not exist or did not run exactly once.
        MissingDependencyError: Captum is not installed.
    """
    size = tuple(image_of(inputs).shape)
    _check_targets(targets, size[0])
    attr = need("captum.attr", extra="report")
    with torch.inference_mode(False), preserved_rng():
        inputs = _copied(inputs)
        coarse = looking_at(lambda: _coarse(attr, model, inputs, targets, layer), model)
    return _unit(attr.LayerAttribution.interpolate(coarse.float(), size[2:], "bilinear")[:, 0])


def _coarse(
    attr: Any, model: nn.Module, inputs: Inputs, targets: Tensor, layer: str | None
) -> Tensor:
    """Weighted maps (B, 1, h, w) as large as the layer's own.

    The layer's output is led through an identity that sees it as (B, C, h, w): Captum attaches to
    this module of ours alone. Everything before it is cut off from autograd, so that a frozen model
    works and no more memory is used than needed.
    """
    target = find_target_layer(model, inputs, layer=layer)
    probe = nn.Identity()

    def through(_name: str, _module: nn.Module, output: Any) -> Any:
        activation = first_tensor(output).detach()
        seen = probe(target.grid.to_map(activation))
        return _with_first(output, target.grid.from_map(seen, activation))

    def attribute(_network: nn.Module) -> Tensor:
        explain = attr.LayerGradCam(_logits(model, inputs, targets), probe)
        with torch.enable_grad():
            return _attribute(explain, image_of(inputs), targets, target.name)

    return run_hooked(model, [target.name], through, attribute)


def _logits(model: nn.Module, inputs: Inputs, targets: Tensor) -> Callable[[Tensor], Tensor]:
    def forward(_images: Tensor) -> Tensor:
        output = call_model(unwrap(model), inputs)
        logits = logits_of(output)
        if int(targets.max()) >= logits.shape[1]:
            raise InputError(
                f"Expected target classes below {logits.shape[1]}, the number of logits, but got "
                f"{int(targets.max())}; pass class numbers of this model"
            )
        if is_one_logit(returned_logits(output)):
            # Of (0, z) the first is constant: what speaks for class 0 speaks against z.
            return logits - logits.flip(1)
        return logits

    return forward


def _attribute(explain: Any, images: Tensor, targets: Tensor, layer: str) -> Tensor:
    try:
        coarse: Tensor = explain.attribute(
            images, target=targets.to(images.device), relu_attributions=True
        )
    except RuntimeError as error:
        if "graph" not in str(error) and "does not require grad" not in str(error):
            raise
        raise InputError(
            f"Expected the logits to depend on the output of layer '{layer}', but no gradient "
            "reaches it; choose a layer that leads to the logits"
        ) from error
    return coarse.detach()


def _unit(maps: Tensor) -> Tensor:
    if not bool(torch.isfinite(maps).all()):
        raise InputError(
            "Expected finite activations and gradients for Grad-CAM, but got NaN or infinity; "
            "check the images and the model's weights"
        )
    peak = maps.amax(dim=(1, 2), keepdim=True)
    return torch.where(peak > 0, maps / peak.clamp_min(torch.finfo(maps.dtype).tiny), 0.0)


def _check_targets(targets: Tensor, size: int) -> None:
    whole = not targets.is_floating_point() and not targets.is_complex()
    if not whole or tuple(targets.shape) != (size,) or size == 0 or int(targets.min()) < 0:
        raise InputError(
            f"Expected targets to be {size} class numbers from 0 up, at least one, but got "
            f"{targets.dtype} of shape {tuple(targets.shape)}; pass one class per image"
        )


def _copied(inputs: Inputs) -> Inputs:
    """Ordinary tensors without history, also where the originals came from inference mode."""

    def copy(value: Any) -> Any:
        return value.detach().clone() if isinstance(value, Tensor) else value

    if isinstance(inputs, Mapping):
        return {key: copy(value) for key, value in inputs.items()}
    return copy(inputs) if isinstance(inputs, Tensor) else tuple(copy(v) for v in inputs)


def _with_first(output: Any, new: Tensor) -> Any:
    """`output` with its first tensor replaced; the outputs of layers are tensors or tuples."""
    if isinstance(output, Tensor):
        return new
    if isinstance(output, tuple | list) and isinstance(output[0], Tensor):
        rest = type(output)([new, *output[1:]]) if type(output) in (tuple, list) else None
        if rest is not None:
            return rest
    raise InputError(
        f"Expected the layer to give a tensor, or a tuple that begins with one, but it gave "
        f"{type(output).__name__}; choose a layer inside it"
    )
