"""How long readouts will train, from a few trial steps."""

import statistics
from time import perf_counter

import torch

from earlysieve.model.layout import Layout
from earlysieve.readouts.feature_store import FeatureStore
from earlysieve.readouts.heads import Head
from earlysieve.readouts.minibatch import Update, usual_schedule

_TRIALS = 5


def seconds_expected(
    store: FeatureStore,
    head: Head,
    layout: Layout,
    num_classes: int,
    folds: int,
    *,
    device: torch.device | str = "cpu",
) -> float:
    """About how long the readouts of all folds will train, from a few steps on the first rows.

    Args:
        store: features, N rows, in `layout` with the batch in front.
        head: what is built.
        layout: of the stored features.
        num_classes: C.
        folds: how many readouts are trained; one sees every example.
        device: where they are trained.
    """
    plan = usual_schedule(head)
    rows = store.read(slice(0, plan.batch_size)).to(device)
    targets = torch.zeros(len(rows), dtype=torch.int64, device=device)
    readout = head.build((1, *store.shape), num_classes, layout=layout)
    update = Update(readout.to(device, torch.float32), plan, _TRIALS)
    taken = []
    for _ in range(_TRIALS):
        start = perf_counter()
        update(rows, targets)
        # Waits for the device.
        next(readout.parameters()).flatten()[0].item()
        taken.append(perf_counter() - start)
    count = len(store) if folds == 1 else len(store) * (folds - 1) // folds
    return folds * plan.steps(count) * statistics.median(taken)
