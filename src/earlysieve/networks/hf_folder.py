"""Classifiers of transformers, from a local folder."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from earlysieve._imports import need
from earlysieve.errors import CheckpointError, InputError
from earlysieve.networks.built import BuiltModel, first_line


def from_folder(name: str, num_classes: int | None, options: dict[str, Any]) -> BuiltModel:
    """A sequence or image classifier from a folder that `save_pretrained` wrote.

    Options that the configuration knows change it (num_hidden_layers=3 keeps the first three
    layers); the others are arguments of the loader.

    Raises:
        InputError: there is no such folder.
        CheckpointError: it cannot be loaded as a classifier.
    """
    transformers = need("transformers", extra="text")
    folder = Path(name).expanduser()
    config, others = _hf_config(transformers, folder, options)
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
            **others,
        )
    fresh = [*info["missing_keys"], *(key for key, *_ in info["mismatched_keys"])]
    shape = _hf_image_shape(config) if images else None
    return BuiltModel(model, True, shape, tuple(sorted(fresh)))


def tokenizer_of(spec: str) -> Path | None:
    """The folder of an "hf:FOLDER" specification if it holds a tokenizer, else None."""
    if not spec.startswith("hf:"):
        return None
    folder = Path(spec.removeprefix("hf:")).expanduser()
    found = any(folder.glob("tokenizer*")) or (folder / "vocab.txt").exists()
    return folder if found else None


def _hf_config(
    transformers: ModuleType, folder: Path, options: dict[str, Any]
) -> tuple[Any, dict[str, Any]]:
    """The configuration with the options that it knows, and the other options."""
    if not (folder / "config.json").is_file():
        raise InputError(
            f"Expected a folder with a config.json at '{folder}', but found none; "
            "pass the folder that save_pretrained wrote"
        )
    with _explained(folder):
        config, others = transformers.AutoConfig.from_pretrained(
            folder, local_files_only=True, return_unused_kwargs=True, **options
        )
    return config, others


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    damaged = need("safetensors", extra="text").SafetensorError
    try:
        yield
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, damaged) as error:
        raise CheckpointError(
            f"Expected a classifier that transformers can load from '{folder}', but got: "
            f"{first_line(error)}; pass the folder that save_pretrained wrote"
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
