import pytest
import torch

from earlysieve import trace_layers
from earlysieve.errors import InputError
from earlysieve.networks.small import SmallCNN, small_cnn


def test_stages_widths_and_strides():
    trace = {row.name: row for row in trace_layers(small_cnn(7, seed=0), torch.zeros(2, 3, 28, 28))}
    assert trace["stage1"].shape == (2, 16, 28, 28)
    assert trace["stage2"].shape == (2, 32, 14, 14)
    assert trace["stage3"].shape == (2, 64, 7, 7)
    assert trace["head"].shape == (2, 7)
    kinds = [type(module).__name__ for module in small_cnn().stage2]
    assert kinds == ["Conv2d", "BatchNorm2d", "ReLU"] * 2


def test_head_reads_the_mean_over_positions():
    model = small_cnn(4, channels=1, seed=1).eval()
    images = torch.randn(3, 1, 9, 9)
    features = model.stage3(model.stage2(model.stage1(images)))
    torch.testing.assert_close(model(images), model.head(features.mean(3).mean(2)))


def test_seed_decides_the_weights_and_leaves_the_global_state():
    before = torch.get_rng_state()
    a, b, c = small_cnn(seed=3), small_cnn(seed=3), small_cnn(seed=4)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(a.head.weight, b.head.weight)
    assert not torch.equal(a.head.weight, c.head.weight)


def test_without_a_seed_the_global_state_decides():
    with torch.random.fork_rng():
        torch.manual_seed(5)
        a = small_cnn()
        torch.manual_seed(5)
        b = small_cnn()
        c = small_cnn()
    assert torch.equal(a.head.weight, b.head.weight)
    assert not torch.equal(b.head.weight, c.head.weight)


@pytest.mark.parametrize("wrong", [{"num_classes": 1}, {"channels": 0}, {"widths": (4, 8)}])
def test_arguments_out_of_range(wrong):
    with pytest.raises(InputError, match="Expected at least 2 classes, 1 channel and three"):
        SmallCNN(**wrong)
