"""What is taken from examples, by hand."""

import numpy as np
import torch

from earlysieve.auditing.survival import images, texts


def test_the_central_quarter_is_gone_or_all_that_is_left() -> None:
    one = torch.zeros(1, 1, 4, 4)
    one[:, :, 1:3, 1:3] = 16.0  # the mean of all pixels is 4
    centre = torch.zeros(4, 4, dtype=torch.bool)
    centre[1:3, 1:3] = True
    assert images.without_centre(one)[0, 0].equal(torch.where(centre, 4.0, one[0, 0]))
    assert images.centre_only(one)[0, 0].equal(torch.where(centre, one[0, 0], 4.0))


def test_a_quarter_of_odd_sides_lies_in_the_middle() -> None:
    some = torch.rand(2, 3, 9, 10)
    kept = (images.centre_only(some) == some).all(1)
    rows, columns = torch.zeros(9, dtype=torch.bool), torch.zeros(10, dtype=torch.bool)
    rows[2:6], columns[2:7] = True, True
    assert kept.equal((rows[:, None] & columns).expand(2, -1, -1))


def test_tiles_change_places_and_what_is_left_over_stays() -> None:
    image = torch.arange(100.0).reshape(1, 1, 10, 10)
    order = np.arange(16)
    order[[0, 5]] = order[[5, 0]]  # of 2 x 2 pixels each; one pixel all around is left over
    found = images.shuffled_tiles(image, order[None])[0, 0]
    expected = image[0, 0].clone()
    expected[1:3, 1:3], expected[3:5, 3:5] = image[0, 0, 3:5, 3:5], image[0, 0, 1:3, 1:3]
    assert found.equal(expected)


def test_every_image_has_an_order_of_its_own_and_loses_nothing() -> None:
    some = torch.rand(3, 2, 8, 12)
    orders = np.stack([np.arange(16), np.arange(16)[::-1], np.roll(np.arange(16), 1)])
    found = images.shuffled_tiles(some, orders)
    assert found[0].equal(some[0])
    assert not found[1].equal(some[1])
    assert found.flatten(2).sort(-1).values.equal(some.flatten(2).sort(-1).values)
    # The tile of the second place comes from the first, that of the first from the last.
    assert found[2, :, :2, 3:6].equal(some[2, :, :2, :3])
    assert found[2, :, :2, :3].equal(some[2, :, 6:, 9:])


def test_grey_is_one_picture_however_channels_are_normalised() -> None:
    some = torch.tensor([[1.0, 3.0], [3.0, 1.0], [1.0, 3.0]])[None, :, :, None]
    # All channels have mean 2 and spread 1; the mean of their standard values is -1/3, 1/3.
    expected = torch.tensor([2 - 1 / 3, 2 + 1 / 3])[None, None, :, None].expand(1, 3, 2, 1)
    assert torch.allclose(images.grey(some), expected)
    scale, shift = torch.tensor([2.0, 0.5, 7.0]), torch.tensor([-1.0, 0.0, 4.0])
    scale, shift = scale[:, None, None], shift[:, None, None]
    assert torch.allclose(images.grey(some * scale + shift), expected * scale + shift, atol=1e-6)


def test_a_channel_that_never_changes_stays_as_it_is() -> None:
    some = torch.rand(2, 3, 4, 4)
    some[:, 1] = 0.25
    found = images.grey(some)
    assert found[:, 1].equal(some[:, 1])
    assert torch.isfinite(found).all()


#                      [CLS]          [SEP] padding
TOKENS = torch.tensor([[1, 5, 6, 7, 2, 0, 0], [1, 8, 2, 0, 0, 0, 0], [0, 1, 5, 9, 6, 7, 2]])
MASK = (TOKENS > 0).long()
MOVABLE = TOKENS > 2


def test_a_half_of_the_words_and_what_is_special_stays() -> None:
    first, masks = texts.without(TOKENS, MASK, MOVABLE & ~texts.half(MOVABLE, first=True))
    assert first.tolist() == [[1, 5, 6, 2, 0, 0, 0], [1, 8, 2, 0, 0, 0, 0], [0, 0, 0, 1, 5, 9, 2]]
    assert masks.equal((first > 0).long())
    last, _ = texts.without(TOKENS, MASK, MOVABLE & ~texts.half(MOVABLE, first=False))
    assert last.tolist() == [[1, 7, 2, 0, 0, 0, 0], [1, 8, 2, 0, 0, 0, 0], [0, 0, 0, 1, 6, 7, 2]]


def test_of_a_text_at_least_one_token_is_left() -> None:
    found, masks = texts.without(
        torch.tensor([[5, 6]]), torch.ones(1, 2), torch.tensor([[True] * 2])
    )
    assert (found[0, 0].item(), masks.tolist()) == (5, [[1.0, 0.0]])


def test_padding_is_copied_from_another_text_where_one_has_none() -> None:
    tokens = torch.tensor([[5, 6, 7], [5, 99, 99]])
    mask = torch.tensor([[1, 1, 1], [1, 0, 0]])
    gone = torch.tensor([[False, True, False], [False] * 3])
    assert texts.without(tokens, mask, gone)[0].tolist() == [[5, 7, 99], [5, 99, 99]]


def test_words_change_places_among_themselves() -> None:
    found = texts.shuffled_words(TOKENS, MOVABLE, np.random.default_rng(1))
    assert found[~MOVABLE].equal(TOKENS[~MOVABLE])
    assert not found.equal(TOKENS)
    for mine, theirs, row in zip(found, TOKENS, MOVABLE, strict=True):
        assert mine[row].sort().values.equal(theirs[row].sort().values)


def test_punctuation_is_what_holds_nothing_else() -> None:
    told = {mark: texts.is_punctuation(mark) for mark in (".", " ?!", "##,", "¿", "。")}
    assert all(told.values()), told
    told = {word: texts.is_punctuation(word) for word in ("a.", "", " ", "##", "[SEP]", "$", "1")}
    assert not any(told.values()), told
