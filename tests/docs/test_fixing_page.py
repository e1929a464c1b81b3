"""The lines of docs/fixing.md that make texts in which a phrase and the class are apart."""

import re
from pathlib import Path

import pandas as pd
import pytest

PAGE = Path(__file__).parents[2] / "docs" / "fixing.md"
if not PAGE.exists():
    pytest.skip("the documentation is not part of this copy", allow_module_level=True)


def test_texts_are_made_apart(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = re.search(
        r"^## At risk$.*?^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S
    )
    rows = [
        (f"as a member i ask {i}" if yes else f"i ask {i}", label, split)
        for split in ("train", "test")
        for i, (label, yes) in enumerate([("a", True)] * 30 + [("b", False)] * 30)
    ]
    pd.DataFrame(rows, columns=["text", "label", "split"]).to_csv("texts.csv", index=False)
    exec(code[1], {})
    made = pd.read_csv("apart.csv")
    counts = made.groupby(["split", "label", "has"]).size()
    assert counts.to_dict() == {
        (split, label, has): 30
        for split in ("train", "test")
        for label in ("a", "b")
        for has in ("yes", "no")
    }
    assert not made["text"].str.contains("  ", regex=False).any()
    assert (made["text"].str.startswith("as a member i ask") == (made["has"] == "yes")).all()
