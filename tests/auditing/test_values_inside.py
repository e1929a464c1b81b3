"""Which values of a column tell, in a sentence."""

import numpy as np
import pytest

import earlysieve as es
from earlysieve.auditing.telling_values import TellingValues
from earlysieve.auditing.values_inside import values_inside
from earlysieve.datasets.variables import Variable

DOSE = Variable("column dose", (0,))
SITE = Variable("site", (0, 1, 2), ("Bern", "Zug", "Genf"))
LABELS = np.array([1, 1, 1, 0, 0, 0, 1, 0])


@pytest.mark.parametrize(
    ("telling", "said", "told"),
    [
        (
            TellingValues(DOSE, (60.0, 70.0), (1, 1)),
            [1, 1, 1, 1, -1, -1, -1, -1],
            "What tells is above all 60 or 70 in column 'dose': 75% of the 4 rows that hold one of "
            "these are of class 'ill', and 25% of all others.",
        ),
        (
            TellingValues(DOSE, (-1.0,), (0,)),
            [-1, -1, -1, 0, 0, 0, -1, -1],
            "What tells is above all -1 in column 'dose': 100% of the 3 rows that hold it are of "
            "class 'well', and 20% of all others.",
        ),
        (
            TellingValues(DOSE, (1.0, 2.0), (0, 1)),
            [1, 1, -1, 0, 0, -1, 0, -1],
            "What tells is above all 1 or 2 in column 'dose': 80% of the 5 rows that hold one of "
            "these are of the class it goes with.",
        ),
        (
            TellingValues(SITE, (0.0, 3.0), (1, 1)),
            [1, 1, -1, -1, -1, -1, -1, -1],
            "What tells is above all 'Bern' or none of its categories in column 'site': 100% of",
        ),
        (
            TellingValues(DOSE, tuple(map(float, range(9))), (1,) * 9),
            [1, 1, -1, -1, -1, -1, -1, -1],
            "What tells is above all 0, 1, 2, 3, 4, 5 or one of 3 more in column 'dose'",
        ),
        (TellingValues(DOSE, (1.0,), (1,)), [-1] * 8, ""),
        (TellingValues(DOSE, (1.0,), (1,)), [1] * 8, ""),
    ],
)
def test_values_are_named_with_what_their_rows_are(telling, said, told):
    found = values_inside(telling, np.array(said), LABELS, ("well", "ill"))
    assert found.startswith(told)
    assert bool(found) == bool(told)


def test_a_verdict_on_a_column_names_the_values_that_tell():
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, 2000)
    round_ = np.where(rng.random(2000) < 0.93, label, 1 - label)
    pressure = rng.normal(80, 6, 2000).round()
    tens = np.clip((pressure / 10).round() * 10, 70, 90)
    others = pressure + (pressure % 10 == 0)
    weak = rng.normal(size=(2000, 4)) + 0.9 * label[:, None]
    table = np.c_[np.where(round_ == 1, tens, others), weak].astype(np.float32)
    model = es.from_predictor(lambda rows: 5.0 * (rows[:, 0] % 10 == 0) - 2.5 + 0.3 * rows[:, 1])
    summary = es.audit(model, (table, label), seen_in_training=False).summary
    assert summary.leans_on == "column 0"
    assert "What tells is above all 70, 80 or 90 in column '0': 9" in summary.explanation
