"""Groups of the clusters that a network's early outputs form within each class.

Source: Yang, Gan, Dziugaite and Mirzasoleiman, "Identifying Spurious Biases Early in Training
through the Lens of Simplicity Bias" (SPARE), AISTATS 2024, arXiv 2305.18761.
"""

from typing import Any

import numpy as np
import torch
from torch import nn

from earlysieve._arrays import Floats, Ints
from earlysieve.datasets.batches import Data
from earlysieve.datasets.example_groups import Groups, data_identity, label_by_suspect
from earlysieve.datasets.opened_data import OpenedData, opened
from earlysieve.errors import InputError
from earlysieve.grouping.answers import needed
from earlysieve.grouping.clusters import k_means, silhouette
from earlysieve.grouping.early_copy import early_answers, usual_epochs

MOST_CLUSTERS = 5
_APART = 0.5


def groups_from_spare(
    data: "Data | OpenedData",
    *,
    model: nn.Module | None = None,
    clusters: int | None = 2,
    epochs: int | None = None,
    lr: float = 1e-3,
    batch_size: int = 64,
    seed: int = 0,
) -> Groups:
    """Groups label x cluster: suspects are outside the largest cluster of their class.

    Early in training a network's output depends on the simple feature alone, so that within a class
    outputs fall apart by it, as the source proves. The outputs f(x_i) of the examples of each
    class are clustered by k-means,

        min over centres m of sum_i min_k || f(x_i) - m_k ||^2,

    and examples in small clusters are those whom the feature misleads. k-means finds clusters in
    anything: where they are hardly told apart (mean silhouette below 0.5), a note says so. Ours
    differs in that clusters become groups for any method; the source samples with probabilities
    1 / |cluster|^b, b = 1 or 2.

    Args:
        data: N examples, with random access unless `epochs` is 0.
        model: any classifier; it is left as it was.
        clusters: per class, >= 2; None: from 2 to 5, by the largest silhouette in each class.
        epochs: outputs are of a copy with weights drawn anew that is trained on these data for so
            many epochs; None: one, and more where that is less than 200 steps. 0: of the model
            itself, which should then be an early checkpoint.
        lr, batch_size: of that training, by Adam.
        seed: of that training and of k-means, >= 0; global random states stay.

    Returns:
        Groups; `config["silhouettes"]` has the mean silhouette of each class that occurs.

    Raises:
        InputError: no model, a setting is out of its range, labels are not among its classes, or
            parts of it cannot draw their weights anew.
    """
    if clusters is not None and clusters < 2:
        raise InputError(
            f"Expected at least 2 clusters in each class, or None, but got clusters={clusters}; "
            "pass 2 or more"
        )
    source = opened(data)
    settings: dict[str, Any] = {"lr": lr, "batch_size": batch_size, "seed": seed}
    settings["epochs"] = usual_epochs(source, batch_size) if epochs is None else epochs
    found = early_answers(needed(model, "spare"), source, **settings)
    rows, labels = found.logits.double().numpy(), found.labels.numpy()
    place, apart = _clustered(rows, labels, clusters, seed)
    low = [label for label, value in apart.items() if value < _APART]
    names = [source.class_names[k] if k < len(source.class_names) else str(k) for k in low]
    note = f"Clusters are hardly told apart (silhouette below {_APART}) in: {', '.join(names)}."
    more: dict[str, Any] = {
        "source": "spare",
        "identity": data_identity(source),
        "notes": (note,) if low else (),
        "config": {"clusters": clusters, **settings, "silhouettes": apart},
    }
    suspects = torch.from_numpy(place > 0)
    if int(place.max()) < 2:
        return label_by_suspect(found.labels, suspects, source.class_names, **more)
    width, classes = int(place.max()) + 1, int(labels.max()) + 1
    called = [source.class_names[k] if k < len(source.class_names) else str(k)
              for k in range(classes)]  # fmt: skip
    return Groups(
        torch.from_numpy(labels * width + place),
        tuple(f"{name}, cluster {k + 1}" for name in called for k in range(width)),
        suspects=suspects,
        **more,
    )


def _clustered(
    rows: Floats, labels: Ints, clusters: int | None, seed: int
) -> tuple[Ints, dict[int, float]]:
    """The cluster of each example within its class, and each class's silhouette."""
    place, apart = np.zeros(len(rows), np.int64), {}
    for label in np.unique(labels).tolist():
        mine, rng = labels == label, np.random.default_rng([seed, label])
        counts = range(2, MOST_CLUSTERS + 1) if clusters is None else (clusters,)
        tried = [k_means(rows[mine], count, rng) for count in counts]
        values = [silhouette(rows[mine], one) for one in tried]
        best = int(np.argmax(values))
        place[mine], apart[label] = tried[best], values[best]
    return place, apart
