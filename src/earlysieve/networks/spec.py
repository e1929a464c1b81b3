"""What `--model` means: torchvision:NAME, timm:NAME, hf:FOLDER or module:function, and weights."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from earlysieve._files import expanded
from earlysieve.errors import CheckpointError, InputError
from earlysieve.networks.built import FORMS, BuiltModel, warned_if_it_works
from earlysieve.networks.families import from_function, from_timm, from_torchvision, shape_option
from earlysieve.networks.hf_folder import from_transformers
from earlysieve.networks.pretrained import load_all_but_head, names_file

_Family = Callable[[str, int | None, dict[str, Any], str | None], BuiltModel]
_FAMILIES: dict[str, _Family] = {
    "torchvision": from_torchvision,
    "timm": from_timm,
    "hf": from_transformers,
    "hf-hub": lambda name, *given: from_timm(f"hf-hub:{name}", *given),
}


def build_model(
    spec: str,
    *,
    num_classes: int | None = None,
    options: Mapping[str, Any] | None = None,
    seed: int = 0,
    pretrained: str | None = None,
    head: str | None = None,
    like: Any = None,
) -> BuiltModel:
    """Build the network that a specification names.

    Args:
        spec: one of `FORMS`.
        num_classes: outputs wanted; None: as the family has them.
        options: further keyword arguments of the builder.
        seed: of random weights; the global random states are left as they were.
        pretrained: published weights by name, "DEFAULT" for the usual ones, or a file of weights;
            where they have another number of classes the last layer is made anew. A function makes
            its own. None: random weights, but for hf models, which always bring theirs.
        head: last layer that is made anew in any case where `pretrained` is a file.
        like: data whose first example tells the shape of inputs to a builder of ours that has to
            know it, as that of a network for tables.

    Raises:
        InputError: the form, the name, an option or the name of weights is unknown; near names
            are listed.
        CheckpointError: weights cannot be fetched or loaded, or are of another network.
        MissingDependencyError: the package of the family is not installed.
    """
    family, separator, name = spec.partition(":")
    if not separator or not family or not name:
        raise InputError(f"Expected a model as {FORMS}, but got '{spec}'; add what is missing")
    from earlysieve.training.randomness import seeded

    given = {**shape_option(family, name, like), **(options or {})}
    file = expanded(pretrained) if pretrained and names_file(pretrained) else None
    named = None if file is not None else pretrained
    with seeded(seed):
        if family in _FAMILIES:
            built = _FAMILIES[family](name, num_classes, given, named)
        else:
            built = from_function(family, name, num_classes, given, named)
        return built if file is None else _with_file(built, file, num_classes, head)


def _with_file(
    built: BuiltModel, file: Path, num_classes: int | None, head: str | None
) -> BuiltModel:
    """The network with the pretrained weights of a file, but for a last layer of other classes."""
    from earlysieve.training.model_weights import read_state

    state, source = read_state(built.model, file), f"'{file}'"
    with warned_if_it_works():
        new = load_all_but_head(built.model, state, outputs=num_classes, source=source, head=head)
    return replace(built, carries_weights=True, untrained=(), new=new)


def load_checkpoint(
    built: BuiltModel,
    path: Path | None,
    *,
    spec: str,
    flag: str = "--checkpoint",
    key: str | None = None,
    prefix: str | None = None,
) -> tuple[str, ...]:
    """Load the weights of the option `flag`, or make sure that there are trained ones without.

    Args:
        built: what gets the weights.
        path: of a file or folder.
        spec: of the network.
        flag: the option that gave the path.
        key, prefix: see `load_weights`.

    Returns:
        Sentences that say what was chosen in the file.

    Raises:
        CheckpointError: they do not fit, or are needed and missing.
        InputError: a key or prefix without a path.
    """
    if path is not None:
        from earlysieve.training.model_weights import load_weights

        with warned_if_it_works():
            return load_weights(built.model, path, key=key, prefix=prefix).notes
    if key is not None or prefix is not None:
        raise InputError(
            f"Expected {flag} with {flag}-{'prefix' if key is None else 'key'}, but got no file; "
            f"give {flag}"
        )
    if not built.carries_weights:
        raise CheckpointError(
            f"Expected {flag}, since '{spec}' builds a network with random weights, but got "
            f"none; pass the file of its trained weights{_or_published(spec, flag)}"
        )
    if built.new is not None and not built.untrained:
        raise CheckpointError(
            f"Expected trained weights for all of '{spec}', but its last layer "
            f"'{built.new.layers[0]}' of {built.new.outputs} outputs is new; leave out "
            f"--num-classes, or pass {flag}"
        )
    if built.untrained:
        raise CheckpointError(
            f"Expected trained weights for all of '{spec}', but its folder has none for "
            f"'{built.untrained[0]}'; pass the folder of the fine-tuned model, or {flag}"
        )
    return ()


def _or_published(spec: str, flag: str) -> str:
    published = spec.startswith(("torchvision:", "timm:", "hf-hub:"))
    other = flag.replace("checkpoint", "pretrained")
    return f", or {other} for published ones" if published else ""


def parse_options(pairs: tuple[str, ...]) -> dict[str, Any]:
    """Options written KEY=VALUE; values are read as JSON where they are JSON, else as text.

    Raises:
        InputError: one has no key or no value, or JSON that is too long to be read.
    """
    found: dict[str, Any] = {}
    for pair in pairs:
        key, separator, value = pair.partition("=")
        if not separator or not key:
            raise InputError(f"Expected KEY=VALUE, but got '{pair}'; write for instance channels=1")
        found[key.replace("-", "_")] = _value(key, value)
    return found


def _value(key: str, text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
    except (ValueError, RecursionError) as error:  # too many digits, or brackets
        raise InputError(
            f"Expected a value of '{key}' that can be read, but got one of {len(text):,} "
            f"characters that cannot ({type(error).__name__}); shorten it"
        ) from error
