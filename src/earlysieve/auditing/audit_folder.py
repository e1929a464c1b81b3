"""The files of an audit in a folder: wholly those of one audit, whatever interrupts a saving.

New files are written to a folder beside the old ones, under a name that counts for nothing. One
renaming of that folder makes them count; after it they are moved to their places. A reader finds a
file where it is, and whoever comes next, reader or writer, ends a moving that was interrupted.
"""

import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType

from earlysieve._files import output_folder
from earlysieve.errors import OutputError

PAGE = "report.html"
_READY = ".audit-ready"
_UNFINISHED = ".audit-unfinished-"
# Written last before the renaming, removed last after the moving.
_LIST = "files.json"
_NAMES = re.compile(
    r"audit\.json|scores\.csv|report\.html|pictures/-?\d+-(image|heatmap)\.\w+"
    r"|pictures/swap-\d+-(before|given|after)\.\w+|pictures/change-\d+\.\w+"
)
_HEAD = 4096
_OUR_PAGE = re.compile(rb'<meta name="generator" content="earlysieve ')
_IDENTITY = re.compile(rb'<meta name="earlysieve-audit" content="(\w+)">')


def publish(folder: Path, files: Mapping[str, bytes], identity: str) -> None:
    """Replace the audit in a folder by another one; other files of the folder stay.

    Args:
        folder: it is created where it is missing.
        files: content by name below the folder, such as "pictures/3-image.png".
        identity: of this audit; a page that lies there and is not of this audit goes.

    Raises:
        OutputError: the folder cannot be written; what it holds is then wholly of one audit.
    """
    output_folder(folder)
    try:
        with _alone(folder) as alone:
            _settle(folder)
            if alone:
                _remove_leftovers(folder)
            _prepare(folder, files, [*files, *_kept_page(folder, identity)])
            _settle(folder)
    except OSError as error:
        raise OutputError(
            f"Expected to write an audit to '{folder}', but got: {error.strerror or error}; "
            "free some space or choose another output folder"
        ) from error


@contextmanager
def settled(folder: Path) -> Iterator[None]:
    """End a moving that was interrupted, where that is possible, and keep writers out meanwhile."""
    with _alone(folder):
        # A folder that cannot be written is read as it is, see `read`.
        with suppress(OSError):
            _settle(folder)
        yield


def read(folder: Path, name: str) -> bytes:
    """The content of a file of the audit in `folder`, wherever it is.

    Raises:
        OSError: it cannot be read.
    """
    if _listed(folder) is not None:
        with suppress(FileNotFoundError):
            return (folder / _READY / name).read_bytes()
    return (folder / name).read_bytes()


def _prepare(folder: Path, files: Mapping[str, bytes], keep: list[str]) -> None:
    """Write everything beside its place; the last step makes it count."""
    for parent in {(folder / name).parent for name in files}:
        parent.mkdir(exist_ok=True)
    unfinished = folder / f"{_UNFINISHED}{secrets.token_hex(4)}"
    try:
        for name, content in files.items():
            path = unfinished / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        (unfinished / _LIST).write_text(json.dumps(keep), encoding="utf-8")
        unfinished.rename(folder / _READY)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _settle(folder: Path) -> None:
    """Move what is ready to its place, after what it replaces is gone; may be repeated."""
    ready = folder / _READY
    names = _listed(folder)
    if names is not None:
        for path in _replaced(folder, names):
            path.unlink(missing_ok=True)
        for name in names:
            with suppress(FileNotFoundError):
                (ready / name).replace(folder / name)
        (ready / _LIST).unlink(missing_ok=True)
    if ready.exists():
        shutil.rmtree(ready)


def _listed(folder: Path) -> list[str] | None:
    """Names of the files that count once they are ready; None where nothing waits."""
    try:
        names = json.loads((folder / _READY / _LIST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    known = names if isinstance(names, list) else []
    return [name for name in known if isinstance(name, str) and _NAMES.fullmatch(name)]


def _replaced(folder: Path, names: list[str]) -> list[Path]:
    """What goes before the files that are ready come: the page first, which shows all others."""
    page, pictures = folder / PAGE, folder / "pictures"
    found = [page] if PAGE not in names or (folder / _READY / PAGE).exists() else []
    if pictures.is_dir() and not pictures.is_symlink():
        others = sorted({f"pictures/{path.name}" for path in pictures.iterdir()} - set(names))
        found += [folder / name for name in others if _NAMES.fullmatch(name)]
    return found


def _kept_page(folder: Path, identity: str) -> list[str]:
    """The page's name if it is of this audit, or none of ours."""
    try:
        with (folder / PAGE).open("rb") as stream:
            head = stream.read(_HEAD)
    except OSError:
        return []
    found = _IDENTITY.search(head)
    same = found is not None and found[1].decode() == identity
    return [PAGE] if same or not _OUR_PAGE.search(head) else []


def _remove_leftovers(folder: Path) -> None:
    """Remove what a killed process had not finished."""
    for path in folder.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Hold the folder, so that no other process saves or loads; False where that is unknown.

    The lock goes with the process, however that ends.
    """
    try:
        import fcntl

        handle = os.open(folder, os.O_RDONLY)
    except (ImportError, OSError):
        yield False
        return
    try:
        yield _locked(fcntl, handle)
    finally:
        os.close(handle)


def _locked(fcntl: ModuleType, handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError:
        return False
    return True
