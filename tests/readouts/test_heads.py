import random

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from earlysieve.errors import InputError
from earlysieve.model.layout import Layout
from earlysieve.readouts.heads import (
    ConvHead,
    LinearHead,
    MLPHead,
    StatisticsHead,
    TokenHead,
    channels_of,
    head_named,
)

SHAPES = {
    Layout.FLAT: [(4, 6)],
    Layout.FIRST: [(4, 6, 5), (4, 6, 5, 3), (4, 6, 2, 5, 3)],
    Layout.LAST: [(4, 5, 6), (4, 5, 3, 6), (4, 2, 5, 3, 6)],
    Layout.SEQUENCE_FIRST: [(5, 4, 6)],
}
CASES = [(layout, shape) for layout, shapes in SHAPES.items() for shape in shapes]
HEADS = [
    LinearHead(),
    MLPHead(width=7, depth=2),
    StatisticsHead(),
    StatisticsHead(width=7, depth=1),
    ConvHead(depth=2, width=8),
    ConvHead(depth=1, width=5),
    ConvHead(depth=2, width=8, block="plain"),
    TokenHead(),
    TokenHead("first", depth=1),
    TokenHead("mean"),
]


@pytest.mark.parametrize("head", HEADS, ids=repr)
@pytest.mark.parametrize(("layout", "shape"), CASES)
def test_logits_for_every_layout(head, layout, shape):
    if isinstance(head, ConvHead) and layout is Layout.FLAT:
        with pytest.raises(InputError) as caught:
            head.build(shape, 3, layout=layout)
        assert str(caught.value) == (
            "Expected a layer with positions for ConvHead, but its output is flat, (4, 6); use "
            "LinearHead or MLPHead there"
        )
        return
    readout = head.build(shape, 3, layout=layout, seed=1)
    activation = torch.randn(shape, requires_grad=True)
    logits = readout(activation)
    assert logits.shape == (4, 3)
    logits.sum().backward()
    assert all(p.grad is not None for p in readout.parameters())
    assert list(readout.buffers()) == []
    assert channels_of(shape, layout) == 6


@pytest.mark.parametrize("head", HEADS, ids=repr)
def test_an_example_is_read_by_itself(head):
    readout = head.build((4, 6, 5, 5), 3, layout=Layout.FIRST).double()
    x = torch.randn(4, 6, 5, 5, dtype=torch.float64)
    assert torch.allclose(readout(x)[1:2], readout(x[1:2]), atol=1e-12)


@pytest.mark.parametrize("head", HEADS, ids=repr)
def test_layouts_of_the_same_numbers_give_the_same_logits(head):
    first = torch.randn(4, 6, 5, 3, dtype=torch.float64)
    a = head.build(first.shape, 3, layout=Layout.FIRST, seed=2).double()
    last = first.movedim(1, -1)
    b = head.build(last.shape, 3, layout=Layout.LAST, seed=2).double()
    assert torch.allclose(a(first), b(last), atol=1e-12)


@pytest.mark.parametrize("head", [LinearHead(), MLPHead(), TokenHead(), TokenHead("mean")])
@pytest.mark.parametrize("layout", [Layout.LAST, Layout.SEQUENCE_FIRST, Layout.FIRST])
def test_padding_does_not_reach_the_logits(head, layout):
    tokens = torch.randn(2, 5, 6, dtype=torch.float64)
    mask = torch.tensor([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]])
    other = tokens.clone()
    other[0, 3:] = 1e3
    order = {Layout.LAST: (0, 1, 2), Layout.SEQUENCE_FIRST: (1, 0, 2), Layout.FIRST: (0, 2, 1)}
    a, b = (x.permute(*order[layout]) for x in (tokens, other))
    readout = head.build(a.shape, 3, layout=layout).double()
    assert torch.allclose(readout(a, mask), readout(b, mask), atol=1e-12)
    assert not torch.allclose(readout(a), readout(b))
    alone = tokens[:1, :3].permute(*order[layout])
    assert torch.allclose(readout(a, mask)[:1], readout(alone), atol=1e-12)
    assert torch.allclose(readout(a, mask.bool()), readout(a, mask), atol=1e-12)


def test_a_mask_of_another_length_is_left_aside():
    readout = LinearHead().build((2, 5, 6), 3, layout=Layout.LAST)
    x = torch.randn(2, 5, 6)
    assert torch.equal(readout(x, torch.ones(2, 7)), readout(x))


def test_an_example_without_any_token_gives_finite_logits():
    x, mask = torch.randn(2, 5, 6), torch.tensor([[0] * 5, [1] * 5])
    for head in (LinearHead(), TokenHead()):
        assert torch.isfinite(head.build(x.shape, 3, layout=Layout.LAST)(x, mask)).all()


def test_attention_pools_by_hand():
    readout = TokenHead().build((1, 2, 2), 2, layout=Layout.LAST)
    with torch.no_grad():
        readout.query.copy_(torch.tensor([1.0, 0.0]))
    x = torch.tensor([[[0.0, 2.0], [float(np.log(3.0)), 6.0]]])
    pooled = readout.pool(x, None)[0]
    assert pooled.tolist() == pytest.approx([0.75 * np.log(3.0), 5.0], rel=1e-6)


def test_first_token():
    readout = TokenHead("first").build((2, 5, 6), 3, layout=Layout.LAST)
    x = torch.randn(2, 5, 6)
    assert torch.equal(readout(x), readout.classifier(x[:, 0]))


