"""Classifiers of transformers, from a local folder or from the HuggingFace hub."""

import pickle
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from earlysieve._files import expanded, is_there
from earlysieve._imports import need
from earlysieve._transformers import quiet_transformers
from earlysieve.errors import CheckpointError, InputError, first_line
from earlysieve.networks.built import BuiltModel
from earlysieve.networks.classifier import NewClassifier
from earlysieve.networks.output_names import label_names
from earlysieve.networks.pretrained import DEFAULT

# Other forms are paths; a name without an organisation is taken for a folder that is missing.
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


def from_transformers(
    name: str, num_classes: int | None, options: dict[str, Any], pretrained: str | None = None
) -> BuiltModel:
    """A sequence or image classifier from a folder that `save_pretrained` wrote, or from the hub.

    Options that the configuration knows change it (num_hidden_layers=3 keeps the first three
    layers); the others are arguments of the loader. Code of the model runs only with the option
    trust_remote_code=true; nothing asks for it.

    Raises:
        InputError: there is no such folder, trust_remote_code is neither true nor false, or
            `pretrained` names other weights than the model's own.
        CheckpointError: it cannot be fetched, or loaded as a classifier.
    """
    if pretrained not in (None, DEFAULT):
        raise InputError(
            f"Expected --pretrained alone with 'hf:{name}', which brings its own weights, but got "
            f"'{pretrained}'; name the model itself, for instance another folder"
        )
    transformers = need("transformers", extra="text")
    place = place_of(name)
    trust = _trusts(options)
    config, others = _hf_config(transformers, place, options, trust)
    images = _classifies_images(config)
    kind = "Image" if images else "Sequence"
    auto = getattr(transformers, f"AutoModelFor{kind}Classification")
    before, names = config.num_labels, label_names(config)
    if num_classes is not None and config.num_labels != num_classes:
        config.num_labels = num_classes
    with quiet_transformers(transformers), _explained(place):
        model, info = auto.from_pretrained(
            place,
            config=config,
            local_files_only=isinstance(place, Path),
            output_loading_info=True,
            ignore_mismatched_sizes=True,
            trust_remote_code=trust,
            **others,
        )
    mismatched = [key for key, *_ in info["mismatched_keys"]]
    fresh = tuple(sorted([*info["missing_keys"], *mismatched]))
    return BuiltModel(
        model,
        True,
        _hf_image_shape(config) if images else None,
        fresh,
        _new_layers(fresh, before if mismatched else None, config.num_labels),
        () if fresh else names,
    )


def name_outputs(built: BuiltModel, names: Sequence[str]) -> None:
    """Let the configuration of a classifier call its classes as the data that it will learn from.

    Args:
        built: any network; only one of transformers is changed.
        names: of the classes, in order; none, or numbers alone: nothing is done.
    """
    config: Any = getattr(built.model, "config", None)
    numbers = list(names) == [str(k) for k in range(len(names))]
    if numbers or len(names) != getattr(config, "num_labels", None):
        return
    config.id2label = dict(enumerate(names))
    config.label2id = {name: k for k, name in enumerate(names)}


def place_of(name: str) -> Path | str:
    """The folder of that name, or what may be a model of the hub: ORGANISATION/NAME.

    Only a name whose organisation is no folder here is looked up there, so that a misspelt path is
    not sent over the network.
    """
    folder = expanded(name)
    on_hub = _HUB_NAME.fullmatch(name) is not None and not is_there(folder.parent)
    return name if on_hub and not is_there(folder) else folder


def _new_layers(fresh: tuple[str, ...], before: int | None, outputs: int) -> NewClassifier | None:
    if not fresh:
        return None
    layers = dict.fromkeys(key.rpartition(".")[0] for key in fresh)
    return NewClassifier(tuple(layers), before, outputs)


def load_tokenizer(folder: Path | str, *, trust_remote_code: bool = False) -> Any:
    """The tokenizer of a folder or of a model of the hub; its code runs only if trusted.

    Raises:
        InputError: there is none that can be loaded.
    """
    transformers = need("transformers", extra="text")
    if isinstance(folder, Path) and not is_there(folder):
        raise InputError(
            f"Expected a folder with a tokenizer at '{folder}', but there is no such folder; pass "
            "the one that save_pretrained wrote, or a model of the hub as ORGANISATION/NAME"
        )
    try:
        return transformers.AutoTokenizer.from_pretrained(
            folder,
            local_files_only=isinstance(folder, Path),
            trust_remote_code=trust_remote_code,
        )
    except Exception as error:
        where = f"in the folder '{folder}'" if isinstance(folder, Path) else f"at '{folder}'"
        raise InputError(
            f"Expected a tokenizer {where}, but {_got(folder)}: {_what(error)}; "
            f"{_advice(error, folder)}"
        ) from error


