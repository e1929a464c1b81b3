"""Networks by family: those of torchvision and timm, and any function that returns one."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

from earlysieve._imports import need
from earlysieve._user_code import load_function
from earlysieve.errors import InputError
from earlysieve.networks.built import (
    FORMS,
    IMAGE,
    BuiltModel,
    call_builder,
    check_known,
    warned_if_it_works,
)
from earlysieve.networks.classifier import NewClassifier
from earlysieve.networks.pretrained import (
    DEFAULT,
    fetched,
    load_all_but_head,
    timm_name,
    torchvision_weights,
)

# Where our own builders stood when configurations were written that name them.
_MOVED = {
    ("earlysieve.models", "small_cnn"): ("earlysieve.networks", "small_cnn"),
    ("earlysieve.models", "SmallCNN"): ("earlysieve.networks", "SmallCNN"),
    ("earlysieve.cli.simkd_student", "build"): ("earlysieve.networks", "simkd_student"),
}


def from_torchvision(
    name: str, num_classes: int | None, options: dict[str, Any], pretrained: str | None = None
) -> BuiltModel:
    """A classifier of torchvision by name, with random or published weights.

    Raises:
        InputError: the name, or that of the weights, is unknown.
        CheckpointError: the weights cannot be fetched.
    """
    models = need("torchvision.models", extra="vision")
    known = models.list_models(module=models) + models.list_models(module=models.video)
    check_known(name, known, "torchvision")
    _check_no_weights(options, "weights")
    if name in ("inception_v3", "googlenet"):
        options.setdefault("init_weights", True)  # else torchvision warns
    shape = None if name in models.list_models(models.video) else IMAGE
    wanted = _with_classes(options, num_classes)
    if pretrained is None:
        return BuiltModel(call_builder(models.get_model, name, wanted, weights=None), False, shape)
    weights = torchvision_weights(models, name, pretrained)
    return _published(models, name, weights, wanted, shape)


def _published(
    models: Any, name: str, weights: Any, options: dict[str, Any], shape: tuple[int, ...] | None
) -> BuiltModel:
    names = tuple(weights.meta.get("categories", ()))
    original = {key: value for key, value in options.items() if key != "num_classes"}
    file = torch_home() / weights.url.rpartition("/")[2]
    advice = f"put the file of {weights.url} at '{file}'"
    with fetched(f"the weights {weights.name} of torchvision's '{name}'", advice):
        weights.get_state_dict(progress=False, check_hash=True)
    source = call_builder(models.get_model, name, original, weights=weights)
    classes = options.get("num_classes", len(names))
    if classes == len(names):
        return BuiltModel(source, True, shape, class_names=names)
    if name in ("inception_v3", "googlenet"):
        options.setdefault("transform_input", True)  # as the published weights need it
    model = call_builder(models.get_model, name, options, weights=None)
    new = load_all_but_head(model, source.state_dict(), outputs=classes, source=str(weights))
    return BuiltModel(model, True, shape, new=new)


def from_timm(
    name: str, num_classes: int | None, options: dict[str, Any], pretrained: str | None = None
) -> BuiltModel:
    """A classifier of timm by name, with random or published weights.

    The name may be that of a folder (local-dir:FOLDER) or of a model of the HuggingFace hub
    (hf-hub:ORGANISATION/NAME) as timm writes them.

    Raises:
        InputError: the name is unknown.
        CheckpointError: folder or hub do not have it, or the weights cannot be fetched.
    """
    timm = need("timm", extra="vision")
    if ":" not in name and not timm.is_model(name):
        check_known(name, timm.list_models(), "timm")
    _check_no_weights(options, "pretrained")
    full = timm_name(timm, name, pretrained)
    wanted = _with_classes(options, num_classes)
    if ":" in name:
        _check_reads_safely(timm)
    if ":" in name or pretrained is not None:
        advice = "name a folder as timm:local-dir:FOLDER, or a file of weights with --pretrained"
        with fetched(f"'{full}' of timm", advice), warned_if_it_works():
            model = timm.create_model(full, pretrained=pretrained is not None, **wanted)
    else:
        model = call_builder(timm.create_model, full, wanted, pretrained=False)
    cfg = getattr(model, "pretrained_cfg", {})
    size = cfg.get("input_size")
    shape = tuple(size) if size else IMAGE
    if pretrained is None:
        return BuiltModel(model, False, shape)
    return BuiltModel(model, True, shape, new=_new_of_timm(cfg, num_classes))


def _check_no_weights(options: dict[str, Any], name: str) -> None:
    """Check that weights are asked for in one way, which knows what follows from them."""
    if options.get(name):
        raise InputError(
            f"Expected weights with --pretrained, but got the option {name}={options[name]!r} of "
            "the network; give --pretrained, or --pretrained NAME, instead"
        )
    options.pop(name, None)


def _check_reads_safely(timm: Any) -> None:
    """Check that timm reads files of others without running code in them, as old versions did.

    Raises:
        InputError: it may run code.
    """
    read = inspect.signature(timm.models.load_state_dict).parameters.get("weights_only")
    if read is None or read.default is not True:
        raise InputError(
            "Expected a version of timm that reads weights without running code, for a folder or "
            f"the hub, but got {timm.__version__}; install a newer timm"
        )


def _new_of_timm(cfg: Any, num_classes: int | None) -> NewClassifier | None:
    """What timm made anew: it leaves the classifier out where the number of classes differs."""
    before = cfg.get("num_classes")
    if num_classes is None or num_classes == before:
        return None
    names = cfg.get("classifier") or "classifier"
    layers = (names,) if isinstance(names, str) else tuple(names)
    return NewClassifier(layers, before or None, num_classes)


def torch_home() -> Path:
    """The folder in which torch keeps downloaded weights; TORCH_HOME decides."""
    from torch import hub

    return Path(hub.get_dir()) / "checkpoints"


def from_function(
    module: str,
    name: str,
    num_classes: int | None,
    options: dict[str, Any],
    pretrained: str | None = None,
) -> BuiltModel:
    """What the function returns; called with the number of classes if it takes that.

    The current directory is importable. Whether the weights are trained is the function's affair.

    Raises:
        InputError: there is no such module or function, it fails, or returns no module.
        UserCodeError: the module cannot be imported.
    """
    if pretrained not in (None, DEFAULT):
        raise InputError(
            f"Expected --pretrained alone or a file of weights with '{module}:{name}', which makes "
            f"its own network, but got '{pretrained}'; check the path of the file"
        )
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


def takes_shape(module: str, name: str) -> bool:
    """Whether this is a builder of ours that makes a network for inputs of any shape."""
    if not module.startswith("earlysieve."):
        return False
    module, name = _MOVED.get((module, name), (module, name))
    return _accepts(load_function(module, name, forms=f"a model as {FORMS}"), "input_shape")


def shape_option(module: str, name: str, data: Any) -> dict[str, Any]:
    """The option `input_shape` of a builder of ours that has one, by the first example of data."""
    if data is None or not takes_shape(module, name):
        return {}
    from torch import Tensor

    from earlysieve.datasets.opened_data import opened

    inputs = opened(data).few(1).inputs
    return {"input_shape": list(inputs.shape[1:])} if isinstance(inputs, Tensor) else {}


def _with_classes(options: dict[str, Any], num_classes: int | None) -> dict[str, Any]:
    return options if num_classes is None else {"num_classes": num_classes, **options}


def _accepts(function: Callable[..., Any], name: str) -> bool:
    try:
        parameters = inspect.signature(function).parameters
    except ValueError:
        return False
    kinds = {parameter.kind for parameter in parameters.values()}
    return name in parameters or inspect.Parameter.VAR_KEYWORD in kinds
