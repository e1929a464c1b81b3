"""Arrays, tensors and frames become data sets."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils.data import Subset

from earlysieve.datasets.arrays import data_of
from earlysieve.datasets.batches import iterate, length_of
from earlysieve.datasets.opened_data import opened
from earlysieve.datasets.table import Table
from earlysieve.errors import DataError, InputError

X = np.arange(8.0).reshape(4, 2)
FRAME = pd.DataFrame(
    {"age": [30, 41, 25, 60], "smokes": [True, False, True, True], "dose": [0.5, 1.5, 2.5, 3.5]}
)


@pytest.mark.parametrize(
    "y",
    [
        [0, 1, 1, 0],
        np.array([0.0, 1.0, 1.0, 0.0]),
        torch.tensor([[0], [1], [1], [0]]),
        pd.Series([0, 1, 1, 0], index=[9, 8, 7, 6]),
        pd.Series([0, 1, 1, 0], dtype="Int64"),
    ],
)
def test_whole_numbers_keep_their_value(y):
    found = opened((X, y))
    assert found.labels.tolist() == [0, 1, 1, 0]
    assert found.class_names == ("0", "1")
    assert found.notes == ()


@pytest.mark.parametrize(
    "y",
    [
        ["dog", "cat", "cat", "dog"],
        np.array(["dog", "cat", "cat", "dog"]),
        pd.Series(["dog", "cat", "cat", "dog"], dtype="category"),
    ],
)
def test_names_are_numbered_in_sorted_order_and_that_is_said(y):
    found = opened((X, y))
    assert found.labels.tolist() == [1, 0, 0, 1]
    assert found.class_names == ("cat", "dog")
    assert found.notes == ("Classes are numbered by the order of their names: 0 = cat, 1 = dog.",)


@pytest.mark.parametrize("y", [np.array([True, False, False, True]), pd.Series([1, 0, 0, 1]) == 1])
def test_booleans(y):
    found = opened((X, y))
    assert found.labels.tolist() == [1, 0, 0, 1]
    assert found.class_names == ("False", "True")


@pytest.mark.parametrize("x", [X, X.astype(int), torch.from_numpy(X), X.astype(np.float32)])
def test_rows_are_float32(x):
    data = data_of((x, [0, 1, 1, 0]))
    assert isinstance(data, Table)
    assert data[1][0].dtype is torch.float32
    assert data[1][0].tolist() == [2.0, 3.0]
    assert len(list(iterate((x, [0, 1, 1, 0]), batch_size=3))) == 2
    assert length_of((x, [0, 1, 1, 0])) == 4


def test_a_frame_keeps_its_columns_and_the_names_of_its_rows():
    data = opened((FRAME, [0, 1, 1, 0]))
    assert data.source.columns == ("age", "smokes", "dose")
    assert data.few(2).inputs.tolist() == [[30, 1, 0.5], [41, 0, 1.5]]
    assert data.display(0) == "age=30, smokes=1, dose=0.5"
    assert data.ids([0, 1]) == ["0", "1"]
    named = opened((FRAME.set_axis(list("wxyz")), [0, 1, 1, 0]))
    assert named.ids([0, 3]) == ["w", "z"]
    assert opened(Subset(named.source, [3, 2])).ids([0]) == ["z"]
    assert opened(Subset(named.source, [3, 2])).source.columns == ("age", "smokes", "dose")


def test_nullable_columns_without_gaps():
    frame = FRAME.convert_dtypes()
    assert data_of((frame, [0, 1, 1, 0])).values.tolist()[1] == [41, 0, 1.5]


def test_groups_may_have_names():
    data = opened((X, [0, 1, 1, 0], ["b", "a", "", "b"]))
    assert data.groups.tolist() == [1, 0, -1, 1]
    assert data.group_names == ("a", "b")


def test_images_and_tokens_stay_as_they_are():
    images = torch.rand(4, 3, 8, 8)
    data = opened((images, torch.tensor([0, 1, 1, 0])))
    assert torch.equal(data.few(4).inputs, images)
    assert torch.equal(data.display(2), images[2])
    assert opened((images.numpy(), [0, 1, 1, 0])).few(1).inputs.dtype is torch.float32
    tokens = torch.randint(0, 9, (4, 5))
    assert torch.equal(opened((tokens, [0, 1, 1, 0])).few(4).inputs, tokens)


def test_samples_are_no_arrays():
    samples = [(torch.zeros(2), 0), (torch.ones(2), 1)]
    assert data_of(samples) is samples


def frame_with(**columns):
    return FRAME.assign(**columns)


@pytest.mark.parametrize(
    ("data", "error", "told"),
    [
        (
            (frame_with(city=["Ulm", "Bonn", "Ulm", "Kiel"]), [0, 1, 1, 0]),
            DataError,
            "Expected columns of numbers, but 'city' holds {}, as 'Ulm'; turn them into numbers, "
            "for example categories with pandas.get_dummies(frame, columns=['city'], dtype=float), "
            "or leave them out",
        ),
        (
            (frame_with(dose=[0.5, None, 2.0, None]), [0, 1, 1, 0]),
            DataError,
            "Expected a value in every row, but column 'dose' has none in 2 of 4 rows (the first "
            "is row 2); fill them in as for training, or leave the column out",
        ),
        (
            (frame_with(dose=[0.5, np.inf, 2.0, 1.0]), [0, 1, 1, 0]),
            DataError,
            "Expected finite values that float32 can hold, but column 'dose' has inf; clip it, or "
            "leave the column out",
        ),
        (
            (X, [0, 1, 1]),
            InputError,
            "Expected X, y and groups of one length, but got 4, 3; pass one row, label and group "
            "per example",
        ),
        (
            (X[:, 0], [0, 1, 1, 0]),
            InputError,
            "Expected X with one row per example, shape (N, D) or (N, ...), but got shape (4,); a "
            "single column is X[:, None] or frame[['NAME']]",
        ),
        (
            (X, np.eye(4)),
            InputError,
            "Expected one label or group per example, shape (N,), but got shape (4, 4); pass class "
            "numbers or names, not one-hot rows",
        ),
        (
            (X, ["a", None, "b", "a"]),
            DataError,
            "Expected a value in every row of y, but row 2 has none; fill it in or remove the row",
        ),
        (
            (X, [0.5, 1, 1, 0]),
            DataError,
            "Expected names or whole numbers in y, but got '0.5'; number them from 0, or use names",
        ),
        (
            (np.array([[1, True], [2, "Ulm"], [0, False], [1, "Ulm"]], object), [0, 1, 1, 0]),
            DataError,
            "Expected numbers as X, but got 'Ulm' in column 1; turn categories into numbers, for "
            "example with pandas.get_dummies(frame, columns=[...], dtype=float), or leave the "
            "column out",
        ),
        (
            (X[:0], []),
            DataError,
            "Expected at least one example, but the data set is empty; check its path and filters",
        ),
    ],
)
def test_what_cannot_be_taken(data, error, told):
    with pytest.raises(error) as caught:
        opened(data)
    kind = str(data[0]["city"].dtype) if "{}" in told else ""
    assert str(caught.value) == told.format(kind)


def test_all_columns_that_are_no_numbers_are_named_at_once():
    frame = frame_with(city=["Ulm", "Bonn", "Ulm", "Kiel"], sex=["f", "m", "m", "f"])
    with pytest.raises(DataError, match=r"columns=\['city', 'sex'\]"):
        opened((frame, [0, 1, 1, 0]))


def test_objects_that_are_numbers_and_booleans_are_numbers():
    values = np.array([[0.5, True], [2, False]], object)
    assert opened((values, [0, 1])).source.values.tolist() == [[0.5, 1.0], [2.0, 0.0]]


def test_a_frame_alone_does_not_say_what_its_labels_are():
    with pytest.raises(InputError) as caught:
        opened(FRAME)
    assert str(caught.value) == (
        "Expected (X, y) of a table, but got a frame alone; pass its columns and its labels, as "
        "(frame.drop(columns='label'), frame['label'])"
    )