def check_is_there(spec: str, options: Mapping[str, Any]) -> None:
    """Check that a model of transformers can be found, before its data are prepared for it.

    Args:
        spec: of the model; of another form than "hf:" nothing is checked.
        options: of the model, of which `trust_remote_code` counts.

    Raises:
        InputError: there is no such folder.
        CheckpointError: the hub, or what is kept of it here, has no such model.
    """
    if spec.startswith("hf:"):
        trust = options.get("trust_remote_code") is True
        place = place_of(spec.removeprefix("hf:"))
        _hf_config(need("transformers", extra="text"), place, {}, trust)


def tokenizer_of(spec: str) -> Path | str | None:
    """The folder, or the name on the hub, of an "hf:" specification if it has a tokenizer."""
    if not spec.startswith("hf:"):
        return None
    place = place_of(spec.removeprefix("hf:"))
    if isinstance(place, str):
        return place
    if not is_there(place):
        return None
    found = any(place.glob("tokenizer*")) or (place / "vocab.txt").exists()
    return place if found else None


def _hf_config(
    transformers: ModuleType, folder: Path | str, options: dict[str, Any], trust: bool
) -> tuple[Any, dict[str, Any]]:
    """The configuration with the options that it knows, and the other options."""
    if isinstance(folder, Path) and not is_there(folder / "config.json"):
        raise InputError(
            f"Expected a folder with a config.json at '{folder}', but found none; pass the folder "
            "that save_pretrained wrote, or a model of the hub as ORGANISATION/NAME"
        )
    with _explained(folder):
        config, others = transformers.AutoConfig.from_pretrained(
            folder,
            local_files_only=isinstance(folder, Path),
            return_unused_kwargs=True,
            trust_remote_code=trust,
            **options,
        )
        config.architectures = _texts(config.architectures)
        if not trust:
            _check_no_kernel(config)
    return config, others


def _check_no_kernel(config: Any) -> None:
    """A name with a slash is code in a repository, which transformers would load unasked."""
    chosen = getattr(config, "_attn_implementation", None)
    if "/" in str(chosen):
        raise ValueError(f"attn_implementation is '{chosen}', which needs trust_remote_code=true")


def _trusts(options: dict[str, Any]) -> bool:
    trust = options.pop("trust_remote_code", False)
    if not isinstance(trust, bool):
        raise InputError(
            f"Expected trust_remote_code to be true or false, but got {trust!r}; correct the option"
        )
    return trust


def _texts(names: Any) -> list[str] | None:
    if names is None or (isinstance(names, list) and all(isinstance(x, str) for x in names)):
        return names
    raise TypeError(f"architectures is {names!r}, where a list of names belongs")


def _what(error: Exception) -> str:
    if isinstance(error, pickle.UnpicklingError):
        return "a file of weights that is damaged or holds more than tensors"
    return first_line(error)


def _got(place: Path | str) -> str:
    """What a name that may be one of the hub was not first of all."""
    if isinstance(place, Path):
        return "got"
    return "there is no such folder, and the hub gave no model of that name"


def _advice(error: Exception, place: Path | str) -> str:
    if "trust_remote_code" in str(error):
        return (
            "if you trust the code in that folder, give --model-option trust_remote_code=true "
            "(--teacher-option for a teacher)"
        )
    if isinstance(place, str):
        return (
            "check the name and the network, or pass a folder that save_pretrained wrote on a "
            "machine that has one"
        )
    return "pass the folder that save_pretrained wrote"


@contextmanager
def _explained(folder: Path | str) -> Iterator[None]:
    """On damaged or foreign folders transformers raises whatever its readers meet."""
    try:
        yield
    except Exception as error:
        raise CheckpointError(
            f"Expected a classifier that transformers can load from '{folder}', but "
            f"{_got(folder)}: {_what(error)}; {_advice(error, folder)}"
        ) from error


def _classifies_images(config: Any) -> bool:
    named = " ".join(config.architectures or [])
    if "ForImageClassification" in named or "ForSequenceClassification" in named:
        return "ForImageClassification" in named
    return hasattr(config, "num_channels") or hasattr(config, "image_size")


def _hf_image_shape(config: Any) -> tuple[int, ...]:
    size = getattr(config, "image_size", 224)
    height, width = (size, size) if isinstance(size, int) else tuple(size)
    return (getattr(config, "num_channels", 3), height, width)
