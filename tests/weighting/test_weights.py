"""Weights are kept per index, in the main process, whatever comes in between."""

import copy
import math
import warnings
from typing import Any

import pytest
import torch
from torch.utils.data import DataLoader

from earlysieve import DebiasedDistillation, EarlyReweighting, with_index
from earlysieve.errors import CheckpointError, DataError, InputError
from earlysieve.readouts.heads import ConvHead, LinearHead, MLPHead, StatisticsHead, TokenHead
from earlysieve.training import fit
from earlysieve.weighting import WeightWarning, published_reweight
from earlysieve.weighting.example_weights import ExampleWeights
from earlysieve.weighting.weight_function import Exponential

from .helpers import CLASSES, Planted, net, seeded, sgd

DATA = Planted()


def reweighting(**settings: Any) -> EarlyReweighting:
    student = net(0)
    settings = {"num_examples": len(DATA), "readout_lr": 0.05, **settings}
    return EarlyReweighting(
        student, layer="early", num_classes=CLASSES, optimizer=sgd(student), **settings
    )


def test_noted_judgements_take_effect_on_commit_and_are_reset_when_right() -> None:
    weights = ExampleWeights(4, Exponential(1.0, 1.0))
    weights.note(torch.tensor([2, 0]), torch.tensor([True, False]), torch.tensor([1.0, 1.0]))
    assert weights.values.tolist() == [1, 1, 1, 1]
    logs = weights.commit()
    assert weights.values.tolist() == pytest.approx([1, 1, 2.7182817, 1])
    assert logs["weighted_examples"] == 1
    assert logs["weighted_share"] == 0.25
    assert logs["max_weight"] == pytest.approx(2.7182817)
    weights.note(torch.tensor([3]), torch.tensor([True]), torch.tensor([0.0]))
    weights.commit()  # example 2 was not judged again: it keeps its weight
    assert weights.values.tolist() == pytest.approx([1, 1, 2.7182817, 1])
    weights.note(torch.tensor([2, 1]), torch.tensor([False, True]), torch.tensor([1.0, 0.5]))
    weights.commit()
    assert weights.values.tolist() == pytest.approx([1, 1.6487212, 1, 1])


def test_a_readout_that_becomes_right_resets_weights_to_one() -> None:
    algorithm = reweighting()
    for batch in DATA.epoch(0):
        algorithm.step(batch)
    algorithm.end_epoch()
    heavy = algorithm.weights > 1
    assert heavy.any()
    note = algorithm._examples.note
    algorithm._examples.note = lambda index, wrong, margin, groups=None: note(  # type: ignore[method-assign]
        index, torch.zeros_like(wrong), margin, groups
    )
    for batch in DATA.epoch(1):
        algorithm.step(batch)
    with pytest.warns(WeightWarning, match="was never wrong"):
        algorithm.end_epoch()
    assert torch.equal(algorithm.weights, torch.ones(len(DATA)))


def test_groups_are_reported_where_known() -> None:
    weights = ExampleWeights(4, Exponential(1.0, 1.0))
    weights.note(
        torch.arange(4),
        torch.tensor([True, False, True, False]),
        torch.ones(4),
        torch.tensor([0, 0, 2, -1]),
    )
    logs = weights.commit()
    assert logs["weighted_share/group_0"] == 0.5
    assert logs["weighted_share/group_2"] == 1.0
    assert not any(key.endswith(("group_1", "group_-1")) for key in logs)


