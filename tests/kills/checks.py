"""Whether folders that a killed command left are whole, and whether two folders are the same."""

import json
import re
from pathlib import Path
from typing import Any

from earlysieve.auditing.result import AuditResult
from earlysieve.errors import EarlysieveError


def half_written(folder: Path) -> list[str]:
    """Names of files that cannot be read in full."""
    import torch

    found = []
    for path in sorted(folder.rglob("[!.]*")):
        try:
            if path.suffix == ".json":
                json.loads(path.read_text())
            elif path.suffix == ".pt":
                torch.load(path, weights_only=True)
            elif path.suffix == ".html" and not path.read_text().rstrip().endswith("</html>"):
                found.append(path.name)
        except Exception as error:  # noqa: BLE001
            found.append(f"{path.name}: {error!r}")
    return found


def steps_in(folder: Path) -> int:
    """Steps that the saved run of a folder has done; -1 without one."""
    from earlysieve.training import load_checkpoint

    path = folder / "last.pt"
    return int(load_checkpoint(path)["position"]["step"]) if path.exists() else -1


def whose_audit(folder: Path, older: Path, newer: Path) -> str:
    """Which audit a folder loads as: "older", "newer", "none", "refused", or else "mixed"."""
    if not (folder / "audit.json").exists():
        return "none"
    try:
        found = _audit(folder)
    except EarlysieveError:
        return "refused"
    for name, other in (("older", older), ("newer", newer)):
        if (other / "audit.json").exists() and found == _audit(other):
            return name
    return "mixed"


def _audit(folder: Path) -> tuple[Any, ...]:
    result = AuditResult.load(folder)
    tables = (result.examples.to_csv(), result.layers.to_csv())
    return (*tables, repr(result.summary), repr(result.config), repr(result.pictures))


def differences(folder: Path, reference: Path) -> list[str]:
    """Files of the reference that are missing in a folder, or hold something else there."""
    names = sorted(_names(reference))
    return [name for name in names if not _same_file(folder / name, reference / name)]


def leftovers(folder: Path, reference: Path) -> list[str]:
    """Files that the reference does not have: temporary ones, which nobody will need."""
    return sorted(_names(folder) - _names(reference))


def _names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def _same_file(one: Path, two: Path) -> bool:
    import torch

    if one.is_dir() or two.is_dir():
        return one.is_dir() == two.is_dir()
    if not (one.exists() and two.exists()):
        return False
    if one.suffix == ".pt":
        return same(*(torch.load(path, weights_only=True) for path in (one, two)))
    if one.name == "seconds.txt":  # how long an audit took
        return all(float(path.read_text()) >= 0 for path in (one, two))
    if one.name == "fix.json":
        return same(*(json.loads(path.read_text()) for path in (one, two)))
    return _timeless(one.read_bytes()) == _timeless(two.read_bytes())


def _timeless(content: bytes) -> bytes:
    """A page without how long a fix took: the last cell of a candidate's row, and all together."""
    pattern = rb'<td class="num">[0-9.]+</td></tr>|<dt>seconds</dt>\s*<dd>[0-9.]+</dd>'
    return re.sub(pattern, b"", content)


def same(one: Any, two: Any) -> bool:
    """Whether nested values are the same to the last bit, but for how long something took."""
    import torch

    if isinstance(one, torch.Tensor):
        alike = isinstance(two, torch.Tensor) and one.dtype == two.dtype and one.shape == two.shape
        return alike and torch.equal(one.view(-1).view(torch.uint8), two.view(-1).view(torch.uint8))
    if isinstance(one, dict):
        alike = isinstance(two, dict) and one.keys() == two.keys()
        return alike and all(same(one[key], two[key]) for key in one if key != "seconds")
    if isinstance(one, list | tuple):
        alike = isinstance(two, list | tuple) and len(one) == len(two)
        return alike and all(same(a, b) for a, b in zip(one, two, strict=True))
    return type(one) is type(two) and (one == two or one != one)
