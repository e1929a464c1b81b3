"""Pretrained weights for a network with another number of classes: those of a file or a model."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earlysieve._files import is_file
from earlysieve._names import near_names
from earlysieve.errors import CheckpointError, EarlysieveError, InputError, first_line
from earlysieve.networks.classifier import NewClassifier, check_head, is_resizable

if TYPE_CHECKING:
    from torch import nn

DEFAULT = "DEFAULT"
_SUFFIXES = (".pt", ".pth", ".bin", ".ckpt", ".safetensors", ".tar")


def names_file(pretrained: str) -> bool:
    """Whether `--pretrained` names a file of weights rather than published weights."""
    place = Path(pretrained)
    named = pretrained.endswith(_SUFFIXES) or os.sep in pretrained
    return named or is_file(place)


def load_all_but_head(
    model: "nn.Module",
    state: Mapping[str, Any],
    *,
    outputs: int | None,
    source: str,
    head: str | None = None,
) -> NewClassifier | None:
    """Load a state_dict, but for last layers that differ in their number of outputs alone.

    Args:
        model: any classifier, changed in place.
        state: of pretrained weights, keys without prefixes of wrappers.
        outputs: that the model has; None: unknown, so that all layers have to fit.
        source: what it is, for messages.
        head: layer that is left as it is in any case.

    Returns:
        The layers that were left as they are; None: everything was loaded.

    Raises:
        CheckpointError: other layers differ, too.
        InputError, LayerError: `head` is no layer that can be made anew.
    """
    from earlysieve.training.model_weights import load_state

    own = model.state_dict()
    fresh = _resized(model, own, state, outputs)
    if head is not None:
        check_head(model, head)
        fresh[head] = _rows(state, head)
    kept = {key: own[key] for key in own if key.rpartition(".")[0] in fresh}
    given = {key: value for key, value in state.items() if key.rpartition(".")[0] not in fresh}
    load_state(model, {**given, **kept}, source=source)
    if not fresh:
        return None
    first = next(iter(fresh))
    return NewClassifier(tuple(fresh), fresh[first], int(own[f"{first}.weight"].shape[0]))


def _resized(
    model: "nn.Module", own: Mapping[str, Any], state: Mapping[str, Any], outputs: int | None
) -> dict[str, int | None]:
    """Layers that make so many outputs, of which the weights have others or none: what they had."""
    from earlysieve.model.unwrap import named_layers

    found: dict[str, int | None] = {}
    for name, module in named_layers(model).items():
        key = f"{name}.weight"
        if not is_resizable(module) or key not in own or own[key].shape[0] != outputs:
            continue
        before = _rows(state, name)
        rest = getattr(state.get(key), "shape", own[key].shape)[1:]
        if before != outputs and rest == own[key].shape[1:]:
            found[name] = before
    return found


def _rows(state: Mapping[str, Any], layer: str) -> int | None:
    shape = getattr(state.get(f"{layer}.weight"), "shape", None)
    return int(shape[0]) if shape else None


def torchvision_weights(models: Any, name: str, pretrained: str) -> Any:
    """The weights of a torchvision model by their name, or "DEFAULT".

    Raises:
        InputError: the model has no weights of that name.
    """
    known = models.get_model_weights(name)
    if pretrained == DEFAULT or pretrained in known.__members__:
        return known[pretrained]
    names = [name for name in known.__members__ if name != DEFAULT]
    near = near_names(pretrained, names) or names
    raise InputError(
        f"Expected weights that torchvision has for '{name}', but got '{pretrained}'; choose "
        f"{', '.join([DEFAULT, *near])}, or a file of weights"
    )


def timm_name(timm: Any, name: str, pretrained: str | None) -> str:
    """A timm model's name with the tag of the weights, if `pretrained` is one.

    Raises:
        InputError: the model has no weights of that tag.
    """
    if pretrained in (None, DEFAULT) or ":" in name or names_file(str(pretrained)):
        return name
    plain = name.partition(".")[0]
    known = [found.partition(".")[2] for found in timm.list_pretrained(f"{plain}.*")]
    if pretrained not in known:
        raise InputError(
            f"Expected weights that timm has for '{plain}', but got '{pretrained}'; choose "
            f"{', '.join([DEFAULT, *filter(None, known)])}, or a file of weights"
        )
    return f"{plain}.{pretrained}"


@contextmanager
def fetched(what: str, place: str) -> Iterator[None]:
    """One sentence for whatever goes wrong while weights are fetched.

    Args:
        what: the weights.
        place: where they would be found without a network.
    """
    try:
        with redirect_stdout(sys.stderr):  # where torch says that it downloads
            yield
    except EarlysieveError:
        raise
    except Exception as error:
        raise CheckpointError(
            f"Expected to get {what}, but it failed: {first_line(error)}; check the name and the "
            f"network, or {place}"
        ) from error
