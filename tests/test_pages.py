"""The snippets of these pages run in order, each page's in one space, as they stand."""

import re
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch

DOCS = Path(__file__).parents[1] / "docs"


NEEDS = {
    "checkpoints.md": (),
    "finetune.md": ("timm",),
    "loops.md": ("lightning", "transformers", "accelerate"),
}


@pytest.mark.parametrize("page", NEEDS)
def test_the_snippets_of_a_page_run(page: str, tmp_path: Path, monkeypatch: Any) -> None:
    if not (DOCS / page).exists():
        pytest.skip("the documentation is not part of this copy")
    for package in NEEDS[page]:
        pytest.importorskip(package, reason=f"needs {package}")
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    found = re.findall(r"```python\n(.*?)```", (DOCS / page).read_text("utf-8"), re.DOTALL)
    assert found
    space: dict[str, Any] = {"__name__": "page"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for code in found:
            exec(code, space)
