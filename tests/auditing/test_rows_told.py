"""Short names of columns: which tables hold the same rows."""

import numpy as np
import pandas as pd
import torch

import earlysieve as es
from earlysieve.auditing.rows_told import KEY, are_other_rows, columns_told


def test_a_change_of_scale_is_no_other_column_and_one_value_tells_nothing():
    values = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    told = columns_told(values)
    assert len(told) == len(set(told)) == 3
    assert columns_told(values * [2, 0.5, 8] + [1, 0, -3]) == told
    assert columns_told(np.column_stack([values[:, 1], np.ones(50)])) == told[1:2]
    assert columns_told(-values) != told
    swapped = values.copy()
    swapped[[3, 4]] = values[[4, 3]]
    assert not set(columns_told(swapped)) & set(told)


def test_rows_are_others_where_most_columns_are():
    assert not are_other_rows(["a", "b", "c"], ["a", "b", "c"])
    assert not are_other_rows(["a", "b", "c"], ["c"])  # one lacks columns
    assert not are_other_rows(["a", "b", "c", "d"], ["a", "b", "x", "y"])
    assert are_other_rows(["a", "b", "c"], ["a", "x", "y"])
    assert are_other_rows(["a"], ["x"])
    assert not are_other_rows([], ["x"])  # not known


def test_an_audit_tells_rows_in_the_order_of_the_data_set():
    draw = np.random.default_rng(1)
    frame = pd.DataFrame(draw.normal(size=(120, 3)), columns=list("abc")).astype(np.float32)
    labels = (frame["a"] > 0).to_numpy().astype(int)
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
    found = es.audit(model, (frame, labels), swaps=0, pictures=0, progress=False)
    assert found.config[KEY] == columns_told(frame.to_numpy())


def test_other_data_are_told_by_their_names_alone():
    images = torch.rand(40, 3, 8, 8)
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(),
                                torch.nn.Linear(144, 2))  # fmt: skip
    found = es.audit(model, (images, torch.arange(40) % 2), swaps=0, pictures=0, progress=False)
    assert KEY not in found.config
