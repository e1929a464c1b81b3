"""Groups of what a model and an early-stopped copy of it disagree on.

Source: LaBonte, Muthukumar and Kumar, "Towards Last-layer Retraining for Group Robustness with
Fewer Annotations" (SELF), NeurIPS 2023, arXiv 2309.08534, section 5.
"""

import copy
from collections.abc import Mapping
from typing import Any, Literal

import torch
from torch import Tensor, nn

from earlysieve.datasets.batches import Data
from earlysieve.datasets.example_groups import Groups, data_identity, label_by_suspect
from earlysieve.datasets.opened_data import OpenedData, opened
from earlysieve.errors import InputError
from earlysieve.grouping.answers import answers_of, needed
from earlysieve.grouping.early_copy import train_early_copy
from earlysieve.model.unwrap import unwrap
from earlysieve.training.model_weights import load_state

By = Literal["class", "kl"]


def groups_from_disagreement(
    data: "Data | OpenedData",
    *,
    model: nn.Module | None = None,
    early: "nn.Module | Mapping[str, Any] | None" = None,
    by: By = "class",
    count: int | None = None,
    epochs: int = 1,
    lr: float = 1e-3,
    batch_size: int = 64,
    seed: int = 0,
) -> Groups:
    """Groups label x suspect: the model and an early copy disagree on a suspect.

    What is learned early is what is simple; where a model has changed its mind since, the simple
    thing did not do. Disagreement is

        KL(softmax f(x_i) || softmax g(x_i)),

    f the model and g the early copy. Suspects are the examples that both take for different
    classes (`by="class"`), or the `count` of the largest divergence.

    Source: LaBonte, Muthukumar and Kumar, "Towards Last-layer Retraining for Group Robustness with
    Fewer Annotations", NeurIPS 2023, arXiv 2309.08534, section 5, which takes the 20 to 500
    largest.

    Args:
        data: at best held-out examples: a model knows its own training data by heart.
        model: any classifier; it is left as it was.
        early: the copy, or a state dict of an early checkpoint of the same network. None: a copy
            with weights drawn anew is trained on `data` themselves for `epochs`, plainly, by Adam.
        by: "class" or "kl".
        count: of suspects with "kl", >= 1; None: a tenth of the examples.
        epochs, lr, batch_size: of that training.
        seed: of that training, >= 0; global random states stay.

    Returns:
        Groups with `weights` = 1 - exp(-KL).

    Raises:
        InputError: no model, a setting is out of its range, or the two answer differently many
            classes; or parts of the model cannot draw their weights anew.
        CheckpointError: the state dict is not of this network.
    """
    source, trained = opened(data), unwrap(needed(model, "disagreement"))
    if by not in ("class", "kl") or (count is not None and (count < 1 or by == "class")):
        raise InputError(
            f'Expected by="class", or by="kl" and a count of at least 1, but got by={by!r} and '
            f"count={count}; correct one of them"
        )
    notes: tuple[str, ...] = ()
    if early is None:
        early = train_early_copy(
            trained, source, epochs=epochs, lr=lr, batch_size=batch_size, seed=seed
        )
        notes = (
            f"No early copy was given: weights were drawn anew and trained for {epochs} of these "
            "data's epochs.",
        )
    elif not isinstance(early, nn.Module):
        state, early = early, copy.deepcopy(trained)
        load_state(early, state, source="early=")
    late, before = answers_of(trained, source), answers_of(early, source)
    if late.logits.shape != before.logits.shape:
        raise InputError(
            f"Expected an early copy with {late.logits.shape[1]} classes, as the model has, but it "
            f"has {before.logits.shape[1]}; pass an early checkpoint of the same network"
        )
    apart = divergence(late.logits, before.logits)
    wanted = count or max(1, len(apart) // 10)
    differ = late.logits.argmax(1) != before.logits.argmax(1)
    return label_by_suspect(
        late.labels,
        differ if by == "class" else largest(apart, wanted),
        source.class_names,
        source="disagreement",
        identity=data_identity(source),
        weights=1 - torch.exp(-apart),
        notes=notes,
        config={
            "by": by,
            "count": wanted if by == "kl" else None,
            "epochs": epochs,
            "lr": lr,
            "batch_size": batch_size,
            "seed": seed,
            "early": "trained" if notes else "given",
        },
    )


def divergence(late: Tensor, early: Tensor) -> Tensor:
    """KL(softmax late || softmax early) of each example in nats, float64, shape (N,), >= 0.

    Args:
        late, early: logits, shape (N, C).
    """
    p, q = late.double().log_softmax(1), early.double().log_softmax(1)
    return (p.exp() * (p - q)).sum(1).clamp(min=0)


def largest(values: Tensor, count: int) -> Tensor:
    """Which are the `count` largest, of equal ones the first; bool, shape (N,)."""
    found = torch.zeros(len(values), dtype=torch.bool)
    found[values.argsort(descending=True, stable=True)[:count]] = True
    return found
