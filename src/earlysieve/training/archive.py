"""Files of tensors: written whole, the same bytes each time, read safely and with checksums."""

import os
import pickle
import warnings
import zipfile
from pathlib import Path
from typing import Any

import torch

from earlysieve._files import is_file, write_with
from earlysieve._imports import need
from earlysieve.errors import CheckpointError
from earlysieve.training.stand_ins import other_classes, stand_ins

COPY_AGAIN = "copy it again, it may be incomplete"
_MODULES = ("torch.nn.", "torch.fx.")
_WEIGHTS_ALONE = (
    "the state_dict without them, or with plain values in their place; where you trust the file, "
    "torch.load(FILE, weights_only=False) reads it for that"
)
_MOST_NAMED = 3
_LFS_STARTS = b"version https://git-lfs"
PICKLE_STARTS = (b"P", b"\x80")  # a zip archive, as torch.save writes it, or a bare pickle


def save_weights(path: str | os.PathLike[str], content: Any) -> None:
    """Write tensors and plain values, atomically; the same content always gives the same bytes.

    The file is an archive with a checksum of each part, which `read_weights` compares.

    Raises:
        OutputError: it cannot be written.
    """

    def write(temporary: Path) -> None:
        try:
            # The archive would name a file after its path, which is another each time.
            with temporary.open("wb") as file:
                torch.save(content, file)
        except RuntimeError as error:
            raise _cause(error) from error

    write_with(path, write)


def read_weights(path: str | os.PathLike[str], *, advice: str = COPY_AGAIN) -> Any:
    """What a `.safetensors` or PyTorch file holds, read onto the CPU without running its code.

    Settings beside the weights that are `SAFE_SETTINGS` come as empty objects.

    Checksums are compared where the file has them, as those of torch.save do; without, flipped
    bits go unnoticed.

    Args:
        advice: what to do about a damaged file.

    Raises:
        CheckpointError: the file is missing, damaged, or holds more than tensors and plain values.
        MissingDependencyError: a .safetensors file without the package safetensors.
    """
    file = Path(path)
    if not is_file(file):
        raise CheckpointError(
            f"Expected a checkpoint at '{file}', but there is no such file; check the path"
        )
    if file.suffix == ".safetensors":
        return _read_safetensors(file, advice)
    _compare_checksums(file, advice)
    return _read_pytorch(file, advice)


def _compare_checksums(file: Path, advice: str) -> None:
    try:
        if not zipfile.is_zipfile(file):
            return
        with zipfile.ZipFile(file) as archive:
            known = any(item.CRC for item in archive.infolist())
            bad = archive.testzip() if known else None
    except Exception as error:
        raise _damaged(file, advice) from error
    if bad is not None:
        raise CheckpointError(
            f"Expected '{file}' to hold what was saved, but '{bad}' in it differs from its "
            f"checksum: the file is damaged; {advice}"
        )


def _read_pytorch(file: Path, advice: str) -> Any:
    try:
        with warnings.catch_warnings(), torch.serialization.safe_globals([*stand_ins()]):
            # It warns of foreign pickles, sparse and quantised tensors, which we then refuse.
            warnings.simplefilter("ignore", UserWarning)
            return torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if _first_byte(file) not in PICKLE_STARTS:
            raise _damaged(file, advice) from error
        classes = other_classes(file)
        named = ", ".join(classes[:_MOST_NAMED])
        of_model = not classes or any(one.startswith(_MODULES) for one in classes)
        what = "model.state_dict() instead of the model" if of_model else _WEIGHTS_ALONE
        raise CheckpointError(
            f"Expected '{file}' to hold tensors and plain values only, but it holds pickled "
            f"objects{f' ({named})' if named else ''}, which can run any code; save {what}"
        ) from error
    except Exception as error:  # what a damaged file makes torch raise is not documented
        raise _damaged(file, advice) from error


def _read_safetensors(file: Path, advice: str) -> Any:
    read = need("safetensors.torch", extra="vision").load_file
    try:
        return read(file)
    except Exception as error:  # it has several, some of them of torch
        raise _damaged(file, advice) from error


def _first_byte(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(1)


def _is_pointer(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            return stream.read(len(_LFS_STARTS)) == _LFS_STARTS
    except OSError:
        return False


def _of_another_kind(file: Path) -> str:
    """What to do with an archive that is none of weights; empty where it is not known as such."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except Exception:  # noqa: BLE001 - a damaged directory may end in any error
        return ""
    if names and all(name.endswith(".npy") for name in names):
        return (
            "it holds arrays of NumPy; save them as tensors by name: torch.save({name: "
            "torch.from_numpy(array) for name, array in np.load(FILE).items()}, OTHER)"
        )
    if any("/code/" in name for name in names):
        return "it is a TorchScript program; save torch.jit.load(FILE).state_dict() instead"
    return ""


def _damaged(file: Path, advice: str) -> CheckpointError:
    if _is_pointer(file):
        advice = "it is a pointer of Git LFS, not the file itself; run git lfs pull"
    advice = _of_another_kind(file) or advice
    return CheckpointError(
        f"Expected '{file}' to be a checkpoint written by torch.save or safetensors, but it cannot "
        f"be read as one; {advice}"
    )


def _cause(error: RuntimeError) -> Exception:
    """What torch could not write for: it hides the system's error in one about its own archive."""
    hidden: BaseException | None = error
    while hidden is not None:
        if isinstance(hidden, OSError):
            return hidden
        hidden = hidden.__cause__ or hidden.__context__
    return OSError("it could not be written in full") if "inline_container" in str(error) else error
