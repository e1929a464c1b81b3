"""Each swap on numbers that can be worked out by hand."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from earlysieve.auditing.swaps import columns, images, tokens, two_columns, windows
from earlysieve.auditing.swaps.directions import leading_direction
from earlysieve.datasets.variables import Variable, variables_of


def test_colour_takes_mean_and_spread_of_each_channel() -> None:
    receiver = torch.tensor([0.0, 2.0]).reshape(1, 1, 1, 2)
    donor = torch.tensor([10.0, 16.0]).reshape(1, 1, 1, 2)
    assert torch.allclose(images.colour(receiver, donor), donor, atol=1e-4)


def test_brightness_keeps_what_differs_between_channels() -> None:
    receiver = torch.tensor([0.0, 2.0]).reshape(1, 2, 1, 1)
    donor = torch.tensor([7.0, 5.0]).reshape(1, 2, 1, 1)
    found = images.brightness(receiver, donor).flatten()
    assert torch.allclose(found, torch.tensor([5.0, 7.0]), atol=1e-4)


def test_the_spectrum_of_itself_changes_nothing() -> None:
    image = torch.rand(2, 3, 9, 8)
    assert torch.allclose(images.spectrum(image, image), image, atol=1e-5)


def test_a_spectrum_does_not_care_where_the_donor_is() -> None:
    receiver, donor = torch.rand(1, 1, 8, 8), torch.rand(1, 1, 8, 8)
    moved = donor.roll((3, 2), (2, 3))
    found = [images.spectrum(receiver, given) for given in (donor, moved)]
    assert torch.allclose(found[0], found[1], atol=1e-5)


def test_a_frame_is_one_tenth_wide() -> None:
    swapped = images.frame(torch.zeros(1, 1, 20, 30), torch.ones(1, 1, 20, 30))
    assert swapped.sum() == 20 * 30 - 16 * 26


def test_size_takes_the_extent_of_the_donor() -> None:
    receiver, donor = torch.zeros(1, 1, 40, 40), torch.zeros(1, 1, 40, 40)
    receiver[..., 15:25, 15:25] = 1
    donor[..., 10:30, 18:22] = 1
    assert 19**2 <= float((images.size(receiver, donor, 1.0) > 0.5).sum()) <= 21**2


def test_the_window_with_most_heat_goes_where_the_donor_has_it() -> None:
    heat = torch.zeros(2, 4, 4)
    heat[0, 0:2, 0:2] = heat[1, 2:4, 1:3] = 1
    top, left = windows.best_windows(heat, (2, 2))
    assert (top.tolist(), left.tolist()) == ([0, 2], [0, 1])
    own, given = (top[:1], left[:1]), (top[1:], left[1:])
    receiver, donor = torch.full((1, 1, 4, 4), 5.0), torch.full((1, 1, 4, 4), 7.0)
    swapped = windows.swap_windows(receiver, donor, own, given, (2, 2), torch.zeros(1, 4, 4))
    assert swapped[0, 0].tolist() == [[0, 0, 5, 5], [0, 0, 5, 5], [5, 7, 7, 5], [5, 7, 7, 5]]


IDS = torch.tensor([[9, 1, 3, 0], [9, 1, 4, 0], [9, 2, 3, 0], [9, 2, 4, 4]])
MASK = torch.tensor([[1, 1, 1, 0], [1, 1, 1, 0], [1, 1, 1, 0], [1, 1, 1, 1]])


def test_telling_tokens_are_those_that_other_classes_lack() -> None:
    telling = tokens.telling_tokens(IDS, MASK, np.array([0, 0, 1, 1]), 2)
    assert telling.top[:, 0].tolist() == [1, 2]
    assert telling.special.nonzero().flatten().tolist() == [9]
    assert telling.place(IDS, MASK, torch.tensor([0, 0, 1, 1])).tolist() == [1, 1, 1, 1]
    assert telling.place(IDS, MASK, torch.tensor([1, 1, 0, 0])).tolist() == [-1, -1, -1, -1]


def standing_out(*more: np.ndarray, texts: int = 750, held: int = 1) -> list[int]:
    """Of classes of so many texts, each of which holds so many of the first words."""
    labels = np.repeat(np.arange(len(more)), texts)
    holds = np.zeros((len(labels), len(more[0])), bool)
    for kind, one in enumerate(more):
        holds[np.ix_(labels == kind, np.argsort(-one, kind="stable")[:held])] = True
    return tokens.standing_out(np.stack(more), holds, labels).tolist()


def test_ten_words_of_one_kind_stand_out_and_words_of_a_task_do_not() -> None:
    ten, task = np.r_[np.full(10, 0.1), np.full(40, 0.04)], np.full(50, 0.04)
    assert standing_out(ten, task) == [10, 3]
    # Shares that fall slowly have no gap, and of few texts none is known.
    assert standing_out(np.linspace(0.2, 0.02, 50), task) == [3, 3]
    assert standing_out(ten, task, texts=15) == [3, 3]
    most = np.r_[np.full(24, 0.1), np.full(9, 0.01)]
    more = np.r_[np.full(25, 0.1), np.full(8, 0.01)]
    assert standing_out(most, more) == [24, 24]
    # The last gap of few words is to none at all.
    few = np.array([[0.3, 0.2, 0.2, 0.2, 0.2], [0.3, 0.0, 0.0, 0.0, 0.0]])
    assert standing_out(*few) == [5, 3]
    # One that tells the class by itself needs no others.
    assert standing_out(np.array([0.4, 0.3, 0.3, 0.3, 0.3]), np.zeros(5)) == [3, 3]
    # Words that come together are a topic.
    assert standing_out(ten, task, held=2) == [10, 3]
    assert standing_out(ten, task, held=3) == [3, 3]


def test_a_class_has_as_many_telling_tokens_as_stand_out() -> None:
    # Of 200 texts each of the first class holds one of five tokens, of the second token 6.
    ids = torch.cat([torch.arange(200) % 5 + 1, torch.full((200,), 6)])[:, None]
    telling = tokens.telling_tokens(ids, torch.ones_like(ids), np.arange(400) // 200, 2)
    assert sorted(telling.top[0].tolist()) == [1, 2, 3, 4, 5]
    assert telling.top[1].tolist() == [6, -1, -1, -1, -1]
    assert telling.place(
        ids, torch.ones_like(ids), torch.zeros(400, dtype=torch.int64)
    ).tolist() == ([0] * 200 + [-1] * 200)


def test_padding_is_never_a_part() -> None:
    ids = torch.tensor([[1, 5, 5], [2, 3, 4]])
    telling = tokens.telling_tokens(ids, torch.tensor([[1, 0, 0], [1, 1, 1]]), np.array([0, 1]), 2)
    assert 5 not in telling.top.flatten().tolist()


def test_a_length_keeps_what_tells_most_and_what_is_special() -> None:
    telling = tokens.telling_tokens(IDS, MASK, np.array([0, 0, 1, 1]), 2)
    short, mask = tokens.with_length(IDS[:1], MASK[:1], torch.tensor([2]), telling)
    assert short[mask.bool()].tolist() == [9, 1]
    longer, mask = tokens.with_length(IDS[:1], MASK[:1], torch.tensor([4]), telling)
    assert longer[mask.bool()].tolist() == [9, 1, 3, 3]


def test_the_column_that_tells_the_class_is_the_strongest() -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(400) % 2
    values = np.stack([rng.normal(size=400), labels + rng.normal(0, 0.1, 400)], 1)
    strength = columns.column_strength(values, labels, 2)
    assert strength[1] > 0.45
    assert strength[0] < 0.15


def test_a_direction_that_is_one_column_is_swapped_like_that_column() -> None:
    labels = np.arange(400) % 2
    values = np.stack([labels * 2.0, np.zeros(400)], 1)
    projection = leading_direction(values, labels, 2).projection
    found = columns.swap_directions(
        torch.tensor([[0.0, 7.0]]), torch.tensor([[2.0, 1.0]]), torch.from_numpy(projection).float()
    )
    assert torch.allclose(found, torch.tensor([[2.0, 7.0]]), atol=1e-4)


def telling_pair(values: np.ndarray, labels: np.ndarray) -> list[int] | None:
    found = two_columns.telling_pair(values, labels, 2, variables_of(values))
    return None if found is None else found.columns


def interaction(seed: int, wrong: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    values = rng.uniform(-1, 1, (800, 6)) + 3
    labels = ((values[:, 1] - 3) * (values[:, 4] - 3) > 0) ^ (rng.random(800) < wrong)
    return values, labels.astype(int)


@given(st.integers(0, 200))
def test_the_two_columns_whose_product_tells_the_class(seed: int) -> None:
    values, labels = interaction(seed)
    assert telling_pair(values, labels) == [1, 4]
    # Not where it tells nothing, nor where one of them tells as much.
    shuffled = np.random.default_rng(seed).permutation(labels)
    assert telling_pair(values, shuffled) is None
    assert telling_pair(np.c_[values[:, :2] * labels[:, None]], labels) is None
    assert telling_pair(values[:, :1], labels) is None
    assert telling_pair(np.tile(values, 4), labels) is None


def crossed(kinds: int, count: int = 600) -> tuple[np.ndarray, np.ndarray]:
    """A category, two columns of noise, and a number whose halves mean another for odd kinds."""
    rng = np.random.default_rng(kinds)
    codes, labels = rng.integers(0, kinds, count), rng.integers(0, 2, count)
    number = rng.uniform(0, 1, count) + ((codes % 2) ^ labels)
    return np.c_[np.eye(kinds)[codes], rng.normal(size=(count, 2)), number], labels


@pytest.mark.parametrize("kinds", [2, 3, 5])
def test_a_category_and_a_number_tell_together(kinds: int) -> None:
    values, labels = crossed(kinds)
    found = two_columns.telling_pair(values, labels, 2, variables_of(values))
    assert found is not None
    assert found.columns == [*range(kinds), kinds + 2]
    assert found.form == "crossed"
    # What adds up is no pair: each column speaks for itself.
    added = values[:, 0] + values[:, kinds + 2] > np.median(values[:, 0] + values[:, kinds + 2])
    assert two_columns.telling_pair(values, added.astype(int), 2, variables_of(values)) is None
    # Nor is anything where cells would have fewer than five rows each.
    few = slice(0, 5 * 6 * kinds - 1)
    assert two_columns.telling_pair(values[few], labels[few], 2, variables_of(values)) is None


def test_a_category_is_told_by_the_other_rows_that_have_it() -> None:
    # a: 3 of 4 rows are of class 0; b: 2 rows of class 1; c: one row, which nothing else tells.
    codes = np.array([0, 0, 0, 0, 1, 1, 2])
    labels = np.array([0, 0, 0, 1, 1, 1, 0])
    city = Variable("city", (0, 1, 2), ("a", "b", "c"))
    found = columns.variable_strength(np.eye(3)[codes], labels, 2, [city])
    assert np.isclose(found[0], (3 + 2) / 7 - 4 / 7)


def test_columns_of_one_category_are_no_pair() -> None:
    values, labels = interaction(0)
    both = (Variable("x", (1, 4)), *(Variable(str(k), (k,)) for k in (0, 2, 3, 5)))
    assert two_columns.telling_pair(values, labels, 2, both) is None


def test_products_and_swaps_of_columns_by_hand() -> None:
    rows = np.array([[1.0, 2.0, 5.0], [3.0, 4.0, 7.0]])
    found = two_columns.product_of(rows, np.array([0]), np.array([2]), np.array([1.0, 0.0, 4.0]))
    assert found.tolist() == [[0.0], [6.0]]
    table = torch.tensor(rows)
    swapped = columns.swap_columns(table[:1], table[1:], [0, 2])
    assert swapped.tolist() == [[3.0, 2.0, 7.0]]


@pytest.mark.parametrize(("shift", "strength"), [(0.0, 0.5), (0.5, 0.0)])
def test_whole_numbers_in_any_order_tell_as_categories_do(shift: float, strength: float) -> None:
    """Of 16 numbers every other one is of class 1: bins of two numbers tell nothing."""
    codes, labels = np.repeat(np.arange(16), 20), np.repeat(np.arange(16) % 2, 20)
    one = Variable("code", (0,))
    found = columns.variable_strength(codes[:, None] + shift, labels, 2, [one])
    assert found.tolist() == [strength]


def test_things_fill_images_whose_ground_is_busy() -> None:
    generator = torch.Generator().manual_seed(0)
    plain = torch.zeros(10, 1, 32, 32)
    plain[..., 10:20, 12:20] = 1.0
    busy = torch.rand(10, 1, 32, 32, generator=generator)
    assert not images.fill_their_images(plain)
    assert images.fill_their_images(busy)
    assert images.fill_their_images(torch.cat([busy[:8], plain[:2]]))
    assert not images.fill_their_images(torch.cat([busy[:7], plain[:3]]))