def test_minority_is_weighted_up() -> None:
    data = Planted(1200, fails=0.1)
    student = net(0)
    algorithm = EarlyReweighting(
        student,
        layer="early",
        num_classes=CLASSES,
        optimizer=sgd(student, 0.01),
        num_examples=1200,
        readout_lr=0.03,
        beta=1.0,
    )
    for epoch in range(2):
        for batch in data.epoch(epoch):
            algorithm.step(batch)
        logs = algorithm.end_epoch()
    assert logs["weighted_share/group_1"] > 3 * logs["weighted_share/group_0"] > 0


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.filterwarnings("ignore:The model learns in evaluation mode")
def test_shuffling_workers_and_the_last_batch_change_nothing(workers: int) -> None:
    """The judge's word on an example, by its index: a fixed readout, any order of the data."""
    algorithm = reweighting()
    algorithm.prepare(DATA.batch(torch.arange(16)))
    student = algorithm.model.eval()
    algorithm.stepper.backward_and_step = lambda loss: True  # type: ignore[method-assign, assignment]
    algorithm.weighting.reader.learn = lambda f, mask, y: algorithm.weighting.reader.read(f, mask)  # type: ignore[method-assign]
    loader = DataLoader(
        with_index(DATA),
        batch_size=20,
        shuffle=True,
        num_workers=workers,
        generator=torch.Generator().manual_seed(workers),
    )
    for batch in loader:
        algorithm.step(batch)
    algorithm.end_epoch()
    features = student.early(DATA.x).mean((2, 3)).detach()
    logits = algorithm.weighting.reader.read(features, None)
    wrong = logits.argmax(1) != DATA.y
    top = logits.softmax(1).topk(2).values
    expected = torch.where(wrong, torch.exp(4 * (top[:, 0] - top[:, 1]) ** 0.05), torch.ones(96))
    torch.testing.assert_close(algorithm.weights, expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("budget", [0, 40_000, 1 << 20])
@pytest.mark.parametrize(
    "readout", [MLPHead(8), StatisticsHead(), ConvHead(1, 8), TokenHead(), "module"]
)
def test_readouts_of_any_kind(readout: Any, budget: int) -> None:
    if readout == "module":
        layers = torch.nn.Dropout(0.2), torch.nn.Linear(8, CLASSES)

        class Own(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.parts = torch.nn.Sequential(*layers)

            def forward(self, x: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
                return self.parts(x.mean((2, 3)))

        readout = Own()
    algorithm = reweighting(readout=readout, beta=1.0, readout_lr=0.02, feature_budget=budget)
    for epoch in range(4):
        for batch in DATA.epoch(epoch):
            logs = algorithm.step(batch)
        algorithm.end_epoch()
    assert budget or logs["readout_accuracy"] > 0.4
    assert math.isfinite(logs["readout_loss"])
    assert (algorithm.weights > 1).any()


def resumable(mode: Any = "online") -> DebiasedDistillation:
    student = net(0)
    return DebiasedDistillation(
        student,
        net(1),
        layer="early",
        num_classes=CLASSES,
        optimizer=torch.optim.AdamW(student.parameters(), lr=1e-2),
        data=DATA,
        mode=mode,
        accumulate=2,
    )


@pytest.mark.parametrize("mode", ["online", "published"])
@pytest.mark.parametrize("stop", [3, 7, 12])
def test_resuming_within_an_epoch_equals_going_on(mode: Any, stop: int, tmp_path: Any) -> None:
    def until(event: Any) -> None:
        if event.kind == "step" and event.step == stop:
            raise KeyboardInterrupt

    whole, first, second = resumable(mode), resumable(mode), resumable(mode)
    how: dict[str, Any] = {"epochs": 3, "batch_size": 16, "progress": False, "num_workers": 0}
    expected = fit(whole, DATA, **how)
    with pytest.raises(KeyboardInterrupt):
        fit(first, DATA, checkpoint_dir=tmp_path, on_event=until, **how)
    found = fit(second, DATA, checkpoint_dir=tmp_path, **how)
    assert torch.equal(whole.weights, second.weights)
    assert (whole.weights > 1).any()
    assert found.history == expected.history
    left, right = whole.model.state_dict(), second.model.state_dict()
    assert all(torch.equal(left[key], right[key]) for key in left)


def test_history_says_how_many_and_which_groups_are_weighted() -> None:
    result = fit(resumable(), DATA, epochs=2, batch_size=16, progress=False)
    row = result.history[-1]
    assert row["train_weighted_examples"] == round(96 * row["train_weighted_share"])
    assert 0 <= row["train_weighted_share/group_1"] <= 1
    assert 0.01 <= row["train_top_1_percent_weight"] <= 1


def test_reweight_every_other_epoch() -> None:
    algorithm = reweighting(reweight_every=2)
    changed = []
    for epoch in range(4):
        before = algorithm.weights
        for batch in DATA.epoch(epoch):
            algorithm.step(batch)
        algorithm.end_epoch()
        changed.append(not torch.equal(before, algorithm.weights))
    assert changed == [False, True, False, True]


def test_published_reweighting_repeats_and_leaves_the_global_random_state() -> None:
    student = net(0)
    random = torch.get_rng_state()
    one = published_reweight(student, DATA, layer="early", num_classes=CLASSES)
    two = published_reweight(student, DATA, layer="early", num_classes=CLASSES, stop=False)
    assert torch.equal(one.margin, two.margin)
    assert one.margin.shape == (96,)
    assert torch.equal(one.groups, DATA.minority.long())
    assert torch.equal(random, torch.get_rng_state())


def test_a_readout_that_is_mostly_wrong_is_warned_about() -> None:
    weights = ExampleWeights(100, Exponential(0.05, 4.0))
    weights.note(torch.arange(100), torch.arange(100) < 75, torch.full((100,), 0.2))
    with pytest.warns(WeightWarning, match="is wrong on 75% of the examples, so that most weights"):
        weights.commit()


def test_a_heavy_top_is_warned_about_once() -> None:
    weights = ExampleWeights(1000, Exponential(0.0, 12.0))
    wrong = torch.zeros(1000, dtype=torch.bool)
    wrong[7] = True
    weights.note(torch.arange(1000), wrong, torch.ones(1000))
    with pytest.warns(WeightWarning, match="heaviest 1% of the examples hold 99% of the total"):
        logs = weights.commit()
    assert logs["top_1_percent_weight"] > 0.99
    weights.note(torch.arange(1000), wrong, torch.ones(1000))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        weights.commit()


def test_a_readout_that_is_never_wrong_is_warned_about() -> None:
    weights = ExampleWeights(3, Exponential(1.0, 1.0))
    weights.note(torch.arange(3), torch.zeros(3, dtype=torch.bool), torch.ones(3))
    with pytest.warns(WeightWarning, match="choose an earlier layer or a readout of lower"):
        weights.commit()


def test_missing_indices_say_how_to_get_them() -> None:
    algorithm = reweighting()
    batch = copy.copy(DATA.batch(torch.arange(4)))
    with pytest.raises(InputError, match=r"DataLoader\(earlysieve.with_index\(dataset\)"):
        algorithm.step((batch.inputs, batch.labels))


@pytest.mark.parametrize(("index", "named"), [([0, 96], "96"), ([-1, 3], "-1")])
def test_indices_out_of_range(index: list[int], named: str) -> None:
    algorithm = reweighting()
    batch = (DATA.x[:2], DATA.y[:2], DATA.y[:2], torch.tensor(index))
    with pytest.raises(InputError, match=f"from 0 to 95, .* but got {named}; pass num_examples"):
        algorithm.step(batch)


def test_with_index() -> None:
    x = torch.zeros(2)
    assert with_index([(x, 1), (x, 0)])[1] == (x, 0, -1, 1)
    assert with_index([(x, 1, 5)])[0] == (x, 1, 5, 0)
    assert with_index([{"x": x, "label": 1}])[0] == {"x": x, "label": 1, "index": 0}
    with pytest.raises(InputError, match="Expected samples of the form"):
        with_index([x])[0]
    with pytest.raises(InputError, match="not a loader"):
        with_index(iter([]))


def test_with_index_gives_groups_in_place_of_those_of_the_data() -> None:
    x = torch.zeros(2)
    assert with_index([(x, 1), (x, 0)], groups=[2, -1])[0] == (x, 1, 2, 0)
    assert with_index([(x, 1, 5), (x, 0, 6)], groups=torch.tensor([0, 1]))[1] == (x, 0, 1, 1)
    found = with_index([{"x": x, "label": 1, "group": 7}], groups=[3])[0]
    assert found == {"x": x, "label": 1, "group": 3, "index": 0}
    with pytest.raises(DataError, match="groups of 2 examples, but got those of 1"):
        with_index([(x, 1), (x, 0)], groups=[0])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"num_examples": None}, "pass num_examples=len"),
        ({"num_examples": 0}, "num_examples to be at least 1"),
        ({"num_examples": 5, "data": DATA}, "to be 96, the length of data, but got 5"),
        ({"mode": "fast"}, "'online' or 'published', but got 'fast'"),
        ({"mode": "published"}, "training data for mode='published'"),
        ({"reweight_every": 0}, "reweight_every to be at least 1"),
        ({"readout_lr": -1.0}, "readout_lr to be a number of at least 0"),
        ({"beta": -1.0}, "beta to be a number of at least 0"),
    ],
)
def test_bad_settings(settings: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        reweighting(**settings)


def test_models_and_readouts_for_other_classes() -> None:
    student = seeded(lambda: net(0, classes=5))
    algorithm = EarlyReweighting(
        student, layer="early", num_classes=CLASSES, optimizer=sgd(student), num_examples=96
    )
    with pytest.raises(InputError, match="a model that gives 3 logits, .* but it gives 5"):
        algorithm.step(DATA.batch(torch.arange(4)))


def test_states_of_other_methods_layers_and_data() -> None:
    algorithm = reweighting()
    algorithm.step(DATA.batch(torch.arange(4)))
    state = algorithm.state_dict()
    with pytest.raises(CheckpointError, match="state of DebiasedDistillation, format version 1"):
        resumable().load_state_dict(state)
    with pytest.raises(CheckpointError, match="weights of 50 examples"):
        reweighting(num_examples=50).load_state_dict(state)
    other = reweighting()
    other.weighting.reader.layer = "late"
    with pytest.raises(CheckpointError, match="readout of layer 'late', but got one of 'early'"):
        other.load_state_dict(state)
    with pytest.raises(CheckpointError, match="same kind and size"):
        reweighting(readout=MLPHead(8)).load_state_dict(state)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"weight_function": torch.ones_like, "alpha": 0.2},
            "alpha or a weight_function of your own, but got both; leave one out, since alpha",
        ),
        (
            {"weight_function": torch.ones_like, "beta": 0.0},
            "beta or a weight_function of your own",
        ),
        (
            {"mode": "published", "data": DATA, "feature_budget": 1},
            "feature_budget or mode='published', but got both",
        ),
        ({"readout": "mlp"}, "readout to be a head such as LinearHead\\(\\), or a module, but got"),
        ({"readout": LinearHead}, "readout to be a head such as .* but got LinearHead; pass an ob"),
    ],
)
def test_settings_that_would_do_nothing_are_refused(settings: Any, message: str) -> None:
    with pytest.raises(InputError, match=f"^Expected {message}"):
        reweighting(**settings)
