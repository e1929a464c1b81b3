"""The page on methods names those that there are."""

import re
from pathlib import Path

import pytest

from earlysieve.methods.registry import OWN

PAGE = Path(__file__).parents[2] / "docs" / "which-method.md"
BRANCHES = "## By the branches of the field"


def test_every_method_has_a_place_among_the_branches():
    if not PAGE.exists():
        pytest.skip("the documentation is not part of this copy")
    branches = PAGE.read_text(encoding="utf-8").split(BRANCHES)[1]
    named = set(re.findall(r"`([\w-]+)`", branches))
    assert set(OWN) - named == set()
