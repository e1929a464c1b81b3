"""Weights written back in the form in which they came: a folder of transformers, or safetensors."""

import json
import secrets
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earlysieve._files import is_there, output_folder, write_text, write_with
from earlysieve._imports import need
from earlysieve._transformers import quiet_transformers
from earlysieve.errors import OutputError
from earlysieve.networks.lightning_format import CKPT, write_lightning

if TYPE_CHECKING:
    from torch import nn

_LOCAL = "timm:local-dir:"
FOLDER, FILE = "pretrained", "model.safetensors"
# Says that a folder is ours to replace.
MARK = "earlysieve.json"
# What belongs to a model of transformers beside weights and configuration; never code.
_BESIDE = (
    "tokenizer*.json",
    "tokenizer.model",
    "vocab.*",
    "merges.txt",
    "special_tokens_map.json",
    "added_tokens.json",
    "*.spm",
    "spiece.model",
    "sentencepiece*.model",
    "chat_template.*",
    "preprocessor_config.json",
    "processor_config.json",
)


def write_own_format(
    model: "nn.Module",
    out: Path,
    *,
    spec: str = "",
    checkpoint: Any = None,
    prefix: str | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Path | None:
    """Write a model beside its "model.pt" in the form in which it came, if that was another.

    A model of transformers (what has `save_pretrained` and a `config`) gets the folder
    "pretrained", with the tokenizer or image processor of the folder it came from, as
    `from_pretrained` and `--model hf:FOLDER` take it; one whose weights came as safetensors the
    file "model.safetensors", or, where they came with a configuration of timm, the folder
    "pretrained" as `timm:local-dir:FOLDER` takes it; a checkpoint of Lightning the file
    "model.ckpt". What an earlier call wrote and this one does not is removed.

    Args:
        model: what was trained or repaired.
        out: the folder of the run.
        spec: of the network; those of `hf-hub:` come as safetensors.
        checkpoint: where its first weights came from; None: not from a file.
        prefix: behind which these were, where it was named.
        tell: takes lines for people, see `write_lightning`.

    Returns:
        What was written; None: nothing.

    Raises:
        OutputError: it cannot be written, or a folder of that name is not ours.
    """
    folder, file = out / FOLDER, out / FILE
    if folder.exists() and not (folder / MARK).is_file():
        raise OutputError(
            f"Expected to write a folder at '{folder}', but one that is not of an earlier run is "
            "there; move it, or choose another output folder"
        )
    pretrained = hasattr(model, "save_pretrained") and hasattr(model, "config")
    if checkpoint is None and spec.startswith(_LOCAL):
        checkpoint = Path(spec.removeprefix(_LOCAL))  # its weights came from there, too
    source = None if checkpoint is None else Path(checkpoint)
    saved = write_lightning(model, out / CKPT, source, prefix=prefix, tell=tell)
    given = spec.startswith("hf-hub:") if checkpoint is None else _is_safetensors(Path(checkpoint))
    tensors = given and not pretrained
    timms = tensors and checkpoint is not None and _has_timm_config(model, Path(checkpoint))
    if (timms or not tensors) and _is_ours(file):
        file.unlink()
    if pretrained:
        return _write_folder(folder, lambda new: _save_pretrained(model, new))
    if timms:
        return _write_folder(folder, lambda new: _save_timm(model, new))
    if folder.exists():
        shutil.rmtree(folder)
    return _write_safetensors(model, file) if tensors else saved


def _is_safetensors(checkpoint: Path) -> bool:
    from earlysieve.training.weight_files import weights_file

    return ".safetensors" in weights_file(checkpoint).name


def _is_ours(file: Path) -> bool:
    if not file.is_file():
        return False
    with file.open("rb") as stream:
        return b'"earlysieve"' in stream.read(4096)


def _write_safetensors(model: "nn.Module", file: Path) -> Path:
    """Each tensor once: those that have a second name are kept under the first."""
    save = need("safetensors.torch", extra="vision").save_file
    kept: dict[Any, str] = {}
    state = {}
    for name, value in model.state_dict().items():
        where = (value.data_ptr(), value.shape, value.stride()) if value.numel() else name
        if kept.setdefault(where, name) == name:
            state[name] = value.detach().cpu().contiguous().clone()
    mark = {"format": "pt", "earlysieve": "model.pt"}
    write_with(file, lambda path: save(state, path, metadata=mark))
    return file


def _has_timm_config(model: Any, checkpoint: Path) -> bool:
    """Whether a network of timm came from a folder as `timm.models.save_for_hf` writes it."""
    folder = checkpoint if checkpoint.is_dir() else checkpoint.parent
    named = "model.safetensors" in (checkpoint.name, *(one.name for one in folder.glob("*.s*")))
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    is_timms = isinstance(config, dict) and "architecture" in config
    return named and is_timms and hasattr(model, "pretrained_cfg")


def _save_timm(model: Any, new: Path) -> None:
    outputs = getattr(model.get_classifier(), "out_features", model.num_classes)
    hub = need("timm.models", extra="vision")
    hub.save_for_hf(model, str(new), model_config={"num_classes": outputs}, safe_serialization=True)


def _save_pretrained(model: Any, new: Path) -> None:
    with quiet_transformers(need("transformers", extra="text")):
        model.save_pretrained(new)
    _copy_beside(getattr(getattr(model, "config", None), "_name_or_path", None), new)


def _write_folder(folder: Path, save: Callable[[Path], None]) -> Path:
    """A whole folder beside, then in place of the former one."""
    new = folder.with_name(f".{folder.name}-{secrets.token_hex(4)}")
    try:
        output_folder(new)
        save(new)
        write_text(new / MARK, '{"written_by": "earlysieve"}\n')
        if folder.exists():
            shutil.rmtree(folder)
        new.replace(folder)
    except OSError as error:
        raise OutputError(
            f"Expected to write the model to '{folder}', but got: {error.strerror or error}; free "
            "some space or choose another output folder"
        ) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return folder


def _copy_beside(source: Any, new: Path) -> None:
    if not isinstance(source, str) or not source:
        return
    if not is_there(Path(source)):  # of a hub, of which this machine has a copy
        with suppress(Exception):
            hub = need("huggingface_hub", extra="text")
            source = hub.snapshot_download(source, local_files_only=True)
    if not is_there(Path(source)):
        return
    for pattern in _BESIDE:
        for file in Path(source).glob(pattern):
            if file.is_file() and file.suffix != ".py" and not (new / file.name).exists():
                shutil.copyfile(file, new / file.name)
