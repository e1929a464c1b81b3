from functools import partial

import pytest

from earlysieve.readouts import fit
from earlysieve.readouts.minibatch import FitSchedule, fit_minibatch


@pytest.fixture(autouse=True)
def _hasty(monkeypatch):
    """Trained readouts take few steps: how well they learn is tested elsewhere."""
    schedule = FitSchedule(lr=1e-2, epochs=1, least_steps=20)
    monkeypatch.setattr(fit, "fit_minibatch", partial(fit_minibatch, schedule=schedule))
