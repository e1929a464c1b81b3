import json
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from earlysieve.cli import installed
from earlysieve.cli.installed import USES, Package, packages, reaches
from tests.cli.helpers import ok, run

LINES = [
    "torch>=2.6",
    "click>=8.1",
    "nonsense-that-nobody-has>=1.0; extra == 'vision'",
    'rich >=13.0 ; extra == "report"',
    "click>=999; extra == 'search'",
    "earlysieve[vision]; extra == 'all'",
    "ruff; extra == 'dev'",
]


@pytest.fixture
def listed(monkeypatch):
    monkeypatch.setattr(metadata, "requires", lambda _: LINES)


def test_packages_are_read_from_the_metadata(listed):
    found = {(one.extra, one.name): one for one in packages()}
    assert set(found) == {
        ("", "torch"), ("", "click"), ("vision", "nonsense-that-nobody-has"), ("report", "rich"),
        ("search", "click"),
    }  # fmt: skip
    assert found["", "torch"].fits
    assert found["", "torch"].version == metadata.version("torch")
    assert found["vision", "nonsense-that-nobody-has"].version is None
    assert not found["search", "click"].fits
    assert found["report", "rich"] == Package(
        "report", "rich", ">=13.0", metadata.version("rich"), fits=True
    )


@pytest.mark.parametrize(
    ("version", "wanted", "fits"),
    [
        ("2.6.0+cu124", ">=2.6", True),
        ("2.10.1", ">=2.9", True),
        ("2.6", ">=2.6.0", True),
        ("2.5.9", ">=2.6", False),
        ("1.0rc1", ">=2", False),
        ("3", "", True),
    ],
)
def test_versions_are_compared_as_numbers(version, wanted, fits):
    assert reaches(version, wanted) is fits


def test_what_is_missing_is_said_with_the_command(listed):
    said = ok("doctor").stdout
    assert f"Missing for {USES['vision']}: pip install 'earlysieve[vision]'" in said
    assert "earlysieve[report]" not in said
    assert "earlysieve can work here." in said
    values = json.loads(ok("doctor", "--json").stdout)
    assert set(values["missing"]) == {"vision", "search"}
    assert values["problems"] == []
    assert values["devices"][0].startswith("cpu, ")
    assert values["python"] == ".".join(map(str, sys.version_info[:3]))


def test_a_core_that_cannot_work_ends_with_1(monkeypatch):
    monkeypatch.setattr(metadata, "requires", lambda _: ["click>=999"])
    result = run("doctor", "--quiet")
    assert result.exit_code == 1
    assert "click>=999 is needed; " in result.stderr


def test_a_torchvision_for_another_torch_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchvision", None)
    monkeypatch.setattr(installed.metadata, "version", lambda _: "999")
    result = run("doctor", "--quiet")
    assert result.exit_code == 1
    assert "torchvision does not fit torch" in result.stderr


def test_a_copy_that_is_not_installed_is_no_problem(monkeypatch):
    def absent(_):
        raise metadata.PackageNotFoundError

    monkeypatch.setattr(metadata, "requires", absent)
    assert "its extras are not known" in ok("doctor").stdout


def test_every_extra_has_its_use():
    file = Path(__file__).parents[2] / "pyproject.toml"
    if not file.exists():
        pytest.skip("the project file is not part of this copy")
    extras = tomllib.loads(file.read_text())["project"]["optional-dependencies"]
    assert set(USES) - {""} == set(extras) - {"all", "test", "dev", "docs"}
