"""A step takes what was tried out before it, and refuses the rest in a sentence of its own."""

import pytest
import torch
from torch import nn
from torch.utils.data import Dataset, TensorDataset

from earlysieve import FeatureSieve, GroupDRO
from earlysieve.errors import InputError
from earlysieve.model.batch import Batch
from earlysieve.networks.fit_check import check_model_takes
from earlysieve.training import ERM, fit
from earlysieve.training.evaluate import evaluate

from .helpers import Noisy, network

CPU = torch.device("cpu")


def sgd(model):
    return torch.optim.SGD(model.parameters(), lr=0.05)


class Double(Dataset):
    """Examples in float64, as NumPy gives them."""

    def __init__(self):
        self.inner = Noisy(12)

    def __len__(self):
        return 12

    def __getitem__(self, i):
        x, y = self.inner[i]
        return x.double(), y


@pytest.mark.filterwarnings("ignore:The model predicts class")  # of which it has learnt little
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("data", [Noisy(12), Double()], ids=["single", "double"])
def test_inputs_are_converted_in_training_as_they_are_in_trying_out(dtype, data):
    model = network().to(dtype)
    before = model[0].weight.detach().clone()
    assert check_model_takes(model, data, CPU) == 2
    fit(ERM(model, sgd(model)), data, epochs=1, batch_size=4, progress=False, validation=data)
    assert model[0].weight.dtype is dtype
    assert not torch.equal(model[0].weight, before)
    assert 0 <= evaluate(model, data).accuracy <= 1


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_sieves_convert_as_well(dtype):
    model = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 2)).to(dtype).train()
    sieve = FeatureSieve(model, "0", 2, optimizer=sgd(model), forget_every=1)
    assert sieve.step((torch.randn(6, 4), torch.arange(6) % 2))["loss"] > 0


class Folded(nn.Module):
    """Gives one row for two examples while it trains; always, with `always`."""

    def __init__(self, *, always):
        super().__init__()
        self.early = nn.Linear(4, 4)
        self.head = nn.Linear(4, 2)
        self.always = always

    def forward(self, x):
        logits = self.head(self.early(x))
        return logits.mean(0, keepdim=True) if self.always or self.training else logits


TOLD = (
    "Expected one row of logits per example ({}), but the model gave 1; it must keep the batch in "
    "the first dimension"
)


def test_a_model_that_drops_the_batch_is_refused_when_it_is_tried_out():
    with pytest.raises(InputError) as caught:
        check_model_takes(Folded(always=True), Noisy(12), CPU)
    assert str(caught.value) == TOLD.format(2)


@pytest.mark.parametrize("method", ["erm", "sieve", "group-dro"])
def test_a_model_that_drops_the_batch_in_training_is_refused_by_the_first_step(method):
    model = Folded(always=False).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    algorithm = {
        "erm": lambda: ERM(model, sgd(model)),
        "sieve": lambda: FeatureSieve(model, "early", 2, optimizer=sgd(model)),
        "group-dro": lambda: GroupDRO(model, num_groups=2, optimizer=sgd(model)),
    }[method]()
    y = torch.arange(6) % 2
    with pytest.raises(InputError) as caught:
        algorithm.step(Batch(torch.randn(6, 4), y, groups=y))
    assert str(caught.value) == TOLD.format(6)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def small_maps(norm):
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.AdaptiveAvgPool2d(1), norm, nn.Flatten(), nn.Linear(4, 2)
    )


PICTURES = TensorDataset(torch.rand(6, 3, 8, 8), torch.arange(6) % 2)
SINGLE = (
    "Expected batches of two examples or more, since layer '2' (BatchNorm2d) normalises by the "
    "statistics of the batch and gets one value per channel from each, but got a batch of one; "
    "choose another batch size, or leave one example out"
)


@pytest.mark.parametrize("norm", [nn.BatchNorm2d(4), nn.BatchNorm2d(4, track_running_stats=False)])
def test_single_examples_where_batchnorm_sees_one_value_each(norm, tmp_path):
    model = small_maps(norm)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(InputError) as caught:
        fit(
            ERM(model, sgd(model)),
            PICTURES,
            epochs=1,
            batch_size=1,
            progress=False,
            checkpoint_dir=tmp_path / "run",
        )
    assert str(caught.value) == SINGLE
    assert not (tmp_path / "run").exists()  # it would be in the way of the next attempt
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_single_examples_of_a_sampler_of_ones_own():
    class Halves:
        def __len__(self):
            return 2

        def batches(self, epoch):
            return [[0, 1, 2, 3, 4], [5]]

    model = small_maps(nn.BatchNorm2d(4))
    with pytest.raises(InputError) as caught:
        fit(ERM(model, sgd(model)), PICTURES, epochs=1, progress=False, sampler=Halves())
    assert str(caught.value) == SINGLE


@pytest.mark.parametrize("frozen", [True, False])
def test_single_examples_where_batchnorm_needs_no_other(frozen):
    model = small_maps(nn.BatchNorm2d(4) if frozen else nn.Identity()).train()
    model.insert(1, nn.BatchNorm2d(4))  # of 64 positions
    model[3].eval()
    found = fit(ERM(model, sgd(model)), PICTURES, epochs=1, batch_size=1, progress=False)
    assert found.steps == 6


def test_models_without_numbers_do_not_start():
    model = nn.Linear(4, 2, device="meta")
    with pytest.raises(InputError, match="holds numbers, but 'weight' is on the device 'meta'"):
        fit(ERM(model, sgd(model)), Noisy(12), epochs=1, progress=False)
