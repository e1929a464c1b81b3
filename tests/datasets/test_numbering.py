"""Classes and groups that come as names or as whole numbers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earlysieve.datasets.checks import DataWarning
from earlysieve.datasets.numbering import numbered, numbered_groups
from earlysieve.errors import DataError


@pytest.mark.parametrize(
    ("values", "numbers", "names"),
    [
        (["dog", "cat", " dog "], [1, 0, 1], ("cat", "dog")),
        (["2", "0"], [2, 0], ("0", "1", "2")),
        ([2, 0], [2, 0], ("0", "1", "2")),
        (["1.0", "0.0"], [1, 0], ("0", "1")),
        (["10", "9", "x"], [0, 1, 2], ("10", "9", "x")),
        ([True, False], [1, 0], ("False", "True")),
    ],
)
def test_numbers_by_hand(values: list[object], numbers: list[int], names: tuple[str, ...]) -> None:
    found, found_names = numbered(values, "here")
    assert (found.tolist(), found_names) == (numbers, names)


@settings(deadline=None)
@given(st.lists(st.sampled_from(["ant", "bee", "cow", "eel"]), min_size=1), st.randoms())
def test_names_do_not_depend_on_the_order_of_rows(values: list[str], order: object) -> None:
    shuffled = values.copy()
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    numbers, names = numbered(values, "here")
    assert [names[i] for i in numbers] == values
    assert numbered(shuffled, "here")[1] == names


def test_unknown_groups() -> None:
    numbers, names = numbered_groups(["b", "", None, float("nan"), "a", "-1"], "here")
    assert numbers.tolist() == [1, -1, -1, -1, 0, -1]
    assert names == ("a", "b")
    assert numbered_groups([1, -1, 0], "here")[0].tolist() == [1, -1, 0]
    assert numbered_groups(["", ""], "here") == (pytest.approx([-1, -1]), ())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            ["a", None],
            "Expected a value in every row of column 'label', but row 2 has none; "
            "fill it in or remove the row",
        ),
        (
            ["-1", "0"],
            "Expected whole numbers from 0 to 99999 in column 'label', but got -1; "
            "number from 0, or use names",
        ),
        (
            ["20230101"],
            "Expected whole numbers from 0 to 99999 in column 'label', but got 20230101; "
            "number from 0, or use names",
        ),
    ],
)
def test_values_that_are_no_classes(values: list[object], message: str) -> None:
    with pytest.raises(DataError) as caught:
        numbered(values, "column 'label'")
    assert str(caught.value) == message


@pytest.mark.parametrize("other", ["spam", " Spam", "SPAM"])
def test_names_that_look_alike_are_told(other: str) -> None:
    with pytest.warns(DataWarning, match="differ in capital letters or spaces only"):
        _, names = numbered(["Spam", "ham", f"x {other}", "x Spam"], "column 'label'")
    assert len(names) == 4
    numbered(["Spam", "ham", "span"], "column 'label'")
