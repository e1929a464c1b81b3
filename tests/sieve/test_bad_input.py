"""Each wrong use is one clear sentence, before any parameter or buffer has changed."""

import re
import warnings
from typing import Any

import pytest
import torch
from torch import nn

from earlysieve import Batch, FeatureSieve, ForgetSchedule, LinearHead, MLPHead
from earlysieve.errors import CheckpointError, InputError, LayerError

from .networks import Case, residual
from .test_isolation import frozen, same


def sieve_of(case: Case, layer: Any = "early", classes: int = 3, **options: Any) -> FeatureSieve:
    learning = [p for p in case.model.parameters() if p.requires_grad]
    options.setdefault("optimizer", torch.optim.SGD(learning, lr=0.1))
    return FeatureSieve(case.model, layer, classes, **options)


def stops(sieve: FeatureSieve, batch: Batch, error: type[Exception], message: str) -> None:
    """Every step stops with the message, twice, and leaves the model alone."""
    before, random = frozen(dict(sieve.model.state_dict())), torch.get_rng_state()
    for step in (sieve.step, sieve.step, sieve.main_step, sieve.forget_step, sieve.after_step):
        with pytest.raises(error, match=f"^{re.escape(message)}$"):
            step(batch)
    assert same(before, frozen(dict(sieve.model.state_dict())))
    assert torch.equal(random, torch.get_rng_state())
    assert all(p.grad is None for p in sieve.model.parameters())


@pytest.mark.parametrize("order", ["shared", "published"])
def test_nothing_left_to_train_after_the_layer(order: Any) -> None:
    case = residual()
    stops(
        sieve_of(case, "head", order=order),
        case.batch(0),
        LayerError,
        "Expected trainable parameters after layer 'head', but there is none: the network could "
        "not learn anything else instead; choose an earlier layer",
    )


def test_parameters_that_the_logits_do_not_use_are_nothing_to_train() -> None:
    case = residual()
    case.model.auxiliary = nn.Linear(8, 3)
    stops(
        sieve_of(case, "head"),
        case.batch(0),
        LayerError,
        "Expected trainable parameters after layer 'head', but there is none: the network could "
        "not learn anything else instead; choose an earlier layer",
    )


def test_a_frozen_late_part_is_nothing_to_train() -> None:
    case = residual()
    for part in (case.model.late, case.model.head):
        part.requires_grad_(False)  # type: ignore[operator, union-attr]
    stops(
        sieve_of(case),
        case.batch(0),
        LayerError,
        "Expected trainable parameters after layer 'early', but there is none: the network could "
        "not learn anything else instead; choose an earlier layer",
    )


@pytest.mark.parametrize("how", ["frozen", "not in the optimizer"])
def test_no_trainable_parameter_before_the_layer(how: str) -> None:
    case = residual()
    options = {}
    if how == "frozen":
        case.model.stem.requires_grad_(False)  # type: ignore[operator, union-attr]
    else:
        rest = [p for n, p in case.model.named_parameters() if not n.startswith("stem")]
        options["optimizer"] = torch.optim.SGD(rest, lr=0.1)
    stops(
        sieve_of(case, "stem", **options),
        case.batch(0),
        LayerError,
        "Expected trainable parameters before layer 'stem', but there is none: nothing could "
        "forget; choose a later layer, unfreeze what lies before it, or give it to the optimizer",
    )


def test_a_layer_without_parameters_before_it() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 12 * 12, 4), nn.Linear(4, 3))
    case = Case(model, "0", residual().batch)
    stops(
        sieve_of(case, "0"),
        case.batch(0),
        LayerError,
        "Expected trainable parameters before layer '0', but there is none: nothing could forget; "
        "choose a later layer, unfreeze what lies before it, or give it to the optimizer",
    )


def test_a_sieve_for_another_number_of_classes_is_told_so_and_not_the_labels() -> None:
    case = residual()
    stops(
        sieve_of(case, classes=2),
        case.batch(0),
        InputError,
        "Expected a model that gives 2 logits, as num_classes says, but it gives 3; pass "
        "num_classes=3 or another model",
    )


def test_a_readout_for_another_number_of_classes() -> None:
    case = residual()
    readout = nn.Sequential()
    readout.forward = lambda activation, mask: activation.mean((2, 3))  # type: ignore
    stops(
        sieve_of(
            case, readout=readout, readout_optimizer=lambda _: torch.optim.SGD([torch.ones(1)])
        ),
        case.batch(0),
        InputError,
        "Expected a readout that gives 3 logits, one per class, but it gives shape (2, 8); "
        "build the readout for 3 classes",
    )


