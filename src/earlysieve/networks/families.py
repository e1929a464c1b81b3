"""Networks by family: those of torchvision and timm, and any function that returns one."""

import inspect
from collections.abc import Callable
from typing import Any

from earlysieve._imports import need
from earlysieve._user_code import load_function
from earlysieve.errors import InputError
from earlysieve.networks.built import FORMS, IMAGE, BuiltModel, call_builder, check_known

# Where our own builders stood when configurations were written that name them.
_MOVED = {
    ("earlysieve.models", "small_cnn"): ("earlysieve.networks", "small_cnn"),
    ("earlysieve.models", "SmallCNN"): ("earlysieve.networks", "SmallCNN"),
    ("earlysieve.cli.simkd_student", "build"): ("earlysieve.networks", "simkd_student"),
}


def from_torchvision(name: str, num_classes: int | None, options: dict[str, Any]) -> BuiltModel:
    """A classifier of torchvision by name, with random weights (InputError: unknown name)."""
    models = need("torchvision.models", extra="vision")
    known = models.list_models(module=models) + models.list_models(module=models.video)
    check_known(name, known, "torchvision")
    if name in ("inception_v3", "googlenet"):
        options.setdefault("init_weights", True)  # else torchvision warns
    model = call_builder(models.get_model, name, _with_classes(options, num_classes), weights=None)
    return BuiltModel(model, False, None if name in models.list_models(models.video) else IMAGE)


def from_timm(name: str, num_classes: int | None, options: dict[str, Any]) -> BuiltModel:
    """A classifier of timm by name, with random weights (InputError: unknown name)."""
    timm = need("timm", extra="vision")
    if not timm.is_model(name):
        check_known(name, timm.list_models(), "timm")
    model = call_builder(
        timm.create_model, name, _with_classes(options, num_classes), pretrained=False
    )
    size = getattr(model, "pretrained_cfg", {}).get("input_size")
    return BuiltModel(model, False, tuple(size) if size else IMAGE)


def from_function(
    module: str, name: str, num_classes: int | None, options: dict[str, Any]
) -> BuiltModel:
    """What the function returns; called with the number of classes if it takes that.

    The current directory is importable. Whether the weights are trained is the function's affair.

    Raises:
        InputError: there is no such module or function, it fails, or returns no module.
        UserCodeError: the module cannot be imported.
    """
    module, name = _MOVED.get((module, name), (module, name))
    function = load_function(module, name, forms=f"a model as {FORMS}")
    if num_classes is not None and _accepts(function, "num_classes"):
        options.setdefault("num_classes", num_classes)
    model = call_builder(function, None, options)
    from torch import nn

    if not isinstance(model, nn.Module):
        raise InputError(
            f"Expected '{module}:{name}' to return a torch.nn.Module, but got "
            f"{type(model).__name__}; return the network itself"
        )
    return BuiltModel(model, not module.startswith("earlysieve."))


def _with_classes(options: dict[str, Any], num_classes: int | None) -> dict[str, Any]:
    return options if num_classes is None else {"num_classes": num_classes, **options}


def _accepts(function: Callable[..., Any], name: str) -> bool:
    try:
        parameters = inspect.signature(function).parameters
    except ValueError:
        return False
    kinds = {parameter.kind for parameter in parameters.values()}
    return name in parameters or inspect.Parameter.VAR_KEYWORD in kinds