@pytest.mark.parametrize("head", HEADS, ids=repr)
def test_initialisation_comes_from_the_seed_alone(head):
    torch.manual_seed(3)
    before = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()
    a, b, c = (
        head.build((4, 6, 5, 5), 3, layout=Layout.FIRST, seed=seed).state_dict()
        for seed in (5, 5, 6)
    )
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], before[1])
    assert random.getstate() == before[2]
    assert all(torch.equal(a[key], b[key]) for key in a)
    assert any(not torch.equal(a[key], c[key]) for key in a)


def test_heads_by_name():
    assert head_named("linear") == LinearHead()
    assert head_named("mlp") == MLPHead(128, 1)
    assert head_named("conv") == ConvHead(1, 64)
    assert head_named("token") == TokenHead()
    assert head_named(MLPHead(3)) == MLPHead(3)
    with pytest.raises(InputError) as caught:
        head_named("tree")
    assert str(caught.value) == (
        "Expected head to be one of linear, mlp, statistics, conv, token, or a head object, "
        "but got 'tree'; "
        "for another complexity pass an object such as MLPHead(width=64)"
    )


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: MLPHead(width=0), "MLPHead's width to be a positive whole number, but got 0"),
        (lambda: MLPHead(depth=0), "MLPHead's depth to be a positive whole number, but got 0"),
        (lambda: ConvHead(depth=-1), "ConvHead's depth to be a positive whole number, but got -1"),
        (lambda: ConvHead(block="dense"), "ConvHead's block to be 'residual' or 'plain', but got"),
        (
            lambda: StatisticsHead(depth=-1),
            "StatisticsHead's depth to be a whole number from 0 on, but got -1",
        ),
        (lambda: TokenHead(depth=-1), "TokenHead's depth to be a whole number from 0 on, but"),
        (lambda: TokenHead(width=0), "TokenHead's width to be a positive whole number, but got 0"),
        (lambda: TokenHead("last"), "TokenHead's pooling to be 'attention', 'first' or 'mean'"),
    ],
)
def test_settings_out_of_range(make, told):
    with pytest.raises(InputError) as caught:
        make()
    assert str(caught.value).startswith(f"Expected {told}")


@pytest.mark.parametrize(
    "head", [ConvHead(1, 8), ConvHead(2, 8), ConvHead(2, 8, "plain")], ids=repr
)
@pytest.mark.parametrize("left", [0, 3])
def test_padding_does_not_reach_a_convolutional_head(head, left):
    readout = head.build((2, 8, 6), 3, layout=Layout.LAST).double()
    for parameter in readout.parameters():  # so that normalisation has a scale and a shift
        parameter.data += 0.1 * torch.randn_like(parameter)
    tokens = torch.randn(2, 8, 6, dtype=torch.float64)
    padded = 10 * torch.randn(2, left + 8 + 5, 6, dtype=torch.float64)
    padded[:, left : left + 8] = tokens
    mask = torch.zeros(2, left + 8 + 5)
    mask[:, left : left + 8] = 1
    assert torch.allclose(readout(padded, mask), readout(tokens), atol=1e-10)
    assert torch.allclose(readout(tokens, torch.ones(2, 8)), readout(tokens), atol=1e-10)
    assert readout(padded, torch.zeros_like(mask)).isfinite().all()


@pytest.mark.parametrize(("block", "convolutions"), [("residual", 2), ("plain", 1)])
def test_blocks_of_a_convolutional_head_by_hand(block, convolutions):
    torch.manual_seed(3)
    readout = ConvHead(depth=2, width=16, block=block).build((4, 6, 9, 9), 3, layout=Layout.FIRST)
    x = torch.randn(4, 6, 9, 9)
    weights = [p for p in readout.parameters() if p.ndim == 4]
    assert [tuple(w.shape) for w in weights] == [
        (16, 6 if i == 0 else 16, 3, 3) for i in range(2 * convolutions)
    ]
    units, y = iter(weights), x
    for number in range(2):
        before = y
        for unit in range(convolutions):
            y = F.group_norm(F.conv2d(y, next(units), padding=1), 8)
            last = unit == convolutions - 1
            y = before + y if last and block == "residual" and number > 0 else y
            y = y.relu()
    expected = readout.classifier(y.mean((2, 3)))
    assert torch.allclose(readout(x), expected, atol=1e-5)


def test_statistics_by_hand():
    readout = StatisticsHead().build((2, 3, 4, 5), 2, layout=Layout.FIRST).double()
    x = torch.randn(2, 3, 4, 5, dtype=torch.float64)
    values = x.numpy().reshape(2, 3, 20)
    vector = np.concatenate([values.mean(2), np.sqrt(values.var(2) + 1e-5)], axis=1)
    vector -= vector.mean(1, keepdims=True)
    vector /= np.sqrt(vector.var(1, keepdims=True) + 1e-5)
    linear = readout.classifier[-1]
    expected = vector @ linear.weight.detach().numpy().T + linear.bias.detach().numpy()
    assert np.allclose(readout(x).detach().numpy(), expected, atol=1e-10)


def test_statistics_see_what_averages_out_and_not_the_scale():
    pattern = torch.tensor([1.0, -1.0]).repeat(4, 1, 8)  # (4, 1, 16), mean 0
    strengths = torch.tensor([[1.0, 3.0], [1.0, 3.0], [3.0, 1.0], [3.0, 1.0]])
    x = torch.cat([strengths[:, i : i + 1, None] * pattern for i in range(2)], 1)
    mean = LinearHead().build(x.shape, 2, layout=Layout.FIRST)
    statistics = StatisticsHead().build(x.shape, 2, layout=Layout.FIRST)
    assert torch.allclose(mean(x)[0], mean(x)[2])
    logits = statistics(x)
    assert not torch.allclose(logits[0], logits[2], atol=1e-2)
    assert torch.allclose(logits, statistics(0.1 * x), atol=5e-3)