def test_a_readout_that_does_not_fit_the_layer() -> None:
    case = residual()
    with pytest.raises(
        InputError,
        match=r"^Expected a readout that takes \(activation, mask\) with an activation of shape "
        r"\(2, 8, 12, 12\), but it failed \(.*\); fit its sizes to the layer$",
    ):
        sieve_of(case, readout=nn.Linear(8, 3)).step(case.batch(0))


def test_a_model_with_another_number_of_logits() -> None:
    case = residual()
    stops(
        sieve_of(case, classes=4),
        case.batch(0),
        InputError,
        "Expected a model that gives 4 logits, as num_classes says, but it gives 3; pass "
        "num_classes=3 or another model",
    )


class Repeating(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.again, self.last = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.again(torch.relu(self.again(self.first(x))))
        return self.last(x)


def test_a_layer_that_runs_twice() -> None:
    case = Case(Repeating(), "again", lambda _: Batch(torch.ones(4, 4), torch.tensor([0, 1, 2, 0])))
    stops(
        sieve_of(case, "again"),
        case.batch(0),
        LayerError,
        "Expected layer 'again' to run exactly once in a forward pass, but it ran 2 times; it is "
        "shared or repeated: choose a layer that trace_layers lists with 1 call, such as the block "
        "around it",
    )


def test_an_unknown_layer() -> None:
    with pytest.raises(LayerError, match=r"'erly'.*early"):
        sieve_of(residual(), "erly")


@pytest.mark.parametrize("order", ["shared", "published"])
@pytest.mark.parametrize(("label", "seen"), [(3, 3), (-1, -1)])
@pytest.mark.parametrize("prepared", [False, True])
def test_labels_out_of_range(order: Any, label: int, seen: int, prepared: bool) -> None:
    case = residual()
    sieve = sieve_of(case, order=order)
    good = case.batch(0)
    if prepared:
        sieve.prepare(good)
    labels = good.labels.clone()
    labels[2] = label
    stops(
        sieve,
        Batch(good.inputs, labels),
        InputError,
        f"Expected labels from 0 to 2, as the model returns 3 logits, but got {seen}; check the "
        "class numbering, or give the model one output per class",
    )


def test_an_empty_batch() -> None:
    empty = Batch(torch.zeros(0, 3, 12, 12), torch.zeros(0, dtype=torch.int64))
    message = "Expected at least one example, but got an empty batch; leave it out"
    stops(sieve_of(residual()), empty, InputError, message)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layer": []}, "Expected one layer name, or several different ones, but got []; "),
        ({"layer": ["early", "early"]}, "Expected one layer name, or several different ones, but "),
        ({"layer": ["stem", "early"], "readout": nn.Linear(2, 3)}, "Expected a head such as "),
        ({"order": "mixed"}, "Expected order to be 'shared' or 'published', but got 'mixed'; "),
        ({"classes": 1}, "Expected num_classes to be a number of at least 2, but got 1; "),
        ({"forget_lr": -0.1}, "Expected forget_lr to be a number of at least 0, but got -0.1; "),
        ({"forget_lr": float("nan")}, "Expected forget_lr to be a number of at least 0, but got n"),
        ({"readout_lr": 0.0}, "Expected readout_lr to be a number above 0, but got 0.0; "),
        ({"readout_weight_decay": -1.0}, "Expected readout_weight_decay to be a number of at leas"),
        ({"readout_steps": 0}, "Expected readout_steps to be a number of at least 1, but got 0; "),
        ({"forget_every": -1}, "Expected the forgetting schedule's every to be at least 0, but go"),
        ({"forget_steps": 0}, "Expected the forgetting schedule's repeats to be at least 1, but "),
        (
            {"forget_every": ForgetSchedule(2), "forget_warmup": 3},
            "Expected a ForgetSchedule alone, but got forget_warmup=3 and forget_steps=1 beside it",
        ),
        (
            {"readout_lr": 0.1, "readout_optimizer": torch.optim.SGD},
            "Expected readout_lr for the readout's own Adam, but got readout_optimizer as well; ",
        ),
        (
            {"readout_weight_decay": 0.0, "readout_optimizer": torch.optim.SGD},
            "Expected readout_weight_decay for the readout's own Adam, but got readout_opt",
        ),
        (
            {"readout": "mlp"},
            "Expected readout to be a head such as LinearHead(), or a module, but",
        ),
        (
            {"readout": MLPHead},
            "Expected readout to be a head such as LinearHead(), or a module, bu",
        ),
        ({"autocast": "int8"}, "Expected autocast to be 'bf16', 'fp16' or None, but got 'int8'; "),
        ({"optimizer": None, "clip_norm": 1.0}, "Expected an optimizer to which clip_norm could "),
        ({"optimizer": None, "accumulate": 2}, "Expected an optimizer to which accumulate could "),
        ({"optimizer": None, "forget_with_lr": True}, "Expected an optimizer to which forget_with"),
    ],
)
def test_settings_out_of_range(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=f"^{re.escape(message)}"):
        sieve_of(residual(), **options)


