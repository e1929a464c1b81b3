"""Data of the user's own are read by the workers that were asked for, and not once too often."""

import pandas as pd
import torch

from earlysieve.auditing import audit as auditing
from tests.cli.helpers import SMALL, ok

DATA = """
import os
import torch

class Images(torch.utils.data.Dataset):
    num_classes = 2

    def __len__(self):
        return 24

    def __getitem__(self, i):
        with open(os.environ["READS"], "a") as file:
            file.write(f"{i}\\n")
        generator = torch.Generator().manual_seed(i)
        return torch.rand(3, 28, 28, generator=generator) + i % 2, i % 2

def images():
    return Images()
"""


def test_labels_of_the_table_are_those_that_were_trained_on(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    reads = tmp_path / "reads.txt"
    monkeypatch.setenv("READS", str(reads))
    (tmp_path / "mydata.py").write_text(DATA)
    words = ("--data", "mydata:images", "--model", SMALL, "--batch-size", 8, "--quiet")
    options = ("--method", "jtt", "--epochs", 3, "--out", tmp_path / "run")
    ok("train", *words, *options)
    table = pd.read_csv(tmp_path / "run" / "weights.csv")
    assert table["label"].tolist() == [i % 2 for i in range(24)]
    counts = pd.Series(reads.read_text().split()).value_counts()
    assert counts["20"] == 4  # three epochs, and the pass that finds the errors


def test_audits_of_a_run_are_read_by_its_workers(tmp_path, monkeypatch):
    asked = []
    usual = auditing.audit

    def audit(*given, **named):
        asked.append(named["num_workers"])
        return usual(*given, **named)

    monkeypatch.setattr(auditing, "audit", audit)
    words = ("--data", "digits", "--limit", 60, "--model", SMALL, "--epochs", 1, "--quiet")
    ok("train", *words, "--audit", "--num-workers", 2, "--out", tmp_path)
    assert asked == [2, 2]
    assert torch.load(tmp_path / "model.pt")
