"""The package as a whole: cheap to import, everything public is there."""

import os
import subprocess
import sys

import pytest

import earlysieve as es

HEAVY = (
    "pandas", "scipy", "sklearn", "torchvision", "timm", "transformers", "datasets", "captum",
    "matplotlib", "PIL", "jinja2", "rich", "click",
)  # fmt: skip


def run(code):
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    return done.stdout.strip()


def test_importing_loads_nothing_heavy():
    code = "import torch, sys; before = set(sys.modules); import earlysieve; "
    code += "print(*sorted({name.split('.')[0] for name in set(sys.modules) - before}))"
    loaded = run(code).split()
    assert "earlysieve" in loaded
    assert not set(loaded) & set(HEAVY)


AUDIT = """
import sys
for name in {absent}:
    sys.modules[name] = None
import torch
from torch import nn
import earlysieve as es
model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2))
data = [(torch.randn(2), i % 2) for i in range(20)]
print(es.audit(model, data, folds=2).summary.layer)
"""


def test_an_audit_needs_no_optional_package():
    absent = sorted(set(HEAVY) - {"pandas", "scipy"})
    assert run(AUDIT.format(absent=absent)) == "0"


@pytest.mark.parametrize("name", es.__all__)
def test_everything_public_is_there(name):
    assert getattr(es, name) is not None
    assert name in dir(es)


def test_unknown_names():
    with pytest.raises(AttributeError, match="module 'earlysieve' has no attribute 'nothing'"):
        _ = es.nothing


def test_the_version_is_that_of_the_installed_package():
    from importlib.metadata import version

    assert es.__version__ == version("earlysieve")
