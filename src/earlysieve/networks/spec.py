"""What `--model` means: torchvision:NAME, timm:NAME, hf:FOLDER or module:function."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from earlysieve.errors import CheckpointError, InputError
from earlysieve.networks.built import FORMS, BuiltModel, warned_if_it_works
from earlysieve.networks.families import from_function, from_timm, from_torchvision
from earlysieve.networks.hf_folder import from_folder

_FAMILIES: dict[str, Callable[[str, int | None, dict[str, Any]], BuiltModel]] = {
    "torchvision": from_torchvision,
    "timm": from_timm,
    "hf": from_folder,
}


def build_model(
    spec: str,
    *,
    num_classes: int | None = None,
    options: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> BuiltModel:
    """Build the network that a specification names.

    Args:
        spec: one of `FORMS`.
        num_classes: outputs wanted; None: as the family has them.
        options: further keyword arguments of the builder.
        seed: of random weights; the global random states are left as they were.

    Raises:
        InputError: the form, the name or an option is unknown; near names are listed.
        CheckpointError: an hf folder holds no weights that can be loaded.
        MissingDependencyError: the package of the family is not installed.
    """
    family, separator, name = spec.partition(":")
    if not separator or not family or not name:
        raise InputError(f"Expected a model as {FORMS}, but got '{spec}'; add what is missing")
    from earlysieve.training.randomness import seeded

    given = dict(options or {})
    with seeded(seed):
        if family in _FAMILIES:
            return _FAMILIES[family](name, num_classes, given)
        return from_function(family, name, num_classes, given)


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
            "none; pass the file of its trained weights"
        )
    if built.untrained:
        raise CheckpointError(
            f"Expected trained weights for all of '{spec}', but its folder has none for "
            f"'{built.untrained[0]}'; pass the folder of the fine-tuned model, or {flag}"
        )
    return ()


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
