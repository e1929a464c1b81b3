"""Packages that bring methods and data sources, as pip lays them out."""

from pathlib import Path


def install(folder: Path, group: str, entry: str, text: str) -> Path:
    """A package toy_package in `folder`: a module, and metadata that name an entry point."""
    info = folder / "toy_package-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "toy_package.py").write_text(text)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-package\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{group}]\n{entry}\n")
    return folder