@pytest.mark.parametrize("options", [{"forget_every": 0}, {"forget_lr": 0.0}])
def test_a_sieve_that_never_forgets_is_warned_of_where_it_was_made(options: Any) -> None:
    case = residual()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        FeatureSieve(case.model, "early", 3, **options)
    assert [str(w.message) for w in caught] == [
        "This sieve never forgets (forget_every=0 or forget_lr=0): it equals plain training with a "
        "readout that watches"
    ]
    assert caught[0].filename == __file__


def test_a_sieve_without_an_optimiser_makes_no_main_update() -> None:
    case = residual()
    sieve = sieve_of(case, optimizer=None)
    message = (
        "Expected a sieve with an optimizer for the main update, but this one has none; pass "
        "optimizer=, or make the main update yourself and call after_step(batch)"
    )
    for step in (sieve.step, sieve.main_step):
        with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
            step(case.batch(0))
    assert set(sieve.after_step(case.batch(0))) == {
        "readout_loss",
        "readout_accuracy",
        "forget_loss",
    }


def test_readouts_are_asked_for_too_soon() -> None:
    with pytest.raises(
        InputError, match=r"^Expected a sieve that has seen a batch, since readouts"
    ):
        _ = sieve_of(residual()).readouts


def test_states_of_other_sieves_are_refused() -> None:
    case = residual()
    sieve = sieve_of(case)
    sieve.step(case.batch(0))
    state = sieve.state_dict()
    with pytest.raises(
        CheckpointError,
        match="^Expected readouts of the layers stem, but got those of early; go on with the "
        "layers of the first run$",
    ):
        sieve_of(case, "stem").load_state_dict(state)
    with pytest.raises(CheckpointError, match="^Expected readouts of the same kind and size as in"):
        sieve_of(case, readout=MLPHead(4)).load_state_dict(state)
    with pytest.raises(CheckpointError, match="a sieve without a main optimizer, but got that of"):
        sieve_of(case, optimizer=None).load_state_dict(state)
    other = sieve_of(case, optimizer=torch.optim.Adam(case.model.parameters()))
    with pytest.raises(CheckpointError, match="of the optimiser Adam, but got that of SGD"):
        other.load_state_dict(state)
    with pytest.raises(CheckpointError, match="^Expected the state of a feature sieve of format"):
        sieve_of(case).load_state_dict({"stepper": {}})


def test_everything_before_the_layer_was_frozen_meanwhile() -> None:
    case = residual()
    sieve = sieve_of(case, readout=LinearHead(), forget_every=1)
    sieve.step(case.batch(0))
    case.model.stem.requires_grad_(False)  # type: ignore[operator, union-attr]
    sieve.step(case.batch(1))
    case.model.early.requires_grad_(False)  # type: ignore[operator, union-attr]
    with pytest.raises(
        LayerError,
        match="^Expected trainable parameters before early, but they have all been frozen since "
        "the first step; keep some trainable, or go on without the sieve$",
    ):
        sieve.forget_step(case.batch(2))


def test_what_a_loader_yields_is_a_batch_too() -> None:
    left, right = residual(), residual()
    batch = left.batch(0)
    first, second = sieve_of(left), sieve_of(right)
    torch.manual_seed(0)
    logs = first.step(batch)
    torch.manual_seed(0)
    assert second.step([batch.inputs, batch.labels]) == logs
    pairs = zip(left.model.parameters(), right.model.parameters(), strict=True)
    assert all(torch.equal(one, two) for one, two in pairs)
