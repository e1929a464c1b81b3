"""How much space the features of an audit take, and whether there is that much."""

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from earlysieve._files import output_folder
from earlysieve.errors import OutputError

_MEMORY = ("tmpfs", "ramfs")


@dataclass(frozen=True)
class Space:
    """What the features of all examples take.

    Attributes:
        examples: how many.
        each: bytes of one example, over all layers.
        in_memory: bytes that are held in memory.
        folder: where the rest goes.
    """

    examples: int
    each: int
    in_memory: int
    folder: Path

    @property
    def on_disk(self) -> int:
        """Bytes that go to files."""
        return max(0, self.examples * self.each - self.in_memory)

    def check(self) -> None:
        """Check that the folder has room for what goes to files.

        Raises:
            OutputError: it has not.
        """
        free = free_bytes(self.folder)
        if self.on_disk > free:
            kind = ", which is memory," if is_memory(self.folder) else ""
            raise OutputError(
                f"Expected {size(self.on_disk)} of free space in '{self.folder}'{kind} for the "
                f"features of {self.examples:,} examples, {size(self.each)} each, but got "
                f"{size(free)}; choose another folder (features_dir, --features-dir), fewer "
                "layers, or a readout that pools, such as the linear one"
            )

    def __str__(self) -> str:
        kind = ", which is memory" if is_memory(self.folder) else ""
        return (
            f"Features of {self.examples:,} examples take about {size(self.examples * self.each)}, "
            f"{size(self.on_disk)} of it in temporary files in '{self.folder}'{kind}."
        )


def features_folder(path: str | os.PathLike[str] | None) -> Path:
    """The folder for features, which can be written; None: that for temporary files ($TMPDIR).

    Raises:
        OutputError: it is a file, or cannot be created or written.
    """
    return Path(tempfile.gettempdir()) if path is None else output_folder(path)


def free_bytes(folder: Path) -> int:
    """Bytes that can still be written in a folder; of a folder in memory, no more than is free."""
    free = shutil.disk_usage(folder).free
    if not is_memory(folder):
        return free
    available = _available_memory()
    return free if available is None else min(free, available)


def is_memory(folder: Path) -> bool:
    """Whether files of the folder are held in memory, as those of /tmp on some systems are."""
    try:
        mounts = Path("/proc/mounts").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    kinds = {}  # later mounts hide earlier ones of the same place
    for line in mounts.splitlines():
        _, place, kind, *_ = line.split(" ")
        kinds[place.encode("latin-1", "replace").decode("unicode_escape")] = kind
    here = folder.resolve()
    nearest = next((str(p) for p in (here, *here.parents) if str(p) in kinds), "")
    return kinds.get(nearest) in _MEMORY


def size(count: int) -> str:
    """Bytes for people: "860 KB", "43.0 GB"."""
    value, units = float(count), ("bytes", "KB", "MB", "GB", "TB")
    unit = 0
    while value >= 1000 and unit < len(units) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:,.0f} {units[unit]}" if unit < 2 else f"{value:,.1f} {units[unit]}"


def _available_memory() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    found = (line.split() for line in lines if line.startswith("MemAvailable:"))
    return next((int(fields[1]) * 1024 for fields in found), None)
