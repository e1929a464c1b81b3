"""The folders build on each other in one direction, and no two files import each other."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import earlysieve

ROOT = Path(earlysieve.__file__).parent

# Each folder may import from its own line and from those above it; below all are the single files
# that begin with an underscore, and `errors`.
LAYERS = (
    ("model", "groups"),
    ("readouts", "datasets", "attribution", "measures"),
    ("training", "report"),
    ("weighting", "sieve", "repairing", "tracking"),
    ("distill",),
    ("networks",),
    ("methods", "auditing", "reliance"),
    ("grouping",),
    ("runs",),
    ("fixing", "searching", "comparing", "integrations"),
    ("benchmarking",),
    ("demo",),
    ("cli",),
    ("__main__",),
)
HEIGHT = {name: height for height, names in enumerate(LAYERS, 1) for name in names}


def modules() -> dict[str, Path]:
    found = {}
    for path in ROOT.rglob("*.py"):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()
HEIGHT |= {name: 0 for name in (path.stem for path in ROOT.glob("*.py")) if name != "__main__"}


def imports(path: Path) -> Iterator[str]:
    """The modules of ours that a file imports, within functions and for types, too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module in MODULES:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in MODULES else node.module for name in inner)


def folder(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def test_every_folder_has_a_place():
    assert {folder(name) for name in MODULES} - {""} <= set(HEIGHT)


def test_no_import_goes_upwards():
    wrong = [
        f"{name} imports {other}"
        for name, path in MODULES.items()
        if folder(name)
        for other in imports(path)
        if folder(other) and HEIGHT[folder(other)] > HEIGHT[folder(name)]
    ]
    assert wrong == []


def test_folders_of_one_layer_do_not_import_each_other():
    wrong = [
        f"{name} imports {other}"
        for name, path in MODULES.items()
        for other in imports(path)
        if 0 < HEIGHT.get(folder(name), 0) == HEIGHT.get(folder(other), 0)
        and folder(name) != folder(other)
    ]
    assert wrong == []


def test_no_file_imports_what_imports_it():
    graph = {
        name: {other for other in imports(path) if other not in (name, "earlysieve")}
        for name, path in MODULES.items()
        if name != "earlysieve"
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise AssertionError(" -> ".join(error.args[1])) from None


def test_click_stays_in_the_command_line():
    outside = [
        name
        for name, path in MODULES.items()
        if folder(name) != "cli" and "import click" in path.read_text(encoding="utf-8")
    ]
    assert outside == []
