"""The weights of the training examples as a table."""

import csv
from types import SimpleNamespace

import numpy as np
import torch

from earlysieve.runs.example_weights_file import write_example_weights


class Named:
    """Two examples whose names a spreadsheet would run."""

    names = ("=cmd|' /C calc'!A0/1.png", "'quoted\udcff.png")

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return torch.zeros(3), index

    def identify(self, index):
        return self.names[index]


def test_names_are_no_formulas(tmp_path):
    job = SimpleNamespace(data=Named(), labels=np.array([0, 1]), groups=None, out=tmp_path)
    path = write_example_weights(torch.tensor([1.0, 2.5]), job)
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["id"] for row in rows] == ["'=cmd|' /C calc'!A0/1.png", "''quoted\\udcff.png"]
    assert [row["weight"] for row in rows] == ["1.0", "2.5"]
