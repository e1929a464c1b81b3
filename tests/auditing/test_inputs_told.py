"""Short names of first inputs: which images, signals and texts are the same."""

import torch

import earlysieve as es
from earlysieve.auditing.inputs_told import KEY, are_other_inputs, first_told, kept_of
from earlysieve.model.batch import Batch


def told(inputs, first=0):
    count = len(inputs["input_ids"] if isinstance(inputs, dict) else inputs)
    index = torch.arange(first, first + count)
    return first_told(Batch(inputs, torch.zeros(count, dtype=torch.int64), index))


def test_a_change_of_scale_of_a_channel_alters_no_name_of_an_image_and_another_pixel_does():
    images = torch.rand(3, 2, 5, 5, generator=torch.Generator().manual_seed(0))
    found = told(images)
    assert [form for form, _ in found.values()] == ["2x5x5"] * 3
    assert len({name for _, name in found.values()}) == 3
    assert told(images * torch.tensor([2.0, 0.5]).view(1, 2, 1, 1) - 0.25) == found
    changed = images.clone()
    changed[1, 0, 2, 2] = 2.0
    assert [told(changed)[k] == found[k] for k in range(3)] == [True, False, True]


def test_texts_are_named_without_padding_and_tables_not_at_all():
    tokens = torch.tensor([[5, 6, 0], [7, 0, 0]])
    longer = torch.tensor([[5, 6, 0, 0], [7, 8, 0, 0]])
    ours, theirs = told({"input_ids": tokens}), told({"input_ids": longer})
    assert ours[0] == theirs[0]
    assert ours[1] != theirs[1]
    assert told(torch.rand(3, 4)) == {}
    assert kept_of({}) == {}


def test_only_the_first_examples_are_named_in_their_order_and_of_one_form():
    images = torch.rand(70, 1, 2, 2)
    found = told(images)
    assert set(found) == set(range(64))
    assert told(images[:3], first=62).keys() == {62, 63}
    kept = kept_of({1: ("f", "b"), 0: ("f", "a")})
    assert kept == {KEY: {"form": "f", "names": ["a", "b"]}}
    assert kept_of({0: ("f", "a"), 1: ("g", "b")}) == {}


def test_inputs_are_others_where_more_than_a_tenth_is():
    ours = list("abcdefghij")
    assert not are_other_inputs(ours, ours)
    assert not are_other_inputs(ours, [*ours[:9], "x"])
    assert are_other_inputs(ours, [*ours[:8], "x", "y"])
    assert are_other_inputs(ours, ours[:9])


def test_an_audit_keeps_them_whatever_its_batches_are():
    images = torch.rand(80, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(16, 4), torch.nn.ReLU(),
                              torch.nn.Linear(4, 2))  # fmt: skip
    kept = [
        es.audit(net, (images, torch.arange(80) % 2), batch_size=size, swaps=0, pictures=0,
                 progress=False).config[KEY]
        for size in (7, 80)
    ]  # fmt: skip
    assert kept[0] == kept[1]
    assert kept[0]["form"] == "1x4x4"
    assert len(kept[0]["names"]) == 64
