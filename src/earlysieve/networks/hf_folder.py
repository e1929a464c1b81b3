"""Classifiers of transformers, from a local folder."""

import pickle
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from earlysieve._imports import need
from earlysieve.errors import CheckpointError, InputError, first_line
from earlysieve.networks.built import BuiltModel


def from_folder(name: str, num_classes: int | None, options: dict[str, Any]) -> BuiltModel:
    """A sequence or image classifier from a folder that `save_pretrained` wrote.

    Options that the configuration knows change it (num_hidden_layers=3 keeps the first three
    layers); the others are arguments of the loader. Code in the folder runs only with the option
    trust_remote_code=true; nothing asks for it.

    Raises:
        InputError: there is no such folder, or trust_remote_code is neither true nor false.
        CheckpointError: it cannot be loaded as a classifier.
    """
    transformers = need("transformers", extra="text")
    folder = Path(name).expanduser()
    trust = _trusts(options)
    config, others = _hf_config(transformers, folder, options, trust)
    images = _classifies_images(config)
    kind = "Image" if images else "Sequence"
    auto = getattr(transformers, f"AutoModelFor{kind}Classification")
    if num_classes is not None and config.num_labels != num_classes:
        config.num_labels = num_classes
    with _quiet_transformers(transformers), _explained(folder):
        model, info = auto.from_pretrained(
            folder,
            config=config,
            local_files_only=True,
            output_loading_info=True,
            ignore_mismatched_sizes=True,
            trust_remote_code=trust,
            **others,
        )
    fresh = [*info["missing_keys"], *(key for key, *_ in info["mismatched_keys"])]
    shape = _hf_image_shape(config) if images else None
    return BuiltModel(model, True, shape, tuple(sorted(fresh)))


def load_tokenizer(folder: Path, *, trust_remote_code: bool = False) -> Any:
    """The tokenizer in a folder that `save_pretrained` wrote; its code runs only if trusted.

    Raises:
        InputError: there is none that can be loaded.
    """
    transformers = need("transformers", extra="text")
    try:
        return transformers.AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=trust_remote_code
        )
    except Exception as error:
        raise InputError(
            f"Expected a tokenizer in the folder '{folder}', but got: {_what(error)}; "
            f"{_advice(error)}"
        ) from error


def tokenizer_of(spec: str) -> Path | None:
    """The folder of an "hf:FOLDER" specification if it holds a tokenizer, else None."""
    if not spec.startswith("hf:"):
        return None
    folder = Path(spec.removeprefix("hf:")).expanduser()
    found = any(folder.glob("tokenizer*")) or (folder / "vocab.txt").exists()
    return folder if found else None


def _hf_config(
    transformers: ModuleType, folder: Path, options: dict[str, Any], trust: bool
) -> tuple[Any, dict[str, Any]]:
    """The configuration with the options that it knows, and the other options."""
    if not (folder / "config.json").is_file():
        raise InputError(
            f"Expected a folder with a config.json at '{folder}', but found none; "
            "pass the folder that save_pretrained wrote"
        )
    with _explained(folder):
        config, others = transformers.AutoConfig.from_pretrained(
            folder,
            local_files_only=True,
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


def _advice(error: Exception) -> str:
    if "trust_remote_code" in str(error):
        return (
            "if you trust the code in that folder, give --model-option trust_remote_code=true "
            "(--teacher-option for a teacher)"
        )
    return "pass the folder that save_pretrained wrote"


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    """On damaged or foreign folders transformers raises whatever its readers meet."""
    try:
        yield
    except Exception as error:
        raise CheckpointError(
            f"Expected a classifier that transformers can load from '{folder}', but got: "
            f"{_what(error)}; {_advice(error)}"
        ) from error


@contextmanager
def _quiet_transformers(transformers: ModuleType) -> Iterator[None]:
    """Without transformers' own progress bars and remarks on new heads, which we report."""
    logging = transformers.utils.logging
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def _classifies_images(config: Any) -> bool:
    named = " ".join(config.architectures or [])
    if "ForImageClassification" in named or "ForSequenceClassification" in named:
        return "ForImageClassification" in named
    return hasattr(config, "num_channels") or hasattr(config, "image_size")


def _hf_image_shape(config: Any) -> tuple[int, ...]:
    size = getattr(config, "image_size", 224)
    height, width = (size, size) if isinstance(size, int) else tuple(size)
    return (getattr(config, "num_channels", 3), height, width)
