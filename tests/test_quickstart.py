"""The snippets of docs/quickstart.md run as they stand."""

import re
from pathlib import Path

import pytest
import torch

PAGE = Path(__file__).parents[1] / "docs" / "quickstart.md"
SECTIONS = ("Tables and arrays", "A head with one logit", "Figures and notebooks", "Not PyTorch")


def snippets(section: str) -> list[str]:
    if not PAGE.exists():
        pytest.skip("the documentation is not part of this copy")
    text = PAGE.read_text(encoding="utf-8").split(f"# {section}\n", 1)[1]
    return re.findall(r"```python\n(.*?)```", re.split(r"\n##+ ", text)[0], re.DOTALL)


@pytest.mark.parametrize("section", SECTIONS)
def test_the_snippets_run_in_order(section, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    found = snippets(section)
    assert found
    space = {}
    for code in found:
        exec(code, space)
    assert space["result"].summary.verdict
