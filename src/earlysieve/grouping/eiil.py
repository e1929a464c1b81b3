"""Groups of environments in which a reference model would have to be scaled differently.

Source: Creager, Jacobsen and Zemel, "Environment Inference for Invariant Learning" (EIIL), ICML
2021, arXiv 2010.07249.
"""

from typing import Any

from torch import Tensor, nn

from earlysieve.datasets.batches import Data
from earlysieve.datasets.example_groups import Groups, data_identity, label_by_suspect
from earlysieve.datasets.opened_data import OpenedData, opened
from earlysieve.grouping.answers import needed
from earlysieve.grouping.early_copy import early_answers, usual_epochs


def groups_from_eiil(
    data: "Data | OpenedData",
    *,
    model: nn.Module | None = None,
    epochs: int | None = None,
    lr: float = 1e-3,
    batch_size: int = 64,
    seed: int = 0,
) -> Groups:
    """Groups label x suspect: suspects are the environment that asks for smaller logits.

    EIIL splits examples so that the invariance penalty of a reference model f is largest,

        max over q in [0, 1]^N of sum_e || d/ds R_e(s f) at s = 1 ||^2,
        R_1 = 1/N sum_i q_i l(s f(x_i), y_i),  R_2 = 1/N sum_i (1 - q_i) l(s f(x_i), y_i),

    the environment inference step of the source. For cross-entropy l the derivative of example i is
    the number g_i = sum_c p_c f_c - f_y, so that the objective is convex in sum_i q_i g_i and the
    largest value has q_i = [g_i > 0] (or the complement, the same split). This is what thousands of
    gradient steps of the published method come to, without their randomness. Suspects are
    {i: g_i > 0}. Each of them is wrongly classified, and with two classes these are all that are;
    with more, an error whose label still has one of the larger logits is none.

    Args:
        data: N examples, with random access unless `epochs` is 0.
        model: any classifier; it is left as it was.
        epochs: the reference is a copy with weights drawn anew that is trained on these data for so
            many epochs: one that knows them by heart says nothing. None: one, and more where that
            is less than 200 steps. 0: the model itself, which should then be an early checkpoint,
            or the data held out.
        lr, batch_size: of that training, by Adam.
        seed: of that training, >= 0; global random states stay.

    Returns:
        Groups with `weights` 1 - p, p the reference's probability of the label.

    Raises:
        InputError: no model, a setting is out of its range, labels are not among its classes, or
            parts of it cannot draw their weights anew.
    """
    source = opened(data)
    settings: dict[str, Any] = {"lr": lr, "batch_size": batch_size, "seed": seed}
    settings["epochs"] = usual_epochs(source, batch_size) if epochs is None else epochs
    found = early_answers(needed(model, "eiil"), source, **settings)
    told = found.logits.double().softmax(1).gather(1, found.labels[:, None]).squeeze(1)
    return label_by_suspect(
        found.labels,
        scale_derivatives(found.logits, found.labels) > 0,
        source.class_names,
        source="eiil",
        identity=data_identity(source),
        weights=1 - told,
        config=settings,
    )


def scale_derivatives(logits: Tensor, labels: Tensor) -> Tensor:
    """d/ds CE(s f, y) at s = 1 of each example: sum_c p_c f_c - f_y, float64, shape (N,).

    Args:
        logits: f, shape (N, C).
        labels: y, int64, shape (N,).
    """
    f = logits.double()
    f = f - f.gather(1, labels[:, None])  # so that nothing is lost where all logits are large
    return (f.softmax(1) * f).sum(1)
