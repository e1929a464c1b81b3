"""Files of a release say the same as the package."""

import re
from pathlib import Path

import pytest

import earlysieve

ROOT = Path(__file__).parents[1]


def text(name):
    path = ROOT / name
    if not path.exists():
        pytest.skip(f"{name} is not part of this copy")
    return path.read_text(encoding="utf-8")


def test_the_citation_has_the_version():
    assert f"\nversion: {earlysieve.__version__}\n" in text("CITATION.cff")


def test_versions_of_the_changelog_descend():
    found = re.findall(r"^## (.+)$", text("CHANGELOG.md"), re.MULTILINE)
    assert found[0] == "Unreleased"
    numbers = [
        tuple(map(int, line.strip("[]").split("]")[0].split(" ")[0].split(".")))
        for line in found[1:]
    ]
    assert numbers == sorted(numbers, reverse=True)


def test_parts_of_the_changelog_stand_in_order():
    order = ["Added", "Fixed", "Changed", "Deprecated", "Removed", "Security"]
    for version in re.split(r"^## ", text("CHANGELOG.md"), flags=re.MULTILINE)[1:]:
        parts = re.findall(r"^### (.+)$", version, re.MULTILINE)
        assert parts == [part for part in order if part in parts]


def test_documentation_names_the_python_that_is_claimed():
    claimed = re.findall(r"Python :: (3\.\d+)", text("pyproject.toml"))
    assert re.findall(r"Python (3\.\d+)", text("docs/deprecation.md")) == claimed
