import pytest
import torch

from earlysieve.model.layout import Layout
from earlysieve.readouts.features import kept_features, what_to_keep
from earlysieve.readouts.heads import ConvHead, LinearHead, MLPHead, StatisticsHead, TokenHead
from earlysieve.readouts.pooling import mean_pool, statistics_pool


def test_which_heads_look_at_positions():
    heads = (LinearHead(), MLPHead(), TokenHead("mean"))
    assert [what_to_keep(head) for head in heads] == ["mean"] * 3
    assert what_to_keep(TokenHead("first")) == "first"
    assert [what_to_keep(head) for head in (ConvHead(), TokenHead())] == ["positions"] * 2


def test_pooled_rows_by_hand():
    x = torch.tensor([[[[1.0, 2.0], [3.0, 6.0]], [[0.0, 0.0], [0.0, 4.0]]]])
    assert mean_pool(x, Layout.FIRST).tolist() == [[3.0, 1.0]]
    assert mean_pool(x.movedim(1, -1), Layout.LAST).tolist() == [[3.0, 1.0]]
    tokens = torch.tensor([[[1.0, 10.0], [3.0, 30.0], [500.0, 500.0]]])
    assert mean_pool(tokens, Layout.LAST, torch.tensor([[1, 1, 0]])).tolist() == [[2.0, 20.0]]
    assert mean_pool(tokens, Layout.LAST, torch.tensor([[0, 0, 0]])).tolist() == [[0.0, 0.0]]
    kept, layout = kept_features(tokens, Layout.LAST, torch.tensor([[1, 1, 0]]), keep="mean")
    assert (kept.tolist(), layout) == ([[2.0, 20.0]], Layout.FLAT)


def test_statistics_pooling_leaves_padding_out():
    tokens = torch.tensor([[[1.0, 10.0], [3.0, 30.0], [99.0, 99.0]]])
    pooled = statistics_pool(tokens, Layout.LAST, torch.tensor([[1, 1, 0]]))
    assert torch.allclose(pooled, torch.tensor([[2.0, 20.0, 1.0, 10.0]]), atol=1e-4)
    assert torch.allclose(pooled, statistics_pool(tokens[:, :2], Layout.LAST), atol=1e-5)
    empty = statistics_pool(tokens, Layout.LAST, torch.tensor([[0, 0, 0]]))
    assert torch.allclose(empty, torch.tensor([[0.0, 0.0, 0.0, 0.0]]), atol=4e-3)
    flat = torch.randn(3, 4)
    assert statistics_pool(flat, Layout.FLAT) is flat


def test_statistics_pooling_in_half_precision_and_its_gradient_on_constant_maps():
    maps = torch.full((1, 2, 40, 40), 300.0, dtype=torch.float16)
    assert statistics_pool(maps, Layout.FIRST)[0, :2].tolist() == [300.0, 300.0]
    maps = torch.ones(1, 2, 4, 4, requires_grad=True)
    statistics_pool(maps, Layout.FIRST).sum().backward()
    assert maps.grad is not None
    assert maps.grad.isfinite().all()


def test_an_audit_keeps_both_statistics():
    x = torch.randn(3, 4, 6, 6)
    rows, layout = kept_features(x, Layout.FIRST, None, keep=what_to_keep(StatisticsHead()))
    assert layout is Layout.FLAT
    assert torch.equal(rows, statistics_pool(x, Layout.FIRST))


@pytest.mark.parametrize(
    ("shape", "layout", "kept"),
    [
        ((2, 5, 32, 24), Layout.FIRST, (2, 5, 8, 8)),
        ((2, 5, 4, 24), Layout.FIRST, (2, 5, 4, 8)),
        ((2, 32, 24, 5), Layout.LAST, (2, 5, 8, 8)),
        ((2, 5, 16, 10, 10), Layout.FIRST, (2, 5, 4, 8, 8)),
        ((2, 100, 5), Layout.LAST, (2, 5, 16)),
        ((2, 3, 5), Layout.LAST, (2, 5, 16)),
        ((100, 2, 5), Layout.SEQUENCE_FIRST, (2, 5, 16)),
    ],
)
def test_maps_stay_small(shape, layout, kept):
    features, where = kept_features(torch.randn(shape), layout, None, keep="positions")
    assert tuple(features.shape) == kept
    assert where is Layout.FIRST


def test_small_maps_are_kept_as_they_are():
    x = torch.randn(2, 5, 8, 7)
    features, _ = kept_features(x, Layout.FIRST, None, keep="positions")
    assert torch.allclose(features, x)
    flat, layout = kept_features(torch.randn(2, 5), Layout.FLAT, None, keep="positions")
    assert (flat.shape, layout) == ((2, 5), Layout.FLAT)


def test_padding_does_not_reach_a_map():
    tokens, mask = torch.randn(1, 32, 3), torch.ones(1, 32)
    mask[0, 9:] = 0
    other = tokens.clone()
    other[0, 9:] = 1e3
    a, _ = kept_features(tokens, Layout.LAST, mask, keep="positions")
    b, _ = kept_features(other, Layout.LAST, mask, keep="positions")
    assert torch.equal(a, b)
    assert torch.allclose(a[0, :, 0], tokens[0, 0])
    assert torch.allclose(a[0, :, 15], tokens[0, 8])


@pytest.mark.parametrize("length", [1, 8, 40])
@pytest.mark.parametrize("left", [0, 5])
def test_the_amount_of_padding_changes_no_map(length, left):
    tokens = torch.randn(1, length, 3)
    alone, _ = kept_features(tokens, Layout.LAST, torch.ones(1, length), keep="positions")
    padded = torch.randn(1, left + length + 90, 3)
    mask = torch.zeros(1, left + length + 90)
    mask[0, left : left + length] = 1
    padded[0, left : left + length] = tokens[0]
    found, _ = kept_features(padded, Layout.LAST, mask, keep="positions")
    assert torch.equal(found, alone)
    nothing, _ = kept_features(padded, Layout.LAST, torch.zeros_like(mask), keep="positions")
    assert nothing.abs().max() == 0


def test_the_class_token_is_kept_as_it_is():
    tokens = torch.randn(2, 197, 3)
    kept, layout = kept_features(tokens, Layout.LAST, None, keep="first")
    assert torch.equal(kept, tokens[:, 0])
    assert layout is Layout.FLAT


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_sums_do_not_overflow(dtype):
    tokens = torch.full((1, 64, 2), 3000.0, dtype=dtype)
    expected = float(tokens[0, 0, 0])
    mask = torch.ones(1, 64, dtype=torch.int64)
    for keep in ("mean", "first", "positions"):
        for given in (mask, None):
            features, _ = kept_features(tokens, Layout.LAST, given, keep=keep)
            assert features.unique().tolist() == [expected]


@pytest.mark.parametrize(
    ("dtype", "value"), [(torch.float16, 200.0), (torch.bfloat16, 3.0), (torch.float64, 0.1)]
)
def test_a_masked_mean_keeps_type_and_value(dtype, value):
    tokens = torch.full((1, 512, 2), value, dtype=dtype)
    pooled = mean_pool(tokens, Layout.LAST, torch.ones(1, 512))
    assert pooled.dtype is dtype
    assert torch.allclose(pooled, tokens[:, 0])
