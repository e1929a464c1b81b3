"""A network like another one, with weights drawn anew and trained for a short while."""

import copy

import torch
from torch import nn

from earlysieve.datasets.opened_data import OpenedData
from earlysieve.errors import InputError
from earlysieve.grouping.answers import Answers, answers_of
from earlysieve.model.batch import call_model, check_labels, logits_of
from earlysieve.model.state import device_of
from earlysieve.model.unwrap import unwrap
from earlysieve.training.loading import load_batches, open_source
from earlysieve.training.randomness import seeded
from earlysieve.training.sampling import EpochSampler, batch_count

_STEPS = 200  # fewer tell nothing yet


def train_early_copy(
    model: nn.Module,
    data: OpenedData,
    *,
    epochs: int,
    lr: float,
    batch_size: int,
    seed: int,
) -> nn.Module:
    """The copy, on the model's device; the model stays as it is.

    It learns by Adam and cross-entropy. All that is random follows from the seed.

    Args:
        model: whose parts with parameters all have `reset_parameters`.
        data: with random access.
        epochs: >= 1.
        lr: > 0.
        batch_size: >= 2.
        seed: >= 0.

    Raises:
        InputError: a setting is out of its range, labels are not among the model's classes, or a
            part cannot draw its weights anew.
    """
    if epochs < 1 or batch_size < 2 or not 0 < lr < float("inf"):
        raise InputError(
            "Expected epochs >= 1, lr > 0 and batch_size >= 2, but got "
            f"epochs={epochs}, lr={lr}, batch_size={batch_size}; correct the setting"
        )
    source, device = open_source(data.data), device_of(model)  # type: ignore[arg-type]
    order = EpochSampler(len(source), batch_size, seed=seed)
    with seeded(seed, 1):
        early = drawn_anew(model).train()
        optimizer = torch.optim.Adam(early.parameters(), lr=lr)
        for epoch in range(epochs):
            for batch in load_batches(source, order.batches(epoch), key=(seed, 2, epoch)):
                placed = batch.to(device)
                logits = logits_of(call_model(early, placed.inputs))
                check_labels(placed.labels, logits.shape[1])
                loss = nn.functional.cross_entropy(logits.float(), placed.labels)
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
    return early


def usual_epochs(data: OpenedData, batch_size: int) -> int:
    """One epoch, and more where that is less than 200 steps."""
    steps = batch_count(max(data.size or 1, 1), max(batch_size, 1))
    return -(-_STEPS // steps)


def early_answers(
    model: nn.Module, data: OpenedData, *, epochs: int, lr: float, batch_size: int, seed: int
) -> Answers:
    """What a copy that was trained for a short while says of the data it was trained on.

    Args:
        model, data, lr, batch_size, seed: see `train_early_copy`.
        epochs: >= 0; 0: what the model itself says.

    Raises:
        InputError: see `train_early_copy`.
    """
    if epochs < 0:
        raise InputError(f"Expected epochs >= 0, but got epochs={epochs}; correct the setting")
    asked = unwrap(model)
    if epochs:
        asked = train_early_copy(
            asked, data, epochs=epochs, lr=lr, batch_size=batch_size, seed=seed
        )
    return answers_of(asked, data)


def drawn_anew(model: nn.Module) -> nn.Module:
    """A copy whose weights are drawn from the global random state.

    Raises:
        InputError: a part has parameters of its own and no `reset_parameters`.
    """
    made = copy.deepcopy(model).requires_grad_(True)
    for name, part in made.named_modules():
        reset = getattr(part, "reset_parameters", None)
        if callable(reset):
            reset()
        elif next(part.parameters(recurse=False), None) is not None:
            raise InputError(
                f"Expected parts that can draw their weights anew, but '{name or 'the model'}' "
                f"({type(part).__name__}) has no reset_parameters; pass early=, a state dict of an "
                "early checkpoint"
            )
    return made
