import pytest
import torch
from torch import nn

import earlysieve as es
from earlysieve.errors import InputError
from earlysieve.repairing.algorithm import LastLayerRepair
from earlysieve.repairing.registry import REPAIR_METHODS
from earlysieve.training import fit
from tests.repairing.test_repair import data, net, perfect, same, state


@pytest.mark.parametrize("method", REPAIR_METHODS)
def test_an_epoch_is_a_repair_and_later_ones_change_nothing(method):
    new = es.repair(net(), data(), method=method, progress=False)
    for epochs in (1, 3):
        model = net()
        repair = LastLayerRepair(model, method=method)
        result = fit(
            repair, data(), epochs=epochs, batch_size=7, validation=data(30), progress=False
        )
        # Features of batches of another size may differ in the last bit.
        for key, value in state(model).items():
            assert torch.allclose(value, state(new)[key], atol=1e-4)
        assert "train_refitted_accuracy" in result.history[0]
        assert all("validation_accuracy" in row for row in result.history)


def test_nothing_but_the_last_layer_changes_in_training_mode():
    model = net()
    before = state(model)
    fit(LastLayerRepair(model, method="crt"), data(), epochs=2, batch_size=8, progress=False)
    after = state(model)
    changed = {key for key in before if not torch.equal(before[key], after[key])}
    assert changed == {"head.weight", "head.bias"}


def test_an_interrupted_epoch_goes_on_to_the_same_layer(tmp_path):
    whole = net()
    fit(LastLayerRepair(whole), data(), epochs=1, batch_size=8, progress=False)

    def stop(event):
        if event.kind == "step" and event.step == 5:
            raise KeyboardInterrupt

    options = {"epochs": 1, "batch_size": 8, "progress": False, "checkpoint_dir": tmp_path}
    with pytest.raises(KeyboardInterrupt):
        fit(LastLayerRepair(net()), data(), on_event=stop, **options)
    again = net()
    repair = LastLayerRepair(again)
    assert not repair.ready_to_evaluate
    fit(repair, data(), **options)
    assert repair.ready_to_evaluate
    assert same(state(whole), state(again))


def test_groups_may_be_given_by_index():
    numbers = torch.tensor([row[2] for row in data()])
    ungrouped = [row[:2] for row in data()]
    one, other = net(), net()
    fit(LastLayerRepair(one, groups=numbers), ungrouped, epochs=1, progress=False)
    fit(LastLayerRepair(other), data(), epochs=1, progress=False)
    assert same(state(one), state(other))
    with pytest.raises(InputError, match="Expected batches that know the index of each example"):
        LastLayerRepair(net(), groups=numbers).step((torch.zeros(2, 4), torch.tensor([0, 1])))


def test_what_cannot_be_repaired():
    torch.manual_seed(0)
    model, examples = perfect()
    with pytest.raises(InputError, match="or set --unseen if these are"):
        fit(LastLayerRepair(model, method="crt"), examples, epochs=1, progress=False)
    unseen = LastLayerRepair(model, method="crt", seen_in_training=False)
    fit(unseen, examples, epochs=1, progress=False)
    with pytest.raises(InputError, match="Expected a last layer"):
        LastLayerRepair(nn.Sequential(nn.Linear(4, 3), nn.Softmax(1))).prepare(
            (torch.randn(2, 4), torch.tensor([0, 1]))
        )


def test_a_group_that_is_too_small_is_named():
    labels = [int(y) for _, y, *_ in data()]
    numbers = torch.tensor(labels) * 2
    numbers[labels.index(1)] += 1
    names = ("a, not misled", "a, misled", "b, not misled", "b, misled")
    groups = es.Groups(numbers, names)
    with pytest.raises(
        InputError, match=r"1 of class 1 in group 'b, misled' \(no example in 'a, m"
    ):
        fit(
            LastLayerRepair(net(), groups=groups),
            data(),
            epochs=1,
            batch_size=8,
            progress=False,
        )
