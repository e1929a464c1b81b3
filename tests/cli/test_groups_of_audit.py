"""`earlysieve groups --from AUDIT` opens the data as the audit did."""

import pytest

from earlysieve.grouping.files import read_groups
from earlysieve.runs.audited_data import as_audited
from tests.cli.helpers import SMALL, ok, problem, weights
from tests.networks.test_spec import bert


def test_options_of_the_data_and_the_seed_are_those_of_the_audit(tmp_path):
    words = ("--data", "digits", "--limit", 150, "--shortcut", "colour", "--seed", 5)
    file = weights(tmp_path / "w.pt")
    ok("audit", "--model", SMALL, "--checkpoint", file, *words, "--swaps", 0,
       "--out", tmp_path / "a", "-q")  # fmt: skip
    told = ok("groups", "--from", tmp_path / "a", "--data", "digits", "--out", tmp_path / "g.csv")
    assert "As in the audit: --split test --shortcut colour --limit 150\n" in told.stdout
    assert len(read_groups(tmp_path / "g.csv")) == 150
    groups = ("groups", "--from", tmp_path / "a", "--data", "digits", "--out", tmp_path / "h.csv")
    ok(*groups, "--reader", "texture")
    assert read_groups(tmp_path / "h.csv").config["reader"] == "spectrum"
    assert "Expected a reader of this audit" in problem(*groups, "--reader", "taste", "-q")
    assert "of these data" in problem(*groups, "--seed", 6, "-q")  # what is given wins
    assert "Expected groups of" in problem(*groups, "--limit", 120, "-q")


def test_texts_are_cut_by_the_tokenizer_of_the_audited_model(tmp_path):
    datasets = pytest.importorskip("datasets")
    folder = bert(tmp_path / "bert")
    (folder / "vocab.txt").write_text(
        "\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "good", "bad"])
    )
    labels = [k % 2 for k in range(60)]
    texts = ["good" if k % 5 else "bad" for k in range(60)]
    table = datasets.Dataset.from_dict({"text": texts, "label": labels})
    table.save_to_disk(str(tmp_path / "texts"))
    data = ("--data", f"hf:{tmp_path / 'texts'}")
    ok("audit", "--model", f"hf:{folder}", *data, "--max-length", 4, "--swaps", 0,
       "--out", tmp_path / "a", "-q")  # fmt: skip
    found = as_audited(str(tmp_path / "a"), data[1], {})
    assert (found.tokenizer, found.options) == (folder, {"max_length": 4})
    other = as_audited(str(tmp_path / "a" / "audit.json"), "hf:others", {"limit": 9})
    assert (other.tokenizer, other.options) == (folder, {"limit": 9})
    assert as_audited("xrm", data[1], {"limit": 9}).tokenizer is None
    # The data were opened; a network that learned nothing misleads by nothing.
    groups = ("groups", "--from", tmp_path / "a", *data, "--out", tmp_path / "g.csv", "-q")
    assert "no group can be told" in problem(*groups)
