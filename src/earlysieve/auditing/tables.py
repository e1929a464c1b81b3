"""The tables of an audit: one row per layer, one row per example."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from earlysieve._arrays import Bools
from earlysieve.auditing.collect import Collected
from earlysieve.auditing.confidence_on_errors import confidence_on_errors
from earlysieve.auditing.scores import auroc, flag, shortcut_scores
from earlysieve.auditing.second_look import SecondLook
from earlysieve.readouts.fit import Reading

if TYPE_CHECKING:
    import pandas as pd


def layer_row(
    depth: int, name: str, collected: Collected, reading: Reading, minority: Bools | None, at: float
) -> dict[str, object]:
    """What one layer's readouts say on the whole.

    Columns: layer, depth (from 1), features, accuracy, loss (nats), errors, flagged, mean margin
    on errors and on correct examples, `confidence_ratio` (the first over the second), and the
    AUROC of the shortcut score against minority groups (NaN where groups are unknown).
    """
    labels = collected.labels.numpy()
    margin = reading.margin.numpy()
    wrong = reading.prediction.numpy() != labels
    scores = shortcut_scores(reading.prediction.numpy(), labels, margin)
    confidence = confidence_on_errors(margin, wrong)
    return {
        "layer": name,
        "depth": depth,
        "features": int(np.prod(collected.layers[name].store.shape)),
        "accuracy": float(1 - wrong.mean()),
        "loss": float(reading.loss.double().mean()),
        "errors": int(wrong.sum()),
        "flagged": int(flag(scores, at).sum()),
        "margin_on_errors": confidence.on_errors,
        "margin_on_correct": confidence.on_correct,
        "confidence_ratio": confidence.ratio,
        "auroc": float("nan") if minority is None else auroc(scores, minority),
    }


def example_table(
    collected: Collected, reading: Reading, again: SecondLook, ids: Sequence[str], at: float
) -> "pd.DataFrame":
    """One row per example, in the order of the data.

    `readout_prediction`, `margin` and `flagged` are of one layer's readout, `shortcut_score` is of
    all readers together, `score of NAME` of the reader that looks at NAME.
    """
    import pandas as pd

    labels = collected.labels.numpy()
    prediction = reading.prediction.numpy()
    margin = reading.margin.numpy()
    scores = shortcut_scores(prediction, labels, margin)
    groups = pd.array([None] * len(labels), dtype="Int64")
    if collected.groups is not None:
        numbers = pd.Series(collected.groups.numpy(), dtype="Int64")
        groups = numbers.mask(numbers < 0).array
    return pd.DataFrame(
        {
            "index": collected.index.numpy(),
            "id": list(ids),
            "label": labels,
            "prediction": collected.prediction.numpy(),
            "confidence": collected.confidence.numpy(),
            "group": groups,
            "readout_prediction": prediction,
            "margin": margin,
            "shortcut_score": again.score.astype(np.float32),
            "flagged": flag(scores, at),
            **{f"score of {name}": score for name, score in again.by_reader.items()},
        }
    )
